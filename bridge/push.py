"""Push: make the plan's requests, one at a time, each durable in the journal before it is sent.

Read `_exchange` first: intend, sending, send, conclude. There is no other way to the portal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from bridge.chunks import chunks
from bridge.ports import Clock, Journal, Portal, Stop, Watch
from bridge.revisions import Numbering, Subject
from schemas.batch import BatchKey
from schemas.errors import AuthError
from schemas.journal import BatchFacts, Dispatch, PersonFacts, Values
from schemas.outcome import Outcome
from schemas.plan import BatchWork, Plan
from schemas.portal import Answer, Operation, Record, Verdict
from schemas.revision import HEADER, SUBMISSION, Revision

_NOT_TAKEN = {Outcome.NOT_SENT, Outcome.NOT_PROCESSED}
_ON_ITS_WAY = {Outcome.ACCEPTED, Outcome.EXPORTED}

Draft = tuple[Revision, Record]
InWords = Callable[[Values], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Sender:
    """All that one run's requests have in common.

    `batch_in_words` and `person_in_words` put canonical values into the portal's words.
    """

    portal: Portal
    journal: Journal
    clock: Clock
    numbering: Numbering
    batch_in_words: InWords
    person_in_words: InWords
    run: int


@dataclass(frozen=True, slots=True)
class Pushed:
    """What one plan came to. `stopped`: the portal took no more, or the process was asked to end."""

    batches: frozenset[BatchKey]
    stopped: bool
    drift: frozenset[str]


def push(plan: Plan, sender: Sender, *, stop: Stop, watch: Watch) -> Pushed:
    """Do the plan's work in its order. A portal that takes nothing more ends it: the rest waits for the next run.

    Raises AuthError, JournalError.
    """
    facts = {batch.key: batch for batch in sender.journal.deliveries.batches()}
    watch.step("push", sum(1 + len(work.people) for work in plan.work))
    done: set[BatchKey] = set()
    drift: set[str] = set()
    for work in plan.work:
        for answer in _requests(work, facts[work.batch], sender):
            done.add(work.batch)
            drift |= {answer.drift} - {""}
            watch.advance(len(answer.verdicts))
            not_taken = all(verdict.outcome in _NOT_TAKEN for verdict in answer.verdicts.values())
            if not_taken or stop.requested:
                return Pushed(frozenset(done), stopped=True, drift=frozenset(drift))
    return Pushed(frozenset(done), stopped=False, drift=frozenset(drift))


def finish(sender: Sender) -> None:
    """Write again, as they are, the files that a process was writing when it died. Raises JournalError."""
    for attempt, dispatch in sender.journal.outgoing.unfinished():
        answer = sender.portal.send(dispatch.payload)
        sender.journal.deliveries.conclude(dispatch, attempt, answer, now=sender.clock.instant())


def _requests(work: BatchWork, batch: BatchFacts, sender: Sender) -> Iterator[Answer]:
    """The requests of one batch in order: its header, its people, its submission."""
    online_id = batch.online_id
    if work.header:
        drafts = {HEADER: _header(work.header, batch, sender)}
        answer = _exchange(work.header, batch, drafts, batch.online_id, sender)
        yield answer
        (verdict,) = answer.verdicts.values()
        if verdict.outcome not in _ON_ITS_WAY:
            return
        online_id = verdict.online_id or online_id
    if work.people:
        yield from _people(work, batch, online_id, sender)
    if work.submit:
        drafts = {SUBMISSION: _submission(batch, sender)}
        yield _exchange(Operation.SUBMIT, batch, drafts, online_id, sender)


def _header(operation: Operation, batch: BatchFacts, sender: Sender) -> Draft:
    values, mark = batch.offline, batch.mark_offline
    if values is None or mark is None:
        raise AssertionError("a plan never touches a batch that offline does not hold")
    revision = sender.numbering.to_send(batch.header, Subject(batch.key, HEADER, mark, operation))
    return revision, Record(revision.serial, sender.batch_in_words(values), batch.online_id)


def _submission(batch: BatchFacts, sender: Sender) -> Draft:
    subject = Subject(batch.key, SUBMISSION, batch.mark_offline or b"", Operation.SUBMIT)
    revision = sender.numbering.to_send(batch.submission, subject)
    return revision, Record(revision.serial, {}, batch.online_id)


def _people(work: BatchWork, batch: BatchFacts, online_id: str, sender: Sender) -> Iterator[Answer]:
    """New people, then changed ones, in chunks as large as the portal allows."""
    facts = {fact.person: fact for fact in sender.journal.deliveries.disagreeing(only=work.batch)}
    values = sender.journal.people.offline_of(work.batch)
    for operation in (Operation.SAVE_PEOPLE, Operation.UPDATE_PERSON):
        people = [facts[item.person] for item in work.people if item.operation is operation and item.person in facts]
        online_ids = _online_ids(people, sender) if operation is Operation.UPDATE_PERSON else {}
        for chunk in chunks(people, sender.portal.rows_at_once(operation)):
            drafts = {
                fact.person: _person(fact, values[fact.person], operation, online_ids.get(fact.person, ""), sender)
                for fact in chunk
            }
            yield _exchange(operation, batch, drafts, online_id, sender)


def _online_ids(people: Iterable[PersonFacts], sender: Sender) -> dict[bytes, str]:
    return {key: person.online_id for (_, key), person in sender.journal.people.open(people).items()}


def _person(fact: PersonFacts, values: Values, operation: Operation, online_id: str, sender: Sender) -> Draft:
    subject = Subject(fact.batch, fact.person, fact.offline or b"", operation)
    revision = sender.numbering.to_send(fact.revision, subject)
    return revision, Record(revision.serial, sender.person_in_words(values), online_id)


def _exchange(
    operation: Operation, batch: BatchFacts, drafts: Mapping[bytes, Draft], parent: str, sender: Sender
) -> Answer:
    """One request: what is about to be sent is durable before the first byte, and what came of it before the next."""
    deliveries, now = sender.journal.deliveries, sender.clock.instant
    header = sender.batch_in_words(batch.offline) if batch.offline else None
    payload = sender.portal.prepare(operation, [record for _, record in drafts.values()], parent=parent, batch=header)
    dispatch = Dispatch(batch.key, operation, {person: revision for person, (revision, _) in drafts.items()}, payload)
    attempt = deliveries.intend(dispatch, run=sender.run, now=now())
    deliveries.sending(dispatch, attempt, now=now())
    try:
        answer = sender.portal.send(payload)
    except AuthError:
        turned_away = dict.fromkeys(payload.serials, Verdict(Outcome.NOT_PROCESSED))
        deliveries.conclude(dispatch, attempt, Answer("not_authorised", None, turned_away), now=now())
        raise
    deliveries.conclude(dispatch, attempt, answer, now=now())
    return answer
