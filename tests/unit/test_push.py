"""What a push does with one request after the other, each durable before it is sent."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters.journal.journal import Journal
from bridge.pipeline import look, take_in
from bridge.planning import plan_now
from bridge.push import Pushed, Sender, push
from schemas.outcome import Outcome
from schemas.plan import Plan
from schemas.portal import Answer, Operation, Verdict
from schemas.revision import State
from tests.unit.cast import GLOSSARY, SPRING, A, B, C, D, another, key_of
from tests.unit.world import World

SUMMER = another("第二批")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, rows_per_call=2)


def pushed(world: World, todo: Plan | None = None, **otherwise: Any) -> Pushed:
    trouble = take_in(world.house)
    look(world.house, trouble)
    plan = todo or plan_now(world.house)
    sender = Sender(
        portal=world.house.portal,
        journal=world.journal,
        clock=world.clock,
        numbering=world.house.numbering,
        batch_in_words=lambda values: dict(values) | {"level": GLOSSARY.words.level[values["level"]]},
        person_in_words=lambda values: dict(values) | {"id_type": "01", "category": "1"},
        run=1,
    )
    sender = replace(sender, **otherwise)
    return push(plan, sender, stop=world.stop, watch=world.watch)


def states(journal: Journal) -> dict[str, int]:
    with journal.store.read() as connection:
        rows = connection.exec_driver_sql("SELECT state, count(*) AS times FROM revision GROUP BY state ORDER BY state")
        return {row.state: row.times for row in rows}


def test_what_is_being_sent_is_durable_before_it_arrives(world: World) -> None:
    found: list[tuple[str, dict[str, int]]] = []
    world.portal.arriving = lambda payload: found.append((payload.operation, states(world.journal)))
    world.ledger(A, B)
    pushed(world)
    assert found == [
        (Operation.SAVE_BATCH, {State.SENDING: 1}),
        (Operation.SAVE_PEOPLE, {State.ACCEPTED: 1, State.SENDING: 2}),
    ]
    assert states(world.journal) == {State.ACCEPTED: 3}


def test_the_bytes_in_the_journal_are_the_bytes_that_were_sent(world: World) -> None:
    sent: list[bytes] = []
    world.portal.arriving = lambda payload: sent.append(payload.body)
    world.ledger(A)
    pushed(world)
    with world.journal.store.read() as connection:
        rows = connection.exec_driver_sql(
            "SELECT sealed, batch, serials ->> 0 AS serial FROM attempt ORDER BY id"
        ).all()
    vault = world.journal.deliveries._vault
    assert [vault.open(row.sealed, bound_to=f"attempt|{row.batch}|{row.serial}") for row in rows] == sent


def test_new_people_go_in_chunks_as_large_as_the_portal_allows(world: World) -> None:
    world.ledger(A, B, C)
    pushed(world)
    assert world.writes == {Operation.SAVE_BATCH: 1, Operation.SAVE_PEOPLE: 2}


def test_changed_people_go_one_by_one_with_the_portal_s_own_id(world: World) -> None:
    world.ledger(A, B, C)
    world.sync()
    world.ledger(*(replace(one, unit="新单位") for one in (A, B)), C)
    with world.written() as calls:
        pushed(world)
    assert calls == {Operation.UPDATE_PERSON: 2}
    assert [fields["unit"] for fields in world.stored().values()] == ["新单位", "新单位", "测试单位"]


@pytest.mark.parametrize("outcome", sorted(set(Outcome) - {Outcome.ACCEPTED, Outcome.EXPORTED}))
def test_people_follow_only_a_header_that_was_accepted_or_exported(world: World, outcome: Outcome) -> None:
    def says(answer: Answer) -> Answer:
        return replace(answer, verdicts=dict.fromkeys(answer.verdicts, Verdict(outcome)))

    world.portal.answering = says
    world.ledger(A)
    pushed(world)
    assert world.writes == {Operation.SAVE_BATCH: 1}


def test_a_portal_that_takes_nothing_more_ends_the_push(world: World) -> None:
    world.ledger(A)
    world.ledger(B, batch=SUMMER)
    world.watch.when["push"] = lambda: setattr(world.portal, "down", True)
    found = pushed(world)
    assert (found, states(world.journal)) == (
        Pushed(frozenset({SPRING}), stopped=True, drift=frozenset(), cause="connect_failed:ConnectError"),
        {State.READY: 1},
    )


def test_after_a_wish_to_stop_no_further_request_is_begun(world: World) -> None:
    world.ledger(A, B, C, D)
    world.watch.when["push"] = lambda: setattr(world.stop, "requested", True)
    assert pushed(world).stopped
    assert world.writes == {Operation.SAVE_BATCH: 1}


def test_a_refused_record_does_not_hold_up_the_others(world: World) -> None:
    world.ledger(A, B, C)
    world.when_sent(Operation.SAVE_PEOPLE, lambda _: world.portal.refuse(2))
    assert pushed(world) == Pushed(frozenset({SPRING}), stopped=False, drift=frozenset())
    assert states(world.journal) == {State.ACCEPTED: 2, State.REFUSED: 2}


def test_what_did_not_fit_the_dialect_is_told(world: World) -> None:
    world.portal.answering = lambda answer: replace(answer, drift="data.saved[0].serialNo")
    world.ledger(A)
    assert pushed(world).drift == {"data.saved[0].serialNo"}


def test_the_timeline_tells_what_became_of_each_record(world: World) -> None:
    world.ledger(A)
    pushed(world)
    events = world.journal.timeline.of_person(key_of(A))
    assert [event.what for event in events if event.person] == ["source.read", "save_people.accepted"]
    assert "save_batch.accepted" in [event.what for event in world.journal.timeline.of_batch(SPRING)]
