"""Several requests on their way at once: as many as the portal allows, each durable, and no answer lost."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from threading import Barrier, Condition, Lock
from typing import Any

import pytest

from bridge.push import Pushed
from schemas.errors import AuthError
from schemas.outcome import Outcome
from schemas.plan import BatchWork, PersonWork, Plan
from schemas.portal import Answer, Operation, Payload, Verdict
from schemas.revision import State
from schemas.texts import T
from tests.adapters.fake_portal import FakePortal
from tests.unit.cast import BATCH, SPRING, A, B, C, D, another, key_of, person
from tests.unit.test_push import pushed, states
from tests.unit.world import World

PEOPLE = [person(number) for number in range(1, 8)]
EARLIER = another("更早一批", end=date(2025, 5, 8))
PATIENCE_S = 30
NEXT_AT_MOST = 6  # with four at once, two more are ready to follow


class CrowdedPortal(FakePortal):
    """Stores one request at a time, however many are there; each first waits for what the test says of it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.most = 0
        self.came: list[Payload] = []
        self.waits: Callable[[Payload], object] = lambda _: None
        self.says: Callable[[Payload, Answer], Answer] = lambda _, answer: answer
        self._here = 0
        self._lock = Lock()

    def send(self, payload: Payload) -> Answer:
        with self._lock:
            self._here += 1
            self.most = max(self.most, self._here)
            self.came.append(payload)
        try:
            self.waits(payload)
            with self._lock:
                return self.says(payload, super().send(payload))
        finally:
            with self._lock:
                self._here -= 1

    @property
    def served(self) -> list[str]:
        return [payload.operation.value for payload in self.came]


class Crowd(World):
    """A world whose portal takes one person a request and several requests at once."""

    def __init__(self, folder: Path, *, at_once: int) -> None:
        super().__init__(folder)
        self.crowded = CrowdedPortal(rows_per_call=1, concurrency=at_once)
        self.house = replace(self.house, portal=self.crowded)

    def people_wait(self, wait: Callable[[Payload], object]) -> None:
        self.crowded.waits = lambda payload: wait(payload) if payload.operation is Operation.SAVE_PEOPLE else None

    def of_people(self, says: Callable[[Payload, Answer], Answer]) -> None:
        """What is answered to a request for people."""
        self.crowded.says = lambda payload, answer: (
            says(payload, answer) if payload.operation is Operation.SAVE_PEOPLE else answer
        )

    def state_of(self, one: bytes) -> State | None:
        return next(f.revision and f.revision.state for f in self.journal.deliveries.disagreeing() if f.person == one)


@pytest.fixture
def world(tmp_path: Path) -> Crowd:
    return Crowd(tmp_path, at_once=4)


def carries(payload: Payload, name: str) -> bool:
    return name in payload.names


def meeting(of: int) -> Callable[[Payload], object]:
    """The first so many wait for one another; who comes later passes by."""
    meet, places = Barrier(of), iter(range(of))

    def wait(_: Payload) -> None:
        if next(places, None) is not None:
            meet.wait(PATIENCE_S)

    return wait


def last_first(of: int) -> Callable[[Payload], object]:
    """Once so many are there, whoever came last is answered first."""
    came, gone, turn = list[int](), list[int](), Condition()

    def wait(_: Payload) -> None:
        with turn:
            place = len(came)
            came.append(place)
            turn.notify_all()
            assert turn.wait_for(lambda: len(came) == of and len(gone) == of - 1 - place, PATIENCE_S)
            gone.append(place)
            turn.notify_all()

    return wait


def test_as_many_are_on_their_way_as_the_portal_allows_and_never_more(tmp_path: Path) -> None:
    world = Crowd(tmp_path, at_once=3)
    meet = Barrier(3)
    world.people_wait(lambda _: meet.wait(PATIENCE_S))  # three of them wait for one another, and three more
    world.ledger(*PEOPLE[:6])
    assert pushed(world) == Pushed(frozenset({SPRING}), stopped=False, drift=frozenset())
    assert (world.crowded.most, states(world.journal)) == (3, {State.ACCEPTED: 7})


