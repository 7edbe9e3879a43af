"""Killed, or failed by the disk, at every system call that changes anything: nobody twice, nobody lost.

strace ends the process before the n-th call of each kind, or lets the call fail. The checker judges what that leaves, and
what stands after plain runs: in the short lane after every state that a trial left for the first time, in the long one
after every trial.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.reliability import lane
from tests.reliability.lane import LONG, measured, replayable
from tests.system.office import ROOT

KILLED_ALWAYS, KILLED_AT_LENGTH = (
    ("push", "recover"),
    ("submit", "stage", "partial", "recover-late", "reconcile", "mail", "migrate"),
)
ERRORS_ALWAYS = [("push", "either")]
ERRORS_AT_LENGTH = [(script, error) for script in (*KILLED_ALWAYS, *KILLED_AT_LENGTH) for error in ("EIO", "ENOSPC")]
PAIRS = 300
LEAST_CALLS = 100
"""Of any script: a run that makes fewer has not done what it is for."""

Trial = dict[str, Any]


@pytest.fixture
def folder() -> Iterator[Path]:
    """In memory: what is asked here is in which order things are done, and the disk has suites of its own."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as path:
        yield Path(path)


def injected(folder: Path, script: str, fault: str, *options: str) -> tuple[int, list[Trial], Trial]:
    """How many calls there are, what came of each trial, and what all of it cost."""
    options = (*options, *(["--every-end"] if LONG else []), *(["--only", str(lane._ONLY)] if lane._ONLY else []))
    command = [sys.executable, "-m", "tests.reliability.injecting", str(folder), script, fault, *options]
    ended = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    first, *trials, last = map(json.loads, ended.stdout.splitlines())
    assert "--flips" in options or first["calls"] >= LEAST_CALLS, f"{script} makes {first['calls']} calls"
    return first["calls"], trials, last


def hold(trials: list[Trial]) -> None:
    for trial in trials:
        with replayable(trial["trial"]):
            assert trial["broken"] == [], trial


def harmed(trials: list[Trial]) -> dict[str, int]:
    """How many trials doubled or lost somebody."""
    broken = [said for trial in trials for said in trial["broken"]]
    return {name: sum(said.startswith(f"{name}: ") for said in broken) for name in ("doubled", "lost")}


@pytest.mark.parametrize("script", [*KILLED_ALWAYS, *(KILLED_AT_LENGTH if LONG else ())])
def test_a_kill_at_any_system_call_enters_nobody_twice_and_loses_nobody(folder: Path, script: str) -> None:
    calls, trials, cost = injected(folder, script, "kill")
    hold(trials)
    missed = [trial["aim"] for trial in trials if not trial["hit"]]
    assert all(aim.startswith("recvfrom") for aim in missed), missed  # an answer came in one piece instead of two
    owed = 1 if lane._ONLY else calls
    kills = len(trials) - len(missed)
    measured(f"kill at every call of {script}", trials=len(trials), owed=owed, kills=kills, **harmed(trials), **cost)


@pytest.mark.parametrize(("script", "error"), ERRORS_AT_LENGTH if LONG else ERRORS_ALWAYS)
def test_a_disk_that_fails_at_any_call_stops_the_sending_with_an_alarm_and_the_next_run_is_clean(
    folder: Path, script: str, error: str
) -> None:
    calls, trials, cost = injected(folder, script, error)
    hold(trials)
    alarms = sum(trial["hit"] for trial in trials)
    owed = 1 if lane._ONLY else calls
    measured(
        f"{error} at every call of {script}", trials=len(trials), owed=owed, **harmed(trials), alarms=alarms, **cost
    )


def test_a_bit_flipped_in_the_journal_is_found_out_or_harms_nobody(folder: Path) -> None:
    """SQLite keeps no checksums: what stands in a column may change unseen, but then it must enter nobody twice."""
    owed = lane.owed(short=40, long=1000)
    _, trials, cost = injected(folder, "recover-late", "kill", "--flips", str(owed if lane._ONLY is None else 1000))
    hold(trials)
    came = Counter(trial["came"] for trial in trials)
    assert came["refused"] > came["crashed"]
    measured("bits flipped in the journal", trials=len(trials), owed=owed, **harmed(trials), **came, **cost)


if LONG:

    @pytest.mark.parametrize("script", [*KILLED_ALWAYS, *KILLED_AT_LENGTH])
    def test_a_second_kill_in_the_recovery_changes_nothing(folder: Path, script: str) -> None:
        _, trials, cost = injected(folder, script, "kill", "--pairs", str(PAIRS))
        hold(trials)
        twice = sum(trial["twice"] for trial in trials)
        kills, owed = twice + sum(trial["hit"] for trial in trials), lane.owed(short=0, long=PAIRS)
        measured(
            f"two kills of {script}", trials=len(trials), owed=owed, kills=kills, **harmed(trials), twice=twice, **cost
        )

    @pytest.mark.parametrize("error", ["EIO", "ENOSPC"])
    def test_a_disk_that_fails_from_one_call_on_for_ever_stops_the_sending(folder: Path, error: str) -> None:
        calls, trials, cost = injected(folder, "push", error, "--ever-after")
        hold(trials)
        measured(f"{error} from every call of push on", trials=len(trials), owed=calls, **harmed(trials), **cost)
