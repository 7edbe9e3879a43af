"""The few figures an operator asks for first."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.status import Status, all_well, status_of
from schemas.report import Report
from tests.unit.cast import MORNING_AFTER, A, B
from tests.unit.world import World

NOW = MORNING_AFTER.isoformat()


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def status(world: World, report: Report | None = None) -> Status:
    return status_of(world.journal, report.items if report else (), now=world.clock.now.at)


def test_before_the_first_run_there_is_nothing_and_nothing_is_well(world: World) -> None:
    found = status(world)
    assert found == Status(
        offline_rows=0,
        online_rows=0,
        agreed=0,
        disagreeing=0,
        batches=0,
        batches_entered=0,
        open_findings={},
        to_do=0,
        undecided=0,
        to_upload=0,
        to_read_back=0,
        carried_days=0,
        mails_waiting=0,
        read_at=None,
        read_back_at=None,
        last_sync=None,
        last_report=None,
        days_without_sync=[],
        last_backup=None,
        last_drill=None,
        fence=None,
        writer=None,
    )
    assert not all_well(found)


def test_when_all_agrees_all_is_well(world: World) -> None:
    world.ledger(A, B)
    found = status(world, world.sync())
    assert found == Status(
        offline_rows=2,
        online_rows=2,
        agreed=2,
        disagreeing=0,
        batches=1,
        batches_entered=1,
        open_findings={},
        to_do=0,
        undecided=0,
        to_upload=0,
        to_read_back=0,
        carried_days=0,
        mails_waiting=0,
        read_at=NOW,
        read_back_at=NOW,
        last_sync={"state": "complete", "ended_at": NOW},
        last_report=None,
        days_without_sync=[],
        last_backup=None,
        last_drill=None,
        fence=None,
        writer=None,
    )
    assert all_well(found)


def test_an_outcome_nobody_knows_is_counted_and_nothing_is_well(world: World) -> None:
    world.ledger(A, B)
    world.portal.drop(1)
    found = status(world, world.sync())
    assert (found["open_findings"], found["to_do"], found["undecided"], found["disagreeing"]) == ({"D15": 1}, 1, 1, 1)
    assert not all_well(found)
