"""What a listing that lags proves: not that the portal holds what it shows, while something else is on its way to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from schemas.outcome import Outcome
from schemas.portal import Answer, DeliveryClass, Operation, Verdict
from tests.unit.cast import BATCH, A, B, C
from tests.unit.world import WINDOW_S, World

SAVE_PEOPLE, UPDATE_PERSON = Operation.SAVE_PEOPLE, Operation.UPDATE_PERSON
A_MOVED = replace(A, phone="19900000009")
LONGER = replace(BATCH, end=BATCH.end - timedelta(days=1))
ALL_AGREE = "complete\noffline 2: agreed=2\nonline 2: agreed=2"
ONE_IN_DOUBT = "partial\noffline 2: agreed=1 unknown=1\nonline 2: agreed=1 unknown=1\nD15 甲*"
LAG_S = WINDOW_S / 2


@pytest.fixture(params=["accepted", "unknown"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    """What is stored late was either accepted all the same, or its answer is lost."""
    world = World(tmp_path)
    if request.param == "accepted":
        world.portal.answering = _accepted
    return world


def _accepted(answer: Answer) -> Answer:
    lost = answer.seen.startswith("lost:")
    return replace(answer, verdicts=dict.fromkeys(answer.verdicts, Verdict(Outcome.ACCEPTED))) if lost else answer


def late(world: World, operation: Operation, *, seconds: float = LAG_S) -> None:
    """The next request of this kind shows in the listing only after so many seconds."""
    world.when_sent(operation, lambda _: world.portal.store_late(1, seconds=seconds))


def moved_and_taken_back(world: World, *, seconds: float = LAG_S) -> None:
    """A's new phone is sent and does not show yet; then the ledger says the old one again."""
    world.ledger(A_MOVED, B)
    late(world, UPDATE_PERSON, seconds=seconds)
    world.sync()
    world.ledger(A, B)


def test_what_the_listing_shows_is_no_agreement_while_something_else_is_on_its_way(world: World) -> None:
    world.ledger(A, B)
    world.sync()
    moved_and_taken_back(world)
    with world.written() as calls:
        assert world.run() == ONE_IN_DOUBT
        assert world.run() == ONE_IN_DOUBT
    assert calls == {}


def test_what_comes_to_light_later_is_ours_and_is_corrected(world: World) -> None:
    world.ledger(A, B)
    world.sync()
    moved_and_taken_back(world)
    world.sync()
    world.clock.pass_s(LAG_S)
    with world.written() as calls:
        assert world.run() == ALL_AGREE
    assert calls == {UPDATE_PERSON: 1}
    assert world.stored()[world.online_id(A)]["phone"] == A.phone


def test_after_the_settle_window_what_is_listed_is_what_is_held(world: World) -> None:
    world.ledger(A, B)
    world.sync()
    moved_and_taken_back(world, seconds=10**9)
    world.sync()
    world.settle()
    with world.written() as calls:
        assert world.run() == ALL_AGREE
    assert calls == {}


def test_where_asking_proves_nothing_it_stays_in_doubt_until_a_person_has_looked(tmp_path: Path) -> None:
    world = World(tmp_path, delivery_class=DeliveryClass.K4)
    world.ledger(A, B)
    world.sync()
    moved_and_taken_back(world, seconds=10**9)
    with world.written() as calls:
        for _ in range(2):
            world.settle()
            assert world.run() == ONE_IN_DOUBT
    assert calls == {}


def header_moved_and_taken_back(world: World) -> None:
    world.ledger(A, B, batch=LONGER)
    late(world, Operation.UPDATE_BATCH)
    world.sync()
    world.ledger(A, B)


@pytest.mark.parametrize("act", [moved_and_taken_back, header_moved_and_taken_back])
def test_a_batch_is_not_submitted_while_something_of_it_is_on_its_way(
    world: World, act: Callable[[World], None]
) -> None:
    world.ledger(A, B)
    world.watch.when["push"] = lambda: world.watch.when.update({"read back": lambda: _stop(world, requested=True)})
    world.sync()
    _stop(world, requested=False)
    act(world)
    assert world.run().startswith("partial")
    assert world.writes[Operation.SUBMIT] == 0
    world.clock.pass_s(LAG_S)
    assert (world.run(), world.writes[Operation.SUBMIT]) == (ALL_AGREE, 1)


def _stop(world: World, *, requested: bool) -> None:
    world.stop.requested = requested


def test_the_entry_clock_goes_on_while_something_of_the_batch_is_on_its_way(world: World) -> None:
    world.ledger(A, B)
    world.portal.poison = {B.name}
    world.sync()
    world.ledger(A_MOVED, B)
    late(world, UPDATE_PERSON)
    world.sync()
    world.ledger(A)
    world.sync()
    assert entered(world) is False
    world.clock.pass_s(LAG_S)
    world.sync()
    assert entered(world) is True


def entered(world: World) -> bool:
    [batch] = world.journal.deliveries.batches()
    return batch.entered_on is not None


def test_somebody_on_the_way_who_left_the_ledger_is_a_finding_until_it_is_known(world: World) -> None:
    world.ledger(A, B)
    world.sync()
    world.ledger(A, B, C)
    late(world, SAVE_PEOPLE)
    world.sync()
    world.ledger(A, B)
    assert world.run() == ALL_AGREE.replace("complete", "partial") + "\nD15 测试工会 第一批"
    world.clock.pass_s(LAG_S)
    assert world.run() == ("partial\noffline 2: agreed=2\nonline 3: agreed=2 only_online=1\nD17 丙* moved offline")


def test_somebody_on_the_way_who_left_the_ledger_and_came_back_is_not_sent_again(world: World) -> None:
    world.ledger(A)
    world.sync()
    world.ledger(A, B)
    late(world, SAVE_PEOPLE)
    world.sync()
    for people in ((A,), (A, B)):
        world.ledger(*people)
        world.sync()
    world.clock.pass_s(LAG_S)
    assert (world.run(), world.writes[SAVE_PEOPLE]) == (ALL_AGREE, 2)
    assert world.portal.stored_twice() == []


def test_a_batch_on_its_way_whose_ledger_was_taken_away_is_a_finding_until_it_is_known(world: World) -> None:
    world.ledger(A)
    late(world, Operation.SAVE_BATCH)
    world.sync()
    world.source.take_away(f"rosters/{BATCH.key.name}.xlsx")
    assert world.run() == "partial\noffline 0: \nonline 0: \nD15 测试工会 第一批"
    world.clock.pass_s(LAG_S)
    assert world.run() == "partial\noffline 0: \nonline 0: \nD17 测试工会 第一批 moved offline"
