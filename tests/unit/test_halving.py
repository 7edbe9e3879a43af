"""A request that comes back whole is halved until what is refused is one record: nobody twice, nobody lost."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from math import ceil, log2
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.course import Draft, Planned, _Walk
from bridge.halving import POISONS, halves
from schemas.batch import BatchKey
from schemas.outcome import Outcome
from schemas.portal import Answer, Operation, Verdict
from schemas.revision import Revision, State
from tests.unit.cast import SPRING, A, B, C, D, another, key_of, person
from tests.unit.test_push import pushed, states
from tests.unit.world import World

KEY = BatchKey(2025, "测试工会", "第一批")


def draft(count: int) -> Draft:
    records = {
        number.to_bytes(2, "big"): Planned(Revision(str(number), 1, b"", State.READY), {"name": str(number)}, "")
        for number in range(count)
    }
    return Draft(KEY, Operation.SAVE_PEOPLE, records, "7", {})


class Ledger:
    """A portal that takes a list whole or not at all: not with a poison in it, and not if it is too long."""

    def __init__(self, poisons: set[int], takes: int = 1000, *, says: Outcome = Outcome.REFUSED) -> None:
        self.poisons = {number.to_bytes(2, "big") for number in poisons}
        self.takes = takes
        self.says = says
        self.stored: Counter[bytes] = Counter()
        self.refused: Counter[bytes] = Counter()
        self.answers: Counter[Outcome] = Counter()

    def answer(self, one: Draft) -> Answer:
        outcome = Outcome.ACCEPTED
        if len(one.records) > self.takes:
            outcome = Outcome.IN_PARTS
        elif self.poisons & one.records.keys():
            outcome = self.says
        else:
            self.stored.update(list(one.records))
        self.answers[outcome] += 1
        verdicts = {p.revision.serial: Verdict(outcome, "S1", "证件号码有误") for p in one.records.values()}
        return Answer("answered", 200, verdicts, whole=outcome is not Outcome.ACCEPTED)


def sent(portal: Ledger, count: int) -> Counter[Outcome]:
    """What the journal comes to keep of each record last."""
    walk = _Walk(stage for stage in [iter([draft(count)])])
    kept: dict[str, Outcome] = {}
    while drafts := list(walk.drafts()):
        for one in drafts:
            answer = walk.heard(one, portal.answer(one))
            kept |= {serial: verdict.outcome for serial, verdict in answer.verdicts.items()}
            portal.refused.update(
                person for person, p in one.records.items() if answer.verdicts[p.revision.serial].outcome is portal.says
            )
    assert walk.over
    return Counter(kept.values())


counts = st.integers(1, 200)


@st.composite
def some_poisoned(draw: st.DrawFn, at_most: int) -> tuple[int, set[int]]:
    count = draw(counts)
    return count, draw(st.sets(st.integers(0, count - 1), max_size=min(at_most, count)))


@given(some_poisoned(POISONS), st.sampled_from([Outcome.REFUSED, Outcome.EXISTS]))
def test_up_to_eight_poisons_are_isolated_and_all_others_accepted_exactly_once(
    made: tuple[int, set[int]], says: Outcome
) -> None:
    count, poisons = made
    portal = Ledger(poisons, says=says)
    sent(portal, count)
    assert portal.stored == Counter(draft(count).records.keys() - portal.poisons)
    assert portal.refused == Counter(portal.poisons)
    assert portal.answers[says] <= len(poisons) * (ceil(log2(count)) + 1)
    assert portal.answers[Outcome.ACCEPTED] <= max(len(poisons) * ceil(log2(count)), 1)


@given(counts, st.data())
def test_one_poison_costs_twice_the_logarithm_and_one_request_at_the_most(count: int, data: st.DataObject) -> None:
    """One of each pair of halves is refused, the other accepted; the first record is in the larger half each time."""
    portal, worst = Ledger({data.draw(st.integers(0, count - 1))}), Ledger({0})
    sent(portal, count)
    assert portal.answers[Outcome.REFUSED] <= ceil(log2(count)) + 1
    assert portal.answers[Outcome.ACCEPTED] <= ceil(log2(count))
    assert portal.answers.total() <= 2 * ceil(log2(count)) + 1
    sent(worst, count)
    assert worst.answers.total() == 2 * ceil(log2(count)) + 1


@given(some_poisoned(200))
def test_however_many_are_poisoned_it_ends_in_bounds_with_nobody_twice_and_nobody_lost(
    made: tuple[int, set[int]],
) -> None:
    count, poisons = made
    portal = Ledger(poisons)
    kept = sent(portal, count)
    assert not portal.stored.keys() & portal.poisons
    assert max(portal.stored.values(), default=1) == 1
    assert kept[Outcome.ACCEPTED] == len(portal.stored)
    assert kept[Outcome.ACCEPTED] + kept[Outcome.REFUSED] == count
    most = POISONS * (ceil(log2(count)) + 1)
    assert portal.answers[Outcome.REFUSED] <= 2 * most + 1  # past the bound no refused part is halved any more


@given(counts, st.integers(0, 40))
def test_what_is_too_large_is_split_always_the_same_way_down_to_one_record(count: int, takes: int) -> None:
    portal = Ledger(set(), takes)
    kept = sent(portal, count)
    again = Ledger(set(), takes)
    sent(again, count)
    assert portal.answers == again.answers
    assert kept == Counter({Outcome.ACCEPTED if takes else Outcome.REFUSED: count})
    assert sum(portal.answers.values()) <= 2 * count - 1


@given(st.integers(2, 200))
def test_halves_keep_their_order_and_lose_nobody(count: int) -> None:
    records = draft(count).records
    first, second = halves(records)
    assert list(first) + list(second) == list(records)
    assert 0 <= len(first) - len(second) <= 1


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_one_poisoned_person_keeps_nobody_else_out_and_stands_in_the_report(world: World) -> None:
    people = [person(number) for number in range(1, 8)]
    world.portal.poison.add(people[4].name)
    world.ledger(*people)
    report = world.sync()
    assert len(world.stored()) == 6
    assert world.portal.stored_twice() == []
    assert states(world.journal) == {State.AGREED: 7, State.REFUSED: 1}
    assert [(item.code, item.name) for item in report.to_do if item.name] == [("D01", people[4].name[0] + "*")]
    with world.written() as calls:
        world.sync()
    assert calls == {}


def test_each_half_is_a_request_of_its_own_with_the_same_serials(world: World) -> None:
    world.portal.poison.add(B.name)
    world.ledger(A, B)
    pushed(world)
    with world.journal.store.read() as connection:
        rows = connection.exec_driver_sql("SELECT serials FROM attempt WHERE operation='save_people' ORDER BY id").all()
    [both, first, second] = [row.serials for row in rows]
    assert both == first[:-1] + "," + second[1:]
    events = [event.what for event in world.journal.timeline.of_person(key_of(A)) if event.person]
    assert events == ["source.read", "save_people.in_parts", "save_people.accepted"]


def test_a_request_too_large_goes_in_halves_and_all_are_entered(world: World) -> None:
    world.portal.takes_at_most = 3
    world.ledger(*(person(number) for number in range(1, 8)))
    assert world.run() == "complete\noffline 7: agreed=7\nonline 7: agreed=7"
    assert world.writes["save_people"] == 1 + 2 + 2


def test_a_person_the_portal_does_not_take_alone_is_refused_with_the_reason(world: World) -> None:
    world.portal.takes_at_most = 0
    world.ledger(A)
    pushed(world)
    [header] = [batch.header for batch in world.journal.deliveries.batches()]
    assert header is not None
    assert header.state is State.REFUSED
    with world.journal.store.read() as connection:
        assert connection.exec_driver_sql("SELECT code FROM revision").scalar() == "413"
    assert world.journal.people.header_words(SPRING, header.serial) == "HTTP 413"


def test_after_a_stop_between_two_halves_the_others_are_ready_and_not_refused(world: World) -> None:
    world.portal.poison.add(D.name)
    world.ledger(A, B, C, D)
    seen: list[int] = []

    def stops(payload: object) -> None:
        seen.append(1)
        world.stop.requested = len(seen) == 2  # the header was the first, all four are the second

    world.portal.arriving = stops
    world.sync()
    assert states(world.journal) == {State.AGREED: 1, State.READY: 4}
    world.stop.requested = False
    world.portal.arriving = lambda _: None
    world.sync()
    assert (len(world.stored()), states(world.journal)) == (3, {State.AGREED: 4, State.REFUSED: 1})


def test_a_person_of_whom_no_request_can_be_made_is_set_aside_alone(world: World) -> None:
    world.portal.no_room_for.add(C.name)
    world.ledger(A, B, C, D)
    summer = another("第二批")
    world.ledger(A, batch=summer)
    report = world.sync()
    assert (len(world.stored()), len(world.stored(summer.key))) == (3, 1)
    set_aside = [item for item in report.to_do if item.code == "D19"]
    assert [(item.batch, item.name) for item in set_aside] == [(SPRING.title, C.name[0] + "*")]
    assert set_aside[0].what == "The template or the interface has changed: The portal has no field for name."
    world.portal.no_room_for.clear()
    assert world.sync().state == "complete"


def test_a_busy_answer_puts_its_own_batch_off_and_delays_no_other(world: World) -> None:
    summer = another("第二批")
    world.ledger(A)
    world.ledger(B, batch=summer)
    busy = {"left": 1}

    def answering(answer: Answer) -> Answer:
        if not busy["left"]:
            return answer
        busy["left"] -= 1
        return replace(
            answer, seen="answered:503", verdicts=dict.fromkeys(answer.verdicts, Verdict(Outcome.NOT_PROCESSED))
        )

    world.portal.answering = answering
    found = pushed(world)
    assert (found.put_off, found.stopped) == ({SPRING: "answered:503"}, False)
    assert states(world.journal) == {State.ACCEPTED: 2, State.READY: 1}


def test_three_busy_answers_in_a_row_end_the_push(world: World) -> None:
    for number in range(5):
        world.ledger(A, batch=another(f"第{number}批"))
    world.portal.answering = lambda a: replace(
        a, seen="answered:503", verdicts=dict.fromkeys(a.verdicts, Verdict(Outcome.NOT_PROCESSED))
    )
    assert pushed(world).stopped
    assert world.writes == {"save_batch": 3}


def test_a_page_in_the_portal_s_place_ends_the_push(world: World) -> None:
    world.ledger(A)
    world.ledger(B, batch=another("第二批"))
    world.portal.answering = lambda a: replace(
        a, seen="not_ours:200", shut=True, verdicts=dict.fromkeys(a.verdicts, Verdict(Outcome.UNKNOWN))
    )
    assert pushed(world).stopped
    assert world.writes == {"save_batch": 1}
