"""The portal is away for hours and days: what that costs in requests, and how soon all is entered once it is back.

The bridge's own runs, at the hours of the daemon, against qilu's own server; time is an argument, nobody sleeps.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest

from adapters.portal.http import Retries
from bridge.pipeline import sync
from schemas.journal import Instant
from schemas.report import Report, RunState
from tests.reliability.checker import Row, Who, check
from tests.reliability.far_portal import QILU, FarPortal, Time, Weather
from tests.reliability.lane import LONG, measured, owed, replayable, seeds
from tests.reliability.offline import told
from tests.reliability.paper import digest
from tests.unit.cast import another, person
from tests.unit.world import World

SHANGHAI = ZoneInfo("Asia/Shanghai")
MIDNIGHT_S = datetime(2025, 5, 12, tzinfo=SHANGHAI).timestamp()
HOUR_S, DAY_S, STEP_S = 3600.0, 86_400.0, 300.0
SYNC_AT_S = 6.5 * HOUR_S
BATCHES, BUCKET = 12, 20
WISH_S = 1200
PROFILES = {"short": 6, "long": 60}


class Counted(Retries):
    """The run's own retries, counted."""

    def __init__(self, *, spent: bool) -> None:
        super().__init__(attempts=4, time_s=300.0, budget=BUCKET, spent=spent)
        self.taken = 0

    def take(self) -> bool:
        may = super().take()
        self.taken += may
        return may


@dataclass
class Cost:
    """`first` are requests that are no repetition of another and no probe."""

    requests: int = 0
    again: int = 0
    probes: int = 0
    runs: int = 0

    @property
    def first(self) -> int:
        return self.requests - self.again - self.probes


