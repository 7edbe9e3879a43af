"""From what the journal knows to findings, D01 to D22: of people, of batches, of rows.

Pure: it sees one `View` and gives the findings it holds, each with who moved, the fields, and the place offline.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bridge.compare import differences, shown, who_moved
from bridge.deadlines import DeadlineRule
from bridge.suspects import Suspects, Who
from schemas.batch import BatchKey
from schemas.finding import Code, FieldDifference, Finding, Moved
from schemas.identity import scrub
from schemas.journal import BATCH_FIELDS, PERSON_FIELDS, BatchFacts, Duplicate, Person, PersonFacts, SetAside
from schemas.portal import OnlineStatus
from schemas.report import Clock, ClockState
from schemas.revision import Revision
from schemas.roster import Problem, Severity
from schemas.texts import Text

Identify = Callable[[Sequence[str]], str]


@dataclass(frozen=True, slots=True)
class Rules:
    """What the federation has decided (domain.md 3) as far as it shapes findings."""

    deadline: DeadlineRule
    once_per_year: bool
    reviewed_online: bool


@dataclass(frozen=True, slots=True)
class View:
    """Everything reconciling looks at, at one moment. `identify` makes a finding's stable id from its parts."""

    now: datetime
    rules: Rules
    identify: Identify
    batches: Mapping[BatchKey, BatchFacts]
    clocks: Mapping[BatchKey, Clock]
    people: Sequence[PersonFacts]
    opened: Mapping[Who, Person]
    suspects: Suspects
    words: Callable[[str], str]


def of_people(view: View) -> Iterator[Finding]:
    """Every person whose sides disagree, unless the batch's own finding says it all."""
    offline_elsewhere = {fact.person: fact.batch for fact in view.people if fact.online is None}
    yield from _of_suspects(view)
    suspected = view.suspects.offline | view.suspects.online
    for fact in view.people:
        if (fact.batch, fact.person) in suspected or said_by_the_batch(fact, view.batches[fact.batch]):
            continue
        elsewhere = offline_elsewhere.get(fact.person)
        yield _of_person(view, fact, elsewhere if elsewhere != fact.batch else None)


def said_by_the_batch(fact: PersonFacts, batch: BatchFacts) -> bool:
    """A batch not entered or deleted online, or only online, or blocked, is one finding and not one for each person."""
    not_there = fact.online is None and batch.mark_online is None
    return not_there or batch.offline is None or (fact.held and fact.online is None)


def _of_person(view: View, fact: PersonFacts, elsewhere: BatchKey | None) -> Finding:
    if fact.offline is not None and fact.revision is not None and fact.revision.undecided:
        return person_finding(view, fact, Code.OUTCOME_UNKNOWN)
    moved = who_moved(fact.offline, fact.online, fact.agreed)
    if moved is Moved.NEVER_AGREED:
        return _never_agreed(view, fact, elsewhere)
    code = Code.CHANGED_OFFLINE if moved is Moved.OFFLINE else Code.CHANGED_ONLINE
    return person_finding(view, fact, code, moved=moved)


def _never_agreed(view: View, fact: PersonFacts, elsewhere: BatchKey | None) -> Finding:
    if fact.online is None:
        return person_finding(view, fact, _due_code(view.clocks.get(fact.batch)))
    if fact.offline is not None:
        return person_finding(view, fact, Code.FIELD_DIFFERS, moved=Moved.NEVER_AGREED)
    if elsewhere is not None:
        return person_finding(view, fact, Code.BELONGS_ELSEWHERE, batch=elsewhere.title, other=fact.batch.title)
    return person_finding(view, fact, Code.ONLY_ONLINE)


