"""Push: make the plan's requests, as many at once as the portal allows, each durable before its first byte may leave.

Read `_turn` and `_ended`: what has ended is kept together with what leaves next, then that leaves, then one waits for
what comes back. There is no other way to the portal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bridge.course import Course, Draft, Sender
from bridge.crew import Crew
from bridge.halving import repeated
from bridge.ports import Stop, Watch
from schemas.batch import BatchKey
from schemas.errors import AuthError, Fenced, RecordError, SchemaDrift
from schemas.journal import Answered, Dispatch
from schemas.outcome import Outcome
from schemas.plan import Plan
from schemas.portal import Answer, Payload, Record, Verdict
from schemas.revision import HEADER
from schemas.texts import Text

__all__ = ["Pushed", "Sender", "finish", "push", "repeat"]

NOT_TAKEN_AT_MOST = 3
"""After so many requests in a row that the portal would not take now it is left alone."""

_NOT_MADE = Answer("not_made", None, {"": Verdict(Outcome.REFUSED)})

Leaving = tuple[Draft, Dispatch, int]
"""A request that is durable, with its attempt number."""

Whose = tuple[BatchKey, bytes]
"""A batch and a person of it, HEADER or SUBMISSION."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """What one plan came to. `stopped`: the portal took no more, or the process was asked to end.

    `cause`: how the portal took no more, as a machine word; empty where it would have taken more.
    `unmade`: records of which no request could even be made, and why. `put_off`: batches of which the portal would not
    take a request now, and what it said; the others went on.
    """

    batches: frozenset[BatchKey]
    stopped: bool
    drift: frozenset[str]
    unmade: Mapping[Whose, Text] = field(default_factory=dict)
    put_off: Mapping[BatchKey, str] = field(default_factory=dict)
    cause: str = ""


@dataclass(slots=True)
class _SoFar:
    """`error` is the first that came up; it is raised once everything on its way has come back."""

    batches: set[BatchKey] = field(default_factory=set)
    drift: set[str] = field(default_factory=set)
    unmade: dict[Whose, Text] = field(default_factory=dict)
    put_off: dict[BatchKey, str] = field(default_factory=dict)
    in_a_row: int = 0
    stopped: bool = False
    cause: str = ""
    error: Exception | None = None

    def heard(self, batch: BatchKey, answer: Answer) -> None:
        """Where the portal is not there, or shut, nothing else need be tried; where it is busy, another batch may go."""
        self.batches.add(batch)
        self.drift |= {answer.drift} - {""}
        outcomes = {verdict.outcome for verdict in answer.verdicts.values()}
        busy = outcomes == {Outcome.NOT_PROCESSED}
        self.in_a_row = self.in_a_row + 1 if busy else 0
        if busy:
            self.put_off[batch] = answer.seen
        if answer.shut or outcomes == {Outcome.NOT_SENT} or self.in_a_row == NOT_TAKEN_AT_MOST:
            self.stopped, self.cause = True, self.cause or answer.seen

    def failed(self, error: Exception) -> None:
        self.error = self.error or error
        self.stopped = True


def push(plan: Plan, sender: Sender, *, stop: Stop, watch: Watch) -> Pushed:
    """Do the plan's work in its order. A portal that takes nothing more ends it: the rest waits for the next run.

    Raises AuthError, JournalError (Fenced: another process may have taken over).
    """
    course, so_far = Course(plan, sender), _SoFar()
    watch.step("push", sum(1 + len(work.people) for work in plan.work))
    with Crew[Leaving](lambda payload: _sent(payload, sender), sender.portal.concurrency) as crew:
        answered: list[Answered] = []
        begun = _turn(course, crew, answered, so_far, sender)
        while crew.outstanding:
            answered = []
            for one in _ended(crew, course, so_far, wait=not begun or not crew.room):
                so_far.heard(one.dispatch.batch, one.answer)
                answered.append(one)
                watch.advance(_decided(one.answer))
            so_far.stopped |= stop.requested
            if so_far.stopped:
                answered += _withdrawn(crew)
            begun = _turn(course, crew, answered, so_far, sender)
    if so_far.error:
        raise so_far.error
    return Pushed(
        frozenset(so_far.batches),
        so_far.stopped,
        frozenset(so_far.drift),
        so_far.unmade,
        so_far.put_off,
        so_far.cause,
    )


def finish(sender: Sender) -> str:
    """Write again, as they are, the files that a process was writing when it died. Raises JournalError.

    Returns what kept it from that, as a machine word, or "". A file not written now stays the same file: it may have been
    whole, and in somebody's hand.
    """
    for attempt, dispatch in sender.journal.outgoing.unfinished():
        answer = _sent(dispatch.payload, sender)
        if any(verdict.outcome is not Outcome.EXPORTED for verdict in answer.verdicts.values()):
            return answer.seen
        kept = Answered(dispatch, attempt, answer)
        sender.journal.deliveries.keep([kept], (), run=sender.run, now=sender.clock.instant())
    return ""


def repeat(sender: Sender, *, stop: Stop) -> frozenset[BatchKey]:
    """Where the portal honours keys (K2): make again, under the key it had, each request of which nothing is known.

    Returns the batches concerned. Raises AuthError, JournalError.
    """
    journal, touched = sender.journal, set[BatchKey]()
    for attempt, dispatch in journal.keyed.repeatable(sender.clock.instant()):
        if stop.requested:
            break
        if not journal.keyed.sending(attempt, dispatch, sender.clock.instant()):
            continue
        answer = _sent(dispatch.payload, sender)
        kept = Answered(dispatch, attempt, repeated(answer))
        journal.deliveries.keep([kept], (), run=sender.run, now=sender.clock.instant())
        touched.add(dispatch.batch)
        if any(verdict.outcome is Outcome.NOT_SENT for verdict in answer.verdicts.values()):
            break
    return frozenset(touched)


def _sent(payload: Payload, sender: Sender) -> Answer:
    """In the thread that sends. Raises Fenced where the process was silent past its lease: then nothing was sent."""
    sender.may_send()
    return sender.portal.send(payload)


def _turn(course: Course, crew: Crew[Leaving], answered: Sequence[Answered], so_far: _SoFar, sender: Sender) -> int:
    """In one transaction what has ended is kept and what leaves next is made durable; then it leaves: so many requests."""
    leaving: list[tuple[Draft, Dispatch]] = []
    room = 0 if so_far.stopped else crew.room
    try:
        while drafts := course.drafts(room - len(leaving)):
            for draft in drafts:
                leaving += _made(draft, course, so_far, sender)
    except Exception as error:  # noqa: BLE001  # what is on its way comes back first
        so_far.failed(error)
    dispatches = [dispatch for _, dispatch in leaving]
    attempts = sender.journal.deliveries.keep(answered, dispatches, run=sender.run, now=sender.clock.instant())
    for (draft, dispatch), attempt in zip(leaving, attempts, strict=True):
        crew.send((draft, dispatch, attempt), dispatch.payload)
    return len(leaving)


def _made(draft: Draft, course: Course, so_far: _SoFar, sender: Sender) -> Iterator[tuple[Draft, Dispatch]]:
    """The request. Where the portal has no room for what one record would say, that one is set aside, and no other;
    where it has none for the batch, the whole batch is.
    """
    try:
        yield draft, _dispatch(draft, sender)
    except SchemaDrift as error:
        so_far.unmade[draft.batch, HEADER] = error.text
        course.heard(draft, replace(_NOT_MADE, drift=_NOT_MADE.seen))
    except RecordError as error:
        if not course.halve(draft):
            so_far.unmade |= {(draft.batch, person): error.text for person in draft.records}
            course.heard(draft, _NOT_MADE)


def _dispatch(draft: Draft, sender: Sender) -> Dispatch:
    """The exact bytes of one request. Raises RecordError for a record, SchemaDrift for the whole of it."""
    try:
        header = sender.batch_in_words(draft.header) if draft.header else None
    except RecordError as error:
        raise SchemaDrift(error.text) from None
    in_words = sender.person_in_words if draft.of_people else sender.batch_in_words
    records = [
        Record(one.revision.serial, in_words(one.values) if one.values else {}, one.online_id)
        for one in draft.records.values()
    ]
    payload = sender.portal.prepare(draft.operation, records, parent=draft.parent, batch=header)
    revisions = {person: record.revision for person, record in draft.records.items()}
    return Dispatch(draft.batch, draft.operation, revisions, payload)


def _ended(crew: Crew[Leaving], course: Course, so_far: _SoFar, *, wait: bool) -> Iterator[Answered]:
    """The requests that have come back, with what is to be kept. One that ended with an error nobody expected stays SENDING."""
    for leaving, came in crew.back(wait=wait):
        if isinstance(came, Exception):
            so_far.failed(came)
        elif isinstance(came, BaseException):
            raise came
        draft, dispatch, attempt = leaving
        if isinstance(came, AuthError):
            yield Answered(dispatch, attempt, _all(dispatch, Outcome.NOT_PROCESSED, "not_authorised"))
        elif isinstance(came, Fenced):
            yield Answered(dispatch, attempt, _all(dispatch, Outcome.NOT_SENT, "fenced"))
        elif isinstance(came, Answer):
            yield Answered(dispatch, attempt, course.heard(draft, came))


def _withdrawn(crew: Crew[Leaving]) -> Iterator[Answered]:
    """What was durable and has not left: it may go another time."""
    for _, dispatch, attempt in crew.withdraw():
        yield Answered(dispatch, attempt, _all(dispatch, Outcome.NOT_SENT, "withdrawn"))


def _all(dispatch: Dispatch, outcome: Outcome, seen: str) -> Answer:
    return Answer(seen, None, dict.fromkeys(dispatch.payload.serials, Verdict(outcome)))


def _decided(answer: Answer) -> int:
    """So many records nothing more is to be sent of."""
    return sum(verdict.outcome is not Outcome.IN_PARTS for verdict in answer.verdicts.values())
