"""Halt: what the brake keeps back of a plan, and what somebody has looked at and lets through, once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from bridge.brake import Sight, moved, signs
from bridge.house import House, Trouble
from schemas.batch import BatchKey
from schemas.brake import Held, Review, Sign
from schemas.journal import BatchFacts, BatchTally, PersonFacts
from schemas.plan import BatchWork, Plan

Kept = dict[BatchKey, tuple[Held, Review]]
"""What is held, and the review that would let it through."""


def let_go(house: House, trouble: Trouble, todo: Plan, *, run: int, whole: bool) -> Plan:
    """What of a plan may go on. A review is used up before the first byte of what it lets through; `whole`: all was planned.

    Raises JournalError.
    """
    kept = _kept(house, todo, known=trouble.held.keys() | trouble.reviewed)
    reviewed = {key: one for key, one in kept.items() if one[0].review in house.reviewed.hashes}
    if reviewed:
        used = {review: [sign.reason for sign in held.signs] for held, review in reviewed.values()}
        house.journal.reviews.use(used, run=run)
        trouble.reviewed |= reviewed.keys()
    trouble.held |= {key: held for key, (held, _) in kept.items() if key not in reviewed}
    trouble.weighed |= whole
    return Plan(tuple(work for work in todo.work if work.batch not in trouble.held), tuple(trouble.held.values()))


def held_now(house: House, todo: Plan) -> dict[BatchKey, Held]:
    """What the brake would keep back of this plan; and every ledger that is emptied, or of another year."""
    return {key: held for key, (held, _) in _kept(house, todo).items()}


def _kept(house: House, todo: Plan, *, known: Collection[BatchKey] = ()) -> Kept:
    """The cost is that of what is planned: nobody is opened of a batch with nothing to write, or of one `known` already."""
    work, journal = {one.batch: one for one in todo.work}, house.journal
    every = journal.deliveries.batches()
    facts = [batch for batch in every if batch.key not in known and (batch.key in work or _is_odd(house, batch))]
    if not facts:
        return {}
    people = defaultdict[BatchKey, list[PersonFacts]](list)
    for fact in journal.deliveries.disagreeing():
        people[fact.batch].append(fact)
    tallies, reviews = journal.deliveries.tallies(), journal.reviews.last()
    years, kept = {batch.key.year for batch in every}, dict[BatchKey, tuple[Held, Review]]()
    for batch in facts:
        times, review = reviews.get(batch.key, (0, None))
        sight = _sight(house, batch, tallies[batch.key], work.get(batch.key), people[batch.key], review)
        if sight.work and batch.mark_agreed is None and batch.key.year - 1 in years:
            sight = replace(sight, of_last_year=journal.reviews.of_last_year(batch.key))
        if found := signs(sight, house.brake, year=house.year):
            kept[batch.key] = _held(house, sight, found, times)
    return kept


def _is_odd(house: House, batch: BatchFacts) -> bool:
    """Emptied, or new and of another year: nothing is planned for either, and both are told of."""
    if not batch.ours:
        return False
    if batch.key.year != house.year:
        return batch.offline is not None and batch.mark_agreed is None
    return batch.offline is None or batch.offline["headcount"] == "0"


def _sight(
    house: House,
    batch: BatchFacts,
    tally: BatchTally,
    work: BatchWork | None,
    people: Sequence[PersonFacts],
    review: Review | None,
) -> Sight:
    changed = [fact for fact in people if moved(fact)]
    look = work is not None and len(changed) >= house.brake.least_people
    return Sight(
        work=work,
        facts=batch,
        tally=tally,
        people=people,
        opened=tuple(house.journal.people.open(changed).values()) if look else (),
        review=review,
    )


def _held(house: House, sight: Sight, found: Sequence[Sign], times: int) -> tuple[Held, Review]:
    batch, work, reviewed = sight.facts, sight.work, house.reviewed
    records = len(work.people) + (work.header is not None) + work.submit if work else 0
    held = Held(batch.key, tuple(found), records, house.identify(_content(sight, times)))
    at = house.clock.instant().at
    return held, Review(held.review, batch.key, reviewed.by, at, sight.now, batch.mark_offline, batch.mark_agreed)


def _content(sight: Sight, times: int) -> tuple[str, ...]:
    """Exactly this work on exactly these contents: what is reviewed and done has another hash when it comes again."""
    batch, facts = sight.facts, {fact.person: fact for fact in sight.people}
    header = (batch.mark_offline, batch.mark_online, batch.mark_agreed)
    asked: Mapping[bytes, str] = {one.person: one.operation for one in sight.work.people} if sight.work else {}
    rows = [f"{person.hex()} {asked.get(person, '-')} {_hex(fact.offline)}" for person, fact in sorted(facts.items())]
    what = str(sight.work.header or "-") if sight.work else ""
    return "review", str(batch.key), str(times), what, *map(_hex, header), *rows


def _hex(mark: bytes | None) -> str:
    return "-" if mark is None else mark.hex()
