"""Two senders: one is stopped (SIGSTOP) past its lease, another takes over, and the first is resumed.

Judged by the portal's log of what arrived: what the resumed one still sends shows there, for nobody else is at work
meanwhile. What had left before it was stopped may be stored whenever the portal comes to it.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from adapters.practice.traffic import read_traffic
from tests.reliability.lane import LONG, measured, replayable, seeds
from tests.reliability.storm import Kind, Roster, world
from tests.reliability.test_kills import verdict
from tests.system.office import ROOT, Office

OWED = {"short": 50, "long": 1_000}
PARTS = 5 if LONG else 2  # side by side: most of a trial is waiting
TRIALS_AN_OFFICE = 25
LEASE_S = 0.5
SLOW_S = 0.12  # so long the portal takes to store: a sender waits most of its time, and is stopped in that
PATIENCE_S = 30.0
REFUSED = "11"
NOBODY = "nobody"  # it was stopped on its way out, with nothing left to send
DONE = {"0", "1", "11"}  # complete, not complete, or told that it may send no more


@contextmanager
def ward(office: Office) -> Iterator[Callable[[str], str]]:
    command = [sys.executable, "-m", "tests.reliability.ward", str(office.settings)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:

        def told(line: str) -> str:
            assert process.stdin
            assert process.stdout
            process.stdin.write(line + "\n")
            process.stdin.flush()
            return process.stdout.readline().strip()

        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        yield told
        assert process.stdin
        process.stdin.close()


@dataclass(slots=True)
class Zombies:
    """What came of them, and between which moments of the monotonic clock each was awake again."""

    came: Counter[str] = field(default_factory=Counter)
    awake: list[tuple[float, float]] = field(default_factory=list)

    def slipped(self, folder: Path) -> int:
        """How many writes arrived meanwhile."""
        writes = [
            one.at for one in read_traffic(folder) if one.method == "POST" and one.path.startswith("/recuperation/")
        ]
        return sum(begin <= at <= end for begin, end in self.awake for at in writes)


def zombie(roster: Roster, told: Callable[[str], str], zombies: Zombies) -> None:
    """One sender is stopped while it pushes, and what came of it.

    One that was stopped in the middle of a transaction cannot be taken over; it is killed for it, or resumed first.
    """
    while True:
        for _ in range(4):
            roster.change()
        if told(f"stop {roster.random.uniform(0.0, 0.4)}") == "stopped":
            first = told("take")
            if first != NOBODY:
                break
            assert told("go") in DONE
    taken = over_its_lease(told) == "0"
    zombies.came.update(refused_within_the_lease=first == REFUSED, in_a_transaction=not taken)
    if not taken and roster.random.random() < 0.5:
        assert told("kill") == "0"
        return
    synced_first = taken and roster.random.random() < 0.5
    if synced_first:
        assert told("sync") in DONE
    resumed_s = time.monotonic()
    assert told("go") in DONE
    time.sleep(SLOW_S)  # for what is on its way to the portal
    zombies.awake.append((resumed_s, time.monotonic()))
    zombies.came.update(synced_first=synced_first, taken_over_and_resumed=taken, resumed=1)


def over_its_lease(told: Callable[[str], str]) -> str:
    """What taking over comes to as soon as the lease has lapsed."""
    end = time.monotonic() + PATIENCE_S
    while (said := told("take")) == REFUSED:
        assert time.monotonic() < end
        time.sleep(LEASE_S / 5)
    return said


@pytest.mark.parametrize("part", range(PARTS))
def test_a_sender_that_was_stopped_past_its_lease_sends_nothing_after_another_took_over(part: int) -> None:
    """An office for so many trials: the more people it holds, the longer each of its runs takes."""
    came, trials = Counter[str](slipped=0), 0
    mine = seeds(short=OWED["short"] // PARTS, long=OWED["long"] // PARTS, start=part * 1_000)
    for first in range(0, len(mine), TRIALS_AN_OFFICE):
        some = mine[first : first + TRIALS_AN_OFFICE]
        with world(Kind("K3", at_once=4), some[0]) as roster:
            with roster.office.settings.open("a", encoding="utf-8") as settings:
                settings.write(f"\n[journal]\nlease_s = {LEASE_S}\n")
            roster.office.portal.set_weather(doubles=True, slow_s=SLOW_S)
            zombies = Zombies()
            with ward(roster.office) as told:
                for seed in some:
                    roster.random.seed(seed)
                    with replayable(seed):
                        zombie(roster, told, zombies)
                    trials += 1
            came.update(zombies.came, slipped=zombies.slipped(roster.office.portal.folder))
            roster.calm()
            checked = verdict(roster)
            assert checked.violations == []
            assert checked.figures["lost"] == checked.figures["doubled"] == 0
    assert came["slipped"] == 0
    whole = OWED["short"], OWED["long"]
    measured("zombies taken over", trials=trials, owed=len(mine), of_the_suite=whole, doubled=0, lost=0, **came)
