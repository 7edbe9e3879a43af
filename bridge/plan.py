"""Plan: decide, from marks and states alone, what to write online. Nothing is sent here.

The portal's own memory wins: a hand edit is never undone, a reviewed batch never changed, nothing deleted; where
the two sides differ and the bridge may not write, reconciling makes it a finding.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date

from schemas.batch import BatchKey
from schemas.journal import BatchFacts, BatchTally, PersonFacts
from schemas.plan import BatchWork, PersonWork, Plan
from schemas.portal import OnlineStatus, Operation
from schemas.revision import Revision, State

_NOT_TAKEN = {State.READY, State.VOIDED}
"""Proven or said not to be with the portal. What it refused, or a hand took back to a draft, a person asks for again."""


def plan(
    batches: Iterable[BatchFacts],
    people: Iterable[PersonFacts],
    tallies: Mapping[BatchKey, BatchTally],
    *,
    suspects: Collection[tuple[BatchKey, bytes]],
    can: Callable[[Operation], bool],
    today: date,
    only: Collection[BatchKey] | None = None,
) -> Plan:
    """All work that may be done now, the batch that ended first at the head.

    `suspects` are people who may stand online under a mistyped identity: a person decides before they are entered.
    """
    of_batch: defaultdict[BatchKey, list[PersonFacts]] = defaultdict(list)
    for fact in people:
        of_batch[fact.batch].append(fact)
    work = [
        batch_work(batch, of_batch[batch.key], tallies[batch.key], suspects=suspects, can=can)
        for batch in batches
        if _may_be_entered(batch, today) and (only is None or batch.key in only)
    ]
    useful = [item for item in work if item.header or item.people or item.submit]
    return Plan(tuple(sorted(useful, key=lambda item: (item.end, item.batch))))


def _may_be_entered(batch: BatchFacts, today: date) -> bool:
    """Ours, not blocked, ended, and not reviewed: a batch is entered after its end, and locked once reviewed.

    Of a batch the portal lists twice, a person first decides which one counts.
    """
    if batch.times_online > 1:
        return False
    locked = batch.status is not None and batch.status.locked
    ended = batch.end is not None and batch.end < today
    return batch.ours and not batch.blocked and not locked and ended and batch.offline is not None


def batch_work(
    batch: BatchFacts,
    people: Sequence[PersonFacts],
    tally: BatchTally,
    *,
    suspects: Collection[tuple[BatchKey, bytes]],
    can: Callable[[Operation], bool],
) -> BatchWork:
    """The work on one batch: header before people, and the submission only when all of it was read back equal."""
    needed = header_operation(batch)
    header = needed if needed and can(needed) and tally.offline > tally.held else None
    header_is_out = batch.header is not None and batch.header.out
    reachable = header is Operation.SAVE_BATCH or header_is_out or batch.mark_online is not None
    found = [PersonWork(fact.person, operation) for fact in people if (operation := person_operation(fact))]
    allowed = [work for work in found if (batch.key, work.person) not in suspects and can(work.operation)]
    return BatchWork(
        batch=batch.key,
        end=batch.end or date.max,
        header=header,
        people=tuple(allowed) if reachable else (),
        submit=can(Operation.SUBMIT) and _may_be_submitted(batch, people, tally),
    )


def header_operation(batch: BatchFacts) -> Operation | None:
    if batch.mark_offline == batch.mark_online or _waits(batch.header, batch.mark_offline):
        return None
    if batch.mark_online is None:
        return Operation.SAVE_BATCH if batch.mark_agreed is None else None
    return Operation.UPDATE_BATCH if batch.mark_online == batch.mark_agreed else None


def person_operation(fact: PersonFacts) -> Operation | None:
    """What one disagreeing person needs, if the bridge may write it at all."""
    if fact.offline is None or fact.held or _waits(fact.revision, fact.offline):
        return None
    if fact.online is None:
        return Operation.SAVE_PEOPLE if fact.agreed is None else None
    return Operation.UPDATE_PERSON if fact.online == fact.agreed else None


def _waits(revision: Revision | None, mark: bytes | None) -> bool:
    """Not yet decided, or decided against exactly these contents."""
    if revision is None:
        return False
    return revision.undecided or (revision.state is State.REFUSED and revision.mark == mark)


def _may_be_submitted(batch: BatchFacts, people: Sequence[PersonFacts], tally: BatchTally) -> bool:
    same = batch.mark_offline == batch.mark_online and not (batch.header and batch.header.undecided)
    whole = same and not people and not tally.damaged and tally.agreed > 0
    asked = batch.submission is not None and batch.submission.state not in _NOT_TAKEN
    return whole and batch.status is OnlineStatus.DRAFT and not asked
