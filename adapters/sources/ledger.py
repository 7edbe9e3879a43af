"""A file's sheets → what it says: the sequence in which a ledger is understood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import PurePosixPath

from adapters.sources.aliases import NO_ALIASES, Aliases
from adapters.sources.blocks import Block, Split, split
from adapters.sources.cells import text_of
from adapters.sources.facts import Facts
from adapters.sources.form_lines import FormSheet, read_form
from adapters.sources.forms import TOP_ROWS, titled_like_form
from adapters.sources.gathering import Gathering, fill_down, gather
from adapters.sources.grid import Grid, Sheets
from adapters.sources.header import BATCH, understood
from adapters.sources.likely import Remains, remains_of, with_likely
from adapters.sources.lines import line_text, stated_in_title
from adapters.sources.marks import mark_of
from adapters.sources.noticed import notes_on_looks
from adapters.sources.people import Table
from adapters.sources.problems import problem, rejection
from adapters.sources.totals import Total, declared_in
from adapters.sources.unit_counts import unit_counts_differ
from schemas.header_words import Column, header_words
from schemas.identity import IdType, unknown_region
from schemas.roster import Checksum, Origin, Place, Problem, Reading, Rejection, Roster, Told, Understood
from schemas.spreadsheet import letters


@dataclass(frozen=True, slots=True)
class Task:
    """One file to be read. `path` begins with the source's name; `defaults` hold where neither sheet nor path says.

    `known` are the marks of its sheets of last time, `key` is what marks are made with.
    """

    path: str
    saved_on: date
    defaults: Facts = field(default_factory=Facts)
    known: Mapping[str, str] = field(default_factory=dict)
    aliases: Aliases = NO_ALIASES
    key: bytes = field(default=b"", repr=False)


@dataclass(slots=True)
class _Said:
    """What has been understood so far of one file; `unknown` are the sheets without a header."""

    path: str
    marks: dict[str, str] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)
    rosters: list[Roster] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    unknown: list[Place] = field(default_factory=list)
    remains: dict[Place, Remains] = field(default_factory=dict)
    tables: list[Understood] = field(default_factory=list)
    checksums: list[Checksum] = field(default_factory=list)
    forms: list[FormSheet] = field(default_factory=list)

    def note(self, code: str, where: Place, **values: str | int) -> None:
        self.notes.append(problem(code, where, **values))

    def reject(self, code: str, where: Place) -> None:
        self.rejections.append(rejection(code, where))

    def take(self, form: FormSheet) -> None:
        self.forms.append(form)
        self.tables += [understood(header, form.form.sheet) for header in form.found.headers]
        self.checksums += form.checksums
        self.notes += form.notes
        self.rejections += form.rejections


def read_ledger(task: Task, sheets: Sheets) -> Reading:
    """Raises Unreadable where a sheet turns out to be damaged."""
    said = _Said(task.path)
    in_path = _stated_in_path(task.path, Facts(year=task.defaults.year))
    task = replace(task, defaults=task.defaults.told(Origin(Told.SETTINGS)))
    for grid in sheets.grids:
        stated = stated_in_title(grid.sheet, in_path, Origin(Told.SHEET))
        mark = mark_of(grid, stated, task.defaults, path=task.path, key=task.key, aliases=task.aliases)
        if task.known.get(grid.sheet) == mark:
            said.kept.add(grid.sheet)
        elif not _read_sheet(said, grid, stated, task):
            continue
        said.marks[grid.sheet] = mark
    for sheet in sheets.hidden:
        said.note("hidden_sheet", Place(task.path, sheet))
    if said.remains:
        said.rosters = with_likely(said.rosters, said.remains)
    if said.rosters and not said.rejections and not any(roster.rejections for roster in said.rosters):
        said.notes += unit_counts_differ(said.forms, said.rosters)
    _settle_unknown(said)
    for code in sheets.remarks:
        said.note(code, Place(task.path))
    return Reading(
        task.path,
        tuple(said.rosters),
        tuple(said.rejections),
        tuple(said.notes),
        marks=said.marks,
        kept=frozenset(said.kept),
        tables=tuple(said.tables),
        checksums=tuple(said.checksums),
        forms=tuple(sheet.form for sheet in said.forms),
    )


def _stated_in_path(path: str, outer: Facts) -> Facts:
    """Folders from the outside in, then the file's own name."""
    inside = PurePosixPath(path)
    for name in (*inside.parts[1:-1], inside.stem):
        outer = stated_in_title(name, outer, Origin(Told.PATH))
    return outer


def _read_sheet(said: _Said, grid: Grid, stated: Facts, task: Task) -> bool:
    """Whether it holds people."""
    found = split(grid, stated, task.aliases)
    said.tables += [understood(header, grid.sheet) for header in found.headers]
    if found.blocks:
        _read_blocks(said, grid, found, task)
    else:
        _explain_empty(said, grid, found, stated, task)
    return bool(found.blocks)


