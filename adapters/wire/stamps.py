"""The time and the number used once that a call is stamped with, by the portal's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from zoneinfo import ZoneInfo

from adapters.wire.ticks import Ticks
from adapters.wire.waiting import moment
from schemas.dialect.access import Stamp

_TOLERATED_S = 2.0  # a Date header knows no parts of a second, and an answer takes its time


class PortalClock:
    """Our clock, put right by what the portal's answers say the time is. Our own clock is never set."""

    def __init__(self, stamp: Stamp, ticks: Ticks) -> None:
        self._stamp = stamp
        self._zone = ZoneInfo(stamp.zone)
        self._ticks = ticks
        self.offset_s = 0.0

    def learn(self, date: str) -> bool:
        """From the Date header of an answer (RFC 9110, 6.6.1). True when our idea of the portal's time changed."""
        theirs = moment(date)
        if theirs is None:
            return False
        known, offset_s = self.offset_s, (theirs - self._ticks.now()).total_seconds()
        if abs(offset_s - known) <= _TOLERATED_S:
            return False
        self.offset_s = offset_s if abs(offset_s) > _TOLERATED_S else 0.0
        return self.offset_s != known

    def now(self) -> datetime:
        return (self._ticks.now() + timedelta(seconds=self.offset_s)).astimezone(self._zone)

    def time(self) -> str:
        now = self.now()
        match self._stamp.time:
            case "s":
                return str(int(now.timestamp()))
            case "ms":
                return str(int(now.timestamp() * 1000))
            case "iso":
                return now.isoformat(timespec="seconds")
            case "rfc1123":
                return format_datetime(now.astimezone(UTC), usegmt=True)
            case pattern:
                return now.strftime(pattern)

    def nonce(self) -> str:
        length = self._stamp.nonce_length
        drawn = self._ticks.chance(length)
        if self._stamp.nonce == "hex":
            return drawn.hex()[:length]
        return "".join(str(byte % 10) for byte in drawn)
