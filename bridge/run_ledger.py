"""The ledger of runs: one line a run, for the business date it stands for; one that fails is closed as failed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from bridge.ports import Clock, Runs
from bridge.rota import Owed
from schemas.errors import BridgeError
from schemas.report import RunState


def begin(runs: Runs, kind: str, owed: Owed, *, at: datetime) -> int:
    """The number of a new line. The days that were missed before it are written off."""
    runs.miss(kind, owed.missed, at=at)
    return runs.begin(kind, owed.day, at=at)


@contextmanager
def one_line(runs: Runs, kind: str, clock: Clock, owed: Owed | None) -> Iterator[int]:
    """The number of a run that is made for what is `owed`, else for today. Whoever runs closes it with what it came to."""
    now = clock.instant().at
    run = begin(runs, kind, owed or Owed(now.date()), at=now)
    try:
        yield run
    except BridgeError:
        runs.finish(run, RunState.FAILED, {}, at=clock.instant().at)
        raise
