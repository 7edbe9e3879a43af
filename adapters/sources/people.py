"""One row of a table → a participant, a leader, or a rejection with all its problems at once."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date

from adapters.sources.aliases import NO_ALIASES, Aliases
from adapters.sources.cells import NameCell, id_cell, name_cell, phone_cell, text_of, unit_of
from adapters.sources.grid import Cell, Grid, Spot
from adapters.sources.header import Header
from adapters.sources.problems import problem
from adapters.sources.roles import calls_absent, role_said
from schemas.header_words import Column
from schemas.identity import IdType, id_fault, identify
from schemas.roster import Category, Leader, Participant, Place, Problem, Rejection, Severity

Person = Participant | Leader | Rejection

_NO_NAME = re.compile(r"[\d、,，;；/*?？]")
"""A number, an unreadable character, or two people in one cell."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under one header. `unit` is that of all their people when there is no such column."""

    file: str
    grid: Grid
    header: Header
    unit: str = ""
    aliases: Aliases = NO_ALIASES

    def place(self, row: int, column: Column | None = None) -> Place:
        return Place(self.file, self.grid.sheet, self.grid.number(row), self.header.title(column) if column else "")


@dataclass(slots=True)
class _Row:
    """One row while it is read, and what was found wrong so far."""

    table: Table
    index: int
    problems: list[Problem] = field(default_factory=list)

    def wrong(self, code: str, column: Column) -> None:
        self.problems.append(problem(code, self.table.place(self.index, column)))

    def missing(self, code: str, column: Column) -> None:
        """An empty cell, unless its formula merely holds no value."""
        at = self.table.header.at.get(column)
        unvalued = at is not None and (self.index, at) in self.table.grid.unvalued()
        self.wrong("formula_empty" if unvalued else code, column)


def read_person(table: Table, index: int, *, on: date, notes: list[Problem]) -> Person:
    """The row as a value; what is odd about an accepted one is added to `notes`. `on` is a day of the batch."""
    cells = table.grid.rows[index]
    name, id_no, phone, unit, *speaking = [cells[at] if at >= 0 else "" for at in table.header.person]
    row = _Row(table, index)
    if _is_among(table.grid.looks.struck, table.header, index):
        row.wrong("row_struck", Column.NAME)
    for column in (Column.SERIAL, Column.REMARK):
        if (at := table.header.at.get(column, -1)) >= 0 and calls_absent(cells[at]):
            row.wrong("row_absent", column)
    who = _name(row, name)
    kin, leads = role_said(who.note, *speaking)
    if kin:
        row.wrong("family_member", kin)
    elif leads:
        return _finished(row, Leader(who.name, phone_cell(phone).digits, _unit(table, unit), table.place(index)), notes)
    id_type, number = _identity(row, id_no, on)
    group = _category(row, speaking[0], family=kin is not None)
    digits = _phone(row, phone)
    home = _unit(table, unit)
    if not home:
        row.missing("unit_missing", Column.UNIT)
    return _finished(row, Participant(who.name, id_type, number, digits, home, group, table.place(index)), notes)


def is_red(table: Table, index: int) -> bool:
    """Whether the name or the id stands in red."""
    return _is_among(table.grid.looks.red, table.header, index)


def _is_among(spots: frozenset[Spot], header: Header, index: int) -> bool:
    return bool(spots) and any((index, at) in spots for at in header.person[:2])


def _finished(row: _Row, person: Participant | Leader, notes: list[Problem]) -> Person:
    if row.problems and any(found.severity is Severity.BLOCK for found in row.problems):
        return Rejection(person.where, tuple(row.problems))
    notes += row.problems
    return person


def _name(row: _Row, cell: Cell) -> NameCell:
    found = name_cell(cell)
    if not found.name:
        row.missing("name_missing", Column.NAME)
    elif not found.name.isalpha() and _NO_NAME.search(found.name):
        row.wrong("name_format", Column.NAME)
    return found


def _identity(row: _Row, cell: Cell, on: date) -> tuple[IdType, str]:
    """A resident's where it is wrong: the row is then refused."""
    found = id_cell(cell)
    if not found.text and not found.damaged:
        row.missing("id_missing", Column.ID_NO)
        return IdType.RESIDENT, ""
    fault = "id_damaged" if found.damaged else id_fault(found.text, on=on)
    id_type = None if fault else identify(found.text)
    if id_type is None:
        row.wrong(fault or "id_characters", Column.ID_NO)
    return id_type or IdType.RESIDENT, found.text


def _category(row: _Row, cell: Cell, *, family: bool) -> Category:
    """Any where it is wrong: the row is then refused. The cell's own words may be about health: they stay here."""
    text = text_of(cell)
    found = row.table.aliases.category(text)
    if not text:
        row.missing("category_missing", Column.CATEGORY)
    elif found is None and not family:
        row.wrong("unknown_category", Column.CATEGORY)
    return found or Category.SKILLED


def _phone(row: _Row, cell: Cell) -> str:
    """A table without any phones is remarked on once, not in every row."""
    digits, odd = phone_cell(cell)
    if odd and Column.PHONE in row.table.header.at:
        row.wrong("phone_format", Column.PHONE)
    return digits


def _unit(table: Table, cell: Cell) -> str:
    """The unit of the lines above speaks only where no column does."""
    name = unit_of(text_of(cell)) if Column.UNIT in table.header.at else table.unit
    return table.aliases.unit(name)
