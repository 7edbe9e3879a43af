"""The five-day clocks (Weihai 2025 六(二)), counted in whole days of Asia/Shanghai after the day a batch ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from itertools import count, islice
from zoneinfo import ZoneInfo

from schemas.report import Clock, ClockState

SHANGHAI = ZoneInfo("Asia/Shanghai")
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DeadlineRule:
    """How the federation counts (domain.md 3). `soon_days` are natural days before the due day.

    `holiday_extends`: natural days are counted, and a due day without work moves to the next working day.
    """

    days: int = 5
    working_days: bool = False
    holiday_extends: bool = False
    soon_days: int = 2


def clock(end: date, *, rule: DeadlineRule, now: datetime, met_on: date | None) -> Clock:
    """The clock of a batch that ends on `end`, at the aware moment `now`.

    `met_on` is the day the agreement was read back. Never raises for want of a holiday calendar: natural
    days are counted instead and `fallback` says so.
    """
    due, arithmetic, fallback = _due(end, rule)
    today = now.astimezone(SHANGHAI).date()
    state = _state(end=end, due=due, today=today, met_on=met_on, soon_days=rule.soon_days)
    hours_left = None if met_on else (_midnight(due + _DAY) - now).total_seconds() / 3600
    return Clock(state, due, arithmetic, hours_left, met_on, fallback)


def _state(*, end: date, due: date, today: date, met_on: date | None, soon_days: int) -> ClockState:
    if met_on is not None:
        return ClockState.MET if met_on <= due else ClockState.MET_LATE
    if today <= end:
        return ClockState.NOT_YET
    if today >= due:
        return ClockState.DUE_TODAY if today == due else ClockState.OVERDUE
    return ClockState.DUE_SOON if (due - today).days <= soon_days else ClockState.IN_TIME


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)


def _due(end: date, rule: DeadlineRule) -> tuple[date, str, bool]:
    """The due day, how it was found, and whether the holiday calendar was missing."""
    natural = end + rule.days * _DAY
    plain = f"{end} + {rule.days} = {natural}"
    try:
        if rule.working_days:
            due = _nth(end, rule.days, _is_working_day)
            return due, f"{end} + {rule.days}{_skipped(end, due)} = {due}", False
        if rule.holiday_extends:
            due = next(filter(_is_working_day, _days_from(natural)))
            return due, plain if due == natural else f"{plain} → {due}", False
    except _CalendarMissing:
        return natural, plain, True
    return natural, plain, False


def _nth(end: date, days: int, counts: Callable[[date], bool]) -> date:
    return end if days == 0 else next(islice(filter(counts, _days_from(end + _DAY)), days - 1, None))


def _days_from(day: date) -> Iterator[date]:
    return (day + n * _DAY for n in count())


def _skipped(end: date, due: date) -> str:
    """The days that did not count, as runs: " (≠ 05-31~06-02)"."""
    runs: list[list[date]] = []
    for day in islice(_days_from(end + _DAY), (due - end).days):
        if _is_working_day(day):
            continue
        if runs and runs[-1][-1] == day - _DAY:
            runs[-1].append(day)
        else:
            runs.append([day])
    spans = [f"{run[0]:%m-%d}" + (f"~{run[-1]:%m-%d}" if len(run) > 1 else "") for run in runs]
    return f" (≠ {', '.join(spans)})" if spans else ""


class _CalendarMissing(Exception):
    """The State Council's arrangement of a year is not known."""


def _is_working_day(day: date) -> bool:
    return _calendar(day.year)(day)


@cache
def _calendar(year: int) -> Callable[[date], bool]:
    """Whether a day of `year` is worked, 调休 included. Raises _CalendarMissing.

    The library also answers for years whose arrangement is not announced, from the statutory holidays alone.
    Every announced arrangement since 2001 has working weekends, so a year without one is not known.
    """
    try:
        import holidays  # noqa: PLC0415  a sixth of a second, and only where working days count

        calendar = holidays.country_holidays("CN", years=year)
    except (ImportError, NotImplementedError, LookupError, ValueError) as error:
        raise _CalendarMissing(year) from error
    if not any(day.year == year for day in calendar.weekend_workdays):
        raise _CalendarMissing(year)
    return calendar.is_working_day
