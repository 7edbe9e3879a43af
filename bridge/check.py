"""Check one roster: is it plausible, and does it fit the policy of the year.

A problem whose place is a person's concerns that person; the roster's own place concerns the whole batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from schemas.batch import Base, Batch
from schemas.catalogue import severity
from schemas.identity import birth_date, canonical_text
from schemas.policy import BaseLevel, BaseListed, Leaders, MaxDays, Participants, Policy, Rule, SeasonEnd
from schemas.roster import Participant, Place, Problem, Roster

_YOUNGEST, _OLDEST = 16, 75


def check(roster: Roster, *, policy: Policy, bases: Sequence[Base]) -> tuple[Problem, ...]:
    """Everything wrong with `roster`, the batch first, then its people in their order.

    Where no bases are configured the rules about bases say nothing.
    """
    known = {canonical_text(base.name): base for base in bases}
    batch_problems = [*_plausible_batch(roster), *_policy_of_batch(roster, policy, known)]
    people_problems = [*_plausible_people(roster), *_policy_of_people(roster, policy)]
    return (*batch_problems, *sorted(people_problems, key=lambda found: found.where.row if found.where else 0))


def _found(code: str, where: Place, **values: str | int) -> Problem:
    return Problem(code, severity(code), where, values)


def _plausible_batch(roster: Roster) -> Iterator[Problem]:
    batch, where = roster.batch, roster.where
    if batch.end < batch.start:
        yield _found("end_before_start", where)
    if {batch.start.year, batch.end.year} != {batch.key.year}:
        yield _found("year_differs", where)
    if not roster.people:
        yield _found("no_people", where)
    listed = len(roster.people) + sum(rejected.where.row > 0 for rejected in roster.rejections)
    if roster.declared not in (None, listed, listed + len(roster.leaders)):
        yield _found("declared_differs", where, declared=roster.declared or 0, listed=listed)


def _plausible_people(roster: Roster) -> Iterator[Problem]:
    first_seen: dict[tuple[str, str], Participant] = {}
    for person in roster.people:
        first = first_seen.setdefault((person.id_type, person.id_no), person)
        if first is not person:
            yield _found("same_id_twice", person.where, rows=str(first.where.row))
        age = _age(person, roster.batch)
        if age is not None and not _YOUNGEST <= age <= _OLDEST:
            yield _found("age_unusual", person.where)


def _age(person: Participant, batch: Batch) -> int | None:
    """Whole years on the first day; None where the document states no birth date."""
    born = birth_date(person.id_no)
    if born is None:
        return None
    return batch.start.year - born.year - ((batch.start.month, batch.start.day) < (born.month, born.day))


def _policy_of_batch(roster: Roster, policy: Policy, bases: Mapping[str, Base]) -> Iterator[Problem]:
    for rule in policy.rules:
        broken = _breach(rule, roster, bases)
        if broken is not None:
            yield Problem(rule.id, rule.severity, roster.where, broken)


def _policy_of_people(roster: Roster, policy: Policy) -> Iterator[Problem]:
    for rule in policy.rules:
        if isinstance(rule, Participants):
            for person in roster.people:
                if person.category not in rule.params.allowed:
                    yield Problem(rule.id, rule.severity, person.where)


def _breach(rule: Rule, roster: Roster, bases: Mapping[str, Base]) -> dict[str, str | int] | None:
    """The values of the rule's sentence where the batch breaks it, None where it does not."""
    batch = roster.batch
    base = bases.get(canonical_text(batch.base))
    match rule:
        case MaxDays(params=params):
            # A base nobody knows may lie outside the province: the wider limit raises no false alarm.
            limit = params.in_province if base and base.in_province else params.across
            return {"days": batch.days, "limit": limit} if batch.days > limit else None
        case SeasonEnd(params=params):
            due = params.in_year(batch.key.year)
            return {"due": due.isoformat()} if batch.end > due else None
        case Leaders(params=params):
            count, limit = len(roster.leaders), max(1, -(-len(roster.people) // params.people_per_leader))
            return {"count": count, "limit": limit} if count > limit else None
        case BaseListed():
            return {} if bases and base is None else None
        case BaseLevel(params=params):
            return {} if base and base.level not in params.allowed else None
        case Participants():
            return None
