"""Which form a sheet without people is, and its rows: a unit summary, a quota table or a base list."""

from __future__ import annotations

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
    """What a form is, by what its headings are called, and what must stand beside its key."""

    kind: FormKind
    aliases: Aliases
    beside: AbstractSet[Column]

    @property
    def manner(self) -> Manner:
        return _MANNERS[self.kind]

    def header_at(self, rows: list[Row], index: int) -> Header | None:
        return form_header_at(rows, index, self.manner.keys, self.beside, self.aliases.columns)


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
        for columns in (aliases.columns, {**own, **aliases.columns}):
            yield FormBegun(kind, replace(aliases, columns=columns), {count} if count else set())
    yield from (FormBegun(kind, aliases, manner.beside) for kind, manner in _MANNERS.items())


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
        count = self.begun.manner.count
        counted = count is not None and header.at.get(count) in filled
        if self.in_tail:
            return keyed and counted
        return counted or (keyed and (filled.keys() != {0} or len(header.at) == 1))

    def total_in(self, header: Header, row: Row) -> int | None:
        """Under the heading of the counts, else anywhere in the line."""
        count = self.begun.manner.count
        stated = count_cell(row[header.at[count]]) if count else None
        return total_in(row) if stated is None else stated
