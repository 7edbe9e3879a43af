"""The plain grid every ledger becomes before anybody asks what it means."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

Cell = str | int | float | bool | date | datetime | time | timedelta
Row = list[Cell]
Spot = tuple[int, int]  # row and column, counted from 0


def _none_unvalued() -> frozenset[Spot]:
    return frozenset()


@dataclass(frozen=True, slots=True)
class Looks:
    """What a sheet says without words. `struck` and `red` are cells that hold something; rows and columns count from 0."""

    struck: frozenset[Spot] = frozenset()
    red: frozenset[Spot] = frozenset()
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()


PLAIN = Looks()


@dataclass(frozen=True, slots=True)
class Grid:
    """One sheet: `rows[0]` is Excel's row 1, all rows are equally long, an empty cell is "".

    `knows_merges`: cells merged downwards are filled already; a text file cannot say which were.
    `unvalued` answers, at a price, which formula cells hold no value; in `rows` they look empty.
    `numbers` are what its rows go by where that is not their place: the keys of a database.
    """

    sheet: str
    rows: list[Row]
    knows_merges: bool = True
    unvalued: Callable[[], frozenset[Spot]] = _none_unvalued
    numbers: tuple[int, ...] = ()
    looks: Looks = PLAIN

    def number(self, row: int) -> int:
        """What staff know the row by, counted from 1; 0 above the first."""
        return self.numbers[row] if 0 <= row < len(self.numbers) else row + 1


@dataclass(frozen=True, slots=True)
class Sheets:
    """What a file holds: its visible sheets, one after the other, and the names of the hidden ones.

    `remarks` are codes of notes on the file as a whole. Taking the next sheet may raise Unreadable.
    """

    grids: Iterable[Grid]
    hidden: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


class Unreadable(Exception):
    """This file's bytes are no ledger: `code` of the problem and its values. Never leaves the room."""

    def __init__(self, code: str, **values: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.values: Mapping[str, str | int] = values


def squared(rows: list[Row]) -> list[Row]:
    """The same rows, each as long as the longest."""
    width = max(map(len, rows), default=0)
    return [row if len(row) == width else row + [""] * (width - len(row)) for row in rows]
