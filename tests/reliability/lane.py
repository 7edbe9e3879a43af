"""The two lanes of the reliability suites: a short one in `make test`, a long one in `make reliability`.

Every suite says how many trials each lane owes, names the seed of each, and tells what it measured. A suite that ran
fewer trials than it owes fails; one that several tests share takes its `shares` here, which come to the whole by their
making. Whatever fails prints the one command that replays it (`conftest.py`).
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


def owed(*, short: int, long: int, each: int = 1) -> Owed:
    """So many seeds in the lane that runs now, or the one that is replayed, and in each so many trials."""
    trials = Owed((1 if _ONLY is not None else long if LONG else short) * each)
    trials.lanes = short * each, long * each
    return trials


def seeds(*, short: int, long: int, start: int = 0) -> range:
    """A seed for each trial owed."""
    first = start if _ONLY is None else int(_ONLY)
    return range(first, first + owed(short=short, long=long))


def shares(parts: int, *, short: int, long: int) -> list[range]:
    """The seeds of one suite for each of the tests that share it evenly; the one that is replayed for any of them."""
    every = seeds(short=short, long=long)
    if _ONLY is not None:
        return [every] * parts
    size, left = divmod(len(every), parts)
    assert not left, f"{parts} tests cannot share {len(every)} trials"
    return [every[size * part : size * (part + 1)] for part in range(parts)]


_trial: int | None = None


@contextmanager
def replayable(seed: int) -> Iterator[None]:
    """What fails inside is replayed by this seed alone."""
    global _trial  # noqa: PLW0603  # one trial at a time in a process
    _trial = seed
    yield
    _trial = None


def replay(test: str) -> str:
    """The command that runs again what has failed now: one trial of the test, or where it was in none, the test."""
    lane = "RELIABILITY_LANE=long " if LONG else ""
    seed = "" if _trial is None else f"RELIABILITY_SEED={_trial} "
    return f"{lane}{seed}.venv/bin/pytest '{test}'"


_began = 0.0, 0.0


def begin() -> None:
    """A test begins: what `measured` tells of it counts from here."""
    global _began, _trial  # one test at a time in a process
    _began, _trial = (time.monotonic(), _cpu_s()), None


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
