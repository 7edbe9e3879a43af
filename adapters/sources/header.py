"""Which row of a grid is its header, and what its columns hold."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cache

from adapters.sources.cells import text_of
from adapters.sources.grid import Row
from adapters.sources.roles import SPEAKING
from schemas.batch import Level
from schemas.header_words import Column, header_words, squeezed
from schemas.roster import ColumnTaken, Understood
from schemas.spreadsheet import letters

Meanings = Mapping[str, Column]
"""Headings, squeezed, that the settings explain."""

_REMARKS = re.compile(r"\([^()]*\)|[*:#]")
_NO_HEADING = re.compile(r"[\d:：]")
_ENOUGH = 3  # known columns make a header

PERSON = (
    Column.NAME,
    Column.ID_NO,
    Column.PHONE,
    Column.UNIT,
    *SPEAKING,
)
BATCH = (Column.BATCH, Column.ORGANISER, Column.LEVEL, Column.BASE, Column.PERIOD, Column.START, Column.END)


@dataclass(frozen=True, slots=True)
class Header:
    """`at`: where each column stands, counted from 0; `written`: its heading as staff wrote it.

    `person` and `batch` are the places of PERSON and BATCH, -1 where there is no such column. It begins in `row`
    (from 0) and is `depth` rows deep; `headings` are all of its cells. `levels` are the columns that count for one level,
    `again` those that hold names once more: a second list beside the first.
    """

    at: dict[Column, int]
    written: dict[Column, str]
    person: tuple[int, ...]
    batch: tuple[int, ...]
    depth: int
    row: int
    headings: Sequence[str]
    levels: Mapping[int, Level] = field(default_factory=dict)
    again: tuple[int, ...] = ()

    def title(self, column: Column) -> str:
        """The heading as written, or what the column is usually called."""
        return self.written.get(column) or header_words().columns[column][0]


def header_at(rows: Sequence[Row], index: int, aliases: Meanings) -> Header | None:
    """The header that begins in this row (of one or two levels), None when none does."""
    upper = _headings(rows[index])
    known = _columns(upper, aliases)
    if Column.NAME not in known or len(known) < _ENOUGH:
        return None
    lower = _headings(rows[index + 1]) if index + 1 < len(rows) else []
    if _continues(upper, lower, aliases):
        both = [under or over for over, under in zip(upper, lower, strict=True)]
        return _header(both, aliases, row=index, depth=2)
    return _header(upper, aliases, row=index, depth=1)


def understood(header: Header, sheet: str) -> Understood:
    """The header explained: the word that made each column what it is, and the headings nobody uses."""
    fields = {index: column for column, index in header.at.items()} | dict.fromkeys(header.levels, Column.QUOTA)
    taken = [
        ColumnTaken(letters(index), header.headings[index], column, _word(header.headings[index], column))
        for index, column in sorted(fields.items())
    ]
    unused = [(letters(at), text) for at, text in enumerate(header.headings) if text and at not in fields]
    return Understood(sheet, header.row + 1, header.depth, tuple(taken), tuple(unused))


def header_over(names: Sequence[str], columns: Mapping[Column, str], aliases: Meanings) -> Header | None:
    """The header that columns with these names make: by `columns` first, then by the words of headers or our own.

    None where nothing is the name of people, or `columns` speaks of a column that is not there.
    """
    if not set(columns.values()) <= set(names):
        return None
    own = {column.value: column for column in Column}
    headings = [header_words().columns[own[name.lower()]][0] if name.lower() in own else name for name in names]
    at = _columns(headings, aliases) | {column: names.index(name) for column, name in columns.items()}
    written = {column: names[index] for column, index in at.items()}
    return _placed(at, list(names), written, row=-1, depth=1) if Column.NAME in at else None


def form_header_at(
    rows: Sequence[Row], index: int, keys: AbstractSet[Column], beside: AbstractSet[Column], aliases: Meanings
) -> Header | None:
    """The header that begins in this row and names nobody, but one of `keys` and, where there are any, one of `beside`."""
    upper = _headings(rows[index])
    known = _columns(upper, aliases).keys()
    if Column.NAME in known or not known & keys:
        return None
    lower = _headings(rows[index + 1]) if index + 1 < len(rows) else []
    if _second_level(upper, lower, aliases, keys):
        header = _header(_summed(upper, lower, aliases), aliases, row=index, depth=2)
    else:
        header = _header(upper, aliases, row=index, depth=1)
    return header if header.at.keys() & keys and (not beside or header.at.keys() & beside) else None


def _continues(upper: list[str], lower: list[str], aliases: Meanings) -> bool:
    """Whether `lower` is the second level of a roster's header: one of its new headings must be known."""
    new = _second_level(upper, lower, aliases, {Column.NAME})
    return any(_meaning(under, aliases)[0] for under in new)


