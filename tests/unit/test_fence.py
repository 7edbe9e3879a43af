"""The fence: what a journal that may not know what was sent last may write, and when it goes by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.journal.epoch import raise_fence
from bridge.pipeline import resync
from bridge.resync import Wish
from bridge.safekeeping import BACKUP_AFTER
from schemas.epoch import Why
from schemas.errors import JournalError
from schemas.journal import Dispatch, Settling
from schemas.portal import DeliveryClass, Operation, Payload
from schemas.report import RunState
from tests.unit.by_hand import BY_HAND, HandWorld
from tests.unit.cast import SPRING, A, B, C, another
from tests.unit.world import SETTLING, WINDOW_S, World

K4 = Settling(DeliveryClass.K4, WINDOW_S)
SECOND = another("第二批")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def fenced(world: World, settling: Settling = SETTLING) -> None:
    """As at the opening of a journal that was put back."""
    with world.journal.store.write() as connection:
        raise_fence(connection, settling, Why.RESTORED, now=world.clock.instant(), turn=0)


def stands(world: World) -> bool:
    return world.journal.fences.standing() is not None


def test_nothing_is_sent_before_the_window_has_passed_and_staff_are_told_until_when(world: World) -> None:
    world.ledger(A, B)
    fenced(world)
    report = world.sync()
    assert not world.writes
    assert report.banners[0] == "The journal was restored from a backup."
    assert report.banners[1].startswith("Nothing is sent before 2025-05-11 09:30;")
    assert report.state is RunState.PARTIAL


def test_after_the_window_it_goes_by_itself_in_the_run_that_reads_everything_back(world: World) -> None:
    world.ledger(A, B)
    fenced(world)
    world.sync()
    world.settle()
    assert world.sync().state is RunState.COMPLETE
    assert not stands(world)


def test_what_the_forgotten_life_sent_and_the_portal_stores_late_is_not_sent_again(world: World) -> None:
    world.ledger(A, B)
    content = world.journal.path.read_bytes()
    world.portal.store_late(1, seconds=0.9 * WINDOW_S)
    world.sync()
    world.journal.close()
    world.journal.path.write_bytes(content)
    fenced(world)
    world.sync()
    world.settle()
    assert world.sync().state is RunState.COMPLETE
    assert world.portal.stored_twice() == []


def test_what_a_newer_revision_has_superseded_unsent_is_nothing_it_may_have_sent(world: World) -> None:
    world.ledger(A)
    world.when_sent(Operation.SAVE_PEOPLE, lambda _payload: setattr(world.portal, "down", True))
    world.sync()
    world.portal.down = False
    world.ledger(replace(A, phone="19900000099"))
    world.sync()
    fenced(world)
    with world.journal.store.read() as connection:
        states = connection.exec_driver_sql(
            "SELECT number, state FROM revision WHERE person IN (SELECT person FROM row) ORDER BY number"
        )
        told = connection.exec_driver_sql("SELECT count(*) FROM event WHERE what = 'fence.unknown'")
        assert [tuple(row) for row in states] == [(1, "ready"), (2, "agreed")]
        assert told.scalar() == 0


def test_a_restart_of_the_machine_begins_the_window_anew(world: World) -> None:
    world.ledger(A)
    fenced(world)
    world.settle()
    world.clock.reboot()
    world.sync()
    assert not world.writes
    world.settle()
    assert world.sync().state is RunState.COMPLETE


def test_a_batch_that_cannot_be_listed_waits_behind_it_and_the_others_go_on(world: World) -> None:
    world.ledger(A)
    world.ledger(B, batch=SECOND)
    world.sync()
    world.ledger(A, C)
    world.ledger(replace(B, unit="别的单位"), batch=SECOND)
    world.portal.drifting = {world.batch_id(SECOND.key)}
    fenced(world)
    world.settle()
    report = world.sync()
    assert len(world.stored()) == 2
    assert stands(world)
    assert "Batches that could not be listed since then are not written to." in report.banners
    world.portal.drifting = set()
    assert world.sync().state is RunState.COMPLETE
    assert not stands(world)


def test_a_person_s_own_wish_does_not_walk_round_it(world: World) -> None:
    world.ledger(A)
    fenced(world)
    resync(world.house, Wish(frozenset({SPRING})))
    assert not world.writes


def test_the_journal_itself_lets_no_request_go_past_it(world: World) -> None:
    fenced(world)
    leaving = Dispatch(SPRING, Operation.SAVE_BATCH, {}, Payload(Operation.SAVE_BATCH, "/", b"", ("s",)))
    with pytest.raises(JournalError, match="nothing may be sent before it was read back anew"):
        world.journal.deliveries.keep((), [leaving], run=1, now=world.clock.instant())
    with world.journal.store.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM attempt").scalar() == 0


def test_where_asking_proves_nothing_what_would_be_sent_is_for_people_to_decide(tmp_path: Path) -> None:
    world = World(tmp_path, delivery_class=DeliveryClass.K4)
    world.ledger(A, B)
    fenced(world, K4)
    world.sync()
    assert stands(world)
    world.settle()
    for _ in range(3):
        world.settle()
        world.sync()
    assert not world.writes
    assert not stands(world)
    with world.journal.store.read() as connection:
        states = connection.exec_driver_sql("SELECT state FROM revision").scalars().all()
    assert states == ["quarantined"] * 3
    resync(world.house, Wish(frozenset({SPRING})))
    assert len(world.stored()) == 2


def test_without_an_interface_what_would_be_exported_waits_for_void(tmp_path: Path) -> None:
    world = HandWorld(tmp_path)
    world.ledger(A, B)
    fenced(world, BY_HAND)
    world.sync()
    world.sync()
    assert (world.desk.outbox, world.states(), stands(world)) == ({}, {"quarantined": 3}, False)
    world.void()
    world.sync()
    assert world.states()["awaiting_human"] == 3


def test_without_an_interface_what_a_forgotten_life_exported_is_found_in_the_next_export(tmp_path: Path) -> None:
    world = HandWorld(tmp_path)
    world.ledger(A, B)
    fenced(world, BY_HAND)
    world.sync()
    world.typed_in(A, B)
    world.export()
    assert world.sync().state is RunState.COMPLETE
    assert world.desk.outbox == {}


def test_a_journal_without_a_backup_for_days_is_told(world: World) -> None:
    world.ledger(A)
    assert world.sync().banners == ()
    world.clock.pass_s(BACKUP_AFTER.total_seconds() + 60)
    [banner] = world.sync().banners
    assert banner.startswith("The journal has had no backup for 2 days.")
    now = world.clock.instant().at
    world.journal.runs.finish(world.journal.runs.begin("backup", now.date(), at=now), RunState.COMPLETE, {}, at=now)
    assert world.sync().banners == ()
    later = now + timedelta(minutes=1)
    world.journal.runs.finish(world.journal.runs.begin("backup", now.date(), at=now), RunState.FAILED, {}, at=later)
    [banner] = world.sync().banners
    assert banner.startswith("The last backup of the journal failed.")
