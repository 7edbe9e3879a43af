"""Planning: what may be written now, from all that the journal knows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from bridge.house import House
from bridge.plan import plan
from bridge.suspects import Who, suspects
from schemas.batch import BatchKey
from schemas.journal import BatchFacts, PersonFacts
from schemas.plan import Plan
from schemas.revision import HEADER, SUBMISSION, Revision


def plan_now(
    house: House,
    *,
    only: Collection[BatchKey] | None = None,
    again: Sequence[tuple[BatchKey, bytes, Revision]] = (),
    without: Collection[Who] = (),
) -> Plan:
    """What may be written now; `again` are revisions to be taken for granted though the journal has not got them.

    `without` are people of whom no request can be made.
    """
    deliveries = house.journal.deliveries
    asked = {(batch, person): revision for batch, person, revision in again}
    people = [_person_as_if(fact, asked) for fact in deliveries.disagreeing()]
    return plan(
        [_batch_as_if(batch, asked) for batch in deliveries.batches()],
        people,
        deliveries.tallies(),
        suspects=suspects(house.journal, people).offline | frozenset(without),
        can=house.portal.can,
        today=house.clock.instant().at.date(),
        only=only,
    )


def _person_as_if(fact: PersonFacts, asked: Mapping[tuple[BatchKey, bytes], Revision]) -> PersonFacts:
    """As the journal would have it once the revisions are reopened."""
    again = asked.get((fact.batch, fact.person))
    return replace(fact, revision=again, agreed=fact.online and fact.agreed) if again else fact


def _batch_as_if(batch: BatchFacts, asked: Mapping[tuple[BatchKey, bytes], Revision]) -> BatchFacts:
    submission = asked.get((batch.key, SUBMISSION), batch.submission)
    again = asked.get((batch.key, HEADER))
    if again is None:
        return replace(batch, submission=submission)
    return replace(batch, header=again, submission=submission, mark_agreed=batch.mark_online and batch.mark_agreed)