def _second_level(upper: list[str], lower: list[str], aliases: Meanings, keys: AbstractSet[Column]) -> list[str]:
    """The headings that are new in it, under key cells that are merged or empty; none where it is no second level."""
    pairs = list(zip(upper, lower, strict=False))
    new = [under for over, under in pairs if under not in ("", over)]
    merged = [under in ("", over) for over, under in pairs if _meaning(over, aliases)[0] in keys]
    return new if all(merged) and not any(map(_NO_HEADING.search, new)) else []


def _summed(upper: list[str], lower: list[str], aliases: Meanings) -> list[str]:
    """Both levels as one. A 小计 among the parts of a heading is what the heading itself speaks of."""
    words, above = header_words().lines, ""
    headings = []
    for over, under in zip(upper, lower, strict=True):
        above = over or above
        sums = squeezed(under) in (*words.total, *words.subtotal) and not _meaning(under, aliases)[0]
        headings.append(above if sums else under or over)
    return headings


def _headings(row: Row) -> list[str]:
    return [text_of(cell).replace("\n", "").replace("\r", "") if cell != "" else "" for cell in row]


def _columns(headings: list[str], aliases: Meanings) -> dict[Column, int]:
    """Where two headings mean the same, the earlier word of the list wins, then the column on the left."""
    best: dict[Column, tuple[int, int]] = {}
    for index, heading in enumerate(headings):
        column, rank = _meaning(heading, aliases)
        if column and (column not in best or rank < best[column][0]):
            best[column] = (rank, index)
    return {column: index for column, (_, index) in best.items()}


def _meaning(heading: str, aliases: Meanings) -> tuple[Column | None, int]:
    """What the settings call a column comes first."""
    plain = squeezed(heading)
    if aliases and plain in aliases:
        return aliases[plain], -1
    return _meanings().get(plain) or _meanings().get(_REMARKS.sub("", plain)) or (None, 0)


def _word(heading: str, column: Column) -> str:
    """The word of the list, or the heading itself where the settings explain it."""
    known, rank = _meaning(heading, {})
    return header_words().columns[column][rank] if known is column else heading


def _header(headings: list[str], aliases: Meanings, *, row: int, depth: int) -> Header:
    at = _columns(headings, aliases)
    return _placed(at, headings, {column: headings[index] for column, index in at.items()}, row=row, depth=depth)


def _placed(at: dict[Column, int], headings: list[str], written: dict[Column, str], *, row: int, depth: int) -> Header:
    person, batch = (tuple(at.get(column, -1) for column in columns) for columns in (PERSON, BATCH))
    again = tuple(
        index
        for index, heading in enumerate(headings)
        if index not in at.values() and squeezed(heading) == squeezed(written.get(Column.NAME, "-"))
    )
    return Header(at, written, person, batch, depth, row, headings, again=again)


@cache
def _meanings() -> dict[str, tuple[Column | None, int]]:
    return {
        squeezed(word): (column, rank)
        for column, words in header_words().columns.items()
        for rank, word in enumerate(words)
    }
