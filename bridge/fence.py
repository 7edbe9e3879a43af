"""The fence after a restore: what may be written while the journal may not know what was sent last.

Where the portal can be asked (K1 to K3), a batch is written again once it was listed after the settle window; the fence is
taken away when all of them were. Where asking proves nothing (K4), whatever would be sent now may have been sent before:
it is put into quarantine, for people to decide, and only then the fence is taken away.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from bridge.house import House
from bridge.revisions import Subject
from schemas.batch import BatchKey
from schemas.journal import BatchFacts
from schemas.plan import BatchWork, Plan
from schemas.portal import DeliveryClass, Operation
from schemas.revision import HEADER, SUBMISSION, Revision


def past_the_fence(
    house: House, only: Collection[BatchKey] | None, planned: Callable[[], Plan]
) -> Collection[BatchKey] | None:
    """Of the batches `only` (None: all) those that may be written now; `planned` is what a run would write otherwise."""
    fences = house.journal.fences
    fence = fences.standing()
    if fence is None:
        return only
    if house.portal.delivery_class is DeliveryClass.K4:
        if not (fence.listed or house.desk):
            return frozenset()
        fences.quarantine(list(_records(house, planned())), now=house.clock.instant())
    if fences.lift(year=house.year):
        return only
    passed = fences.passed()
    return passed if only is None else passed.intersection(only)


def _records(house: House, plan: Plan) -> Iterator[tuple[BatchKey, bytes, Revision]]:
    """Every record the plan would send, as the revision it would be sent as."""
    batches = {batch.key: batch for batch in house.journal.deliveries.batches()}
    latest = {(fact.batch, fact.person): fact for fact in house.journal.deliveries.disagreeing()}
    for work in plan.work:
        yield from _own_records(house, work, batches[work.batch])
        for item in work.people:
            fact = latest[work.batch, item.person]
            subject = Subject(work.batch, item.person, fact.offline or b"", item.operation)
            yield work.batch, item.person, house.numbering.to_send(fact.revision, subject)


def _own_records(house: House, work: BatchWork, batch: BatchFacts) -> Iterator[tuple[BatchKey, bytes, Revision]]:
    mark = batch.mark_offline or b""
    if work.header:
        subject = Subject(work.batch, HEADER, mark, work.header)
        yield work.batch, HEADER, house.numbering.to_send(batch.header, subject)
    if work.submit:
        subject = Subject(work.batch, SUBMISSION, mark, Operation.SUBMIT)
        yield work.batch, SUBMISSION, house.numbering.to_send(batch.submission, subject)
