"""The portal's own clock, and the hours in which it is closed by it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
_SPAN = re.compile(r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d")


def is_span(text: str) -> bool:
    return _SPAN.fullmatch(text) is not None


def closed_at(at_s: float, spans: Iterable[str]) -> bool:
    """`at_s` in seconds since 1970; a span may run over midnight."""
    now = datetime.fromtimestamp(at_s, SHANGHAI).strftime("%H:%M")
    return any(_within(now, *span.split("-")) for span in spans)


def _within(now: str, start: str, end: str) -> bool:
    return start <= now < end if start <= end else now >= start or now < end


def off(clock: Callable[[], float], seconds: Callable[[], float]) -> Callable[[], float]:
    """A clock that is wrong by so many seconds."""
    return lambda: clock() + seconds()
