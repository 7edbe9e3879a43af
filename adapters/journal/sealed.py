"""Values as they lie in the journal: sealed JSON for what is personal, ISO text for moments."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Protocol

import orjson

from schemas.journal import Instant


class Seals(Protocol):
    def seal(self, plain: bytes, *, bound_to: str) -> bytes: ...
    def open(self, sealed: bytes, *, bound_to: str) -> bytes: ...


def sealed_json(vault: Seals, value: object, *, bound_to: str) -> bytes:
    return vault.seal(orjson.dumps(value), bound_to=bound_to)


def opened_json(vault: Seals, sealed: bytes, *, bound_to: str) -> Any:
    return orjson.loads(vault.open(sealed, bound_to=bound_to))


def plain(values: Mapping[str, object]) -> dict[str, str | int | float]:
    """What a sentence is filled with may be a path, a day, an error: kept as it reads."""
    return {name: value if isinstance(value, int | float) else str(value) for name, value in values.items()}


def moment(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")


def columns_of(now: Instant) -> tuple[str, float, str]:
    """A moment on both its clocks, as three columns."""
    return moment(now.at), now.uptime_s, now.boot


def instant_of(at: str, uptime_s: float, boot: str) -> Instant:
    return Instant(datetime.fromisoformat(at), uptime_s, boot)


def moment_of(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def day_of(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