def _read_blocks(said: _Said, grid: Grid, found: Split, task: Task) -> None:
    gathered: list[list[Gathering]] = []
    for block in found.blocks:
        complete = replace(block, facts=block.facts.over(task.defaults))
        table = Table(said.path, grid, block.header, block.facts.unit, task.aliases)
        fill_down(block, table, (Column.UNIT, *BATCH), said.notes)
        gathered.append(gather(complete, table, task.saved_on, said.notes))
    for block, own in zip(found.blocks, gathered, strict=True):
        _keep_remains(said, grid, block, own)
    _hand_over(said, grid, found.blocks, gathered)
    for block in found.blocks:
        _reject_second_lists(said, grid, block)
    said.notes += notes_on_looks(said.path, grid, found.blocks)
    _note_year(said, grid, found, task.defaults.year)
    for index in found.ignored:
        said.note("line_ignored", Place(said.path, grid.sheet, index + 1))
    if any(Column.PHONE not in block.header.at for block in found.blocks):
        where = Place(said.path, grid.sheet)
        said.note("column_missing", where, column=header_words().columns[Column.PHONE][0])


def _reject_second_lists(said: _Said, grid: Grid, block: Block) -> None:
    """Two lists side by side under one header: nothing says which row of which list belongs to which batch."""
    for at in block.header.again:
        if rows := [row for row in block.rows if text_of(grid.rows[row][at])]:
            where = Place(said.path, grid.sheet, grid.number(rows[0]))
            said.rejections.append(rejection("second_list", where, column=letters(at), count=len(rows)))


def _keep_remains(said: _Said, grid: Grid, block: Block, gathered: list[Gathering]) -> None:
    for rejected in (one for gathering in gathered for one in gathering.rejections):
        if left := remains_of(rejected, grid, block.header):
            said.remains[rejected.where] = left


def _hand_over(said: _Said, grid: Grid, blocks: list[Block], gathered: list[list[Gathering]]) -> None:
    """Each batch with its own head count; a count over several batches is compared here."""
    declared = declared_in([block.totals for block in blocks])
    for own, total in zip(gathered, declared.of_blocks, strict=True):
        of_one = total.number if total and len(own) == 1 else None
        for gathering in own:
            roster = gathering.roster(of_one)
            if roster:
                said.rosters.append(roster)
                note_region(said.notes, roster)
            else:
                said.rejections += gathering.rejections
        checksum = _checksum(said, grid, total, own)
        if len(own) > 1:
            _compare_total(said, checksum)
    everybody = [one for own in gathered for one in own]
    _compare_total(said, _checksum(said, grid, declared.of_all, everybody))


def note_region(notes: list[Problem], roster: Roster) -> None:
    """Regions come and go: an unknown one is worth a word for each batch, and refuses nobody."""
    odd = (person for person in roster.people if person.id_type is IdType.RESIDENT and unknown_region(person.id_no))
    if first := next(odd, None):
        notes.append(problem("unknown_region", first.where))


def _checksum(said: _Said, grid: Grid, total: Total | None, counted: list[Gathering]) -> Checksum | None:
    """What is stated against what was counted; None where nothing is stated."""
    if total is None or total.number is None:
        return None
    where = Place(said.path, grid.sheet, total.row)
    listed, with_leaders = (sum(counts) for counts in zip(*(one.counts for one in counted), strict=True))
    said.checksums.append(Checksum(where, total.number, listed, with_leaders - listed, letters(total.at)))
    return said.checksums[-1]


def _compare_total(said: _Said, found: Checksum | None) -> None:
    if found and not found.agrees:
        said.note("total_differs", found.where, declared=found.declared, listed=found.counted)


def _explain_empty(said: _Said, grid: Grid, found: Split, stated: Facts, task: Task) -> None:
    """A sheet without people: blank, a roster nobody filled in, another form, or anything."""
    where = Place(said.path, grid.sheet)
    text = "".join(line_text(row) for row in grid.rows[:TOP_ROWS])
    if found.headers:
        said.note("no_rows", where)
    elif form := read_form(said.path, grid, stated, task.aliases):
        said.take(form)
        _note_year(said, grid, form.found, task.defaults.year)
    elif titled_like_form(text):
        said.reject("form_unread", where)
    elif text:
        said.unknown.append(where)


def _note_year(said: _Said, grid: Grid, found: Split, season: int | None) -> None:
    """A title or days of another year than the season: last year's form, with or without last year's people."""
    batches = {roster.batch.key.year for roster in said.rosters if roster.where.sheet == grid.sheet}
    stated = {year for block in found.blocks if (year := block.facts.year)}
    if season and (others := (stated | batches) - {season}):
        said.note("other_year", Place(said.path, grid.sheet), stated=min(others), season=season)


def _settle_unknown(said: _Said) -> None:
    """A sheet without a header is an aside next to a ledger, and the fault of a file that holds none."""
    beside_ledger = bool(said.rosters or said.rejections or said.kept or said.forms)
    for where in said.unknown:
        if beside_ledger:
            said.note("sheet_skipped", where)
        else:
            said.reject("header_not_found", where)
    if not (said.rosters or said.rejections or said.notes or said.kept):
        said.reject("header_not_found", Place(said.path))
