"""K2, a portal that honours the key of a request: what is unknown is settled by the same request, never by another."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.journal.journal import open_journal
from schemas.outcome import Outcome
from schemas.portal import Answer, DeliveryClass, Operation, Payload, Verdict
from schemas.revision import State
from tests.adapters.dialect_trees import changed
from tests.unit.cast import VAULT, A, B, person
from tests.unit.test_push import states
from tests.unit.world import KEY_LIFE_S, WINDOW_S, World

ALL_AGREE = "complete\noffline 2: agreed=2\nonline 2: agreed=2"


@pytest.fixture
def world(tmp_path: Path) -> World:
    """It would store the same person twice, were it not for the key."""
    return World(tmp_path, delivery_class=DeliveryClass.K2, skips_existing=False)


def people_lost(world: World, *, seconds: float) -> list[Payload]:
    """The request for the people times out; the portal would store it after so many seconds, if nobody asks again."""
    came: list[Payload] = []

    def arriving(payload: Payload) -> None:
        came.append(payload)
        if payload.operation is Operation.SAVE_PEOPLE and len(of_people(came)) == 1:
            world.portal.store_late(1, seconds=seconds)

    world.portal.arriving = arriving
    world.ledger(A, B)
    return came


def of_people(came: list[Payload]) -> list[Payload]:
    return [payload for payload in came if payload.operation is Operation.SAVE_PEOPLE]


def test_an_unknown_outcome_is_settled_in_the_same_run_by_the_same_bytes_under_the_same_key(world: World) -> None:
    came = people_lost(world, seconds=10**9)
    assert world.run() == ALL_AGREE
    first, again = of_people(came)
    assert (first.body, first.values, first.serials, first.names) == (
        again.body,
        again.values,
        again.serials,
        again.names,
    )
    assert world.portal.stored_twice() == []


def test_a_reply_lost_after_it_was_stored_is_found_by_reading_back_and_nothing_is_asked_again(world: World) -> None:
    world.ledger(A, B)
    world.portal.lose_replies(3)
    assert world.run() == ALL_AGREE
    assert world.portal.stored_twice() == []


def test_a_portal_slower_than_the_settle_window_stores_nobody_twice_within_the_key_s_life(world: World) -> None:
    """On K3 this is where the promise ends."""
    people_lost(world, seconds=WINDOW_S * 3)
    said = world.portal.answering
    world.portal.answering = lambda a: a if a.status else unknown(a)
    still_busy(world, times=3)
    world.sync()
    for _ in range(3):
        world.settle()
        world.sync()
    world.portal.answering = said
    assert world.run() == ALL_AGREE
    assert world.portal.stored_twice() == []
    assert world.writes[Operation.SAVE_PEOPLE] <= 8


def unknown(answer: Answer) -> Answer:
    return replace(answer, verdicts=dict.fromkeys(answer.verdicts, Verdict(Outcome.UNKNOWN)))


def still_busy(world: World, *, times: int) -> None:
    """409: the first request under this key is still being worked on."""
    left = {"times": times}
    send = world.portal.send

    def sends(payload: Payload) -> Answer:
        if payload.operation is Operation.SAVE_PEOPLE and world.portal._waiting and left["times"]:
            left["times"] -= 1
            return Answer("answered:409", 409, dict.fromkeys(payload.serials, Verdict(Outcome.UNKNOWN)))
        return send(payload)

    world.portal.send = sends  # type: ignore[method-assign]


def test_a_portal_that_will_not_take_the_key_again_is_asked_under_no_other(world: World) -> None:
    """422: it says that this key was for something else. Under a new one the people might be stored twice."""
    people_lost(world, seconds=10**9)
    send, keys = world.portal.send, list[str]()

    def sends(payload: Payload) -> Answer:
        if payload.operation is not Operation.SAVE_PEOPLE:
            return send(payload)
        keys.append(payload.values["request_key"])
        if len(keys) == 1:
            return send(payload)
        return Answer("answered:422", 422, dict.fromkeys(payload.serials, Verdict(Outcome.UNKNOWN)))

    world.portal.send = sends  # type: ignore[method-assign]
    for _ in range(3):
        world.sync()
        world.settle()
    assert len(keys) > 2
    assert len(set(keys)) == 1
    assert states(world.journal)[State.UNKNOWN] == 2


def test_absence_proves_nothing_while_the_key_lives_and_is_the_way_of_k3_after_it(world: World) -> None:
    came = people_lost(world, seconds=10**9)
    still_busy(world, times=10**6)
    world.sync()
    world.clock.pass_s(KEY_LIFE_S - 1)
    world.sync()
    assert states(world.journal)[State.UNKNOWN] == 2
    world.clock.pass_s(KEY_LIFE_S)
    world.portal._waiting.clear()
    world.sync()
    assert len(world.stored()) == 2
    assert world.portal.stored_twice() == []
    assert len(of_people(came)) >= 2


def test_a_request_whose_turn_comes_in_the_last_window_of_its_key_is_not_made_again(tmp_path: Path) -> None:
    """Another one went before it. It might come when the key is dead, and be stored a second time."""
    world = World(tmp_path, delivery_class=DeliveryClass.K2, skips_existing=False, rows_per_call=1)
    came: list[Payload] = []

    def arriving(payload: Payload) -> None:
        came.append(payload)
        match len(of_people(came)):
            case 1 | 2:
                world.portal.store_late(1, seconds=10**9)
            case 3:
                world.clock.pass_s(KEY_LIFE_S - WINDOW_S)

    world.portal.arriving = arriving
    world.ledger(A, B)
    world.sync()
    first, second, again = of_people(came)
    assert again.values == first.values != second.values
    assert states(world.journal)[State.UNKNOWN] == 1


def test_after_a_reboot_nobody_knows_how_long_the_key_has_lived_so_it_is_not_used(world: World) -> None:
    came = people_lost(world, seconds=10**9)
    world.stop.requested = False
    world.portal.answering = lambda a: stops(world, a)
    world.sync()
    world.stop.requested = False
    world.portal.answering = lambda a: a
    before = len(of_people(came))
    world.clock.reboot()
    world.sync()
    assert len(of_people(came)) == before


def stops(world: World, answer: Answer) -> Answer:
    world.stop.requested = Outcome.UNKNOWN in {verdict.outcome for verdict in answer.verdicts.values()}
    return answer


def test_a_killed_process_leaves_all_that_the_next_one_needs_to_ask_again(world: World) -> None:
    came = people_lost(world, seconds=10**9)
    world.portal.answering = lambda a: stops(world, a)
    world.sync()
    with closing(open_journal(world.journal.path, VAULT, world.settling)) as after:
        [(attempt, dispatch)] = after.keyed.repeatable(world.clock.instant())
        assert (attempt, dispatch.payload) == (2, of_people(came)[0])
        with after.store.read() as connection:
            [row] = connection.exec_driver_sql("SELECT request_key, sealed FROM keyed").all()
    assert row.request_key == of_people(came)[0].values["request_key"]
    assert A.name.encode() not in row.sealed


def test_what_is_not_taken_when_asked_again_stays_unknown_and_is_never_called_unsent(world: World) -> None:
    people_lost(world, seconds=10**9)
    world.portal.answering = lambda a: stops(world, a)
    world.sync()
    world.stop.requested = False
    not_reached = Verdict(Outcome.NOT_SENT)
    world.portal.send = lambda p: Answer("connect_failed", None, dict.fromkeys(p.serials, not_reached))  # type: ignore[method-assign]
    world.sync()
    assert states(world.journal) == {State.AGREED: 1, State.UNKNOWN: 2}


def test_one_refused_whole_when_asked_again_is_halved_as_any_other(tmp_path: Path) -> None:
    world = World(tmp_path, delivery_class=DeliveryClass.K2, skips_existing=False)
    one = person(3)
    people_lost(world, seconds=10**9)
    world.portal.poison.add(one.name)
    world.ledger(A, B, one)
    world.sync()
    assert len(world.stored()) == 2
    assert states(world.journal)[State.REFUSED] == 1


def test_what_is_decided_is_not_kept_any_longer(world: World) -> None:
    world.ledger(A, B)
    world.sync()
    with world.journal.store.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM keyed").scalar() == 0


@pytest.mark.parametrize(("kind", "life"), [("K2", ""), ("K3", "key_life_s = 60")])
def test_a_dialect_says_how_long_its_keys_live_exactly_where_it_is_k2(kind: str, life: str) -> None:
    with pytest.raises(ValueError, match="key_life_s"):
        changed(f'delivery_class = "{kind}"\n{life}')
    assert changed('delivery_class = "K2"\nkey_life_s = 60').key_life_s == 60
