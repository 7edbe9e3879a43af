"""One offline row as it lies in the journal, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from datetime import date
from typing import Any

import orjson

from adapters.journal.sealed import Seals, opened_json, sealed_json
from schemas.batch import Batch, BatchKey, Level
from schemas.identity import IdType
from schemas.roster import Category, Leader, Participant, Place, Problem, Rejection, Roster, Severity

PARTICIPANT, LEADER, DAMAGED = "participant", "leader", "damaged"

_ID_TYPES = {one.value: one for one in IdType}
_CATEGORIES = {
    one.value: one for one in Category
}  # a lookup costs a fraction of Category(value), and every row needs it

PersonKey = Callable[[str, str], bytes]

_SEALED = {kind: [field.name for field in fields(kind) if field.name != "where"] for kind in (Participant, Leader)}

INSERT_ROSTER = (
    "INSERT INTO roster (id, file, batch, sheet, row, level, base, start, end, declared) VALUES (?,?,?,?,?,?,?,?,?,?)"
)
INSERT_ROW = (
    "INSERT INTO row (file, sheet, row, kind, roster, batch, person, problems, sealed) VALUES (?,?,?,?,?,?,?,?,?)"
)


def roster_row(number: int, path: str, roster: Roster) -> tuple[object, ...]:
    batch, where = roster.batch, roster.where
    days = batch.start.isoformat(), batch.end.isoformat()
    return (
        number,
        path,
        str(batch.key),
        where.sheet,
        where.row,
        batch.level.value,
        batch.base,
        *days,
        roster.declared,
    )


def rows_of(
    number: int, path: str, roster: Roster, vault: Seals, person_key: PersonKey
) -> Iterator[tuple[object, ...]]:
    """Every row of one roster: participants, leaders, and those set aside."""
    key = str(roster.batch.key)
    for person in roster.people:
        mark = person_key(person.id_type, person.id_no)
        yield _row(path, person.where, PARTICIPANT, (number, key, mark), _sealed(vault, path, person))
    for leader in roster.leaders:
        yield _row(path, leader.where, LEADER, (number, key, None), _sealed(vault, path, leader))
    for rejection in roster.rejections:
        yield damaged_row(path, rejection, number, key)


def damaged_row(
    path: str, rejection: Rejection, number: int | None = None, key: str | None = None
) -> tuple[object, ...]:
    problems = problems_to_json(rejection.problems)
    return path, rejection.where.sheet, rejection.where.row, DAMAGED, number, key, None, problems, None


def _row(path: str, where: Place, kind: str, owner: tuple[int, str, bytes | None], sealed: bytes) -> tuple[object, ...]:
    return path, where.sheet, where.row, kind, *owner, "[]", sealed


def _sealed(vault: Seals, path: str, person: Participant | Leader) -> bytes:
    values = {field: getattr(person, field) for field in _SEALED[type(person)]}
    return sealed_json(vault, values, bound_to=_bound(path, person.where.sheet, person.where.row))


ROWS_OF_BATCH = (
    "SELECT roster, kind, file, sheet, row, sealed, problems FROM standing WHERE batch=? ORDER BY roster, id"
)


def roster_of(block: Any, rows: Iterable[Any], vault: Seals) -> Roster:
    """One block of the table `roster` with its rows as ROWS_OF_BATCH gives them, opened."""
    by_kind: dict[str, list[Any]] = {PARTICIPANT: [], LEADER: [], DAMAGED: []}
    for row in rows:
        by_kind[row[1]].append(row)
    key = BatchKey.parse(block.batch)
    days = date.fromisoformat(block.start), date.fromisoformat(block.end)
    return Roster(
        batch=Batch(key, Level(block.level), block.base, *days),
        where=Place(block.file, block.sheet, block.row),
        people=tuple(_participant(row[2], row[3], row[4], row[5], vault) for row in by_kind[PARTICIPANT]),
        leaders=tuple(_leader(row[2], row[3], row[4], row[5], vault) for row in by_kind[LEADER]),
        rejections=tuple(Rejection(place_of(row), problems_of_json(row.problems), key) for row in by_kind[DAMAGED]),
        declared=block.declared,
    )


def values_at(place: tuple[str, str, int], sealed: bytes, vault: Seals) -> dict[str, str]:
    """`place` is file, sheet and row."""
    values: dict[str, str] = opened_json(vault, sealed, bound_to=_bound(*place))
    return values


def _participant(file: str, sheet: str, number: int, sealed: bytes, vault: Seals) -> Participant:
    values = values_at((file, sheet, number), sealed, vault)
    return Participant(
        values["name"],
        _ID_TYPES[values["id_type"]],
        values["id_no"],
        values["phone"],
        values["unit"],
        _CATEGORIES[values["category"]],
        Place(file, sheet, number),
    )


def _leader(file: str, sheet: str, number: int, sealed: bytes, vault: Seals) -> Leader:
    return Leader(**values_at((file, sheet, number), sealed, vault), where=Place(file, sheet, number))


def place_of(row: Any) -> Place:
    """Where a row stands; the column is that of its first problem."""
    problems = orjson.loads(row.problems)
    column = next((problem["where"]["column"] for problem in problems if problem["where"]), "")
    return Place(row.file, row.sheet, row.row, column)


def _bound(file: str, sheet: str, number: int) -> str:
    return f"row|{file}|{sheet}|{number}"


def problems_to_json(problems: Iterable[Problem]) -> str:
    return orjson.dumps(tuple(problems)).decode()


def problems_of_json(text: str) -> tuple[Problem, ...]:
    return tuple(problem_of(problem) for problem in orjson.loads(text))


def problem_of(value: dict[str, Any]) -> Problem:
    where = Place(**value["where"]) if value["where"] else None
    return Problem(value["code"], Severity(value["severity"]), where, value["values"])