def test_one_at_once_is_one_after_the_other(tmp_path: Path) -> None:
    world = Crowd(tmp_path, at_once=1)
    on_their_way: list[int] = []
    world.people_wait(lambda _: on_their_way.append(count_of(world, "sending")))
    world.ledger(*PEOPLE)
    pushed(world)
    assert (world.crowded.most, on_their_way) == (1, [1] * 7)


def count_of(world: World, state: str) -> int:
    """As another process sees the journal."""
    with closing(sqlite3.connect(world.journal.path)) as journal:
        [found] = journal.execute("SELECT count(*) FROM revision WHERE state=?", (state,)).fetchone()
        return int(found)


def test_each_is_durable_as_long_as_it_is_on_its_way(world: Crowd) -> None:
    found: Counter[tuple[str, str | None]] = Counter()

    def look_up(payload: Payload) -> None:
        with closing(sqlite3.connect(world.journal.path)) as journal:
            found[journal.execute(_ATTEMPT_OF, payload.serials).fetchone()] += 1

    world.crowded.waits = look_up
    world.ledger(*PEOPLE)
    pushed(world)
    assert found == {("sending", None): 8}


_ATTEMPT_OF = "SELECT state, ended_at FROM attempt JOIN json_each(serials) JOIN revision ON serial=value WHERE serial=?"


def test_answers_may_come_back_in_any_order(world: Crowd) -> None:
    world.people_wait(last_first(4))
    world.of_people(lambda payload, answer: lost(answer) if carries(payload, A.name) else answer)
    world.ledger(A, B, C, D)
    pushed(world)
    assert (world.state_of(key_of(A)), states(world.journal)) == (
        State.UNKNOWN,
        {State.ACCEPTED: 4, State.UNKNOWN: 1},
    )


def lost(answer: Answer) -> Answer:
    return Answer("lost:ReadTimeout", None, dict.fromkeys(answer.verdicts, Verdict(Outcome.UNKNOWN)))


def test_a_portal_that_goes_down_meanwhile_ends_the_push_and_what_was_under_way_is_kept(world: Crowd) -> None:
    def goes_down(payload: Payload, answer: Answer) -> Answer:
        world.crowded.down = True
        return answer

    world.people_wait(meeting(4))
    world.of_people(goes_down)
    world.ledger(*PEOPLE, person(8), person(9))
    down = "connect_failed:ConnectError"
    assert pushed(world) == Pushed(frozenset({SPRING}), stopped=True, drift=frozenset(), cause=down)
    found = states(world.journal)
    assert found == {State.ACCEPTED: 2, State.READY: found[State.READY]}
    # the one that was taken may be heard before the rest, and makes room for one more
    assert 4 <= world.crowded.served.count(Operation.SAVE_PEOPLE) <= NEXT_AT_MOST + 1
    assert len(world.crowded.effects) == 2


def test_credentials_refused_are_told_once_all_others_have_come_back(world: Crowd) -> None:
    meet = meeting(4)

    def turns_one_away(payload: Payload) -> None:
        meet(payload)
        if carries(payload, A.name):
            raise AuthError(T("The portal does not accept our token ({cause}).", cause="401"))

    world.people_wait(turns_one_away)
    world.ledger(A, B, C, D)
    with pytest.raises(AuthError):
        pushed(world)
    assert (world.state_of(key_of(A)), states(world.journal)) == (State.READY, {State.ACCEPTED: 4, State.READY: 1})


def test_a_fault_of_our_own_leaves_its_request_unknown_and_loses_no_other_answer(world: Crowd) -> None:
    meet = meeting(4)

    def breaks_one(payload: Payload) -> None:
        meet(payload)
        if carries(payload, A.name):
            raise ZeroDivisionError

    world.people_wait(breaks_one)
    world.ledger(A, B, C, D)
    with pytest.raises(ZeroDivisionError):
        pushed(world)
    assert states(world.journal) == {State.ACCEPTED: 4, State.SENDING: 1}
    world.journal.deliveries.recover(world.clock.instant())
    assert world.state_of(key_of(A)) is State.UNKNOWN


