"""One thing looked at, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.texts import Text


@dataclass(frozen=True, slots=True)
class Examined:
    """`text` says what is wrong, or that it is well (`exit_code` 0); `fix` what it does not say."""

    name: Text
    exit_code: int
    text: Text
    fix: Text | None = None
