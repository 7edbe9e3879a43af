"""When a call may be tried again: by tenacity, within attempts, time and a budget for the whole run."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from threading import Lock

from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_random_exponential

from schemas.errors import TransientError

LONGEST_WISH_S = 3600.0
"""A longer wish ends with one request after an hour: what is asked for may be a mistake, and a batch has five days."""

_SECONDS = re.compile(r"[0-9]+(\.[0-9]+)?")  # a fraction is against the rule, and plain enough
_PAID_BACK = 0.1
_jitter = wait_random_exponential(multiplier=0.5, max=30)


class Retries:
    """How often, how long and, over one run, how many times in all calls are tried again.

    One object a run, shared by its calls: an outage of a day must not make a day of requests. The bucket holds `budget`
    and begins full, or `spent` where the last run found the portal gone: then nothing is tried again before it was earned.
    """

    def __init__(self, attempts: int = 4, time_s: float = 120.0, budget: float = 20.0, *, spent: bool = False) -> None:
        self.attempts = attempts
        self.time_s = time_s
        self._most = float(budget)
        self._left = 0.0 if spent else self._most
        self._lock = Lock()

    def take(self) -> bool:
        """Use one retry up; False when there is none."""
        with self._lock:
            if self._left < 1:
                return False
            self._left -= 1
            return True

    def pay_back(self) -> None:
        """A call succeeded: every tenth earns a retry."""
        with self._lock:
            self._left = min(self._most, self._left + _PAID_BACK)


def patiently(retries: Retries, monotonic: Callable[[], float], sleep: Callable[[float], None]) -> Retrying:
    """Retrying for one call: full jitter, never earlier than the portal asked; at the end the last TransientError."""
    start = monotonic()

    def spent(state: RetryCallState) -> bool:
        return (
            state.attempt_number >= retries.attempts
            or monotonic() - start + state.upcoming_sleep > retries.time_s
            or not retries.take()
        )

    return Retrying(retry=retry_if_exception_type(TransientError), stop=spent, wait=_wait_s, sleep=sleep, reraise=True)


def _wait_s(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked_s = error.retry_after_s if isinstance(error, TransientError) else None
    return max(_jitter(state), asked_s or 0.0)


def seconds_asked(retry_after: str, date: str = "", now: datetime | None = None) -> float | None:
    """Retry-After in seconds, at most an hour; None when it says nothing usable.

    A moment (in any of the three forms of RFC 9110, 5.6.7) is measured against the answer's own Date, for our clocks may
    differ; against `now` where it has none. One that has passed asks for nothing. (RFC 9110, 10.2.3)
    """
    retry_after = retry_after.strip()
    if not retry_after:
        return None
    if _SECONDS.fullmatch(retry_after):
        return min(float(retry_after), LONGEST_WISH_S)
    wished, sent = moment(retry_after), moment(date) or now
    if wished is None or sent is None:
        return None
    return min(max((wished - sent).total_seconds(), 0.0), LONGEST_WISH_S)


@lru_cache(maxsize=16)
def moment(header: str) -> datetime | None:
    """A header's date; None for what is none. All answers of one second carry the same. (RFC 9110, 5.6.7)"""
    try:
        at = parsedate_to_datetime(header)
    except (ValueError, OverflowError):
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at
