"""The five-day clocks, by a table of dated cases."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge import deadlines
from bridge.deadlines import SHANGHAI, DeadlineRule, clock
from schemas.report import Clock, ClockState

NATURAL = DeadlineRule()
WORKING = DeadlineRule(working_days=True)
EXTENDED = DeadlineRule(holiday_extends=True)
END, DUE = date(2025, 5, 10), date(2025, 5, 15)


@pytest.fixture
def _no_calendar(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(sys.modules, "holidays", None)
    deadlines._calendar.cache_clear()
    yield
    deadlines._calendar.cache_clear()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def due(end: str, rule: DeadlineRule) -> Clock:
    return clock(date.fromisoformat(end), rule=rule, now=at("2025-01-01"), met_on=None)


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ("2025-05-10", "2025-05-15"),
        ("2025-10-31", "2025-11-05"),  # the season's last day
        ("2025-09-28", "2025-10-03"),  # National Day does not stop natural days
        ("2025-01-26", "2025-01-31"),  # nor does the Spring Festival
        ("2025-12-27", "2026-01-01"),  # year change
        ("2025-12-31", "2026-01-05"),
        ("2025-02-24", "2025-03-01"),
        ("2024-02-24", "2024-02-29"),  # leap day
        ("2024-02-25", "2024-03-01"),
        ("2024-02-29", "2024-03-05"),
        ("2000-02-24", "2000-02-29"),
        ("2100-02-24", "2100-03-01"),  # no leap year
    ],
)
def test_natural_days_count_every_day(end: str, expected: str) -> None:
    assert due(end, NATURAL).due.isoformat() == expected


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ("2025-05-12", "2025-05-19"),  # one plain weekend
        ("2025-04-25", "2025-05-06"),  # worked Sunday 27 April, Labour Day
        ("2025-04-30", "2025-05-12"),
        ("2025-05-28", "2025-06-05"),  # Dragon Boat Festival
        ("2025-09-26", "2025-10-10"),  # worked Sunday 28 September, National Day
        ("2025-09-30", "2025-10-14"),  # worked Saturday 11 October
        ("2025-10-08", "2025-10-14"),
        ("2025-01-24", "2025-02-07"),  # worked Sunday 26 January, Spring Festival
        ("2025-01-27", "2025-02-10"),  # worked Saturday 8 February
        ("2025-02-04", "2025-02-10"),
        ("2024-12-27", "2025-01-06"),  # year change
        ("2025-12-30", "2026-01-07"),  # worked Sunday 4 January
        ("2026-02-13", "2026-02-27"),  # worked Saturday 14 February, Spring Festival
        ("2026-02-24", "2026-03-02"),  # worked Saturday 28 February
        ("2026-04-30", "2026-05-11"),  # worked Saturday 9 May
        ("2026-09-18", "2026-09-24"),  # worked Sunday 20 September
        ("2026-09-30", "2026-10-13"),  # worked Saturday 10 October
        ("2026-12-24", "2026-12-31"),  # needs nothing of the next year
        ("2024-02-28", "2024-03-06"),  # leap day
    ],
)
def test_working_days_skip_holidays_and_count_worked_weekends(end: str, expected: str) -> None:
    found = due(end, WORKING)
    assert (found.due.isoformat(), found.fallback) == (expected, False)


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ("2025-05-10", "2025-05-15"),
        ("2025-05-05", "2025-05-12"),  # Saturday
        ("2025-04-22", "2025-04-27"),  # a worked Sunday extends nothing
        ("2025-02-03", "2025-02-08"),  # nor a worked Saturday
        ("2025-04-26", "2025-05-06"),  # Labour Day
        ("2025-05-26", "2025-06-03"),  # Dragon Boat Festival
        ("2025-09-28", "2025-10-09"),  # National Day
        ("2025-12-27", "2026-01-04"),  # New Year, then a worked Sunday
        ("2026-02-11", "2026-02-24"),  # Spring Festival
    ],
)
def test_a_holiday_extends_natural_days_to_the_next_working_day(end: str, expected: str) -> None:
    found = due(end, EXTENDED)
    assert (found.due.isoformat(), found.fallback) == (expected, False)


@pytest.mark.parametrize("rule", [WORKING, EXTENDED])
@pytest.mark.parametrize("end", ["2098-12-30", "2099-06-01", "2120-02-24", "1990-05-01"])
def test_a_year_without_an_announced_calendar_falls_back_to_natural_days(end: str, rule: DeadlineRule) -> None:
    found = due(end, rule)
    assert (found.due - date.fromisoformat(end), found.fallback) == (timedelta(days=5), True)


@pytest.mark.usefixtures("_no_calendar")
def test_without_the_library_natural_days_are_counted_and_said() -> None:
    assert due("2025-09-28", WORKING) == clock(
        END.replace(month=9, day=28), rule=EXTENDED, now=at("2025-01-01"), met_on=None
    )
    assert due("2025-09-28", WORKING).fallback
    assert not due("2025-09-28", NATURAL).fallback


@pytest.mark.parametrize(
    ("now", "state"),
    [
        ("2025-05-01T12:00:00", ClockState.NOT_YET),
        ("2025-05-10T23:59:59", ClockState.NOT_YET),
        ("2025-05-11T00:00:00", ClockState.IN_TIME),
        ("2025-05-12T23:59:59", ClockState.IN_TIME),
        ("2025-05-13T00:00:00", ClockState.DUE_SOON),
        ("2025-05-14T23:59:59", ClockState.DUE_SOON),
        ("2025-05-15T00:00:00", ClockState.DUE_TODAY),
        ("2025-05-15T23:59:59.999999", ClockState.DUE_TODAY),
        ("2025-05-16T00:00:00", ClockState.OVERDUE),
        ("2026-05-16T00:00:00", ClockState.OVERDUE),
    ],
)
def test_the_state_changes_at_midnight_in_shanghai(now: str, state: ClockState) -> None:
    assert clock(END, rule=NATURAL, now=at(now), met_on=None).state is state


@pytest.mark.parametrize(
    ("now", "state"),
    [
        (datetime(2025, 5, 15, 15, 59, 59, tzinfo=UTC), ClockState.DUE_TODAY),
        (datetime(2025, 5, 15, 16, 0, 0, tzinfo=UTC), ClockState.OVERDUE),
    ],
)
def test_midnight_is_the_one_of_shanghai_wherever_the_clock_stands(now: datetime, state: ClockState) -> None:
    assert clock(END, rule=NATURAL, now=now, met_on=None).state is state


@pytest.mark.parametrize(
    ("met_on", "state"),
    [(END, ClockState.MET), (DUE, ClockState.MET), (DUE + timedelta(days=1), ClockState.MET_LATE)],
)
def test_only_an_agreement_stops_the_clock_and_its_day_decides(met_on: date, state: ClockState) -> None:
    found = clock(END, rule=NATURAL, now=at("2025-06-30"), met_on=met_on)
    assert (found.state, found.met_on, found.hours_left) == (state, met_on, None)


def test_a_changed_end_moves_the_due_day() -> None:
    now = at("2025-05-16T09:00:00")
    before, after = (clock(end, rule=NATURAL, now=now, met_on=None) for end in (END, END + timedelta(days=2)))
    assert (before.state, after.state) == (ClockState.OVERDUE, ClockState.DUE_SOON)
    assert after.due - before.due == timedelta(days=2)


def test_hours_run_to_the_end_of_the_due_day_and_below_zero() -> None:
    assert clock(END, rule=NATURAL, now=at("2025-05-15T18:00:00"), met_on=None).hours_left == 6
    assert clock(END, rule=NATURAL, now=at("2025-05-16T00:00:00"), met_on=None).hours_left == 0
    assert clock(END, rule=NATURAL, now=at("2025-05-17T12:00:00"), met_on=None).hours_left == -36


def test_the_arithmetic_shows_how_the_day_was_found() -> None:
    assert due("2025-05-10", NATURAL).arithmetic == "2025-05-10 + 5 = 2025-05-15"
    assert due("2025-05-28", WORKING).arithmetic == "2025-05-28 + 5 (≠ 05-31~06-02) = 2025-06-05"
    assert due("2025-09-30", WORKING).arithmetic == "2025-09-30 + 5 (≠ 10-01~10-08, 10-12) = 2025-10-14"
    assert due("2025-09-28", EXTENDED).arithmetic == "2025-09-28 + 5 = 2025-10-03 → 2025-10-09"


def test_no_days_at_all_are_due_on_the_last_day() -> None:
    assert due("2025-05-10", DeadlineRule(days=0, working_days=True)).due == END


@given(
    end=st.dates(date(1990, 1, 1), date(2105, 1, 1)),
    rule=st.builds(DeadlineRule, days=st.integers(0, 30), working_days=st.booleans(), holiday_extends=st.booleans()),
)
def test_no_rule_is_due_before_the_natural_days_are_over(end: date, rule: DeadlineRule) -> None:
    assert clock(end, rule=rule, now=at("2025-01-01"), met_on=None).due >= end + timedelta(days=rule.days)
