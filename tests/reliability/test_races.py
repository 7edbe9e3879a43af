"""Two senders that start at one moment, sometimes three: one works, and the others say that somebody is at work.

Judged by the portal: the requests of one process end before those of the next begin, and each change is stored once.
"""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

from adapters.practice.traffic import read_traffic
from tests.reliability.lane import measured, owed, replayable, seeds
from tests.reliability.storm import Kind, Roster, world
from tests.reliability.test_kills import verdict
from tests.system.office import ROOT, Office

OWED = {"short": 20, "long": 1_000}
TRIALS_AN_OFFICE = 50  # the more people it holds, the longer each of its runs takes
SLOW_S = 0.02  # so long the portal takes to store: who works is still at it when the others ask for the lock
LATE_S = 0.5  # at most: whoever comes so late may find all done
REFUSED = 0.5  # of those who began in time, on a machine that is busy with other things too


@contextmanager
def starters(office: Office) -> Iterator[Callable[..., list[str]]]:
    """Given how long each waits: what each came to. It has entered everybody once already when this begins."""
    command = [sys.executable, "-m", "tests.reliability.starters", str(office.settings)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:

        def let_go(*waits_s: float) -> list[str]:
            assert process.stdin
            assert process.stdout
            process.stdin.write(" ".join(map(str, waits_s)) + "\n")
            process.stdin.flush()
            return process.stdout.readline().split()

        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        yield let_go
        assert process.stdin
        process.stdin.close()


def race(roster: Roster, let_go: Callable[..., list[str]]) -> Counter[str]:
    """Something changes, and all begin; in one race of four the others come late."""
    chance = roster.random
    roster.change()
    others, late = chance.choice((1, 1, 1, 2)), chance.random() < 0.25
    came = Counter(let_go(0.0, *(chance.uniform(0.0, LATE_S) if late else 0.0 for _ in range(others))))
    assert came.keys() <= {"0", "busy"}, came
    assert came["0"] >= 1
    return Counter(worked=came["0"], refused=came["busy"], in_time=0 if late else others)


def spans(folder: Path) -> list[tuple[float, float]]:
    """From the first request of a process to its last answer, in order. Each process has a token of its own."""
    found: dict[str, tuple[float, float]] = {}
    for one in read_traffic(folder):
        if one.token:
            first, last = found.get(one.token, (one.at, one.answered_at))
            found[one.token] = min(first, one.at), max(last, one.answered_at)
    return sorted(found.values())


def test_of_senders_that_start_at_one_moment_one_works_and_the_others_say_that_somebody_is_at_work() -> None:
    total, trials = Counter[str](lost=0, doubled=0), seeds(**OWED)
    for first in range(0, len(trials), TRIALS_AN_OFFICE):
        some = trials[first : first + TRIALS_AN_OFFICE]
        with world(Kind("K3", at_once=4), some[0]) as roster:
            roster.office.portal.set_weather(doubles=True, slow_s=SLOW_S)
            came = Counter[str]()
            with starters(roster.office) as let_go:
                for seed in some:
                    roster.random.seed(seed)
                    with replayable(seed):
                        came.update(race(roster, let_go))
            total.update(came)
            at_work = spans(roster.office.portal.folder)
            assert len(at_work) == 1 + came["worked"]
            assert all(one[1] < later[0] for one, later in pairwise(at_work))
            checked = verdict(roster)
            assert checked.violations == []
            total.update({name: checked.figures[name] for name in ("lost", "doubled")})
    assert total["lost"] == total["doubled"] == 0
    assert total["refused"] >= REFUSED * total.pop("in_time")
    measured("two senders at one moment", trials=len(trials), owed=owed(**OWED), **total)
