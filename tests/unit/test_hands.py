"""Hands are never overruled: what people changed, deleted or locked on either side is reported and left alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from schemas.portal import Operation
from tests.unit.cast import SPRING, A, B, C, in_words
from tests.unit.world import World

SAVE_PEOPLE, UPDATE_PERSON = Operation.SAVE_PEOPLE, Operation.UPDATE_PERSON
A_MOVED = replace(A, phone="19900000009")
A_MOVED_TWICE = replace(A, phone="19900000008")
ALL_AGREE = "complete\noffline 2: agreed=2\nonline 2: agreed=2"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_people_the_portal_skips_because_it_has_them_are_read_back_and_not_taken_for_accepted(world: World) -> None:
    world.ledger(A)
    world.sync()
    world.ledger(A, B)
    world.watch.when["push"] = lambda: world.portal.add(world.batch_id(), **in_words(B, unit="别的单位"))
    assert world.run() == (
        "partial\noffline 2: agreed=1 differs=1\nonline 2: agreed=1 differs=1\n"
        "D04 乙* moved never_agreed unit:测试单位|别的单位"
    )


def test_a_hand_edit_online_is_never_overwritten(world: World) -> None:
    world.ledger(A, B)
    world.sync()
    world.portal.edit(world.online_id(A), unit="手改单位")
    expected = "partial\noffline 2: agreed=1 differs=1\nonline 2: agreed=1 differs=1\n"
    with world.written() as calls:
        assert world.run() == expected + "D16 甲* moved online unit:测试单位|手改单位"
        world.ledger(A_MOVED, B)
        moved = "D16 甲* moved both phone:199****0009|199****1101 unit:测试单位|手改单位"
        assert world.run() == expected + moved
    assert calls == {}


def test_a_hand_s_return_to_older_contents_is_not_overwritten_either(world: World) -> None:
    world.ledger(A, B)
    world.sync()
    world.ledger(A_MOVED, B)
    world.sync()
    world.portal.edit(world.online_id(A), phone=A.phone)
    with world.written() as calls:
        assert "D16 甲* moved online phone:199****0009|199****1101" in world.run()
        assert "D16 甲* moved online phone:199****0009|199****1101" in world.run()
    assert calls == {}


def test_a_hand_s_return_to_what_was_once_sent_does_not_undo_an_agreement_made_by_hands(world: World) -> None:
    world.ledger(A, B)
    world.sync()
    world.portal.edit(world.online_id(A), phone=A_MOVED.phone)
    world.ledger(A_MOVED, B)
    assert world.run() == ALL_AGREE
    world.portal.edit(world.online_id(A), phone=A.phone)
    with world.written() as calls:
        assert "D16 甲* moved online" in world.run()
    assert calls == {}


def test_a_person_deleted_online_by_hand_is_not_entered_again(world: World) -> None:
    world.ledger(A, B)
    world.sync()
    world.portal.delete(world.online_id(A))
    with world.written() as calls:
        assert world.run() == "partial\noffline 2: agreed=1 removed=1\nonline 1: agreed=1\nD16 甲* moved online"
    assert calls == {}


def test_a_person_deleted_online_while_a_change_is_unknown_is_not_entered_again(world: World) -> None:
    world.ledger(A, B)
    world.sync()
    world.ledger(A_MOVED, B)
    world.portal.store_late(1, seconds=10**9)
    world.sync()
    world.portal.delete(world.online_id(A))
    world.settle()
    with world.written() as calls:
        assert world.run() == "partial\noffline 2: agreed=1 removed=1\nonline 1: agreed=1\nD16 甲* moved both"
    assert calls == {}


def test_a_person_gone_from_the_ledger_is_never_deleted_online(world: World) -> None:
    world.ledger(A, B)
    world.sync()
    world.ledger(B)
    assert world.run() == ("partial\noffline 1: agreed=1\nonline 2: agreed=1 only_online=1\nD17 甲* moved offline")
    assert len(world.stored()) == 2


def test_a_ledger_gone_whole_takes_nothing_away_online(world: World) -> None:
    world.ledger(A, B)
    world.sync()
    world.source.take_away(f"rosters/{SPRING.name}.xlsx")
    with world.written() as calls:
        assert world.run() == ("partial\noffline 0: \nonline 2: only_online=2\nD17 测试工会 第一批 moved offline")
    assert calls == {}


def test_a_person_who_left_both_sides_may_come_back(world: World) -> None:
    world.ledger(A, B)
    world.sync()
    world.ledger(B)
    world.sync()
    world.portal.delete(world.online_id(A))
    assert world.run() == "complete\noffline 1: agreed=1\nonline 1: agreed=1"
    world.ledger(A, B)
    assert world.run() == ALL_AGREE


def test_a_reviewed_batch_is_locked_and_what_differs_is_reported(world: World) -> None:
    world.ledger(A, B)
    world.sync()
    world.portal.review(world.batch_id())
    world.ledger(A_MOVED, B, C)
    with world.written() as calls:
        assert world.run() == (
            "partial\noffline 3: agreed=1 differs=1 pending=1\nonline 2: agreed=1 differs=1\n"
            "D10 测试工会 第一批 moved offline headcount:3|2\n"
            "D17 甲* moved offline phone:199****0009|199****1101\n"
            "D01 丙*"
        )
    assert calls == {}


def test_a_source_that_is_away_takes_nothing_back_and_the_run_is_not_complete(world: World) -> None:
    world.ledger(A, B)
    world.sync()
    world.source.gone = True
    assert world.run() == "partial\noffline 2: agreed=2\nonline 2: agreed=2\nD20 -"
