"""A sender is stopped (SIGSTOP) past its lease, and resumed: when another has taken over, or before anybody has.

Judged by the portal's log of what arrived: what the resumed one still sends shows there, for nobody else is at work
meanwhile. What had left before it was stopped may be stored whenever the portal comes to it. One that was taken over is
dead, and sends nothing at all. One that was not is still the only writer: its lease keeps it from sending, but for a request
that had passed the check when it was stopped.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from adapters.journal.lock import writer_of
from adapters.practice.traffic import read_traffic
from tests.reliability.lane import LONG, measured, replayable, shares
from tests.reliability.storm import Kind, Roster, world
from tests.reliability.test_kills import verdict
from tests.system.office import ROOT, Office

OWED = {"short": 30, "long": 1_000}
PARTS = 5 if LONG else 2  # side by side: most of a trial is waiting
TRIALS_AN_OFFICE = 25
LEASE_S = 0.5
SLOW_S = 0.12  # so long the portal takes to store: a sender waits most of its time, and is stopped in that
PATIENCE_S = 30.0
KILLED, REFUSED = "-9", "11"
DONE = {"0", "1", "11"}  # complete, not complete, or told that it may send no more
SLIPS = 0.1  # of those resumed before anybody took over: a check that is not made lets nearly all send


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
    """What came of them, and between which moments of the monotonic clock each was resumed and had ended."""

    came: Counter[str] = field(default_factory=Counter)
    dead: list[tuple[float, float]] = field(default_factory=list)
    late: list[tuple[float, float]] = field(default_factory=list)

    def counted(self, folder: Path) -> Counter[str]:
        """With the writes that arrived meanwhile."""
        writes = [
            one.at for one in read_traffic(folder) if one.method == "POST" and one.path.startswith("/recuperation/")
        ]

        def arrived(awake: Iterable[tuple[float, float]]) -> int:
            return sum(begin <= at <= end for begin, end in awake for at in writes)

        return self.came + Counter(sent_once_taken_over=arrived(self.dead), sent_past_its_lease=arrived(self.late))


def zombie(roster: Roster, told: Callable[[str], str], zombies: Zombies) -> None:
    """One sender is stopped while it pushes, and what came of it."""
    lock = stopped(roster, told)
    if roster.random.random() < 0.5:
        within, synced_first = taken_over(told), roster.random.random() < 0.5
        if synced_first:
            assert told("sync") in DONE
        zombies.dead.append(resumed(told, {KILLED}))
        zombies.came.update(taken_over=1, refused_within_the_lease=within, synced_first=synced_first)
    else:
        until(lambda: writer_of(lock).silent_s > 0)
        zombies.late.append(resumed(told, DONE))
        zombies.came.update(resumed_past_its_lease=1)


def stopped(roster: Roster, told: Callable[[str], str]) -> Path:
    """A sync holds the journal and is stopped. Its lock; one that was on its way out has nothing left to send."""
    lock = roster.office.folder / "journal.db.lock"
    while True:
        for _ in range(4):
            roster.change()
        if told(f"stop {roster.random.uniform(0.0, 0.4)}") == "stopped":
            if writer_of(lock):
                return lock
            assert told("go") in DONE


def taken_over(told: Callable[[str], str]) -> bool:
    """As soon as the lease has lapsed; whether that was refused before."""
    if (said := told("take")) == REFUSED:
        until(lambda: told("take") == "0")
        return True
    assert said == "0"
    return False


def resumed(told: Callable[[str], str], ends: set[str]) -> tuple[float, float]:
    """From when to when it was awake, and what it sent may arrive."""
    begin = time.monotonic()
    assert told("go") in ends
    time.sleep(SLOW_S)
    return begin, time.monotonic()


def until(happens: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not happens():
        assert time.monotonic() < end
        time.sleep(LEASE_S / 5)


@pytest.mark.parametrize("mine", shares(PARTS, **OWED), ids=range(PARTS))
def test_a_sender_that_was_stopped_past_its_lease_sends_nothing_once_another_took_over(mine: range) -> None:
    """An office for so many trials: the more people it holds, the longer each of its runs takes."""
    names = "sent_once_taken_over", "sent_past_its_lease", "lost", "doubled"
    came, trials = Counter[str](dict.fromkeys(names, 0)), 0
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
            came.update(zombies.counted(roster.office.portal.folder))
            roster.calm()
            checked = verdict(roster)
            assert checked.violations == []
            came.update({name: checked.figures[name] for name in ("lost", "doubled")})
    assert came["sent_once_taken_over"] == came["lost"] == came["doubled"] == 0
    assert came["sent_past_its_lease"] <= SLIPS * came["resumed_past_its_lease"]
    measured("zombies taken over", trials=trials, owed=len(mine), of_the_suite=tuple(OWED.values()), **came)
