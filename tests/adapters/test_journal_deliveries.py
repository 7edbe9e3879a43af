"""What was sent: durable before the first byte, and never forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.journal.journal import Journal, open_journal
from bridge.map import wanted
from schemas.batch import BatchKey
from schemas.errors import JournalError
from schemas.journal import Answered, BatchTally, Dispatch, Instant
from schemas.outcome import Outcome
from schemas.portal import Answer, Operation, Payload, Verdict
from schemas.revision import HEADER, Revision, State
from tests.unit.cast import GLOSSARY, MORNING_AFTER, SPRING, VAULT, A, B, block, key_of
from tests.unit.world import SETTLING, new_journal

NOW = Instant(MORNING_AFTER, 5000.0, "boot")
SOON = replace(NOW, uptime_s=5100.0)
AFTER_REBOOT = Instant(MORNING_AFTER, 12.0, "another boot")
BODY = "测试甲 999001197101011119".encode()


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = new_journal(tmp_path)
    journal.offline.want([wanted(block(A, B), (), GLOSSARY, ours=True)], at=MORNING_AFTER)
    yield journal
    journal.close()


def first(one: bytes = key_of(A), serial: str = "s1") -> dict[bytes, Revision]:
    return {one: Revision(serial, 1, b"mark", State.READY)}


def dispatch(revisions: dict[bytes, Revision] | None = None, operation: Operation = Operation.SAVE_PEOPLE) -> Dispatch:
    revisions = revisions or first()
    payload = Payload(operation, "/path", BODY, tuple(one.serial for one in revisions.values()))
    return Dispatch(SPRING, operation, revisions, payload)


def on_its_way(journal: Journal, what: Dispatch | None = None) -> int:
    [attempt] = journal.deliveries.keep([], [what or dispatch()], run=1, now=NOW)
    return attempt


def conclude(
    journal: Journal, attempt: int, answer: Answer, what: Dispatch | None = None, *, now: Instant = NOW
) -> None:
    journal.deliveries.keep([Answered(what or dispatch(), attempt, answer)], [], run=1, now=now)


def newest(journal: Journal, one: bytes = key_of(A)) -> Revision | None:
    return {fact.person: fact.revision for fact in journal.deliveries.disagreeing()}[one]


def since(journal: Journal) -> tuple[float, str]:
    with journal.store.read() as connection:
        return tuple(connection.exec_driver_sql("SELECT since_uptime_s, since_boot FROM revision").one())


def answer(outcome: Outcome, **verdict: str) -> Answer:
    return Answer("answered", 200, {"s1": Verdict(outcome, **verdict)}, tries=2)


def test_a_record_never_sent_has_no_revision(journal: Journal) -> None:
    assert newest(journal) is None


def test_the_bytes_and_that_they_may_have_left_are_durable_at_once(journal: Journal) -> None:
    on_its_way(journal)
    assert newest(journal) == Revision("s1", 1, b"mark", State.SENDING)
    with journal.store.read() as connection:
        row = connection.exec_driver_sql("SELECT * FROM attempt").one()
    assert (VAULT.open(row.sealed, bound_to=f"attempt|{SPRING}|s1"), row.ended_at) == (BODY, None)


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Outcome.ACCEPTED, State.ACCEPTED),
        (Outcome.REFUSED, State.REFUSED),
        (Outcome.EXISTS, State.EXISTS),
        (Outcome.UNKNOWN, State.UNKNOWN),
        (Outcome.NOT_SENT, State.READY),
        (Outcome.NOT_PROCESSED, State.READY),
    ],
)
def test_the_answer_moves_each_record_by_its_own_verdict(journal: Journal, outcome: Outcome, state: State) -> None:
    attempt = on_its_way(journal)
    conclude(journal, attempt, answer(outcome), now=SOON)
    assert newest(journal) == Revision("s1", 1, b"mark", state)
    assert since(journal) == (5100.0, "boot")


def test_the_portal_s_words_are_kept_sealed_and_given_back(journal: Journal) -> None:
    attempt = on_its_way(journal)
    verdict = answer(Outcome.REFUSED, code="S20006", words="参数错误")
    conclude(journal, attempt, verdict)
    facts = journal.deliveries.disagreeing()
    opened = journal.people.open(facts)
    assert (opened[SPRING, key_of(A)].words, opened[SPRING, key_of(B)].words) == ("参数错误", "")
    assert {fact.person: fact.code for fact in facts} == {key_of(A): "S20006", key_of(B): ""}


def test_the_id_the_portal_gives_a_batch_is_kept(journal: Journal) -> None:
    header = dispatch(first(HEADER), Operation.SAVE_BATCH)
    attempt = on_its_way(journal, header)
    conclude(journal, attempt, answer(Outcome.ACCEPTED, online_id="77"), header)
    [batch] = journal.deliveries.batches()
    assert (batch.online_id, batch.header and batch.header.state) == ("77", State.ACCEPTED)


def test_an_attempt_keeps_what_was_sent_and_what_came_of_it(journal: Journal) -> None:
    attempt = on_its_way(journal)
    conclude(journal, attempt, answer(Outcome.ACCEPTED), now=SOON)
    with journal.store.read() as connection:
        row = connection.exec_driver_sql("SELECT * FROM attempt").one()
    assert (row.run, row.operation, row.path, row.tries, row.seen, row.status) == (
        1,
        "save_people",
        "/path",
        2,
        "answered",
        200,
    )
    assert VAULT.open(row.sealed, bound_to=f"attempt|{SPRING}|s1") == BODY
    assert (row.id, row.serials) == (attempt, '["s1"]')


def test_what_an_older_program_intended_and_never_sent_is_ready_again(journal: Journal) -> None:
    on_its_way(journal)
    with journal.store.write() as connection:
        connection.exec_driver_sql("UPDATE revision SET state='intent'")
    assert journal.deliveries.recover(SOON) == 1
    assert newest(journal) == Revision("s1", 1, b"mark", State.READY)


def test_a_process_that_died_while_sending_leaves_unknown_from_now_on(journal: Journal) -> None:
    on_its_way(journal)
    assert journal.deliveries.recover(SOON) == 1
    assert newest(journal) == Revision("s1", 1, b"mark", State.UNKNOWN)
    assert since(journal) == (5100.0, "boot")
    assert [event.what for event in journal.timeline.of_person(key_of(A))][-1] == "recovered.unknown"


def test_what_is_decided_is_left_alone_by_recovering(journal: Journal) -> None:
    attempt = on_its_way(journal)
    conclude(journal, attempt, answer(Outcome.REFUSED))
    assert journal.deliveries.recover(AFTER_REBOOT) == 0
    assert (newest(journal), since(journal)) == (Revision("s1", 1, b"mark", State.REFUSED), (5000.0, "boot"))


@pytest.mark.parametrize("outcome", [Outcome.UNKNOWN, Outcome.ACCEPTED])
@pytest.mark.parametrize(
    ("start", "expected"),
    [
        (SOON, (5000.0, "boot")),
        (AFTER_REBOOT, (12.0, "another boot")),
        (replace(NOW, uptime_s=40.0), (40.0, "boot")),
    ],
    ids=["same boot", "reboot", "a clone whose clock stands behind"],
)
def test_a_reboot_restarts_the_settle_window_and_a_mere_restart_does_not(
    journal: Journal, outcome: Outcome, start: Instant, expected: tuple[float, str]
) -> None:
    attempt = on_its_way(journal)
    conclude(journal, attempt, answer(outcome))
    journal.deliveries.recover(start)
    assert since(journal) == expected


def test_what_was_made_durable_is_there_for_the_next_process(journal: Journal) -> None:
    on_its_way(journal)
    journal.close()
    again = open_journal(journal.path, VAULT, SETTLING)
    assert newest(again) == Revision("s1", 1, b"mark", State.SENDING)
    again.close()


def test_the_newest_revision_of_a_record_speaks_for_it(journal: Journal) -> None:
    on_its_way(journal)
    on_its_way(journal, dispatch({key_of(A): Revision("s2", 2, b"other", State.READY)}))
    assert newest(journal) == Revision("s2", 2, b"other", State.SENDING)


def test_one_serial_never_stands_for_two_records(journal: Journal) -> None:
    on_its_way(journal)
    with pytest.raises(JournalError, match="SQLITE_CONSTRAINT"):
        on_its_way(journal, dispatch(first(key_of(B))))
    assert newest(journal, key_of(B)) is None


def test_a_person_who_asks_again_gets_a_new_revision_and_lets_the_last_agreement_go(journal: Journal) -> None:
    with journal.store.write() as connection:
        connection.exec_driver_sql("UPDATE pair SET mark_agreed = x'01'")
    again = Revision("s9", 1, b"mark", State.READY)
    journal.deliveries.reopen([(SPRING, key_of(A), again)], now=NOW)
    facts = {fact.person: fact for fact in journal.deliveries.disagreeing()}
    assert (facts[key_of(A)].revision, facts[key_of(A)].agreed, facts[key_of(B)].agreed) == (again, None, b"\x01")


def test_asking_again_for_nothing_changes_nothing(journal: Journal) -> None:
    journal.deliveries.reopen([], now=NOW)
    assert newest(journal) is None


def test_only_the_asked_batch_is_looked_through(journal: Journal) -> None:
    assert journal.deliveries.disagreeing(only=BatchKey(2025, "测试工会", "别的")) == ()
    assert len(journal.deliveries.disagreeing(only=SPRING)) == 2
    assert journal.deliveries.tallies() == {SPRING: BatchTally(offline=2)}
