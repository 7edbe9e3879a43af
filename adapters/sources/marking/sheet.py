"""The cells of a sheet's XML that are marked get another style; a cell that was not there comes empty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from adapters.ooxml.outline import Edit, at_the_end, edited, with_attribute
from adapters.ooxml.spans import Layout, Row, Span, area, layout
from adapters.sources.marking.styles import Styles
from schemas.mark import Mark
from schemas.spreadsheet import letters

Spot = tuple[int, int]
"""Row from 1, column from 0."""


def gathered(marks: Sequence[Mark], merged: Sequence[str] = ()) -> list[Mark]:
    """One mark for each cell, by rows and columns. Where cells are `merged` only the first is seen: the mark moves there."""
    areas = [area(reference) for reference in merged]
    by_spot: dict[Spot, Mark] = {}
    for mark in marks:
        own = (mark.column, mark.row)
        left, top = next((first for first, last in areas if _within(own, first, last)), own)
        there = by_spot.get((top, left))
        text = "\n".join(dict.fromkeys([*(there.text.split("\n") if there else ()), *mark.text.split("\n")]))
        refused = mark.refused or (there is not None and there.refused)
        by_spot[top, left] = replace(mark, row=top, column=left, text=text, refused=refused)
    return [by_spot[spot] for spot in sorted(by_spot)]


def styles_of(xml: bytes, marks: Sequence[Mark]) -> set[tuple[str, bool]]:
    """The styles the marked cells have now, and on which ground each is needed."""
    found = layout(xml)
    rows = {row.number: row for row in found.rows}
    return {(_style(found, rows.get(mark.row), mark.column), mark.refused) for mark in marks}


def coloured(xml: bytes, marks: Sequence[Mark], styles: Styles) -> bytes:
    """`marks` are in the order of rows and columns. Raises ValueError."""
    found = layout(xml)
    rows = {row.number: row for row in found.rows}
    edits: list[Edit] = []
    for number in sorted({mark.row for mark in marks}):
        row = rows.get(number)
        own = {
            mark.column: styles[_style(found, row, mark.column), mark.refused] for mark in marks if mark.row == number
        }
        edits += _in_row(xml, found, row, own) if row else [_new_row(xml, found, number, own)]
    return edited(xml, edits)


def _in_row(xml: bytes, found: Layout, row: Row, own: dict[int, str]) -> list[Edit]:
    there = {cell.column: cell for cell in row.cells}
    edits = []
    for column in sorted(own.keys() & there.keys()):
        span = there[column].span
        edits.append((span.start, span.inside, with_attribute(xml[span.start : span.inside], "s", own[column])))
    at_end = b""
    for column in sorted(own.keys() - there.keys()):
        cell = _cell(found, row.number, column, own[column])
        after = next((cell.span.start for cell in row.cells if cell.column > column), None)
        if after is None:
            at_end += cell
        else:
            edits.append((after, after, cell))
    return [*edits, at_the_end(xml, row.span, at_end)] if at_end else edits


def _new_row(xml: bytes, found: Layout, number: int, own: dict[int, str]) -> Edit:
    cells = b"".join(_cell(found, number, column, style) for column, style in sorted(own.items()))
    row = f'<{found.prefix}row r="{number}">'.encode() + cells + f"</{found.prefix}row>".encode()
    after = next((row.span.start for row in found.rows if row.number > number), None)
    return (after, after, row) if after is not None else at_the_end(xml, _data(found), row)


def _cell(found: Layout, row: int, column: int, style: str) -> bytes:
    return f'<{found.prefix}c r="{letters(column)}{row}" s="{style}"/>'.encode()


def _style(found: Layout, row: Row | None, column: int) -> str:
    cell = next((cell for cell in row.cells if cell.column == column), None) if row else None
    return cell.style if cell else found.column_styles.get(column, "")


def _data(found: Layout) -> Span:
    if found.data is None:
        raise ValueError("no sheetData")
    return found.data


def _within(spot: Spot, first: Spot, last: Spot) -> bool:
    return all(low <= at <= high for low, at, high in zip(first, spot, last, strict=True))