def person_finding(
    view: View,
    fact: PersonFacts,
    code: Code,
    *,
    moved: Moved | None = None,
    evidence: tuple[Text, ...] = (),
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
            yield person_finding(view, fact, Code.MISTYPED_IDENTITY, evidence=evidence)
        for group in matches.ambiguous:
            for key in group.offline:
                yield person_finding(
                    view, facts[batch, bytes.fromhex(key)], Code.SEVERAL_CANDIDATES, count=len(group.online)
                )


def of_batches(view: View) -> Iterator[Finding]:
    for batch in view.batches.values():
        if not batch.ours:
            yield batch_finding(view, batch, Code.NOT_OURS, unit=batch.key.organiser)
            continue
        yield from _of_header(view, batch)
        yield from _of_problems(view, batch)
        if _awaits_review(view, batch):
            yield batch_finding(view, batch, Code.REVIEW_OUTSTANDING)


def _of_header(view: View, batch: BatchFacts) -> Iterator[Finding]:
    if batch.header is not None and batch.offline is not None and batch.header.undecided:
        yield batch_finding(view, batch, Code.OUTCOME_UNKNOWN, words=batch.header)
    if batch.online is None and batch.offline is not None:
        gone = batch.mark_agreed is not None
        code = Code.CHANGED_ONLINE if gone else _due_code(view.clocks.get(batch.key))
        yield batch_finding(view, batch, code, words=batch.header, moved=Moved.ONLINE if gone else None)
    elif batch.offline is None and batch.online is not None:
        gone = batch.mark_agreed is not None
        code = Code.CHANGED_OFFLINE if gone else Code.ONLY_ONLINE
        yield batch_finding(view, batch, code, moved=Moved.OFFLINE if gone else None)
    elif batch.mark_offline != batch.mark_online:
        yield _header_differs(view, batch)


def _header_differs(view: View, batch: BatchFacts) -> Finding:
    offline, online = batch.offline or {}, batch.online or {}
    fields = differences(BATCH_FIELDS, offline, online, raw=online, agreed=batch.agreed)
    moved = who_moved(batch.mark_offline, batch.mark_online, batch.mark_agreed)
    return batch_finding(view, batch, Code.BATCH_DIFFERS, words=batch.header, moved=moved, fields=fields)


_SAID_ELSEWHERE = {"same_id_twice"}


def _of_problems(view: View, batch: BatchFacts) -> Iterator[Finding]:
    """What checking found: the head count of the 合计 row, and everything that blocks or asks for a reason."""
    for problem in batch.problems:
        if problem.code == "declared_differs":
            yield batch_finding(view, batch, Code.SUMMARY_DIFFERS, problem=problem)
        elif problem.severity is not Severity.INFORM and problem.code not in _SAID_ELSEWHERE:
            yield batch_finding(view, batch, Code.POLICY, problem=problem)


def batch_finding(
    view: View,
    batch: BatchFacts,
    code: Code,
    *,
    words: Revision | None = None,
    moved: Moved | None = None,
    fields: tuple[FieldDifference, ...] = (),
    problem: Problem | None = None,
    unit: str = "",
) -> Finding:
    """One batch's own finding."""
    place = f"{problem.code} {problem.where}" if problem else ""
    said = problem.values if problem else {}
    return Finding(
        id=view.identify((code, str(batch.key), place)),
        code=code,
        batch=batch.key,
        where=problem.where if problem else None,
        moved=moved,
        differences=fields,
        values={**batch_values(view, batch.key), "count": len(fields), "unit": unit, **said},
        problems=(problem,) if problem else (),
        words=scrub(view.words(words.serial)) if words else "",
        unit=unit or batch.key.organiser,
    )


def of_rows(view: View, set_aside: Sequence[SetAside]) -> Iterator[Finding]:
    """Every row, sheet or file that could not be taken."""
    for aside in set_aside:
        if aside.batch is not None and aside.batch in view.batches and not view.batches[aside.batch].ours:
            continue
        yield Finding(
            id=view.identify((Code.DAMAGED_ROW, aside.where.file, aside.where.sheet, str(aside.where.row))),
            code=Code.DAMAGED_ROW,
            batch=aside.batch,
            where=aside.where,
            values=batch_values(view, aside.batch) if aside.batch else {"batch": ""},
            problems=aside.problems,
            unit=aside.batch.organiser if aside.batch else "",
        )


def of_duplicates(
    view: View, code: Code, duplicates: Sequence[Duplicate], names: Mapping[Who, Person]
) -> Iterator[Finding]:
    times = Counter((again.batch, again.person) for again in duplicates)
    for again in duplicates:
        person = names.get((again.batch, again.person))
        known = (person.offline or person.online or {}) if person else {}
        where = again.where
        yield Finding(
            id=view.identify((code, str(again.batch), again.person.hex(), str(where))),
            code=code,
            batch=again.batch,
            person=again.person.hex(),
            name=shown("name", known.get("name", "")),
            where=where,
            values={
                **batch_values(view, again.batch),
                "rows": _rows(person, again),
                "count": 1 + times[again.batch, again.person],
            },
            unit=known.get("unit", ""),
        )


def _rows(person: Person | None, again: Duplicate) -> str:
    places = [person.where if person else None, again.where]
    return "、".join(f"{place.sheet}·{place.row}" for place in places if place)


def of_the_year(
    view: View, twice: Mapping[bytes, tuple[BatchKey, ...]], names: Mapping[Who, Person]
) -> Iterator[Finding]:
    """A person's second batch of the year is the finding, and each after it."""
    if not view.rules.once_per_year:
        return
    for person, keys in twice.items():
        ours = sorted((view.batches[key] for key in keys if key in view.batches), key=_by_start)
        for batch in ours[1:]:
            opened = names.get((batch.key, person))
            known = (opened.offline or {}) if opened else {}
            yield Finding(
                id=view.identify((Code.TWICE_IN_YEAR, str(batch.key), person.hex())),
                code=Code.TWICE_IN_YEAR,
                batch=batch.key,
                person=person.hex(),
                name=shown("name", known.get("name", "")),
                where=opened.where if opened else None,
                values={**batch_values(view, batch.key), "other": ours[0].key.title},
                unit=known.get("unit", ""),
            )


def _by_start(batch: BatchFacts) -> tuple[str, BatchKey]:
    return (batch.offline or {}).get("start", ""), batch.key


def of_the_run(view: View, failures: Sequence[Text], drift: Sequence[Text]) -> Iterator[Finding]:
    """Sources that could not be looked at, and a portal that answered in an unknown shape."""
    for code, texts in ((Code.SILENCE, failures), (Code.DRIFT, drift)):
        for text in texts:
            yield Finding(id=view.identify((code, str(text))), code=code, values={"batch": ""}, evidence=(text,))


def batch_values(view: View, key: BatchKey) -> dict[str, str | int]:
    """What the catalogue's sentences say of a batch: its title, the day it is due, the days it is late."""
    clock = view.clocks.get(key)
    if clock is None:
        return {"batch": key.title, "due": "-", "days": 0}
    late = (view.now.date() - clock.due).days
    return {"batch": key.title, "due": clock.due.isoformat(), "days": max(late, 0)}


def _due_code(clock: Clock | None) -> Code:
    return Code.OVERDUE if clock is not None and clock.state is ClockState.OVERDUE else Code.DUE


def _awaits_review(view: View, batch: BatchFacts) -> bool:
    reviewed = batch.status is OnlineStatus.REVIEWED
    return view.rules.reviewed_online and batch.entered_on is not None and not reviewed
