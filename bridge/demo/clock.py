"""The demo's clock: each day begins at 06:30 and passes as fast as ours."""

from __future__ import annotations

import time
from datetime import date, datetime, timedelta
from datetime import time as hour
from zoneinfo import ZoneInfo

from schemas.journal import Instant

_SHANGHAI = ZoneInfo("Asia/Shanghai")
_MORNING = hour(6, 30)


class StageClock:
    """Uptime passes with the days, as on a machine that nobody switches off."""

    def __init__(self, first: date) -> None:
        self._first = first
        self._day = first
        self._began = time.monotonic()

    def begin(self, day: date) -> None:
        self._day = day
        self._began = time.monotonic()

    def instant(self) -> Instant:
        passed = timedelta(seconds=time.monotonic() - self._began)
        at = datetime.combine(self._day, _MORNING, _SHANGHAI) + passed
        return Instant(at, (self._day - self._first + passed).total_seconds(), "demo")
