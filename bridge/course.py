"""The course of a push: which request may go next.

Batches in the plan's order; of each its header, then its people, then its submission, and one begins only when all
requests of the one before are answered. Chunks of one batch, and different batches, do not wait for one another.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice

from bridge.chunks import chunks
from bridge.halving import Tally, came_back, final, halves, put_back
from bridge.ports import Clock, Journal, Portal
from bridge.revisions import Numbering, Subject
from schemas.batch import BatchKey
from schemas.journal import BatchFacts, PersonFacts, Values
from schemas.outcome import Outcome
from schemas.plan import BatchWork, Plan
from schemas.portal import Answer, Operation
from schemas.revision import HEADER, OF_THE_BATCH, SUBMISSION, Revision

_ON_ITS_WAY = {Outcome.ACCEPTED, Outcome.EXPORTED}
"""A header after which its people may follow."""

InWords = Callable[[Values], Mapping[str, str]]
MaySend = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Sender:
    """All that one run's requests have in common.

    `batch_in_words` and `person_in_words` put canonical values into the portal's words. `may_send` raises Fenced where this
    process may send no more: it is asked in the thread that sends.
    """

    portal: Portal
    journal: Journal
    clock: Clock
    numbering: Numbering
    batch_in_words: InWords
    person_in_words: InWords
    run: int
    may_send: MaySend = lambda: None


@dataclass(frozen=True, slots=True)
class Planned:
    """One record that is to be sent, in canonical values."""

    revision: Revision
    values: Values
    online_id: str


@dataclass(frozen=True, slots=True)
class Draft:
    """One request, its bytes not made yet: records by person key, for the batch known as `parent`.

    `header` is the batch's own, in canonical values. The `tally` is shared by all parts of what was one request.
    """

    batch: BatchKey
    operation: Operation
    records: Mapping[bytes, Planned]
    parent: str
    header: Values | None
    tally: Tally = field(default_factory=Tally)

    @property
    def of_people(self) -> bool:
        return self.records.keys().isdisjoint(OF_THE_BATCH)


class Course:
    """Where a push is: the batches under way, and those not begun."""

    def __init__(self, plan: Plan, sender: Sender) -> None:
        facts = {batch.key: batch for batch in sender.journal.deliveries.batches()}
        self._ahead = ((work.batch, _Walk(_stages(work, facts[work.batch], sender))) for work in plan.work)
        self._under_way: dict[BatchKey, _Walk] = {}

    def drafts(self, room: int) -> list[Draft]:
        """At most so many requests that may go now, the earliest batches' first."""
        return list(islice(self._drafts(), room))

    def heard(self, draft: Draft, answer: Answer) -> Answer:
        """One request was answered; returns the answer as it is to be kept.

        What came back whole goes again in halves. Where an answer did not fit the dialect, or the portal would not take
        the request now, it was the batch's last.
        """
        return self._under_way[draft.batch].heard(draft, answer)

    def halve(self, draft: Draft) -> bool:
        """Its halves go instead of it. False: it is one record."""
        return self._under_way[draft.batch].halve(draft)

    def _drafts(self) -> Iterator[Draft]:
        self._under_way = {batch: walk for batch, walk in self._under_way.items() if not walk.over}
        for walk in self._under_way.values():
            yield from walk.drafts()
        for batch, walk in self._ahead:
            self._under_way[batch] = walk
            yield from walk.drafts()


Stages = Generator[Iterator[Draft], Answer, None]


