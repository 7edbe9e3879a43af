"""What a person may ask for again by hand."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from bridge.pipeline import preview, resync
from bridge.resync import Wish
from schemas.errors import RunError
from schemas.plan import PersonWork
from schemas.portal import DeliveryClass, Operation
from schemas.report import Report
from tests.unit.cast import SPRING, A, B, C, another, key_of
from tests.unit.world import World, picture

SUMMER = another("第二批", end=date(2025, 5, 3))
A_MOVED = replace(A, phone="19900000009")
SPRING_ONLY = Wish(batches=frozenset({SPRING}))
ALL_AGREE = "complete\noffline 2: agreed=2\nonline 2: agreed=2"


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.ledger(A, B)
    return world


def asked(world: World, wish: Wish) -> tuple[Report, Counter[str]]:
    with world.written() as calls:
        report = resync(world.house, wish)
    return report, calls


@pytest.mark.parametrize(
    "wish",
    [SPRING_ONLY, Wish(refused=True), Wish(person=key_of(C)), Wish(since=date(2025, 5, 10))],
    ids=["batch", "refused", "person", "since"],
)
def test_a_refused_person_is_sent_once_more_when_asked_for(world: World, wish: Wish) -> None:
    world.sync()
    world.ledger(A, B, C)
    world.sync_with_refused(Operation.SAVE_PEOPLE)
    report, calls = asked(world, wish)
    assert picture(report) == "complete\noffline 3: agreed=3\nonline 3: agreed=3"
    assert calls == {Operation.SAVE_PEOPLE: 1}


def test_a_refused_change_is_sent_once_more_when_asked_for(world: World) -> None:
    world.sync()
    world.ledger(A_MOVED, B)
    world.sync_with_refused(Operation.UPDATE_PERSON)
    report, calls = asked(world, Wish(refused=True))
    assert (picture(report), calls) == (ALL_AGREE, {Operation.UPDATE_PERSON: 1})


@pytest.mark.parametrize("operation", [Operation.SAVE_BATCH, Operation.SUBMIT])
def test_a_refused_header_and_a_refused_submission_are_sent_once_more(world: World, operation: Operation) -> None:
    world.sync_with_refused(operation)
    report, calls = asked(world, Wish(refused=True))
    assert (picture(report), calls[operation]) == (ALL_AGREE, 1)


def test_a_refused_change_of_a_header_is_sent_once_more(world: World) -> None:
    world.sync()
    world.ledger(A, B, leaders=1)
    world.sync_with_refused(Operation.UPDATE_BATCH)
    report, calls = asked(world, SPRING_ONLY)
    assert picture(report) == "complete\noffline 3: agreed=2 leader=1\nonline 2: agreed=2"
    assert calls == {Operation.UPDATE_BATCH: 1}


def test_a_person_deleted_online_is_entered_again_only_because_somebody_asked(world: World) -> None:
    world.sync()
    world.portal.delete(world.online_id(A))
    assert "removed=1" in world.run()
    report, calls = asked(world, SPRING_ONLY)
    assert (picture(report), calls) == (ALL_AGREE, {Operation.SAVE_PEOPLE: 1})


def test_a_batch_deleted_online_is_entered_again_only_because_somebody_asked(world: World) -> None:
    world.sync()
    world.portal.delete_batch(world.batch_id())
    assert "removed=2" in world.run()
    report, calls = asked(world, SPRING_ONLY)
    assert picture(report) == ALL_AGREE
    assert calls == {Operation.SAVE_BATCH: 1, Operation.SAVE_PEOPLE: 1, Operation.SUBMIT: 1}


def test_what_was_asked_for_and_not_taken_is_tried_again_by_the_next_run(world: World) -> None:
    world.sync()
    world.portal.delete(world.online_id(A))
    world.sync()
    world.watch.when["push"] = lambda: setattr(world.portal, "down", True)
    asked(world, SPRING_ONLY)
    world.portal.down = False
    assert world.run() == ALL_AGREE


def test_a_hand_edit_is_not_undone_by_asking(world: World) -> None:
    world.sync()
    world.portal.edit(world.online_id(A), unit="手改单位")
    report, calls = asked(world, SPRING_ONLY)
    assert (calls, [item.code for item in report.items]) == ({}, ["D16"])


def test_an_unknown_outcome_is_not_sent_before_its_window_whoever_asks(world: World) -> None:
    world.sync()
    world.ledger(A_MOVED, B)
    world.portal.store_late(1, seconds=10**9)
    world.sync()
    for wish in (Wish(unknown=True), SPRING_ONLY, Wish(person=key_of(A))):
        _, calls = asked(world, wish)
        assert calls == {}
    world.settle()
    report, calls = asked(world, Wish(unknown=True))
    assert (picture(report), calls) == (ALL_AGREE, {Operation.UPDATE_PERSON: 1})


def test_what_only_a_person_can_decide_is_sent_when_that_person_asks(tmp_path: Path) -> None:
    world = World(tmp_path, delivery_class=DeliveryClass.K4)
    world.ledger(A, B)
    world.portal.drop(1)
    world.sync()
    world.settle()
    assert "unknown=1" in world.run()
    report, calls = asked(world, SPRING_ONLY)
    assert picture(report) == ALL_AGREE
    assert calls == {Operation.SAVE_PEOPLE: 1, Operation.SUBMIT: 1}


def test_a_resync_touches_no_other_batch(world: World) -> None:
    world.ledger(C, batch=SUMMER)
    report, _ = asked(world, SPRING_ONLY)
    assert (report.offline.buckets, [line.online for line in report.batches]) == (
        {"agreed": 2, "pending": 1},
        [None, 2],
    )


@pytest.mark.parametrize("wish", [Wish(refused=True), Wish(unknown=True), Wish(person=key_of(C)), Wish()])
def test_a_wish_that_names_nothing_writes_nothing(world: World, wish: Wish) -> None:
    _, calls = asked(world, wish)
    assert calls == {}


def test_since_names_the_batches_that_ended_on_that_day_or_later(world: World) -> None:
    world.ledger(C, batch=SUMMER)
    report, _ = asked(world, Wish(since=date(2025, 5, 4)))
    assert [(line.batch.name, line.agreed) for line in report.batches] == [("第二批", 0), ("第一批", 2)]


def test_a_preview_shows_the_plan_and_writes_nothing(world: World) -> None:
    with world.written() as calls:
        plan = preview(world.house)
    [work] = plan.work
    assert (work.header, {person.operation for person in work.people}, calls) == (
        Operation.SAVE_BATCH,
        {Operation.SAVE_PEOPLE},
        {},
    )


def test_a_preview_of_a_wish_shows_what_it_would_send_and_asks_for_nothing(world: World) -> None:
    world.sync()
    world.portal.delete(world.online_id(A))
    world.sync()
    [work] = preview(world.house, wish=SPRING_ONLY).work
    assert work.people == (PersonWork(key_of(A), Operation.SAVE_PEOPLE),)
    assert not preview(world.house)


def test_a_preview_without_a_portal_is_an_error(world: World) -> None:
    world.portal.down = True
    with pytest.raises(RunError, match="cannot be reached"):
        preview(world.house)
