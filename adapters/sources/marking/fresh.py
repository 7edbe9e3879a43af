"""A new workbook that shows the visible cells of a ledger which is no .xlsx, with the marks."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from adapters.sources.cells import text_of
from adapters.sources.grid import Cell, Grid
from adapters.sources.marking.sheet import gathered
from adapters.sources.marking.styles import GROUNDS
from adapters.sources.understanding import sheets_of
from schemas.mark import Mark

_COLUMN_WIDTH = 16
_NAMELESS = "Sheet1"
_BOX = {"author": "lxy-bridge", "x_scale": 2, "y_scale": 2}


def fresh(content: bytes, marks: Sequence[Mark]) -> bytes:
    """Raises Unreadable.

    Cells are text, so that an id typed anew stays whole. A number stays a number: as text, one that has lost its
    digits would pass for an id.
    """
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        looks: dict[bool | None, object] = {None: book.add_format({"num_format": "@"})}
        looks |= {
            refused: book.add_format({"num_format": "@", "bg_color": f"#{colour}"})
            for refused, colour in GROUNDS.items()
        }
        for at, grid in enumerate(sheets_of(content).grids):
            own = gathered([mark for mark in marks if mark.sheet == grid.sheet or (not mark.sheet and at == 0)])
            _fill(book.add_worksheet(grid.sheet or _NAMELESS), grid, own, looks)
    return out.getvalue()


def _fill(sheet: Worksheet, grid: Grid, marks: Sequence[Mark], looks: Mapping[bool | None, object]) -> None:
    refused = {(mark.row - 1, mark.column): mark.refused for mark in marks}
    sheet.set_column(0, max(len(grid.rows[0]) - 1, 0) if grid.rows else 0, _COLUMN_WIDTH, looks[None])
    for spot in refused:
        sheet.write_blank(*spot, None, looks[refused[spot]])
    for row, cells in enumerate(grid.rows):
        for column, cell in enumerate(cells):
            _write(sheet, (row, column), cell, looks[refused.get((row, column))])
    for mark in marks:
        sheet.write_comment(mark.row - 1, mark.column, mark.text, _BOX)


def _write(sheet: Worksheet, spot: tuple[int, int], cell: Cell, look: object) -> None:
    if isinstance(cell, bool):
        sheet.write_boolean(*spot, cell, look)
    elif isinstance(cell, (int, float)):
        sheet.write_number(*spot, cell, look)
    elif cell == "":
        sheet.write_blank(*spot, None, look)
    else:
        sheet.write_string(*spot, cell if isinstance(cell, str) else text_of(cell), look)
