"""A form's rows → its lines, its total rows held against them, and what is said of the sheet. Nothing is entered from one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from adapters.sources.aliases import Aliases
from adapters.sources.blocks import Block, Split
from adapters.sources.cells import count_cell, text_of
from adapters.sources.facts import Facts
from adapters.sources.forms import FormBegun, FormWalk, form_begun
from adapters.sources.gathering import fill_down, stated_in_cells
from adapters.sources.grid import Grid
from adapters.sources.header import BATCH
from adapters.sources.people import Table
from adapters.sources.problems import problem, rejection
from adapters.sources.totals import Total, declared_in
from schemas.forms import BaseLine, BaseList, Form, FormKind, QuotaLine, QuotaTable, UnitLine, UnitSummary
from schemas.header_words import Column, header_words
from schemas.identity import canonical_text
from schemas.roster import Checksum, Place, Problem, Rejection
from schemas.spreadsheet import letters


@dataclass(frozen=True, slots=True)
class FormSheet:
    """A form as read. `counts` are the cells of its lines' counts, in their order; `rejections` the counts nobody understands."""

    form: Form
    found: Split
    counts: list[Place]
    notes: list[Problem]
    rejections: list[Rejection]
    checksums: list[Checksum]


@dataclass(frozen=True, slots=True)
class _Entry:
    """One row of a form, or one count of it that stands at `at`; `count` is 0 where the form counts nothing."""

    table: Table
    block: Block
    index: int
    count: int = 0
    at: int = -1

    @property
    def number(self) -> int:
        return self.table.grid.number(self.index)

    @property
    def place(self) -> Place:
        """Of the count."""
        return replace(self.table.place(self.index), column=self.block.header.headings[self.at])

    @property
    def level(self) -> str:
        """Of the count, where its heading says it."""
        level = self.block.header.levels.get(self.at)
        return header_words().levels[level][0] if level else self.text(Column.LEVEL)

    def text(self, column: Column) -> str:
        at = self.block.header.at.get(column)
        return "" if at is None else canonical_text(text_of(self.table.grid.rows[self.index][at]))


@dataclass(slots=True)
class _Said:
    notes: list[Problem] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    checksums: list[Checksum] = field(default_factory=list)


def read_form(path: str, grid: Grid, outer: Facts, aliases: Aliases) -> FormSheet | None:
    """`outer` are the facts that sheet, file and settings state. None where no form's header is found."""
    begun = form_begun(grid, aliases)
    if begun is None:
        return None
    found, said = FormWalk(grid, outer, begun).down(), _Said()
    tables = [Table(path, grid, block.header, aliases=aliases) for block in found.blocks]
    by_block = [list(_entries(said, *each, begun)) for each in zip(tables, found.blocks, strict=True)]
    entries = [entry for own in by_block for entry in own]
    form = _FORMS[begun.kind](grid.sheet, entries)
    whole = Place(path, grid.sheet)
    if begun.manner.count:
        _check_sums(said, whole, [block.totals for block in found.blocks], by_block)
    said.notes.append(_introduced(form, whole))
    return FormSheet(form, found, [entry.place for entry in entries], said.notes, said.rejections, said.checksums)


def _entries(said: _Said, table: Table, block: Block, begun: FormBegun) -> Iterator[_Entry]:
    """The lines of one block. A unit without a count states nothing; a count that is no number, or nobody's, is refused."""
    counting = begun.counting(block.header)
    if not counting:
        yield from (_Entry(table, block, index) for index in block.rows)
        return
    cells = {(index, at): table.grid.rows[index][at] for index in block.rows for at in counting}
    unvalued = table.grid.unvalued() if "" in cells.values() else frozenset()
    counted = replace(block, rows=sorted({index for (index, _), cell in cells.items() if cell != ""}))
    fill_down(counted, table, (Column.UNIT, *BATCH), said.notes)
    for (index, at), cell in cells.items():
        count = count_cell(cell)
        entry = _Entry(table, block, index, count or 0, at)
        if cell == "" and (index, at) in unvalued:
            said.rejections.append(rejection("formula_empty", entry.place))
        elif cell != "" and (count is None or not any(map(entry.text, begun.manner.keys))):
            said.rejections.append(rejection("count_unclear", entry.place))
        elif cell != "":
            yield entry


def _unit_summary(sheet: str, entries: Sequence[_Entry]) -> UnitSummary:
    return UnitSummary(sheet, tuple(map(_unit_line, entries)))


def _unit_line(entry: _Entry) -> UnitLine:
    facts = stated_in_cells(entry.block, entry.index, entry.table.grid.rows[entry.index], entry.table.aliases)
    unit = entry.table.aliases.unit(entry.text(Column.UNIT))
    return UnitLine(entry.number, unit, entry.count, facts.name, facts.base, facts.start, facts.end)


def _quota_table(sheet: str, entries: Sequence[_Entry]) -> QuotaTable:
    lines = [QuotaLine(entry.number, entry.count, entry.text(Column.UNIT), entry.level) for entry in entries]
    return QuotaTable(sheet, tuple(lines), next((entry.block.facts.year for entry in entries), None))


def _base_list(sheet: str, entries: Sequence[_Entry]) -> BaseList:
    columns = (Column.BASE, Column.LEVEL, Column.PROVINCE, Column.SITE, Column.VALIDITY)
    return BaseList(sheet, tuple(BaseLine(entry.number, *map(entry.text, columns)) for entry in entries))


_FORMS: Mapping[FormKind, Callable[[str, Sequence[_Entry]], Form]] = {
    FormKind.UNIT_SUMMARY: _unit_summary,
    FormKind.QUOTA_TABLE: _quota_table,
    FormKind.BASE_LIST: _base_list,
}


def _introduced(form: Form, where: Place) -> Problem:
    """What this sheet is, and how much of it was read."""
    if isinstance(form, UnitSummary):
        return problem(form.kind.value, where, units=len({line.unit for line in form.lines}), people=form.people)
    if isinstance(form, QuotaTable):
        return problem(form.kind.value, where, lines=len({line.row for line in form.lines}), quota=form.quota)
    return problem(form.kind.value, where, bases=len(form.lines))


def _check_sums(
    said: _Said, where: Place, totals: Sequence[Sequence[Total]], by_block: Sequence[Sequence[_Entry]]
) -> None:
    """Each total row against the lines it sums up. Where a count was refused the sums say nothing new."""
    if not totals:
        return
    declared = declared_in(totals)
    pairs = [
        *zip(declared.of_blocks, by_block, strict=True),
        (declared.of_all, [one for own in by_block for one in own]),
    ]
    for total, entries in pairs:
        if total is None or total.number is None:
            continue
        row = Place(where.file, where.sheet, total.row)
        found = Checksum(row, total.number, sum(entry.count for entry in entries), letter=letters(total.at))
        said.checksums.append(found)
        if not found.agrees and not said.rejections:
            said.notes.append(problem("form_total_differs", row, declared=found.declared, listed=found.counted))
