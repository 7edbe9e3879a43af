"""What the ledger of runs keeps of each run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.pipeline import compare, sync
from schemas.errors import RunError
from schemas.portal import OnlineBatch
from schemas.report import RunState
from schemas.texts import T
from tests.unit.cast import A
from tests.unit.world import World


def broken(_year: int, *, expected: object) -> Iterator[OnlineBatch]:
    raise RunError(T("Something no run can go on from."))


def test_a_run_that_fails_is_closed_as_failed_and_the_day_has_not_had_its_run(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.portal.batches = broken  # type: ignore[method-assign]
    with pytest.raises(RunError):
        sync(world.house)
    last = world.journal.runs.last("sync")
    assert last is not None
    assert last[0] is RunState.FAILED
    assert not world.journal.runs.ran("sync", world.clock.instant().at.date())


def test_a_day_has_had_its_run_once_one_came_to_its_end(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.ledger(A)
    world.sync()
    today = world.clock.instant().at.date()
    assert world.journal.runs.ran("sync", today)
    assert not world.journal.runs.ran("reconcile", today)
    compare(world.house)
    assert world.journal.runs.ran("reconcile", today)
