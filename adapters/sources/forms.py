"""Which form a sheet without people is, and its rows: a unit summary, a quota table or a base list."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from adapters.sources.aliases import Aliases
from adapters.sources.blocks import Walk
from adapters.sources.cells import count_cell
from adapters.sources.facts import Facts
from adapters.sources.grid import Grid, Row
from adapters.sources.header import Header, form_header_at
from adapters.sources.lines import line_text, total_in
from schemas.forms import FormKind
from schemas.header_words import Column, header_words, squeezed

TOP_ROWS = 20  # a title stands in them
_AROUND_LEVEL = re.compile(r"\([^()]*\)|疗休养|计划|分配|名额|指标|人数|数$")


@dataclass(frozen=True, slots=True)
class Manner:
    """One of `keys` names a line, and `count` counts it. One of `beside` next to a key tells the form without a title."""

    keys: AbstractSet[Column]
    beside: AbstractSet[Column]
    count: Column | None


_MANNERS: Mapping[FormKind, Manner] = {
    FormKind.QUOTA_TABLE: Manner({Column.UNIT, Column.LEVEL}, {Column.QUOTA}, Column.QUOTA),
    FormKind.BASE_LIST: Manner({Column.BASE}, {Column.SITE, Column.BEDS}, None),
    FormKind.UNIT_SUMMARY: Manner({Column.UNIT}, {Column.HEADCOUNT}, Column.HEADCOUNT),
}


@dataclass(frozen=True, slots=True)
class FormBegun:
    """What a form is, by what its headings are called, and what must stand beside its key.

    `by_level`: not one column counts, but one for each of several levels.
    """

    kind: FormKind
    aliases: Aliases
    beside: AbstractSet[Column]
    by_level: bool = False

    @property
    def manner(self) -> Manner:
        return _MANNERS[self.kind]

    def header_at(self, rows: list[Row], index: int) -> Header | None:
        header = form_header_at(rows, index, self.manner.keys, self.beside, self.aliases.columns)
        return _by_level(header, self.aliases) if header and self.by_level else header

    def counting(self, header: Header) -> list[int]:
        """The places of the counts; none where such a form counts nothing."""
        return sorted(header.levels) or ([header.at[self.manner.count]] if self.manner.count else [])


def titled_like_form(text: str) -> bool:
    return bool(_titled(text))


def _titled(text: str) -> list[FormKind]:
    return [kind for kind, form in header_words().forms.items() if any(word in text for word in form.title)]


def form_begun(grid: Grid, aliases: Aliases) -> FormBegun | None:
    """The first header of a form: what stands above it goes before what its columns look like."""
    above = grid.sheet
    for index, row in enumerate(grid.rows[:TOP_ROWS]):
        for begun in _candidates(above, aliases):
            if begun.header_at(grid.rows, index):
                return begun
        above += line_text(row)
    return None


def _candidates(above: str, aliases: Aliases) -> Iterator[FormBegun]:
    """Where a title says what the form is, a key and a count are enough, and may be called by rarer words."""
    for kind in _titled(above):
        count = _MANNERS[kind].count
        own = {squeezed(word): column for column, words in header_words().forms[kind].columns.items() for word in words}
        words = replace(aliases, columns={**own, **aliases.columns})
        yield from (FormBegun(kind, one, {count} if count else set()) for one in (aliases, words))
        if kind is FormKind.QUOTA_TABLE:
            yield FormBegun(kind, words, set(), by_level=True)
    yield from (FormBegun(kind, aliases, manner.beside) for kind, manner in _MANNERS.items())


def _by_level(header: Header, aliases: Aliases) -> Header | None:
    """市级名额（人） counts for 市级. A lone level is no such table, nor is one with a column for all."""
    plain = ((at, _AROUND_LEVEL.sub("", squeezed(heading))) for at, heading in enumerate(header.headings))
    levels = {at: level for at, text in plain if (level := aliases.level(text))}
    return replace(header, levels=levels) if len(levels) > 1 and Column.QUOTA not in header.at else None


class FormWalk(Walk):
    """Down the rows of a form: an entry is a row that names what it speaks of, or counts something."""

    def __init__(self, grid: Grid, outer: Facts, begun: FormBegun) -> None:
        super().__init__(grid, outer, begun.aliases)
        self.begun = begun

    def header_at(self, index: int) -> Header | None:
        return self.begun.header_at(self.rows, index)

    def is_plainly_entry(self, header: Header, row: Row) -> bool:  # noqa: ARG002  # a form has few rows
        return False

    def is_entry(self, header: Header, filled: Mapping[int, str]) -> bool:
        """A lone cell on the left is a line of words, and below the tail a lone key or count is one too."""
        keyed = any(header.at.get(column) in filled for column in self.begun.manner.keys)
        counted = any(at in filled for at in self.begun.counting(header))
        if self.in_tail:
            return keyed and counted
        return counted or (keyed and (filled.keys() != {0} or len(header.at) == 1))

    def total_in(self, header: Header, row: Row) -> tuple[int | None, int]:
        """Under the headings of the counts, else anywhere in the line."""
        places = [at for at in self.begun.counting(header) if row[at] != ""]
        stated = [count for at in places if (count := count_cell(row[at])) is not None]
        return (sum(stated), places[0]) if stated and len(stated) == len(places) else total_in(row)
