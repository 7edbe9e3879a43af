"""The gate every call passes: never in closing hours, never before the portal's wish, never too many a minute."""

from __future__ import annotations

from collections import deque
from datetime import datetime, time, timedelta
from math import inf
from threading import Lock

from adapters.wire.stamps import PortalClock
from adapters.wire.ticks import Ticks
from schemas.dialect.access import Limits

_MINUTE_S = 60.0


class Gate:
    """Shared by all threads that talk to one portal."""

    def __init__(self, limits: Limits, clock: PortalClock, ticks: Ticks) -> None:
        self._closed = limits.closed
        self._most = limits.calls_per_minute
        self._clock = clock
        self._ticks = ticks
        self._lock = Lock()
        self._starts: deque[float] = deque(maxlen=limits.calls_per_minute)
        self._quiet_until = float("-inf")
        self.closed = False  # the portal said so: it stays so for this run

    def shut_for_s(self) -> float:
        """Seconds until a call may go out at all; 0 when it may now, infinite when not in this run."""
        quiet_s = inf if self.closed else self._quiet_until - self._ticks.monotonic()
        return max(quiet_s, seconds_to_opening(self._clock.now(), self._closed), 0.0)

    def be_quiet(self, seconds: float) -> None:
        """The portal asked us to wait so long. An earlier wish for longer stands."""
        with self._lock:
            self._quiet_until = max(self._quiet_until, self._ticks.monotonic() + seconds)

    def take_turn(self) -> None:
        """Wait for a place among the calls of a minute."""
        if self._most is None:
            return
        with self._lock:
            now = self._ticks.monotonic()
            start = max(now, self._starts[0] + _MINUTE_S) if len(self._starts) == self._most else now
            self._starts.append(start)
        if start > now:
            self._ticks.sleep(start - now)


def seconds_to_opening(now: datetime, closed: tuple[tuple[time, time], ...]) -> float:
    """0 outside all closing hours; a span may run over midnight."""
    at = now.time()
    for start, end in closed:
        inside = start <= at < end if start < end else at >= start or at < end
        if inside:
            opening = datetime.combine(now.date(), end, now.tzinfo)
            return (opening + timedelta(days=opening <= now) - now).total_seconds()
    return 0.0