def test_a_request_that_cannot_be_made_ends_the_push_and_loses_no_answer(world: Crowd) -> None:
    def no_word(values: object) -> dict[str, str]:
        raise ZeroDivisionError

    world.ledger(A, B)
    with pytest.raises(ZeroDivisionError):
        pushed(world, person_in_words=no_word)
    assert states(world.journal) == {State.ACCEPTED: 1}


def test_after_a_wish_to_stop_nothing_more_leaves_and_what_was_about_to_is_ready_again(world: Crowd) -> None:
    def asks_to_stop(payload: Payload, answer: Answer) -> Answer:
        world.stop.requested = True
        return answer

    world.people_wait(meeting(4))
    world.of_people(asks_to_stop)
    world.ledger(*PEOPLE)
    assert pushed(world).stopped
    sent = world.crowded.served.count(Operation.SAVE_PEOPLE)
    assert 4 <= sent <= NEXT_AT_MOST
    found = Counter(states(world.journal))
    assert (found[State.ACCEPTED], found.keys() - {State.ACCEPTED, State.READY}) == (1 + sent, set())
    assert found[State.READY] <= NEXT_AT_MOST - sent


def test_what_is_due_first_goes_first_and_people_only_into_a_batch_that_is_there(tmp_path: Path) -> None:
    world = Crowd(tmp_path, at_once=1)
    world.ledger(C)
    world.ledger(A, B, batch=EARLIER)
    pushed(world)
    bodies = [payload.body.decode() for payload in world.crowded.came]
    header, people = Operation.SAVE_BATCH, Operation.SAVE_PEOPLE
    assert world.crowded.served == [header, people, people, header, people]
    assert (EARLIER.key.name in bodies[0], C.name in bodies[4]) == (True, True)


def test_a_second_batch_does_not_wait_for_the_first(world: Crowd) -> None:
    meet = Barrier(2)
    world.crowded.waits = lambda payload: payload.operation is Operation.SAVE_BATCH and meet.wait(PATIENCE_S)
    world.ledger(A)
    world.ledger(B, batch=EARLIER)
    pushed(world)
    assert states(world.journal) == {State.ACCEPTED: 4}


def test_a_batch_is_submitted_only_after_all_its_people_were_answered(world: Crowd) -> None:
    world.people_wait(last_first(4))
    world.ledger(A, B, C, D)
    people = tuple(PersonWork(key_of(one), Operation.SAVE_PEOPLE) for one in (A, B, C, D))
    whole = BatchWork(SPRING, BATCH.end, header=Operation.SAVE_BATCH, people=people, submit=True)
    pushed(world, Plan((whole,)))
    assert world.crowded.served == [Operation.SAVE_BATCH, *[Operation.SAVE_PEOPLE] * 4, Operation.SUBMIT]


def test_an_answer_that_does_not_fit_is_the_last_of_its_batch_and_other_batches_go_on(tmp_path: Path) -> None:
    world = Crowd(tmp_path, at_once=1)
    theirs = {one.name for one in (A, B, C, D)}
    world.of_people(
        lambda payload, answer: replace(answer, drift="data.saved: no list") if theirs & set(payload.names) else answer
    )
    world.ledger(A, B, C, D, batch=EARLIER)
    world.ledger(*PEOPLE[4:])
    found = pushed(world)
    names = [name for payload in world.crowded.came for name in payload.names]
    assert (found.drift, found.stopped) == ({"data.saved: no list"}, False)
    assert (len(theirs & set(names)), names[1:]) == (1, names[-3:])
    assert set(names[1:]) == {one.name for one in PEOPLE[4:]}
