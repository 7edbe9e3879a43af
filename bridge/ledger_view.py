"""How the bridge understands a ledger, shown: as data for programs, as lines for people. Ids and phones masked unless asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from bridge.form_view import form_as_data
from bridge.understood import cell_of, checksums_as_data, place_in_words, spot_of, stated_as_data, tables_as_data
from schemas.batch import Base
from schemas.identity import IdType, mask_id, mask_phone
from schemas.mark import Mark
from schemas.policy import Policy, said
from schemas.roster import Checksum, Leader, Participant, Place, Problem, Reading, Rejection, Roster, Severity
from schemas.spreadsheet import column_of
from schemas.texts import Language, T

_OF_TOTALS = frozenset(
    {"total_differs", "form_total_differs", "declared_differs"}
)  # these are marked where the total stands


@dataclass(frozen=True, slots=True)
class Sight:
    """How somebody wants to see ledgers. `policy` is None where no settings name one; `bases` are those of the settings."""

    language: Language
    reveal: bool
    policy: Policy | None = None
    bases: Sequence[Base] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """One ledger as read, and what checking found in each of its rosters, in their order."""

    reading: Reading
    checked: Sequence[Sequence[Problem]]

    @property
    def refused(self) -> bool:
        return next(_refusals(self), None) is not None


def as_data(seen: Seen, sight: Sight) -> dict[str, object]:
    """One file of the shape `read --json` documents in the README."""
    return {
        "path": seen.reading.path,
        "tables": tables_as_data(seen.reading),
        "batches": [_batch(roster, sight) for roster in seen.reading.rosters],
        "checksums": checksums_as_data(seen.reading),
        "forms": [form_as_data(form, sight.bases) for form in seen.reading.forms],
        "refused": [_refusal(seen, problem, place, sight) for problem, place in _refusals(seen)],
        "notes": [_note(seen, problem, sight) for problem in _notes(seen)],
    }


def heading(roster: Roster, sight: Sight) -> str:
    """The facts of one batch in a line, its counts in a second one."""
    batch = roster.batch
    facts = T(
        "{title} · {start} to {end} · {base}", title=batch.key.title, start=batch.start, end=batch.end, base=batch.base
    )
    counts = T(
        "{sheet}: people: {people}, leaders: {leaders}, rows set aside: {refused}, total row: {declared}",
        sheet=roster.where.sheet or "-",
        people=len(roster.people),
        leaders=len(roster.leaders),
        refused=len(roster.rejections),
        declared="-" if roster.declared is None else roster.declared,
    )
    return f"{facts.into(sight.language)}\n{counts.into(sight.language)}"


def people_rows(roster: Roster, sight: Sight) -> Iterator[tuple[str, Participant | Leader, str, str]]:
    """Row, person, id and phone, in the order of the sheet."""
    everybody: list[Participant | Leader] = [*roster.people, *roster.leaders]
    for one in sorted(everybody, key=lambda person: person.where.row):
        yield str(one.where.row), one, _id_no(one, sight), _phone(one, sight)


def refusal_lines(seen: Seen, sight: Sight) -> Iterator[tuple[str, str]]:
    """Each refusal with file, sheet, cell and reason, and what to do about it."""
    for problem, place in _refusals(seen):
        what, step = said(problem, sight.policy, sight.language)
        where = place_in_words(place, seen.reading.tables, sight.language)
        yield f"{' · '.join(filter(None, (_file_name(place.file), where)))} {what}".strip(), step


def note_lines(seen: Seen, sight: Sight) -> Iterator[str]:
    return (_note(seen, problem, sight) for problem in _notes(seen))


def marks(seen: Seen, sight: Sight) -> list[Mark]:
    """What is wrong or worth a look, each at its cell, in the words of staff."""
    found = [(problem, place, True) for problem, place in _refusals(seen)]
    found += [
        (note, note.where, False)
        for note in _notes(seen)
        if note.where
        and note.code not in _OF_TOTALS
        and (note.severity is Severity.EXPLAIN or cell_of(note.where, seen.reading.tables))
    ]
    cells = [_mark(seen, problem, place, sight, refused=refused) for problem, place, refused in found]
    return cells + [
        Mark(total.where.sheet, total.where.row, column_of(total.letter), _words(problem, sight), refused=False)
        for problem, total in _wrong_totals(seen)
    ]


def _mark(seen: Seen, problem: Problem, place: Place, sight: Sight, *, refused: bool) -> Mark:
    unknown = f"{place.column}: " if place.column and not cell_of(place, seen.reading.tables) else ""
    row, column = spot_of(place, seen.reading.tables)
    return Mark(place.sheet, row, column, unknown + _words(problem, sight), refused)


def _words(problem: Problem, sight: Sight) -> str:
    return "\n".join(filter(None, said(problem, sight.policy, sight.language)))


def _wrong_totals(seen: Seen) -> Iterator[tuple[Problem, Checksum]]:
    """A roster's own total is compared by checking, which settings need: here it needs none.

    A form says nothing of its sums while one of its counts is refused.
    """
    forms = {form.sheet for form in seen.reading.forms}
    told = {note.where: note for note in seen.reading.notes if note.code in _OF_TOTALS}
    for total in seen.reading.checksums:
        if total.agrees or not total.letter:
            continue
        if total.where in told:
            yield told[total.where], total
        elif total.where.sheet not in forms:
            values = {"declared": total.declared, "listed": total.counted}
            yield Problem("declared_differs", Severity.INFORM, total.where, values), total


def _batch(roster: Roster, sight: Sight) -> dict[str, object]:
    batch = roster.batch
    return {
        "name": batch.key.name,
        "level": batch.level.value,
        "organiser": batch.key.organiser,
        "base": batch.base,
        "start": batch.start.isoformat(),
        "end": batch.end.isoformat(),
        "stated": stated_as_data(roster.origins),
        "leaders": [_person(leader, sight) for leader in roster.leaders],
        "people": [_person(person, sight) for person in roster.people],
    }


def _person(person: Participant | Leader, sight: Sight) -> dict[str, object]:
    shown = asdict(person)
    where = shown.pop("where")
    if isinstance(person, Participant):
        shown["id_no"] = _id_no(person, sight)
    shown["phone"] = _phone(person, sight)
    return {**shown, "sheet": where["sheet"], "row": where["row"]}


def _id_no(person: Participant | Leader, sight: Sight) -> str:
    if isinstance(person, Leader):
        return ""
    return person.id_no if sight.reveal else mask_id(person.id_no)


def _phone(person: Participant | Leader, sight: Sight) -> str:
    return person.phone if sight.reveal else mask_phone(person.phone)


def _refusals(seen: Seen) -> Iterator[tuple[Problem, Place]]:
    """What was set aside when reading, then what checking blocks."""
    for rejection in _rejections(seen.reading):
        yield from ((problem, problem.where or rejection.where) for problem in rejection.problems)
    for roster, problems in zip(seen.reading.rosters, seen.checked, strict=True):
        yield from (
            (problem, problem.where or roster.where) for problem in problems if problem.severity is Severity.BLOCK
        )


def _rejections(reading: Reading) -> Iterator[Rejection]:
    yield from reading.rejections
    for roster in reading.rosters:
        yield from roster.rejections


def _notes(seen: Seen) -> Iterator[Problem]:
    yield from seen.reading.notes
    for problems in seen.checked:
        yield from (problem for problem in problems if problem.severity is not Severity.BLOCK)


def _refusal(seen: Seen, problem: Problem, place: Place, sight: Sight) -> dict[str, object]:
    what, step = said(problem, sight.policy, sight.language)
    return {
        "sheet": place.sheet,
        "row": place.row,
        "column": place.column,
        "cell": cell_of(place, seen.reading.tables),
        "code": problem.code,
        "message": what,
        "next_step": step,
    }


def _note(seen: Seen, problem: Problem, sight: Sight) -> str:
    what, _ = said(problem, sight.policy, sight.language)
    if problem.where is None:
        return what
    return f"{place_in_words(problem.where, seen.reading.tables, sight.language)} {what}".strip()


def _file_name(path: str) -> str:
    return path.rpartition("/")[2]


def is_resident(person: Participant | Leader) -> bool:
    return isinstance(person, Leader) or person.id_type is IdType.RESIDENT
