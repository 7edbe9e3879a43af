"""Years in seconds: the real alarm clock, the real rota and the real ledger of runs, on a clock that nobody waits for.

Machines sleep for days, reboot, lose power in the middle of a run, and set their clocks two hours forth and back. Whatever
happens, each business date has one run or is written off, once and for all; and the five-day clocks are right every day.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random

import pytest
from apscheduler.executors.debug import DebugExecutor
from apscheduler.schedulers import base
from apscheduler.schedulers.base import BaseScheduler
from apscheduler.triggers.cron import CronTrigger
from structlog.testing import capture_logs

from adapters.journal.journal import Journal
from bridge import deadlines
from bridge.daemon import Round, Stop, set_alarms, wind
from bridge.deadlines import DeadlineRule
from bridge.jobs import history
from bridge.rota import SHANGHAI, History, Owed
from schemas.errors import RunError
from schemas.report import ClockState, RunState
from schemas.texts import T
from tests.reliability.checker import Bounds, check
from tests.reliability.lane import measured, replayable, seeds
from tests.unit.world import new_journal

ZONES = "Asia/Shanghai", "UTC", "America/New_York"
HOURS = {"sync": "30 6 * * *", "report": "30 7 * * *"}
MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400
TWO_HOURS_S, LONG_SLEEP_S = 2 * HOUR_S, 3 * DAY_S
LEAP_YEAR = 2028
YEARS = {"short": 2, "long": 100}
RULES = [
    DeadlineRule(),
    DeadlineRule(working_days=True),
    DeadlineRule(holiday_extends=True),
]


class Steps(BaseScheduler):
    """The alarm clock without its thread: it looks when it is told to."""

    def __init__(self) -> None:
        defaults = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        super().__init__(timezone=SHANGHAI, executors={"default": DebugExecutor()}, job_defaults=defaults)

    def wakeup(self) -> None: ...

    def shutdown(self, wait: bool = True) -> None: ...  # noqa: FBT001, FBT002  # the library's own signature

    def look(self) -> None:
        self._process_jobs()


@dataclass
class Machine:
    """`at_s` is the true time, `wrong_s` how far the machine's clock is from it."""

    journal: Journal
    random: Random
    at_s: float
    wrong_s: float = 0.0
    off: bool = False
    known: dict[str, History] = field(default_factory=dict)
    seen: Counter[str] = field(default_factory=Counter)

    def now(self) -> datetime:
        """As the machine tells it, in the zone of the host."""
        return datetime.fromtimestamp(self.at_s + self.wrong_s).astimezone()

    def rounds(self) -> list[Round]:
        return [
            Round(name, CronTrigger.from_crontab(line, SHANGHAI), partial(self.run, name), self.ledger, Stop())
            for name, line in HOURS.items()
        ]

    def ledger(self, name: str) -> History:
        if name not in self.known:
            self.known[name] = history(self.journal.runs, name)
        return self.known[name]

    def run(self, name: str, owed: Owed) -> None:
        """One run as the pipeline keeps it in the ledger; it takes some minutes, may fail, or the power may go."""
        if self.off:
            return
        self.known.clear()
        runs, now = self.journal.runs, self.now()
        runs.miss(name, owed.missed, at=now)
        number = runs.begin(name, owed.day, at=now)
        self.at_s += self.random.uniform(1, 10) * MINUTE_S
        fate = self.random.random()
        if fate < 0.01:
            self.seen["kills"] += 1
            self.off = True
            return
        state = RunState.FAILED if fate < 0.03 else RunState.COMPLETE
        runs.finish(number, state, {}, at=self.now())
        self.known.clear()
        self.seen[state] += 1
        if state is RunState.FAILED:
            raise RunError(T("The portal is down."))

    def live_until(self, end_s: float) -> Iterator[list[Round]]:
        """Boot after boot; yields whenever all that was to be done has been done."""
        while self.at_s < end_s:
            self.off = False
            scheduler, rounds = Steps(), self.rounds()
            set_alarms(scheduler, rounds, self.now)
            scheduler.start()
            while self.at_s < end_s and not self.off:
                for _ in HOURS:  # while one job runs the hour of the next may come
                    wind(scheduler, self.now())
                    scheduler.look()
                yield [] if self.off else rounds
                self.a_while()
            self.known.clear()

    def a_while(self) -> None:
        """What happens until somebody looks at the clock again."""
        what = self.random.random()
        if what < 0.008:
            self.seen["sleeps"] += 1
            self.at_s += self.random.uniform(0.5, 1) * LONG_SLEEP_S
        elif what < 0.024:
            self.seen["clock steps"] += 1
            self.wrong_s = 0.0 if self.wrong_s else self.random.choice((-TWO_HOURS_S, TWO_HOURS_S))
        elif what < 0.036:
            self.seen["reboots"] += 1
            self.at_s += self.random.uniform(1 * MINUTE_S, 10 * HOUR_S)
            self.off = True
        self.at_s += self.random.uniform(20, 200) * MINUTE_S


@pytest.fixture(params=ZONES)
def host_zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    journal = new_journal(tmp_path)
    machine = Machine(journal, Random(0), 0.0)

    class Faked(datetime):
        @classmethod
        def now(cls, tz=None):
            return machine.now().astimezone(tz)

    monkeypatch.setattr(base, "datetime", Faked)
    with capture_logs():
        yield machine
    journal.close()


