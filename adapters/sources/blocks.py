"""A grid → blocks: the people's rows between one sub-title and the next, with the facts that hold for them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from adapters.sources.aliases import Aliases
from adapters.sources.cells import text_of
from adapters.sources.facts import Facts
from adapters.sources.grid import Grid, Row
from adapters.sources.header import BATCH, Header, header_at
from adapters.sources.lines import (
    TOTALS,
    Line,
    kind_of,
    line_text,
    stated_in_line,
    stated_in_subtitle,
    stated_in_title,
    states_facts,
    total_in,
)
from adapters.sources.totals import Total
from schemas.header_words import Column, squeezed
from schemas.roster import Origin, Told

_SHORTEST_ID = 15
_BEGINNING = 3  # cells in which 合计 stands
_TITLE_CELLS = 2
_TELLING = (Column.ID_NO, Column.NAME, Column.PHONE, Column.UNIT, Column.CATEGORY)
_MOST = 3
_SERIAL = re.compile(r"\d+(?:\.0)?|[一二三四五六七八九十]{1,3}")
_FILLED_DOWN = (Column.SERIAL, Column.SEX, Column.UNIT, *BATCH)


@dataclass(frozen=True, slots=True)
class Block:
    """`rows` counts from 0; `totals` are the 合计, 总计 and 小计 lines, in their order."""

    facts: Facts
    header: Header
    rows: list[int] = field(default_factory=list)
    totals: list[Total] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Split:
    """`ignored` are rows with words that are neither people nor anything else known; `headers` begin a table each."""

    blocks: list[Block]
    ignored: list[int]
    headers: list[Header]


def split(grid: Grid, outer: Facts, aliases: Aliases) -> Split:
    """`outer` are the facts that sheet, file and config state. No header: no blocks."""
    return Walk(grid, outer, aliases).down()


class Walk:
    """Down the rows of one sheet. `around` holds for all its blocks, `facts` for the block at hand.

    The last four methods say what a roster is; another kind of table has its own.
    """

    def __init__(self, grid: Grid, outer: Facts, aliases: Aliases) -> None:
        self.aliases = aliases
        self.rows = grid.rows
        self.blank: Row = [""] * len(grid.rows[0]) if grid.rows else []
        self.outer = self.around = self.facts = outer
        self.header: Header | None = None
        self.headers: list[Header] = []
        self.block: Block | None = None
        self.blocks: list[Block] = []
        self.ignored: list[int] = []
        self.seen_around: set[str] = set()
        self.seen: set[str] = set()
        self.in_tail = False

    def down(self) -> Split:
        index = 0
        while index < len(self.rows):
            index += self.step(index)
        return Split([block for block in self.blocks if block.rows], self.ignored, self.headers)

    def step(self, index: int) -> int:
        """Take one row; returns how many it used."""
        if self.rows[index] == self.blank:
            return 1
        if self.header and self.is_plainly_entry(self.header, self.rows[index]):
            self._open_block(self.header).rows.append(index)
            return 1
        if header := self.header_at(index):
            self._begin_table(header)
            return header.depth
        if self.header:
            self._between(self.header, index)
        else:
            self._above(line_text(self.rows[index]), Origin(Told.LINE, index + 1))
        return 1

    def _open_block(self, header: Header) -> Block:
        self.in_tail = False
        if self.block is None:
            self.block = Block(self.facts, header)
            self.blocks.append(self.block)
        return self.block

    def _begin_table(self, header: Header) -> None:
        """The same header again is only the next printed page."""
        if self.header is None or header.at != self.header.at:
            self.header = header
            self.headers.append(header)
            self.block = None

    def _above(self, text: str, origin: Origin) -> None:
        """A line above the first header."""
        kind = kind_of(text)
        if kind in (Line.BLANK, Line.TAIL):
            return
        if kind is Line.SUBTITLE:
            self.facts = self._subtitled(text, origin)
            self.seen.add(squeezed(text))
            return
        below_subtitle = self.facts != self.around
        if states_facts(text):
            self.facts = stated_in_line(text, self.facts, origin, self.aliases)
        else:
            self.facts = stated_in_title(text, self.facts, origin)
        self.around = self.around if below_subtitle else self.facts
        self.seen_around.add(squeezed(text))

    def _between(self, header: Header, index: int) -> None:
        """A row below the header that is not plainly a person."""
        row = self.rows[index]
        filled = {at: text for at, cell in enumerate(row) if (text := text_of(cell))}
        kinds = [kind_of(text) for text in list(filled.values())[:_BEGINNING]]
        if total := next((kind for kind in kinds if kind in TOTALS), None):
            self._open_block(header).totals.append(Total(total, *self.total_in(header, row), index + 1))
        elif kinds and kinds[0] is Line.TAIL:
            self.in_tail = True
        elif kinds and _is_heading(kinds[0], filled, header):
            self._heading(kinds[0], line_text(row), Origin(Told.LINE, index + 1))
        elif self.is_entry(header, filled):
            self._open_block(header).rows.append(index)
        elif not _is_prepared(header, filled) and not (self.in_tail and len(filled) == 1):
            self.ignored.append(index)

    def _heading(self, kind: Line, text: str, origin: Origin) -> None:
        """A title or label row between the people begins a new block, unless a printed page only repeats it."""
        plain = squeezed(text)
        if plain in self.seen | self.seen_around:
            return
        if kind is Line.STATEMENT:
            facts = stated_in_line(text, self.facts, origin, self.aliases)
            if facts.name != self.facts.name:
                self._forget_statements()
            self.seen.add(plain)
        elif kind is Line.SUBTITLE:
            facts = self._subtitled(text, origin)
            if "续" in plain and facts.name == self.facts.name:
                return
            self.seen = {plain}
        else:
            if "(续" in plain or stated_in_title(text, Facts()) == Facts():
                return
            facts = self.around = stated_in_title(text, self.outer, origin)
            self.seen, self.seen_around = set(), {plain}
        self.facts, self.block, self.in_tail = facts, None, False

    def _forget_statements(self) -> None:
        """Where a line has named another batch, the line of an earlier one coming back is no page's repetition."""
        self.seen, self.seen_around = (
            {line for line in seen if kind_of(line) is not Line.STATEMENT} for seen in (self.seen, self.seen_around)
        )

    def _subtitled(self, text: str, origin: Origin) -> Facts:
        facts = stated_in_subtitle(text, self.around, origin, self.aliases)
        return stated_in_line(text, facts, origin, self.aliases) if states_facts(text) else facts

    def header_at(self, index: int) -> Header | None:
        return header_at(self.rows, index, self.aliases.columns)

    def is_plainly_entry(self, header: Header, row: Row) -> bool:
        """At a glance: most rows are people, and need no closer look."""
        name, id_no = header.person[:2]
        found = row[id_no] if id_no >= 0 else ""
        return row[name] != "" and isinstance(found, str) and len(found) >= _SHORTEST_ID and found.isascii()

    def is_entry(self, header: Header, filled: Mapping[int, str]) -> bool:
        """Below the tail an id makes a person, or a name with most of what a row holds: names also sign."""
        has = {column for column in _TELLING if header.at.get(column) in filled}
        if self.in_tail:
            return Column.ID_NO in has or (Column.NAME in has and len(has) >= _MOST)
        return not has.isdisjoint((Column.ID_NO, Column.NAME, Column.PHONE))

    def total_in(self, header: Header, row: Row) -> tuple[int | None, int]:  # noqa: ARG002  # a head count may stand in any column
        return total_in(row)


def _is_heading(kind: Line, filled: dict[int, str], header: Header) -> bool:
    """第一批 in the column of batches is no sub-title, and a row of many cells no title."""
    if kind is Line.SUBTITLE:
        return next(iter(filled)) != header.at.get(Column.BATCH)
    return kind is Line.STATEMENT or (kind is Line.TITLE and len(filled) <= _TITLE_CELLS)


def _is_prepared(header: Header, filled: dict[int, str]) -> bool:
    """A row that waits for a person: numbered, or reached by a merged cell."""
    serial = filled.get(header.at.get(Column.SERIAL, -1), "1")
    counted = _SERIAL.fullmatch(squeezed(serial)) is not None
    return counted and filled.keys() <= {header.at.get(column) for column in _FILLED_DOWN}