class Federation:
    """A federation's machine with the daemon's hours. `now_s` is moved by what the portal makes it wait, and by `live`."""

    def __init__(self, folder: Path, weather: Weather) -> None:
        self.time = Time(MIDNIGHT_S)
        self.far = FarPortal(self.time, weather)
        self.world = World(folder, rows_per_call=5)
        self.cost = Cost()
        self.report: Report | None = None
        self.people: dict[Who, Row] = {}
        for number in range(BATCHES):
            self.keep(f"第{number + 1}批", 3)

    def keep(self, name: str, count: int) -> None:
        """The ledger of one batch."""
        people, batch = [person(n) for n in range(1, count + 1)], another(name)
        self.world.ledger(*people, batch=batch)
        self.people |= {(str(batch.key), digest(one.id_no)): {"laborName": one.unit} for one in people}

    def instant(self) -> Instant:
        return Instant(datetime.fromtimestamp(self.time.now_s, SHANGHAI), self.time.now_s, "boot")

    def live(self, until_s: float) -> None:
        """Every five minutes the alarm clock is looked at: the day's sync at its hour, else a probe where one is due."""
        while self.time.now_s < until_s:
            here = self.time.now_s
            rest = self.world.journal.runs.rest()
            if (here - MIDNIGHT_S) % DAY_S == SYNC_AT_S or (rest.silent and not rest.left_s(self.instant().at)):
                self.run()
            steps = int((self.time.now_s - MIDNIGHT_S) // STEP_S) + 1
            self.time.now_s = MIDNIGHT_S + steps * STEP_S

    def run(self) -> None:
        """As `jobs.sync` does it."""
        rest, before = self.world.journal.runs.rest(), len(self.far.arrivals)
        retries = Counted(spent=rest.silent)
        portal = self.far.reached(retries, dialect=QILU, quiet_s=rest.left_s(self.instant().at))
        self.report = sync(replace(self.world.house, portal=portal, clock=self))
        made = len(self.far.arrivals) - before
        self.cost.requests += made
        self.cost.again += retries.taken
        self.cost.probes += bool(rest.silent and made)
        self.cost.runs += 1

    def holds(self) -> None:
        """All is entered, and the checker finds nothing."""
        assert self.report
        assert self.report.state is RunState.COMPLETE
        folder = self.world.journal.path.parent
        self.far.keep_books(folder)
        checked = check(folder, self.world.journal.path, self.people, report=told(self.report))
        assert checked.violations == []
        assert checked.figures["lost"] == checked.figures["doubled"] == checked.figures["unwanted"] == 0


def refused(_: float) -> httpx.Response:
    raise httpx.ConnectError("refused")


def lost(_: float) -> httpx.Response:
    raise httpx.ReadTimeout("no answer")


KINDS = {
    "refused": refused,
    "lost": lost,
    "busy": lambda _: httpx.Response(503),
    "throttled": lambda _: httpx.Response(429, headers={"Retry-After": str(WISH_S)}),
    "page": lambda _: httpx.Response(200, html="<p>系统正在升级，请稍后访问。</p>"),
    "gateway": lambda _: httpx.Response(502, html="<p>bad gateway"),
}


def away(spans: list[tuple[float, float]], kind: str) -> Weather:
    """Of this kind within the spans (seconds after midnight of the first day), fair outside."""
    return lambda now_s: KINDS[kind](now_s) if any(start <= now_s - MIDNIGHT_S < end for start, end in spans) else None


@pytest.mark.parametrize(("kind", "days"), [*((kind, 1) for kind in KINDS), *([("refused", 7)] if LONG else [])])
def test_days_without_the_portal_cost_a_tenth_more_than_first_tries_and_one_request_a_probe(
    tmp_path: Path, kind: str, days: int
) -> None:
    start_s = DAY_S + SYNC_AT_S - 600  # it goes ten minutes before the second day's sync
    office = Federation(tmp_path, away([(start_s, start_s + days * DAY_S)], kind))
    office.live(MIDNIGHT_S + start_s)
    office.holds()
    good = office.cost.requests
    office.keep("第1批", 5)
    office.live(MIDNIGHT_S + start_s + days * DAY_S)
    during = office.cost.requests - good
    assert during <= 288 * days + 4
    office.live(MIDNIGHT_S + start_s + days * DAY_S + 2 * STEP_S + (WISH_S if kind == "throttled" else 0))
    office.holds()  # five minutes after it is back and may be asked, not on the next day
    cost = office.cost
    assert cost.requests <= 1.1 * cost.first + cost.probes
    measured(
        f"an outage of {days} days",
        trials=1,
        owed=1,
        requests=cost.requests,
        first_tries=cost.first,
        probes=cost.probes,
        again=cost.again,
    )


def test_whatever_the_portal_s_weather_requests_stay_in_bounds_and_all_is_entered_after_it(tmp_path: Path) -> None:
    trials, total = 0, Cost()
    for seed in seeds(**PROFILES):
        with replayable(seed):
            folder = tmp_path / str(seed)
            folder.mkdir()
            cost = profile(seed, folder)
            total = Cost(*(getattr(total, n) + getattr(cost, n) for n in ("requests", "again", "probes", "runs")))
        trials += 1
    measured(
        "outage profiles",
        trials=trials,
        owed=owed(**PROFILES),
        requests=total.requests,
        first_tries=total.first,
        probes=total.probes,
        again=total.again,
    )


def profile(seed: int, folder: Path) -> Cost:
    """Outages of one kind, some of them in the middle of a run, then good weather for two days."""
    random.seed(seed)
    chance = random.Random(seed)
    kind = chance.choice(sorted(KINDS))
    begin_s = SYNC_AT_S + chance.choice((-600.0, -10.0, 0.5))
    spans = []
    for _ in range(chance.randint(1, 4)):
        end_s = begin_s + chance.choice((240.0, 1800.0, 3 * HOUR_S, 9 * HOUR_S))
        spans.append((begin_s, end_s))
        begin_s = end_s + chance.choice((60.0, 400.0, 2 * HOUR_S))
    breaks_off_at = chance.choice((0, 0, 5, 20, 33))
    clear = away(spans, kind)
    office = Federation(folder, lambda now_s: clear(now_s) if len(office.far.arrivals) >= breaks_off_at else None)
    office.live(MIDNIGHT_S + spans[-1][1])
    office.live(MIDNIGHT_S + spans[-1][1] + 2 * DAY_S + HOUR_S)
    cost = office.cost
    days = (spans[-1][1] + 2 * DAY_S) / DAY_S
    office.holds()
    assert cost.requests <= 1.1 * cost.first + cost.probes + BUCKET * (days + 1), (kind, cost)
    assert cost.probes <= 288 * days
    return cost
