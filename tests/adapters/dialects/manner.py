"""What is to be known of one portal's manner, so that one suite can ask the same of all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from schemas.outcome import Outcome
from schemas.portal import Operation
from tests.adapters.dialects.host import Server


@dataclass(frozen=True, kw_only=True)
class Manner:
    """`own` are our id, secrets and settings by name; with a wrong `secret` the portal turns us away.

    `people`: what an answer says of people: of "each", of the "whole" call, or of the "one" that a call carries.
    `there_already`: how somebody the portal has already is answered. `closed`: what a portal in maintenance leaves
    of a write. `clock_tolerance_s`: None where no call is stamped.
    `strange`: a code in no document.
    """

    server: Callable[[], Server]
    own: Mapping[str, str] = field(
        default_factory=lambda: {"app_id": "bridge-9", "app_secret": "s3cret-of-the-bridge0"}
    )
    secret: str = "app_secret"
    base_path: str = ""
    token: bool
    signature: bool
    clock_tolerance_s: float | None = None
    people: Literal["each", "whole", "one"] = "each"
    there_already: Outcome = Outcome.EXISTS
    closed: Outcome = Outcome.NOT_PROCESSED
    retry_after: bool = False
    strange: str = "7777"
    lacks: frozenset[Operation] = frozenset()
