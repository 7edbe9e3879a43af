"""What the ledger of runs keeps of each run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bridge.pipeline import compare, sync
from bridge.rota import Owed
from bridge.status import status_of
from schemas.errors import RunError
from schemas.portal import OnlineBatch
from schemas.report import RunState
from schemas.texts import T
from tests.unit.cast import MORNING_AFTER, A
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
    assert world.journal.runs.days("sync") == {world.clock.instant().at.date(): None}


def test_a_day_has_had_its_run_once_one_came_to_its_end(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.ledger(A)
    world.sync()
    now = world.clock.instant().at
    assert world.journal.runs.days("sync") == {now.date(): now}
    assert world.journal.runs.days("reconcile") == {}
    compare(world.house)
    assert world.journal.runs.days("reconcile") == {now.date(): now}


def test_a_run_made_for_another_day_stands_for_that_day_and_writes_off_those_before_it(tmp_path: Path) -> None:
    world = World(tmp_path)
    now = world.clock.instant().at
    yesterday, before = now.date() - timedelta(days=1), now.date() - timedelta(days=2)
    world.house = replace(world.house, owed=Owed(yesterday, (before,)))
    report = world.sync()
    assert world.journal.runs.days("sync") == {before: None, yesterday: now}
    assert report.banners == (f"No sync came to its end on {before}: the service was off, or each sync failed.",)
    assert status_of(world.journal, (), now=now)["days_without_sync"] == [before.isoformat()]


def test_a_day_is_written_off_once_and_is_no_run(tmp_path: Path) -> None:
    runs = World(tmp_path).journal.runs
    for _ in range(2):
        runs.miss("sync", [MORNING_AFTER.date()], at=MORNING_AFTER)
    assert runs.missed("sync", since=None) == (MORNING_AFTER.date(),)
    assert runs.missed("sync", since=MORNING_AFTER) == ()
    assert runs.missed("report", since=None) == ()
    assert runs.last("sync") is None
