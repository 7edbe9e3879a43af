"""Rows under named columns, as a database answers them → what they say, batch by batch."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal

from adapters.sources.blocks import Block
from adapters.sources.cells import text_of
from adapters.sources.facts import Facts
from adapters.sources.gathering import gather
from adapters.sources.grid import Cell, Grid, Row
from adapters.sources.header import Header, header_over
from adapters.sources.ledger import Task, note_region
from adapters.sources.marks import mark_of
from adapters.sources.people import Table
from schemas.header_words import Column
from schemas.roster import Problem, Reading, Rejection, Roster

_NAMES_A_BATCH = (Column.BATCH, Column.ORGANISER, Column.START, Column.PERIOD)
_SERIAL = re.compile(r"[1-9][0-9]{0,14}")


@dataclass(frozen=True, slots=True)
class Records:
    """Cells under their header, a row a person."""

    header: Header
    names: Row
    rows: list[Row] = field(repr=False)

    def digest(self) -> bytes:
        """SHA-256 over names and rows, in whatever order the rows came."""
        whole = hashlib.sha256(repr(self.names).encode())
        for row in sorted(map(repr, self.rows)):
            whole.update(row.encode())
        return whole.digest()

    def by_batch(self) -> Iterator[Grid]:
        """A grid a batch, called by what names it. Its rows go by their serial numbers, where all of them have one."""
        places = [at for column in _NAMES_A_BATCH if (at := self.header.at.get(column)) is not None]
        found: dict[str, list[Row]] = defaultdict(list)
        for row in self.rows:
            found[" ".join(text for at in places if (text := text_of(row[at])))].append(row)
        for called, rows in found.items():
            numbers = self._serials(rows)
            order = sorted(range(len(rows)), key=numbers.__getitem__) if numbers else range(len(rows))
            yield Grid(called, [rows[at] for at in order], numbers=tuple(sorted(numbers)))

    def _serials(self, rows: list[Row]) -> list[int]:
        at = self.header.at.get(Column.SERIAL)
        texts = [] if at is None else [text_of(row[at]) for row in rows]
        return [int(text) for text in texts] if all(map(_SERIAL.fullmatch, texts)) else []


def records(
    names: Sequence[str],
    rows: Iterable[Sequence[object]],
    columns: Mapping[Column, str],
    zone: tzinfo | None,
    *,
    aliases: Mapping[str, Column],
) -> Records | None:
    """None where no column is understood as the name, or one that `columns` names is not there.

    `columns` says which column holds what; the others are known by the federation's own words of headers, and the usual.
    """
    header = header_over(names, columns, aliases)
    if header is None:
        return None
    return Records(header, list(names), [[cell_of(value, zone) for value in row] for row in rows])


def cell_of(value: object, zone: tzinfo | None) -> Cell:
    """A value as a cell. Digits a database keeps exactly stay exact; those it has already lost stay a number.

    Integers and decimals (BIGINT, DECIMAL, NUMERIC) are exact however long, and become their digits as text: an id
    kept as one is whole. FLOAT, REAL and DOUBLE keep 15 digits like a spreadsheet: they stay floats, and an id of
    more digits is damaged. A moment with a zone is meant in `zone`; bytes that are no UTF-8 are an empty cell.
    """
    if value is None:
        return ""
    if isinstance(value, str | float | time | timedelta):
        return value
    if isinstance(value, datetime):
        return value.astimezone(zone).replace(tzinfo=None) if value.tzinfo else value
    if isinstance(value, date):
        return value
    if isinstance(value, Decimal):
        return str(int(value)) if value.is_finite() and value == value.to_integral_value() else str(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return _decoded(bytes(value))
    return str(value)


def _decoded(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return ""


def read_records(task: Task, found: Records) -> Reading:
    """The gate of sheets holds for batches: one whose mark is known is not read again."""
    marks: dict[str, str] = {}
    kept: set[str] = set()
    rosters: list[Roster] = []
    rejections: list[Rejection] = []
    notes: list[Problem] = []
    for grid in found.by_batch():
        marks[grid.sheet] = _mark(task, found, grid)
        if task.known.get(grid.sheet) == marks[grid.sheet]:
            kept.add(grid.sheet)
            continue
        block = Block(task.defaults, found.header, list(range(len(grid.rows))))
        table = Table(task.path, grid, found.header, aliases=task.aliases)
        for gathering in gather(block, table, task.saved_on, notes):
            if roster := gathering.roster(None):
                rosters.append(roster)
                note_region(notes, roster)
            else:
                rejections += gathering.rejections
    return Reading(task.path, tuple(rosters), tuple(rejections), tuple(notes), marks=marks, kept=frozenset(kept))


def _mark(task: Task, found: Records, grid: Grid) -> str:
    """Over the cells and the columns they were taken from."""
    said: list[Row] = [[column.value, at] for column, at in sorted(found.header.at.items())]
    rows = Grid(grid.sheet, [found.names, *said, *grid.rows])
    return mark_of(rows, Facts(), task.defaults, path=task.path, key=task.key, aliases=task.aliases)
