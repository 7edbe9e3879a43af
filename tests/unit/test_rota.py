"""What a job owes at an instant."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone

import pytest

from bridge.rota import SHANGHAI, History, Owed, owed

MONDAY = date(2025, 5, 12)
DAY = timedelta(days=1)
HALF_PAST_SIX, NOON = time(6, 30), time(12)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), SHANGHAI)


def rings(*hours: time, weekdays: int = 7):
    return lambda day: [datetime.combine(day, hour, SHANGHAI) for hour in hours if day.weekday() < weekdays]


def history(*runs: datetime, since: date | None = None) -> History:
    days = {run.date(): run for run in sorted(runs)}
    return History(days.get, since or min(days, default=None))


def owes(
    now: datetime, *runs: datetime, since: date | None = None, hours=(HALF_PAST_SIX,), weekdays: int = 7
) -> Owed | None:
    return owed(rings(*hours, weekdays=weekdays), history(*runs, since=since), now=now)


def test_nothing_is_owed_before_the_first_alarm_ever() -> None:
    assert owes(at(MONDAY, 6, 29)) is None


def test_a_new_bridge_owes_today_s_run_once_the_hour_has_passed_and_no_day_before() -> None:
    assert owes(at(MONDAY, 6, 30)) == Owed(MONDAY)


def test_a_day_that_had_its_run_owes_none() -> None:
    assert owes(at(MONDAY, 23), at(MONDAY, 6, 30)) is None


def test_a_sync_at_dawn_that_somebody_asked_for_does_not_stand_for_the_day_s() -> None:
    assert owes(at(MONDAY, 6, 30), at(MONDAY, 5)) == Owed(MONDAY)


def test_after_days_off_the_newest_is_made_good_for_and_the_others_are_missed() -> None:
    back = MONDAY + 4 * DAY
    expected = Owed(back, (MONDAY + DAY, MONDAY + 2 * DAY, MONDAY + 3 * DAY))
    assert owes(at(back, 9), at(MONDAY, 6, 30)) == expected


def test_whoever_comes_back_before_the_hour_makes_good_for_the_day_before() -> None:
    back = MONDAY + 2 * DAY
    assert owes(at(back, 3), at(MONDAY, 6, 30)) == Owed(MONDAY + DAY)
    assert owes(at(back, 6, 30), at(MONDAY, 6, 30), at(back, 3) - DAY + 4 * timedelta(hours=1)) == Owed(back)


def test_days_without_an_alarm_are_not_missed() -> None:
    friday, monday = MONDAY - 3 * DAY, MONDAY
    assert owes(at(monday, 9), at(friday, 6, 30), weekdays=5) == Owed(monday)
    assert owes(at(MONDAY - DAY, 9), at(friday, 6, 30), weekdays=5) is None


def test_with_two_alarms_a_day_each_is_owed_by_itself() -> None:
    hours = HALF_PAST_SIX, NOON
    assert owes(at(MONDAY, 11), at(MONDAY, 6, 30), hours=hours) is None
    assert owes(at(MONDAY, 12), at(MONDAY, 6, 30), hours=hours) == Owed(MONDAY)
    assert owes(at(MONDAY, 13), at(MONDAY, 12), hours=hours) is None


def test_a_failed_day_is_owed_again_that_day_and_missed_the_next() -> None:
    assert owes(at(MONDAY, 9), since=MONDAY) == Owed(MONDAY)
    assert owes(at(MONDAY + DAY, 9), since=MONDAY) == Owed(MONDAY + DAY, (MONDAY,))


def test_runs_of_a_future_that_a_wrong_clock_made_up_do_not_silence_today() -> None:
    assert owes(at(MONDAY, 9), at(MONDAY + 300 * DAY, 6, 30)) == Owed(MONDAY)


def test_a_day_that_was_written_off_stays_so_though_the_clock_is_set_back_to_it() -> None:
    ran = {MONDAY + DAY: at(MONDAY + DAY, 6, 30)}
    known = History(ran.get, MONDAY, written_off={MONDAY})
    assert owed(rings(HALF_PAST_SIX), known, now=at(MONDAY + DAY, 5)) is None
    assert owed(rings(HALF_PAST_SIX), known, now=at(MONDAY + 3 * DAY, 7)) == Owed(MONDAY + 3 * DAY, (MONDAY + 2 * DAY,))


def test_a_year_of_silence_is_looked_back_upon_and_not_an_age() -> None:
    found = owes(at(MONDAY, 9), at(MONDAY - 10_000 * DAY, 6, 30))
    assert found is not None
    assert len(found.missed) == 400


@pytest.mark.parametrize("hours", [-10, -5, 0, 8])
def test_the_day_is_that_of_shanghai_wherever_the_clock_is_read(hours: int) -> None:
    now = at(MONDAY, 6, 30).astimezone(timezone(timedelta(hours=hours)))
    assert owes(now) == Owed(MONDAY)
