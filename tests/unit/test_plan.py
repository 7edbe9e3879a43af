"""What may be written online, decided from marks and states alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from bridge.plan import plan
from schemas.batch import BatchKey
from schemas.journal import BatchFacts, BatchTally, PersonFacts
from schemas.plan import BatchWork, PersonWork, Plan
from schemas.portal import OnlineStatus, Operation
from schemas.revision import Revision, State
from tests.unit.cast import SPRING

ONE, TWO, THREE = b"1", b"2", b"3"
TODAY = date(2025, 5, 11)
VALUES = {"end": "2025-05-10"}
SAVE, UPDATE = Operation.SAVE_PEOPLE, Operation.UPDATE_PERSON
WAITING = [State.INTENT, State.SENDING, State.ACCEPTED, State.EXISTS, State.UNKNOWN, State.QUARANTINED]

NEW = BatchFacts(
    key=SPRING,
    ours=True,
    blocked=False,
    problems=(),
    offline=VALUES,
    online=None,
    agreed=None,
    online_id="",
    status=None,
    mark_offline=ONE,
    mark_online=None,
    mark_agreed=None,
    header=None,
    submission=None,
    read_back_at=None,
    entered_on=None,
    reviewed_on=None,
)
ENTERED = replace(NEW, online=VALUES, mark_online=ONE, mark_agreed=ONE, status=OnlineStatus.DRAFT, online_id="7")
MISSING = PersonFacts(SPRING, b"p", ONE, None, None, None, held=False)
CHANGED = replace(MISSING, offline=TWO, online=ONE, agreed=ONE)


def revision(state: State, mark: bytes = ONE) -> Revision:
    return Revision("serial", 1, mark, state)


def planned(batch: BatchFacts, *people: PersonFacts, tally: BatchTally | None = None, **changes: Any) -> Plan:
    options: dict[str, Any] = {"suspects": set(), "can": lambda _: True, "today": TODAY} | changes
    return plan([batch], people, {batch.key: tally or BatchTally(offline=2, agreed=1)}, **options)


def work(batch: BatchFacts, *people: PersonFacts, **changes: Any) -> BatchWork | None:
    found = planned(batch, *people, **changes).work
    return found[0] if found else None


def operation(person: PersonFacts) -> Operation | None:
    found = work(ENTERED, person)
    return found.people[0].operation if found else None


def test_a_new_batch_gets_its_header_and_its_people() -> None:
    assert planned(NEW, MISSING) == Plan(
        (BatchWork(SPRING, date(2025, 5, 10), Operation.SAVE_BATCH, (PersonWork(b"p", SAVE),)),)
    )


def test_where_all_agrees_and_was_submitted_nothing_is_planned() -> None:
    assert not planned(replace(ENTERED, status=OnlineStatus.SUBMITTED))


@pytest.mark.parametrize(
    "batch",
    [
        replace(NEW, ours=False),
        replace(NEW, blocked=True),
        replace(NEW, offline=None, online=VALUES, mark_offline=None, mark_online=ONE),
        replace(ENTERED, status=OnlineStatus.REVIEWED, mark_offline=TWO),
        replace(NEW, offline={"end": "2025-05-11"}),
    ],
    ids=["not ours", "blocked", "only online", "reviewed", "ends today"],
)
def test_a_batch_that_may_not_be_entered_is_left_alone(batch: BatchFacts) -> None:
    assert not planned(batch, MISSING, CHANGED)


def test_a_batch_is_entered_from_the_day_after_its_end() -> None:
    assert planned(replace(NEW, offline={"end": "2025-05-10"}), MISSING, today=date(2025, 5, 11))
    assert not planned(replace(NEW, offline={"end": "2025-05-10"}), MISSING, today=date(2025, 5, 10))


def test_what_is_due_first_goes_first() -> None:
    """By name alone it would be 丁丙乙甲."""
    ends = {"甲": "2025-05-03", "丁": "2025-05-09", "丙": "2025-05-03", "乙": "2025-04-30"}
    batches = [replace(NEW, key=BatchKey(2025, "测试工会", name), offline={"end": end}) for name, end in ends.items()]
    people = [replace(MISSING, batch=batch.key) for batch in batches]
    tallies = {batch.key: BatchTally(offline=1) for batch in batches}
    found = plan(batches, people, tallies, suspects=set(), can=lambda _: True, today=TODAY)
    assert [item.batch.name for item in found.work] == ["乙", "丙", "甲", "丁"]


@pytest.mark.parametrize(
    ("fact", "expected"),
    [
        (MISSING, SAVE),
        (CHANGED, UPDATE),
        (replace(MISSING, held=True), None),
        (replace(MISSING, agreed=ONE), None),
        (replace(CHANGED, offline=None), None),
        (replace(CHANGED, offline=None, agreed=None), None),
        (replace(CHANGED, offline=ONE, online=TWO), None),
        (replace(CHANGED, online=THREE), None),
        (replace(CHANGED, agreed=None), None),
    ],
    ids=[
        "missing online",
        "changed offline",
        "held",
        "deleted online by hand",
        "gone offline",
        "only online",
        "changed online by hand",
        "changed on both sides",
        "never agreed",
    ],
)
def test_only_what_online_never_had_and_what_offline_alone_changed_is_written(
    fact: PersonFacts, expected: Operation | None
) -> None:
    assert operation(fact) is expected


@pytest.mark.parametrize("state", WAITING)
@pytest.mark.parametrize("fact", [MISSING, CHANGED], ids=["missing", "changed"])
def test_what_may_be_online_already_is_not_sent_again(state: State, fact: PersonFacts) -> None:
    assert operation(replace(fact, revision=revision(state))) is None


@pytest.mark.parametrize("state", [State.READY, State.AGREED, State.DIFFERS])
def test_what_is_decided_may_be_sent_anew(state: State) -> None:
    assert operation(replace(MISSING, revision=revision(state))) is SAVE


@pytest.mark.parametrize("mark", [TWO, THREE])
def test_a_refused_person_waits_for_other_contents(mark: bytes) -> None:
    refused = replace(CHANGED, revision=revision(State.REFUSED, TWO), offline=mark)
    assert operation(refused) is (None if mark == TWO else UPDATE)


@pytest.mark.parametrize("state", [State.READY, None])
def test_a_hand_s_deletion_stands_even_when_a_change_still_waits(state: State | None) -> None:
    gone = replace(CHANGED, online=None, revision=revision(state, TWO) if state else None)
    assert operation(gone) is None


def test_a_suspect_is_not_entered_before_a_person_decides() -> None:
    assert not planned(ENTERED, MISSING, suspects={(SPRING, b"p")})


@pytest.mark.parametrize(
    ("batch", "expected"),
    [
        (NEW, Operation.SAVE_BATCH),
        (replace(ENTERED, mark_offline=TWO), Operation.UPDATE_BATCH),
        (replace(ENTERED, mark_online=TWO), None),
        (replace(ENTERED, mark_offline=TWO, mark_online=THREE), None),
        (replace(NEW, mark_agreed=ONE), None),
        (replace(NEW, header=revision(State.REFUSED)), None),
        (replace(NEW, header=revision(State.REFUSED, TWO)), Operation.SAVE_BATCH),
        *((replace(NEW, header=revision(state)), None) for state in WAITING),
    ],
)
def test_a_header_follows_the_rules_of_a_person(batch: BatchFacts, expected: Operation | None) -> None:
    found = work(batch, MISSING)
    assert (found.header if found else None) is expected


def test_people_wait_until_their_batch_is_online() -> None:
    assert not planned(replace(NEW, header=revision(State.UNKNOWN)), MISSING)


def test_a_batch_whose_people_are_all_held_gets_no_header() -> None:
    assert not planned(NEW, replace(MISSING, held=True), tally=BatchTally(offline=2, held=2))


def test_what_the_portal_cannot_do_is_not_planned() -> None:
    assert not planned(ENTERED, CHANGED, can=lambda asked: asked is not UPDATE)
    assert not planned(NEW, MISSING, can=lambda asked: asked is not Operation.SAVE_BATCH)


def test_a_batch_that_agrees_whole_is_submitted() -> None:
    assert planned(ENTERED) == Plan((BatchWork(SPRING, date(2025, 5, 10), submit=True),))


@pytest.mark.parametrize(
    ("batch", "people", "tally"),
    [
        (replace(ENTERED, mark_offline=TWO, mark_agreed=THREE), (), BatchTally(agreed=1)),
        (ENTERED, (replace(MISSING, revision=revision(State.UNKNOWN)),), BatchTally(agreed=1)),
        (ENTERED, (), BatchTally(agreed=1, damaged=1)),
        (ENTERED, (), BatchTally()),
        (replace(ENTERED, status=OnlineStatus.SUBMITTED), (), BatchTally(agreed=1)),
        (replace(ENTERED, status=OnlineStatus.RETURNED), (), BatchTally(agreed=1)),
        (replace(ENTERED, submission=revision(State.UNKNOWN)), (), BatchTally(agreed=1)),
        (replace(ENTERED, submission=revision(State.AGREED)), (), BatchTally(agreed=1)),
        (replace(ENTERED, submission=revision(State.REFUSED)), (), BatchTally(agreed=1)),
    ],
    ids=[
        "header differs",
        "one unknown",
        "one damaged row",
        "nobody",
        "submitted",
        "returned",
        "submission unknown",
        "submitted once",
        "refused",
    ],
)
def test_a_batch_is_submitted_once_and_only_whole(
    batch: BatchFacts, people: tuple[PersonFacts, ...], tally: BatchTally
) -> None:
    assert not planned(batch, *people, tally=tally)


@pytest.mark.parametrize("state", [State.READY, State.VOIDED])
def test_a_submission_the_portal_has_not_got_is_planned_again(state: State) -> None:
    """VOIDED: a person says so."""
    found = work(replace(ENTERED, submission=revision(state)))
    assert found
    assert found.submit


def test_a_limited_plan_touches_no_other_batch() -> None:
    assert not planned(NEW, MISSING, only={BatchKey(2025, "测试工会", "别的")})
    assert planned(NEW, MISSING, only={SPRING}) == planned(NEW, MISSING)
