"""Rota: which run a job owes at an instant, from its hours and the ledger of runs alone.

A run stands for one business date, a day of Asia/Shanghai on which the job's alarm rang. However late the daemon looks
again (after a suspend, a reboot, a corrected clock), the newest ring is made good for once, and older days are missed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
LOOKS_BACK_DAYS = 400

Rings = Callable[[date], Sequence[datetime]]
"""Every moment a job's alarm rings on one day, in order."""


@dataclass(frozen=True, slots=True)
class History:
    """What the ledger knows of one job.

    `started` is when the newest run of a business date began that came to its end, None where none did; `since` the
    first day the ledger speaks of, None before the first run; days `written_off` are nobody's any more.
    """

    started: Callable[[date], datetime | None]
    since: date | None
    written_off: Collection[date] = ()


@dataclass(frozen=True, slots=True)
class Owed:
    """One run to be made now for `day`, and the `missed` days before it that nobody will run for any more."""

    day: date
    missed: tuple[date, ...] = ()


def owed(rings: Rings, history: History, *, now: datetime) -> Owed | None:
    """What a job owes at the aware moment `now`; None: the newest ring was answered.

    A run before the ring does not answer it: somebody's own sync at dawn does not stand for the day's.
    """
    days = _rung_days(rings, history.since, now)
    newest = next(days, None)
    if newest is None or _answered(history, newest):
        return None
    silent = takewhile(lambda ring: _is_silent(history, _day(ring)), days)
    return Owed(_day(newest), tuple(sorted(_day(ring) for ring in silent)))


def _rung_days(rings: Rings, since: date | None, now: datetime) -> Iterator[datetime]:
    """The last ring of each day on which the alarm has rung by `now`, the newest first. Before the first run only today."""
    today = _day(now)
    first = max(min(since or today, today), today - timedelta(days=LOOKS_BACK_DAYS))
    for back in range((today - first).days + 1):
        rung = [ring for ring in rings(today - timedelta(days=back)) if ring <= now]
        if rung:
            yield rung[-1]


def _answered(history: History, ring: datetime) -> bool:
    started = history.started(_day(ring))
    return _day(ring) in history.written_off or (started is not None and started >= ring)


def _is_silent(history: History, day: date) -> bool:
    return history.started(day) is None and day not in history.written_off


def _day(moment: datetime) -> date:
    return moment.astimezone(SHANGHAI).date()
