"""Findings of people: those whose two sides disagree, and those who may stand online under another identity."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.compare import differences, shown, who_moved
from bridge.findings.view import Rules, View, batch_values, case_of_doubt, due_code
from schemas.batch import BatchKey
from schemas.finding import Case, Code, FieldDifference, Finding, Moved
from schemas.identity import scrub
from schemas.journal import PERSON_FIELDS, BatchFacts, Person, PersonFacts
from schemas.revision import State
from schemas.texts import Text


def of_people(view: View) -> Iterator[Finding]:
    """Every person whose sides disagree, unless the batch's own finding says it all."""
    offline_elsewhere = {fact.person: fact.batch for fact in view.people if fact.offline_only}
    yield from _of_suspects(view)
    suspected = view.suspects.offline | view.suspects.online
    for fact in view.people:
        if (fact.batch, fact.person) in suspected or said_by_the_batch(fact, view.batches[fact.batch], view.rules):
            continue
        if fact.batch in view.held and _is_offline_s(fact):
            continue  # whether it is so at all, somebody has to find out first
        elsewhere = offline_elsewhere.get(fact.person)
        yield _of_person(view, fact, elsewhere if elsewhere != fact.batch else None)


def _is_offline_s(fact: PersonFacts) -> bool:
    """Offline alone has moved since the agreement, or wants somebody new; nothing of it is on its way."""
    if fact.revision is not None and (fact.revision.undecided or fact.revision.state is State.REFUSED):
        return False
    return fact.online == fact.agreed


def said_by_the_batch(fact: PersonFacts, batch: BatchFacts, rules: Rules) -> bool:
    """A batch not entered or deleted online, or only online, or blocked, is one finding and not one for each person.

    So are its files that people carry. A row that came back in an error file is the person's own, wherever the batch is.
    """
    revision = fact.revision
    if rules.by_hand and revision is not None and revision.state is State.REFUSED and not fact.held:
        return batch.offline is None
    if not fact.online_only and revision is not None and revision.carried(by_hand=rules.by_hand):
        return True
    not_there = fact.online is None and batch.mark_online is None
    return not_there or batch.offline is None or (fact.held and fact.online is None)


def _of_person(view: View, fact: PersonFacts, elsewhere: BatchKey | None) -> Finding:
    if not fact.online_only and fact.revision is not None and fact.revision.undecided:
        case = case_of_doubt(fact.revision, view.rules)
        return _finding(view, fact, Code.OUTCOME_UNKNOWN, case=case, information=case is Case.VOUCHED)
    moved = who_moved(fact.offline, fact.online, fact.agreed)
    if moved is Moved.NEVER_AGREED:
        return _never_agreed(view, fact, elsewhere)
    code = Code.CHANGED_OFFLINE if moved is Moved.OFFLINE else Code.CHANGED_ONLINE
    return _finding(view, fact, code, moved=moved)


def _never_agreed(view: View, fact: PersonFacts, elsewhere: BatchKey | None) -> Finding:
    if fact.online is None:
        return _finding(view, fact, due_code(view, fact.batch))
    if fact.offline is not None:
        return _finding(view, fact, Code.FIELD_DIFFERS, moved=Moved.NEVER_AGREED)
    if elsewhere is not None:
        return _finding(view, fact, Code.BELONGS_ELSEWHERE, batch=elsewhere.title, other=fact.batch.title)
    return _finding(view, fact, Code.ONLY_ONLINE)


def _finding(
    view: View,
    fact: PersonFacts,
    code: Code,
    *,
    moved: Moved | None = None,
    evidence: tuple[Text, ...] = (),
    case: Case | None = None,
    information: bool = False,
    **values: str | int,
) -> Finding:
    """One person's finding, masked, with the fields that differ and the portal's own words."""
    person = view.opened[fact.batch, fact.person]
    known = person.offline or person.online or {}
    fields = _person_differences(person)
    return Finding(
        id=view.identify((code, str(fact.batch), fact.person.hex())),
        code=code,
        batch=fact.batch,
        person=fact.person.hex(),
        name=shown("name", known.get("name", "")),
        where=person.where,
        moved=moved,
        differences=fields,
        values={**batch_values(view, fact.batch), "count": sum(d.rule is None for d in fields), **values},
        evidence=evidence,
        words=scrub(person.words),
        unit=known.get("unit", ""),
        case=case,
        information=information,
    )


def _person_differences(person: Person) -> tuple[FieldDifference, ...]:
    if person.offline is None or person.online is None:
        return ()
    return differences(PERSON_FIELDS, person.offline, person.online, raw=person.raw or {}, agreed=person.agreed)


def _of_suspects(view: View) -> Iterator[Finding]:
    facts = {(fact.batch, fact.person): fact for fact in view.people}
    for batch, matches in view.suspects.of_batch.items():
        for pair in matches.pairs:
            evidence = tuple(clue.text for clue in pair.evidence)
            fact = facts[batch, bytes.fromhex(pair.offline)]
            yield _finding(view, fact, Code.MISTYPED_IDENTITY, evidence=evidence)
        for group in matches.ambiguous:
            for key in group.offline:
                yield _finding(view, facts[batch, bytes.fromhex(key)], Code.SEVERAL_CANDIDATES, count=len(group.online))
