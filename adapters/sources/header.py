"""Which row of a grid is its header, and what its columns hold."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from adapters.ooxml.spans import letters
from adapters.sources.cells import text_of
from adapters.sources.grid import Row
from adapters.sources.roles import SPEAKING
from schemas.header_words import Column, header_words, squeezed
from schemas.roster import ColumnTaken, Understood

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
    (from 0) and is `depth` rows deep; `headings` are all of its cells.
    """

    at: dict[Column, int]
    written: dict[Column, str]
    person: tuple[int, ...]
    batch: tuple[int, ...]
    depth: int
    row: int
    headings: Sequence[str]

    def title(self, column: Column) -> str:
        """The heading as written, or what the column is usually called."""
        return self.written.get(column) or header_words().columns[column][0]


def header_at(rows: Sequence[Row], index: int) -> Header | None:
    """The header that begins in this row (of one or two levels), None when none does."""
    upper = _headings(rows[index])
    known = _columns(upper)
    if Column.NAME not in known or len(known) < _ENOUGH:
        return None
    lower = _headings(rows[index + 1]) if index + 1 < len(rows) else []
    if _continues(upper, lower):
        both = [under or over for over, under in zip(upper, lower, strict=True)]
        return _header(both, row=index, depth=2)
    return _header(upper, row=index, depth=1)


def understood(header: Header, sheet: str) -> Understood:
    """The header explained: the word that made each column what it is, and the headings nobody uses."""
    fields = {index: column for column, index in header.at.items()}
    taken = [
        ColumnTaken(letters(index), header.headings[index], column, _word(header.headings[index]))
        for index, column in sorted(fields.items())
    ]
    unused = [(letters(at), text) for at, text in enumerate(header.headings) if text and at not in fields]
    return Understood(sheet, header.row + 1, header.depth, tuple(taken), tuple(unused))


def is_unit_summary(row: Row) -> bool:
    """A header that counts heads per unit and names nobody."""
    found = _columns(_headings(row))
    return Column.NAME not in found and {Column.UNIT, Column.HEADCOUNT} <= found.keys()


def _continues(upper: list[str], lower: list[str]) -> bool:
    """Whether `lower` is the second level: a heading that is new, under a name cell that is merged or empty."""
    pairs = list(zip(upper, lower, strict=False))
    new = [under for over, under in pairs if under not in ("", over)]
    names = [under in ("", over) for over, under in pairs if _meaning(over)[0] is Column.NAME]
    return all(names) and any(_meaning(under)[0] for under in new) and not any(map(_NO_HEADING.search, new))


def _headings(row: Row) -> list[str]:
    return [text_of(cell).replace("\n", "").replace("\r", "") if cell != "" else "" for cell in row]


def _columns(headings: list[str]) -> dict[Column, int]:
    """Where two headings mean the same, the earlier word of the list wins, then the column on the left."""
    best: dict[Column, tuple[int, int]] = {}
    for index, heading in enumerate(headings):
        column, rank = _meaning(heading)
        if column and (column not in best or rank < best[column][0]):
            best[column] = (rank, index)
    return {column: index for column, (_, index) in best.items()}


def _meaning(heading: str) -> tuple[Column | None, int]:
    plain = squeezed(heading)
    return _meanings().get(plain) or _meanings().get(_REMARKS.sub("", plain)) or (None, 0)


def _word(heading: str) -> str:
    column, rank = _meaning(heading)
    return header_words().columns[column][rank] if column else ""


def _header(headings: list[str], *, row: int, depth: int) -> Header:
    at = _columns(headings)
    written = {column: headings[index] for column, index in at.items()}
    person, batch = (tuple(at.get(column, -1) for column in columns) for columns in (PERSON, BATCH))
    return Header(at, written, person, batch, depth, row, headings)


@cache
def _meanings() -> dict[str, tuple[Column | None, int]]:
    return {
        squeezed(word): (column, rank)
        for column, words in header_words().columns.items()
        for rank, word in enumerate(words)
    }
