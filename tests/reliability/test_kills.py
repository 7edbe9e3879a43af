"""Real SIGKILLs at random moments of a sync, judged by the independent checker.

The portal answers slowly, loses replies, lies, goes on storing after its client has died, and keeps doubles when it is
sent any: what is entered twice shows. All the while the ledgers grow and change.
"""

from __future__ import annotations

import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable

import pytest

from tests.reliability import lane
from tests.reliability.checker import Bounds, Checked, check
from tests.reliability.storm import Kind, Roster, Storm, storm, world

KILLED = -signal.SIGKILL
KILLS = 167  # of one world: more would only make its people more
WORLDS = {"short": 1, "long": 20}
HITS = 0.25  # of the kills, with a request on its way
SLOWEST_S = 1.5  # to store one write, where the bridge does not wait
ASKS_AND_SENDS_S = 0.5  # enough on a busy machine, and well before the portal has stored what it is asked about
CALM_ENOUGH = {KILLED, 0, 1}


def verdict(roster: Roster) -> Checked:
    """What the checker says of this world, everything settled."""
    bounds = Bounds(attempts=2, at_once=roster.kind.at_once, keyed=roster.kind.delivers == "K2")
    return check(roster.office.portal.folder, roster.office.folder / "journal.db", roster.wanted, bounds=bounds)


def rage(world: Storm, kills: int) -> None:
    """Until so many syncs were killed; those that were quicker, about every other one, do not count."""
    while world.codes[KILLED] < kills and world.codes.total() < 3 * kills:
        world.one()
    assert world.codes[KILLED] == kills, world.codes
    assert world.codes.keys() <= CALM_ENOUGH, world.codes


@pytest.mark.parametrize("at_once", [1, 4])
@pytest.mark.parametrize("delivers", ["K1", "K2", "K3"])
def test_a_storm_of_kills_stores_nobody_twice_and_loses_nobody(delivers: str, at_once: int) -> None:
    total: Counter[str] = Counter()
    for seed in lane.seeds(**WORLDS):
        with lane.replayable(seed), storm(Kind(delivers, at_once), seed) as world:
            rage(world, KILLS)
            world.roster.calm()
            checked = verdict(world.roster)
            assert checked.violations == []
            assert checked.figures["lost"] == checked.figures["doubled"] == 0
            assert checked.figures["in_flight"] >= HITS * KILLS
            total.update(checked.figures, kills=world.codes[KILLED])
    told = {name: total[name] for name in ("kills", "in_flight", "people", "effects", "lost", "doubled")}
    owed = lane.owed(**WORLDS, each=KILLS)
    lane.measured(f"kills, {delivers}, {at_once} at once", trials=total["kills"], owed=owed, **told)


def joined(roster: Roster) -> None:
    """Nobody's contents change: what is sent again is the same record."""
    roster.add()


def always_slow(roster: Roster) -> None:
    roster.office.portal.set_weather(slow_s=SLOWEST_S, gives_up_s=0.0)


def without_waiting(delivers: str, change: Callable[[Roster], None]) -> Checked:
    """A storm whose bridge asks the portal at once about what it does not know, and believes it."""
    with storm(Kind(delivers, at_once=1, window_s=0.0), seed=7) as world:
        world.change, world.worsen, world.pushes_s = change, always_slow, ASKS_AND_SENDS_S
        rage(world, 20)
        time.sleep(SLOWEST_S)  # what is on its way is stored, in the order in which it came
        world.roster.calm()
        return verdict(world.roster)


def test_the_same_storm_finds_doubles_where_the_bridge_does_not_wait() -> None:
    checked = without_waiting("K3", joined)
    assert checked.figures["doubled"] > 0
    assert any(violation.startswith("I1: ") for violation in checked.violations)


def test_a_portal_that_knows_serials_stores_nobody_twice_even_where_the_bridge_does_not_wait() -> None:
    checked = without_waiting("K1", joined)
    assert checked.violations == []
    assert checked.figures["doubled"] == 0


def lived(roster: Roster, seconds: float) -> tuple[int, float]:
    """One sync by the real command: its exit code, and how long it lived at most so many seconds."""
    began = time.monotonic()
    with roster.office.start("--config", "config.toml", "sync") as process:
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
        process.communicate()
    return process.returncode, time.monotonic() - began


def test_kills_of_the_real_command_store_nobody_twice_and_lose_nobody() -> None:
    """Starting takes most of a real command's time: how many of its kills hit a request is told, not demanded."""
    kills = lane.owed(short=5, long=400)
    with world(Kind("K3", at_once=1), seed=3) as roster:
        codes: Counter[int] = Counter()
        roster.turn_bad()
        lived(roster, 60.0)
        roster.change()
        _, took_s = lived(roster, 60.0)
        while codes[KILLED] < kills and codes.total() < 3 * kills:
            roster.change()
            roster.worsen()
            code, seconds = lived(roster, roster.random.uniform(0.5, 1.3) * took_s)
            codes[code] += 1
            took_s = took_s if code == KILLED else seconds
        assert codes.keys() <= CALM_ENOUGH
        roster.calm()
        checked = verdict(roster)
    assert checked.violations == []
    lane.measured("kills of the real command", trials=codes[KILLED], owed=kills, kills=codes[KILLED], **checked.figures)
