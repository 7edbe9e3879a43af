"""Leftovers of one batch that are probably the same person."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bridge.pipeline import compare
from bridge.suspects import Suspects, suspects
from schemas.batch import BatchKey
from schemas.matching import Ambiguity, Matches, Pair, PairKind
from tests.unit.cast import SPRING, A, B, C, another, key_of
from tests.unit.world import World

MISTYPED = replace(A, id_no=A.id_no[:16] + "8" + A.id_no[17:])
SUMMER = another("第二批")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def found(world: World) -> Suspects:
    compare(world.house)
    return suspects(world.journal, world.journal.deliveries.disagreeing())


def test_one_slip_in_an_id_makes_a_pair(world: World) -> None:
    world.enter_by_hand(MISTYPED, B)
    world.ledger(A, B)
    suspected = found(world)
    assert suspected.offline == {(SPRING, key_of(A))}
    assert suspected.online == {(SPRING, key_of(MISTYPED))}


def test_people_who_agree_are_no_suspects(world: World) -> None:
    world.enter_by_hand(MISTYPED, A)
    world.ledger(A)
    assert found(world).offline == frozenset()


def test_strangers_are_no_suspects(world: World) -> None:
    world.enter_by_hand(C)
    world.ledger(A)
    assert found(world) == Suspects({SPRING: Matches((), ())})


def test_leftovers_of_two_batches_are_not_compared(world: World) -> None:
    world.enter_by_hand(MISTYPED, batch=SUMMER)
    world.ledger(A)
    assert found(world) == Suspects({})


def test_both_sides_of_a_pair_and_of_a_group_are_suspects() -> None:
    key = BatchKey(2025, "测试工会", "第一批")
    pair = Pair(PairKind.MISTYPED, "01", "02", ())
    both = Suspects({key: Matches((pair,), (Ambiguity(("03", "04"), ("05",)),))})
    assert both.offline == {(key, b"\x01"), (key, b"\x03"), (key, b"\x04")}
    assert both.online == {(key, b"\x02"), (key, b"\x05")}


def test_once_the_ledger_is_put_right_the_person_agrees(world: World) -> None:
    world.enter_by_hand(A, B)
    world.ledger(MISTYPED, B)
    assert "D05" in world.run()
    world.ledger(A, B)
    assert world.run() == "complete\noffline 2: agreed=2\nonline 2: agreed=2"
