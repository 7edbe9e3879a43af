"""The two lanes of the reliability suites: a short one in `make test`, a long one in `make reliability`.

Every suite says how many trials each lane owes, names the seed of each, and tells what it measured. A suite that ran
fewer trials than it owes fails, and a trial that fails prints the one command that replays it.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LONG = os.environ.get("RELIABILITY_LANE") == "long"
_ONLY = os.environ.get("RELIABILITY_SEED")
_FIGURES = os.environ.get("RELIABILITY_FIGURES")


class Owed(int):
    """The trials owed in the lane that runs; `lanes` are those of the short and of the long one."""

    lanes: tuple[int, int] | None = None


def owed(*, short: int, long: int) -> Owed:
    """So many trials in the lane that runs now; one, when a single seed is replayed."""
    trials = Owed(1 if _ONLY is not None else long if LONG else short)
    trials.lanes = short, long
    return trials


def seeds(*, short: int, long: int, start: int = 0) -> range:
    """A seed for each trial owed."""
    first = start if _ONLY is None else int(_ONLY)
    return range(first, first + owed(short=short, long=long))


@contextmanager
def replayable(seed: int) -> Iterator[None]:
    """Inside, a failure prints the command that runs this trial alone."""
    try:
        yield
    except BaseException:
        test = os.environ["PYTEST_CURRENT_TEST"].rpartition(" ")[0]
        lane = "RELIABILITY_LANE=long " if LONG else ""
        print(f"replay: {lane}RELIABILITY_SEED={seed} .venv/bin/pytest '{test}'")
        raise


_began = 0.0, 0.0


def begin() -> None:
    """A test begins: what `measured` tells of it counts from here."""
    global _began  # noqa: PLW0603  # one test at a time in a process
    _began = time.monotonic(), _cpu_s()


def measured(
    suite: str, *, trials: int, owed: int, of_the_suite: tuple[int, int] | None = None, **figures: float
) -> None:
    """What one test came to, for the table in ARCHITECTURE.md, which adds up the tests of a suite.

    Fails when it ran fewer trials than it owes. `of_the_suite` is what the whole suite owes in the short lane and in
    the long one, where `owed`, this test's own share, does not say it.
    """
    print(f"{suite}: {trials} trials", *(f"{name} {figure}" for name, figure in figures.items()), sep=", ")
    assert trials >= owed, f"{suite} ran {trials} of {owed} trials"
    if _FIGURES and _ONLY is None:
        share = getattr(owed, "lanes", None)
        began, cpu_s = _began
        spent = {"wall_s": time.monotonic() - began, "cpu_s": _cpu_s() - cpu_s}
        line = {"suite": suite, "trials": trials, "owed": of_the_suite, "share": share, **spent, "figures": figures}
        with (Path(_FIGURES) / f"{os.getpid()}.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


def _cpu_s() -> float:
    """Of this process and of all its children that have ended."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system
