"""The life of a revision, and the serials that keep a record from being sent twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.revisions import Numbering, Subject
from schemas.journal import Instant, Settling
from schemas.outcome import Outcome
from schemas.portal import DeliveryClass, Operation
from schemas.revision import (
    HEADER,
    SUBMISSION,
    ReadBack,
    Revision,
    State,
    after_a_stop,
    after_reading_back,
    after_sending,
)
from tests.unit.cast import SPRING, VAULT

SENT, BEFORE, OTHER = b"sent", b"before", b"other"
K3, K4 = DeliveryClass.K3, DeliveryClass.K4
NUMBERING = Numbering("999001", VAULT.serial)
OUT = {State.EXPORTED, State.AWAITING_HUMAN}
UNDECIDED = OUT | {
    State.INTENT,
    State.SENDING,
    State.ACCEPTED,
    State.EXISTS,
    State.UNKNOWN,
    State.QUARANTINED,
    State.VOUCHED,
}


def in_state(state: State, mark: bytes = SENT) -> Revision:
    return Revision("serial", 1, mark, state)


def subject(mark: bytes = SENT, operation: Operation = Operation.SAVE_PEOPLE, person: bytes = b"p") -> Subject:
    return Subject(SPRING, person, mark, operation)


@pytest.mark.parametrize("state", State)
def test_what_may_be_online_already_is_undecided(state: State) -> None:
    assert in_state(state).undecided is (state in UNDECIDED)


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Outcome.ACCEPTED, State.ACCEPTED),
        (Outcome.EXISTS, State.EXISTS),
        (Outcome.REFUSED, State.REFUSED),
        (Outcome.UNKNOWN, State.UNKNOWN),
        (Outcome.NOT_SENT, State.READY),
        (Outcome.NOT_PROCESSED, State.READY),
        (Outcome.EXPORTED, State.AWAITING_HUMAN),
    ],
)
def test_each_outcome_leads_to_one_state(outcome: Outcome, state: State) -> None:
    assert after_sending(outcome) is state


@pytest.mark.parametrize("state", State)
def test_a_stop_makes_what_was_on_its_way_unknown_and_what_was_not_sent_ready(state: State) -> None:
    expected = {State.INTENT: State.READY, State.SENDING: State.UNKNOWN}.get(state, state)
    assert after_a_stop(state) is expected


@pytest.mark.parametrize("state", sorted(set(State) - {State.READY}))
@pytest.mark.parametrize("waited", [False, True])
def test_presence_is_a_proof_at_any_time(state: State, waited: bool) -> None:  # noqa: FBT001
    assert after_reading_back(in_state(state), ReadBack(SENT, BEFORE, waited), K3) is State.AGREED


@pytest.mark.parametrize("state", [State.ACCEPTED, State.UNKNOWN])
@pytest.mark.parametrize("online", [None, BEFORE])
@pytest.mark.parametrize(
    ("waited", "kind", "expected"),
    [(False, K3, State.UNKNOWN), (True, K3, State.READY), (False, K4, State.UNKNOWN), (True, K4, State.QUARANTINED)],
)
def test_absence_is_a_proof_only_after_the_settle_window(
    state: State,
    online: bytes | None,
    waited: bool,  # noqa: FBT001
    kind: DeliveryClass,
    expected: State,
) -> None:
    assert after_reading_back(in_state(state), ReadBack(online, BEFORE, waited), kind) is expected


@pytest.mark.parametrize("state", sorted(OUT))
@pytest.mark.parametrize("online", [None, BEFORE])
@pytest.mark.parametrize("waited", [False, True])
def test_what_nobody_has_uploaded_is_rightly_absent(state: State, online: bytes | None, waited: bool) -> None:  # noqa: FBT001
    seen = ReadBack(online, BEFORE, waited, stale=not waited)
    assert after_reading_back(in_state(state), seen, K4) is state


@pytest.mark.parametrize("state", [State.ACCEPTED, State.UNKNOWN])
def test_an_export_older_than_the_upload_says_nothing_about_who_is_not_in_it(state: State) -> None:
    older = ReadBack(None, None, waited=False, stale=True)
    assert after_reading_back(in_state(state), older, K4) is state


def test_absence_from_a_newer_export_leaves_an_upload_to_a_person() -> None:
    newer = ReadBack(None, None, waited=True)
    assert after_reading_back(in_state(State.ACCEPTED), newer, K4) is State.QUARANTINED


def test_what_was_given_up_is_agreed_when_it_turns_up_and_nothing_else_moves_it() -> None:
    assert after_reading_back(in_state(State.VOIDED), ReadBack(SENT, None, waited=True), K4) is State.AGREED
    assert after_reading_back(in_state(State.VOIDED), ReadBack(OTHER, None, waited=True), K4) is State.VOIDED
    assert after_reading_back(in_state(State.VOIDED), ReadBack(None, None, waited=True), K4) is State.VOIDED


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("by_hand", [False, True])
def test_people_have_in_hand_what_is_out_and_what_they_uploaded(state: State, by_hand: bool) -> None:  # noqa: FBT001
    assert in_state(state).out is (state in OUT)
    assert in_state(state).carried(by_hand=by_hand) is (state in OUT or (by_hand and state is State.ACCEPTED))


@pytest.mark.parametrize(
    "state",
    sorted(OUT | {State.ACCEPTED, State.UNKNOWN, State.EXISTS, State.AGREED, State.QUARANTINED, State.VOUCHED}),
)
def test_other_contents_than_were_sent_differ(state: State) -> None:
    assert after_reading_back(in_state(state), ReadBack(OTHER, BEFORE, waited=True), K3) is State.DIFFERS


def test_what_the_portal_claims_to_have_and_does_not_list_was_refused() -> None:
    assert after_reading_back(in_state(State.EXISTS), ReadBack(None, None, waited=False), K3) is State.REFUSED


@pytest.mark.parametrize(
    ("waited", "kind", "expected"),
    [(False, K3, State.VOUCHED), (True, K3, State.QUARANTINED), (False, K4, State.VOUCHED), (True, K4, State.VOUCHED)],
)
def test_a_person_s_word_stands_where_nobody_can_be_asked_and_is_asked_for_anew_where_a_listing_contradicts_it(
    waited: bool,  # noqa: FBT001
    kind: DeliveryClass,
    expected: State,
) -> None:
    assert after_reading_back(in_state(State.VOUCHED), ReadBack(None, None, waited), kind) is expected


def test_a_quarantined_record_stays_so_until_a_person_or_the_portal_decides() -> None:
    assert after_reading_back(in_state(State.QUARANTINED), ReadBack(None, None, waited=True), K4) is State.QUARANTINED


@given(
    state=st.sampled_from(State),
    online=st.sampled_from([None, SENT, BEFORE, OTHER]),
    before=st.sampled_from([None, SENT, BEFORE]),
    waited=st.booleans(),
    kind=st.sampled_from(DeliveryClass),
)
def test_reading_back_is_total_and_makes_nothing_ready_before_its_window(
    state: State,
    online: bytes | None,
    before: bytes | None,
    waited: bool,  # noqa: FBT001
    kind: DeliveryClass,
) -> None:
    after = after_reading_back(in_state(state), ReadBack(online, before, waited), kind)
    assert state is State.READY or after is not State.READY or (waited and kind is not K4)


def test_contents_that_go_from_a_to_b_and_back_to_a_are_three_serials() -> None:
    first = NUMBERING.to_send(None, subject(b"A"))
    second = NUMBERING.to_send(Revision(first.serial, 1, b"A", State.AGREED), subject(b"B", Operation.UPDATE_PERSON))
    third = NUMBERING.to_send(Revision(second.serial, 2, b"B", State.AGREED), subject(b"A", Operation.UPDATE_PERSON))
    assert [one.number for one in (first, second, third)] == [1, 2, 3]
    assert len({first.serial, second.serial, third.serial}) == 3


def test_contents_that_come_a_second_time_by_the_same_operation_have_a_serial_of_their_own() -> None:
    latest = NUMBERING.to_send(None, subject(b"A"))
    serials = [latest.serial]
    for mark in (b"B", b"A", b"B", b"A"):
        decided = Revision(latest.serial, latest.number, latest.mark, State.AGREED)
        latest = NUMBERING.to_send(decided, subject(mark, Operation.UPDATE_PERSON))
        serials.append(latest.serial)
    assert len(set(serials)) == len(serials)


def test_time_that_passed_before_the_machine_started_proves_nothing() -> None:
    settling = Settling(DeliveryClass.K3, 1800)
    sent = Instant(datetime(2025, 5, 11, 9, 0, tzinfo=UTC), 5000.0, "first boot")
    later = Instant(sent.at + timedelta(days=1), 90_000.0, "second boot")
    assert not settling.waited(sent, later)
    assert settling.waited(sent, replace(later, boot=sent.boot))


def test_a_record_nobody_has_decided_on_keeps_its_serial() -> None:
    ready = NUMBERING.to_send(None, subject())
    assert NUMBERING.to_send(ready, subject()) == ready


@pytest.mark.parametrize("state", sorted(set(State) - {State.READY}))
def test_a_record_somebody_has_decided_on_gets_a_new_serial(state: State) -> None:
    again = NUMBERING.to_send(in_state(state), subject())
    assert (again.number, again.state) == (2, State.READY)


def test_a_ready_record_with_other_contents_is_a_new_revision() -> None:
    assert NUMBERING.to_send(in_state(State.READY, BEFORE), subject()).number == 2


def test_serials_are_the_same_in_every_process_and_differ_by_every_part() -> None:
    base = NUMBERING.to_send(None, subject()).serial
    others = [
        NUMBERING.to_send(None, subject(BEFORE)),
        NUMBERING.to_send(None, subject(operation=Operation.UPDATE_PERSON)),
        NUMBERING.to_send(None, subject(person=HEADER)),
        NUMBERING.to_send(None, subject(person=SUBMISSION)),
        Numbering("999002", VAULT.serial).to_send(None, subject()),
    ]
    assert base == Numbering("999001", VAULT.serial).to_send(None, subject()).serial
    assert len({base, *(one.serial for one in others)}) == 6
