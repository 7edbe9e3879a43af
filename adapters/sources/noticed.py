"""Notes on how a sheet looks: what is hidden in it, and whose names stand in red. None of it keeps a row out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from adapters.sources.blocks import Block
from adapters.sources.grid import Grid
from adapters.sources.people import Table, is_red
from adapters.sources.problems import problem
from schemas.roster import Place, Problem
from schemas.spreadsheet import letters
from schemas.texts import first_of


def notes_on_looks(path: str, grid: Grid, blocks: Sequence[Block]) -> Iterator[Problem]:
    where = Place(path, grid.sheet)
    looks = grid.looks
    if rows := sorted(index for index in looks.hidden_rows if index < len(grid.rows) and any(grid.rows[index])):
        yield problem("hidden_rows", where, count=len(rows), rows=first_of([str(index + 1) for index in rows]))
    if columns := _hidden_columns(grid):
        yield problem("hidden_columns", where, count=len(columns), columns=first_of(list(map(letters, columns))))
    if looks.red and (red := list(_red_rows(path, grid, blocks))):
        yield problem("red_rows", where, count=len(red), rows=first_of(red))


def _hidden_columns(grid: Grid) -> list[int]:
    """Those that hold something."""
    width = len(grid.rows[0]) if grid.rows else 0
    hidden = sorted(at for at in grid.looks.hidden_columns if at < width)
    return [at for at in hidden if any(row[at] != "" for row in grid.rows)]


def _red_rows(path: str, grid: Grid, blocks: Sequence[Block]) -> Iterator[str]:
    """Nobody is set apart where all are red."""
    for block in blocks:
        table = Table(path, grid, block.header)
        red = [index for index in block.rows if is_red(table, index)]
        if len(red) < len(block.rows):
            yield from (str(index + 1) for index in red)
