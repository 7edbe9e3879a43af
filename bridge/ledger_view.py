"""How the bridge understands a ledger, shown: as data for programs, as text for people. Ids and phones masked unless asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from schemas import catalogue
from schemas.identity import mask_id, mask_phone
from schemas.roster import Leader, Participant, Problem, Reading, Rejection, Roster
from schemas.texts import Language, T


def reading_as_data(reading: Reading, language: Language, *, reveal: bool) -> dict[str, object]:
    """The shape `read --json` documents in the README, one file of it."""
    return {
        "path": reading.path,
        "batches": [_batch(roster, reveal=reveal) for roster in reading.rosters],
        "refused": [refusal for rejection in _rejections(reading) for refusal in _refusals(rejection, language)],
        "notes": [_said(problem, language) for problem in reading.notes],
    }


def reading_as_text(reading: Reading, language: Language, *, reveal: bool) -> str:
    """A page: each batch with its facts and people, then every refusal with place, reason and next step."""
    return "\n".join([reading.path, *_lines(reading, language, reveal=reveal)])


def _lines(reading: Reading, language: Language, *, reveal: bool) -> Iterator[str]:
    for roster in reading.rosters:
        batch = roster.batch
        head = T(
            "  {title}: {start} to {end}, {base}; {people} people, {leaders} leaders, {refused} refused, 合计 {declared}",
            title=batch.key.title,
            start=batch.start,
            end=batch.end,
            base=batch.base,
            people=len(roster.people),
            leaders=len(roster.leaders),
            refused=len(roster.rejections),
            declared="-" if roster.declared is None else roster.declared,
        )
        yield head.into(language)
        for person in roster.people:
            shown = _person(person, reveal=reveal)
            yield "    {sheet} {row}  {name}  {id_no}  {phone}  {unit}  {category}".format_map(shown)
    for rejection in _rejections(reading):
        for refusal in _refusals(rejection, language):
            yield "  ✗ {sheet} {row} {column}: {message} {next}".format_map(refusal)
    for note in reading.notes:
        yield f"  · {_said(note, language)}"


def _batch(roster: Roster, *, reveal: bool) -> dict[str, object]:
    batch = roster.batch
    return {
        "name": batch.key.name,
        "level": batch.level.value,
        "organiser": batch.key.organiser,
        "base": batch.base,
        "start": batch.start.isoformat(),
        "end": batch.end.isoformat(),
        "leaders": [_leader(leader, reveal=reveal) for leader in roster.leaders],
        "people": [_person(person, reveal=reveal) for person in roster.people],
    }


def _person(person: Participant, *, reveal: bool) -> dict[str, object]:
    shown = asdict(person)
    where = shown.pop("where")
    if not reveal:
        shown["id_no"], shown["phone"] = mask_id(person.id_no), mask_phone(person.phone)
    return {**shown, "sheet": where["sheet"], "row": where["row"]}


def _leader(leader: Leader, *, reveal: bool) -> dict[str, object]:
    phone = leader.phone if reveal else mask_phone(leader.phone)
    return {
        "name": leader.name,
        "phone": phone,
        "unit": leader.unit,
        "sheet": leader.where.sheet,
        "row": leader.where.row,
    }


def _rejections(reading: Reading) -> Iterator[Rejection]:
    yield from reading.rejections
    for roster in reading.rosters:
        yield from roster.rejections


def _refusals(rejection: Rejection, language: Language) -> Iterator[dict[str, object]]:
    for problem in rejection.problems:
        place = problem.where or rejection.where
        entry = catalogue.problem(problem.code, language)
        yield {
            "sheet": place.sheet,
            "row": place.row,
            "column": place.column,
            "code": problem.code,
            "message": entry.say.format_map(problem.values),
            "next": entry.next_step,
        }


def _said(problem: Problem, language: Language) -> str:
    place = problem.where
    said = catalogue.problem(problem.code, language).say.format_map(problem.values)
    return f"{place.sheet} {place.row or ''} {said}".strip() if place else said