class _Walk:
    """One batch under way through its stages: each is all that may go at once, and is resumed with its last answer.

    The halves of what came back go before anything else of the batch, and belong to the stage it came from.
    """

    def __init__(self, stages: Stages) -> None:
        self._stages = stages
        self._stage: Iterator[Draft] = iter(())
        self._halves: deque[Draft] = deque()
        self._next: Callable[[], Iterator[Draft]] | None = lambda: next(stages)
        self._unanswered = 0

    @property
    def over(self) -> bool:
        return self._next is None and not self._unanswered

    def drafts(self) -> Iterator[Draft]:
        while self._next is not None:
            while self._halves:
                self._unanswered += 1
                yield self._halves.popleft()
            for draft in self._stage:
                self._unanswered += 1
                yield draft
            if self._unanswered:
                return
            try:
                self._stage = self._next()
            except StopIteration:
                self._next = None

    def heard(self, draft: Draft, answer: Answer) -> Answer:
        if came_back(answer, draft.tally) and self.halve(draft):
            return put_back(answer)
        self._unanswered -= 1
        ends = answer.drift or all(said.outcome is Outcome.NOT_PROCESSED for said in answer.verdicts.values())
        self._next = None if ends else lambda: self._stages.send(answer)
        return final(answer)

    def halve(self, draft: Draft) -> bool:
        if len(draft.records) == 1:
            return False
        self._unanswered -= 1
        self._halves += (replace(draft, records=part) for part in halves(draft.records))
        return True


def _stages(work: BatchWork, batch: BatchFacts, sender: Sender) -> Stages:
    """The header, all people, the submission; people follow only a header that was accepted."""
    make, online_id = _Drafting(batch, sender), batch.online_id
    if work.header:
        answer = yield iter([make.header(work.header)])
        (verdict,) = answer.verdicts.values()
        if verdict.outcome not in _ON_ITS_WAY:
            return
        online_id = verdict.online_id or online_id
    if work.people:
        yield make.people(work, online_id)
    if work.submit:
        yield iter([make.submission(online_id)])


class _Drafting:
    """The requests of one batch."""

    def __init__(self, batch: BatchFacts, sender: Sender) -> None:
        self._batch = batch
        self._sender = sender

    def header(self, operation: Operation) -> Draft:
        batch, mark = self._batch, self._batch.mark_offline
        if batch.offline is None or mark is None:
            raise AssertionError("a plan never touches a batch that offline does not hold")
        revision = self._revision(batch.header, HEADER, mark, operation)
        return self._draft(operation, {HEADER: Planned(revision, batch.offline, batch.online_id)}, batch.online_id)

    def submission(self, online_id: str) -> Draft:
        batch = self._batch
        revision = self._revision(batch.submission, SUBMISSION, batch.mark_offline or b"", Operation.SUBMIT)
        return self._draft(Operation.SUBMIT, {SUBMISSION: Planned(revision, {}, batch.online_id)}, online_id)

    def people(self, work: BatchWork, online_id: str) -> Iterator[Draft]:
        """New people, then changed ones, in chunks as large as the portal allows."""
        journal, rows_at_once = self._sender.journal, self._sender.portal.rows_at_once
        facts = {fact.person: fact for fact in journal.deliveries.disagreeing(only=work.batch)}
        values = journal.people.offline_of(work.batch)
        for operation in (Operation.SAVE_PEOPLE, Operation.UPDATE_PERSON):
            people = [facts[p.person] for p in work.people if p.operation is operation and p.person in facts]
            online_ids = self._online_ids(people) if operation is Operation.UPDATE_PERSON else {}
            for chunk in chunks(people, rows_at_once(operation)):
                records = {
                    fact.person: Planned(
                        self._revision(fact.revision, fact.person, fact.offline or b"", operation),
                        values[fact.person],
                        online_ids.get(fact.person, ""),
                    )
                    for fact in chunk
                }
                yield self._draft(operation, records, online_id)

    def _online_ids(self, people: Iterable[PersonFacts]) -> dict[bytes, str]:
        return {key: person.online_id for (_, key), person in self._sender.journal.people.open(people).items()}

    def _revision(self, latest: Revision | None, person: bytes, mark: bytes, operation: Operation) -> Revision:
        return self._sender.numbering.to_send(latest, Subject(self._batch.key, person, mark, operation))

    def _draft(self, operation: Operation, records: Mapping[bytes, Planned], parent: str) -> Draft:
        return Draft(self._batch.key, operation, records, parent, self._batch.offline)
