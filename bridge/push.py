"""Push: make the plan's requests, as many at once as the portal allows, each durable before its first byte may leave.

Read `_turn` and `_ended`: what has ended is kept together with what leaves next, then that leaves, then one waits for
what comes back. There is no other way to the portal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bridge.course import Course, Draft, Sender
from bridge.crew import Crew
from bridge.ports import Stop, Watch
from schemas.batch import BatchKey
from schemas.errors import AuthError, Fenced, RecordError, SchemaDrift
from schemas.journal import Answered, Dispatch
from schemas.outcome import Outcome
from schemas.plan import Plan
from schemas.portal import Answer, Payload, Verdict
from schemas.texts import Text

__all__ = ["Pushed", "Sender", "finish", "push"]

_NOT_TAKEN = {Outcome.NOT_SENT, Outcome.NOT_PROCESSED}

Leaving = tuple[Dispatch, int]
"""A request that is durable, with its attempt number."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """What one plan came to. `stopped`: the portal took no more, or the process was asked to end.

    `unmade`: batches of which a request could not even be made, and why; nothing more of them was sent.
    """

    batches: frozenset[BatchKey]
    stopped: bool
    drift: frozenset[str]
    unmade: Mapping[BatchKey, Text] = field(default_factory=dict)


@dataclass(slots=True)
class _SoFar:
    """`error` is the first that came up; it is raised once everything on its way has come back."""

    batches: set[BatchKey] = field(default_factory=set)
    drift: set[str] = field(default_factory=set)
    unmade: dict[BatchKey, Text] = field(default_factory=dict)
    stopped: bool = False
    error: Exception | None = None

    def heard(self, batch: BatchKey, answer: Answer) -> None:
        self.batches.add(batch)
        self.drift |= {answer.drift} - {""}
        self.stopped |= all(verdict.outcome in _NOT_TAKEN for verdict in answer.verdicts.values())

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
            for one in _ended(crew, so_far, wait=not begun or not crew.room):
                answered.append(one)
                so_far.heard(one.dispatch.batch, one.answer)
                course.heard(one.dispatch.batch, one.answer)
                watch.advance(len(one.answer.verdicts))
            so_far.stopped |= stop.requested
            if so_far.stopped:
                answered += [_all(leaving, Outcome.NOT_SENT, "withdrawn") for leaving in crew.withdraw()]
            begun = _turn(course, crew, answered, so_far, sender)
    if so_far.error:
        raise so_far.error
    return Pushed(frozenset(so_far.batches), so_far.stopped, frozenset(so_far.drift), so_far.unmade)


def finish(sender: Sender) -> None:
    """Write again, as they are, the files that a process was writing when it died. Raises JournalError."""
    for attempt, dispatch in sender.journal.outgoing.unfinished():
        answered = Answered(dispatch, attempt, _sent(dispatch.payload, sender))
        sender.journal.deliveries.keep([answered], (), run=sender.run, now=sender.clock.instant())


def _sent(payload: Payload, sender: Sender) -> Answer:
    """In the thread that sends. Raises Fenced where the process was silent past its lease: then nothing was sent."""
    sender.may_send()
    return sender.portal.send(payload)


def _turn(course: Course, crew: Crew[Leaving], answered: Sequence[Answered], so_far: _SoFar, sender: Sender) -> int:
    """In one transaction what has ended is kept and what leaves next is made durable; then it leaves: so many requests."""
    leaving: list[Dispatch] = []
    try:
        for draft in course.drafts(0 if so_far.stopped else crew.room):
            leaving += _made(draft, course, so_far, sender)
    except Exception as error:  # noqa: BLE001  # what is on its way comes back first
        so_far.failed(error)
    attempts = sender.journal.deliveries.keep(answered, leaving, run=sender.run, now=sender.clock.instant())
    for dispatch, attempt in zip(leaving, attempts, strict=True):
        crew.send((dispatch, attempt), dispatch.payload)
    return len(leaving)


def _made(draft: Draft, course: Course, so_far: _SoFar, sender: Sender) -> Iterator[Dispatch]:
    """The request, or nothing where the portal has no room for what it would say: then the batch is set aside."""
    try:
        yield _dispatch(draft, sender)
    except (RecordError, SchemaDrift) as error:
        so_far.unmade[draft.batch] = error.text
        course.heard(draft.batch, Answer("not_made", None, {}, drift="not_made"))


def _dispatch(draft: Draft, sender: Sender) -> Dispatch:
    """The exact bytes of one request."""
    records = [record for _, record in draft.records.values()]
    payload = sender.portal.prepare(draft.operation, records, parent=draft.parent, batch=draft.header)
    revisions = {person: revision for person, (revision, _) in draft.records.items()}
    return Dispatch(draft.batch, draft.operation, revisions, payload)


def _ended(crew: Crew[Leaving], so_far: _SoFar, *, wait: bool) -> Iterator[Answered]:
    """The requests that have come back. One that ended with an error nobody expected stays SENDING."""
    for leaving, came in crew.back(wait=wait):
        if isinstance(came, Exception):
            so_far.failed(came)
        elif isinstance(came, BaseException):
            raise came
        if isinstance(came, AuthError):
            yield _all(leaving, Outcome.NOT_PROCESSED, "not_authorised")
        elif isinstance(came, Fenced):
            yield _all(leaving, Outcome.NOT_SENT, "fenced")
        elif isinstance(came, Answer):
            yield Answered(*leaving, came)


def _all(leaving: Leaving, outcome: Outcome, seen: str) -> Answered:
    dispatch, attempt = leaving
    verdicts = dict.fromkeys(dispatch.payload.serials, Verdict(outcome))
    return Answered(dispatch, attempt, Answer(seen, None, verdicts))