@pytest.mark.parametrize("year", seeds(**YEARS, start=LEAP_YEAR))
def test_in_a_whole_year_each_business_date_has_its_run_or_is_written_off(
    machine: Machine, tmp_path: Path, host_zone: str, year: int
) -> None:
    with replayable(year):
        machine.random = Random(f"{year} {host_zone}")
        machine.at_s = _midnight_s(date(year - 1, 12, 28))
        told: date | None = None
        for rounds in machine.live_until(_midnight_s(date(year + 1, 1, 4))):
            for one in rounds:
                owes = one.owed(machine.now())
                assert owes is None or _was_tried(machine, one.name, owes.day) or _is_new(machine, one.name)
            if (today := _shanghai_day(machine.now())) != told:
                told = today
                the_five_days_are_right(machine)
        for name in HOURS:
            each_day_is_answered(machine, name)
        judged = check(tmp_path, machine.journal.path, None, bounds=Bounds(daily=tuple(HOURS)))
        assert judged.violations == []
        figures = {name.replace(" ", "_"): count for name, count in machine.seen.items()}
        days = (date(year + 1, 1, 4) - date(year - 1, 12, 28)).days
        whole = YEARS["short"] * len(ZONES), YEARS["long"] * len(ZONES)
        measured("simulated years", trials=1, owed=1, of_the_suite=whole, days=days, **figures)


def _was_tried(machine: Machine, name: str, day: date) -> bool:
    """It failed, or was broken off: the next boot or the next day comes back to it."""
    return day in machine.journal.runs.days(name)


def _is_new(machine: Machine, name: str) -> bool:
    """Before its first run a clock set back over midnight seems to owe the day before; the next ring is the first."""
    return machine.ledger(name).since is None


def each_day_is_answered(machine: Machine, name: str) -> None:
    """Not by any code that decides: by counting lines of the ledger."""
    with machine.journal.store.read() as connection:
        query = "SELECT business_date, state, started_at FROM run WHERE kind=? ORDER BY id"
        lines = connection.exec_driver_sql(query, (name,)).all()
    good = Counter(day for day, state, _ in lines if state == "complete")
    missed = Counter(day for day, state, _ in lines if state == "missed")
    assert set(good.values()) == {1}
    assert set(missed.values()) <= {1}
    assert not good.keys() & missed.keys()
    first, last = (date.fromisoformat(day) for day in (min(good), max(good)))
    every = {str(first + timedelta(days=n)) for n in range((last - first).days + 1)}
    assert every == {day for day in good | missed if str(first) <= day <= str(last)}
    hour = HOURS[name].split()
    for day, _state, started in lines:
        ring_s = _midnight_s(date.fromisoformat(day)) + int(hour[1]) * HOUR_S + int(hour[0]) * MINUTE_S
        assert datetime.fromisoformat(started).timestamp() >= ring_s


def the_five_days_are_right(machine: Machine) -> None:
    """Held against plain arithmetic with seconds; whatever the calendar knows of that year, there is a due day."""
    now = machine.now()
    today = _shanghai_day(now)
    for back in range(-1, 9):
        end = today - timedelta(days=back)
        found = deadlines.clock(end, rule=RULES[0], now=now, met_on=None)
        assert found.due == end + timedelta(days=5)
        left_h = (_midnight_s(end + timedelta(days=6)) - now.timestamp()) / HOUR_S
        assert found.hours_left == pytest.approx(left_h, abs=1e-6)
        assert found.state is _state(back)
    end = today - timedelta(days=machine.random.randrange(9))
    for rule in RULES[1:]:
        found = deadlines.clock(end, rule=rule, now=now, met_on=None)
        assert end + timedelta(days=5) <= found.due <= end + timedelta(days=20)
        assert not found.fallback or found.due == end + timedelta(days=5)


def _state(days_after_the_end: int) -> ClockState:
    if days_after_the_end <= 0:
        return ClockState.NOT_YET
    if days_after_the_end >= 5:
        return ClockState.DUE_TODAY if days_after_the_end == 5 else ClockState.OVERDUE
    return ClockState.DUE_SOON if days_after_the_end >= 3 else ClockState.IN_TIME


def _shanghai_day(now: datetime) -> date:
    """Eight hours ahead of Greenwich, all the year."""
    return date(1970, 1, 1) + timedelta(days=(now.timestamp() + 8 * HOUR_S) // DAY_S)


def _midnight_s(day: date) -> float:
    return (day - date(1970, 1, 1)).days * DAY_S - 8 * HOUR_S


def test_a_clock_that_was_a_month_ahead_silences_nothing(machine: Machine) -> None:
    """The alarms are wound anew as soon as the clock is right."""
    machine.random = Random(1)
    machine.at_s = _midnight_s(date(2025, 5, 12))
    machine.wrong_s = 30 * DAY_S
    scheduler, rounds = Steps(), [replace(one, job=partial(_noted, machine, one.name)) for one in machine.rounds()]
    set_alarms(scheduler, rounds, machine.now)
    scheduler.start()
    for hour in range(72):
        machine.wrong_s = 30 * DAY_S if hour < 12 else 0.0
        wind(scheduler, machine.now())
        scheduler.look()
        machine.at_s += HOUR_S
    assert machine.seen == {
        f"{name} {day}": 1 for name in HOURS for day in ("2025-06-11", "2025-05-12", "2025-05-13", "2025-05-14")
    }


def _noted(machine: Machine, name: str, owed: Owed) -> None:
    runs = machine.journal.runs
    runs.finish(runs.begin(name, owed.day, at=machine.now()), RunState.COMPLETE, {}, at=machine.now())
    machine.known.clear()
    machine.seen[f"{name} {owed.day}"] += 1
