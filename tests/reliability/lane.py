"""The two lanes of the reliability suites: a short one in `make test`, a long one in `make reliability`.

Every suite says how many trials each lane owes, names the seed of each, and tells what it measured. A suite that ran
fewer trials than it owes fails, and a trial that fails prints the one command that replays it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LONG = os.environ.get("RELIABILITY_LANE") == "long"
_ONLY = os.environ.get("RELIABILITY_SEED")
_FIGURES = os.environ.get("RELIABILITY_FIGURES")


def owed(*, short: int, long: int) -> int:
    """So many trials in the lane that runs now; one, when a single seed is replayed."""
    if _ONLY is not None:
        return 1
    return long if LONG else short


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


def measured(suite: str, *, trials: int, owed: int, **figures: float) -> None:
    """What a suite came to, for the table in ARCHITECTURE.md. Fails when it ran fewer trials than it owes."""
    print(f"{suite}: {trials} trials", *(f"{name} {figure}" for name, figure in figures.items()), sep=", ")
    assert trials >= owed, f"{suite} ran {trials} of {owed} trials"
    if _FIGURES and _ONLY is None:
        line = json.dumps({"suite": suite, "trials": trials, **figures}, ensure_ascii=False)
        with (Path(_FIGURES) / f"{os.getpid()}.jsonl").open("a", encoding="utf-8") as file:
            file.write(line + "\n")
