"""Where the rows and cells of a sheet's XML stand, in bytes: to change some and leave every other byte alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.parsers import expat  # `Package.parsed` has refused the part if it brings a DTD

from schemas.spreadsheet import MOST_COLUMNS, column_of

_TAG = re.compile(rb"""<(?:[^"'>]|"[^"]*"|'[^']*')*>""")
_REFERENCE = re.compile(r"([A-Z]+)([0-9]+)")


@dataclass(slots=True)
class Span:
    """Bytes from `start` to `end`; the start tag ends at `inside`."""

    start: int
    inside: int
    end: int = 0


@dataclass(slots=True)
class Cell:
    """`column` counts from 0."""

    column: int
    style: str
    span: Span
    formula: bool = False
    value: bool = False


@dataclass(slots=True)
class Row:
    """`number` counts from 1 as Excel shows it."""

    number: int
    span: Span
    cells: list[Cell] = field(default_factory=list)


@dataclass(slots=True)
class Layout:
    """A sheet's XML: `prefix` is that of its elements, with the colon; `column_styles` are by column from 0."""

    prefix: str = ""
    data: Span | None = None
    dimension: Span | None = None
    dimension_of: str = ""
    rows: list[Row] = field(default_factory=list)
    column_styles: dict[int, str] = field(default_factory=dict)
    merged: list[str] = field(default_factory=list)


def layout(xml: bytes) -> Layout:
    """Raises ValueError for XML that is broken or not in UTF-8."""
    reading = _Reading(xml)
    try:
        reading.parser.Parse(xml, True)
    except expat.ExpatError as error:
        raise ValueError(str(error)) from None
    if reading.found.data is None:
        raise ValueError("no sheetData")
    return reading.found


class _Reading:
    def __init__(self, xml: bytes) -> None:
        self.found = Layout()
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self._xml = xml
        self._row: Row | None = None
        self._cell: Cell | None = None

    def _start(self, tag: str, attributes: Mapping[str, str]) -> None:
        prefix, _, name = tag.rpartition(":")
        match name:
            case "sheetData":
                self.found.data = self._span()
                self.found.prefix = prefix + ":" if prefix else ""
            case "dimension":
                self.found.dimension, self.found.dimension_of = self._span(), attributes.get("ref", "")
            case "col" if "min" in attributes:  # an anchor of a drawing has a col and a row too
                for column in range(int(attributes["min"]) - 1, min(int(attributes["max"]), MOST_COLUMNS)):
                    self.found.column_styles[column] = attributes.get("style", "")
            case "mergeCell":
                self.found.merged.append(attributes.get("ref", ""))
            case "row" if self.found.data is not None and not self.found.data.end:
                last = self.found.rows[-1].number if self.found.rows else 0
                self._row = Row(int(attributes.get("r", last + 1)), self._span())
                self.found.rows.append(self._row)
            case "c" if self._row is not None:
                last = self._row.cells[-1].column if self._row.cells else -1
                column = place(attributes["r"])[0] if "r" in attributes else last + 1
                self._cell = Cell(column, attributes.get("s", ""), self._span())
                self._row.cells.append(self._cell)
            case "f" if self._cell is not None:
                self._cell.formula = True
            case "v" | "is" if self._cell is not None:
                self._cell.value = True

    def _end(self, tag: str) -> None:
        match tag.rpartition(":")[2]:
            case "sheetData" if self.found.data is not None:
                self.found.data.end = self._end_of(self.found.data)
            case "dimension" if self.found.dimension is not None:
                self.found.dimension.end = self._end_of(self.found.dimension)
            case "row" if self._row is not None:
                self._row.span.end = self._end_of(self._row.span)
                self._row = None
            case "c" if self._cell is not None:
                self._cell.span.end = self._end_of(self._cell.span)
                self._cell = None

    def _span(self) -> Span:
        start = self.parser.CurrentByteIndex
        return Span(start, end_of_tag(self._xml, start))

    def _end_of(self, span: Span) -> int:
        if self._xml.endswith(b"/>", span.start, span.inside):
            return span.inside
        return end_of_tag(self._xml, self.parser.CurrentByteIndex)


def end_of_tag(xml: bytes, at: int) -> int:
    """Where the tag that begins at `at` ends. Raises ValueError where none does: the parser counts in UTF-8."""
    tag = _TAG.match(xml, at)
    if tag is None:
        raise ValueError("not in UTF-8")
    return tag.end()


def place(reference: str) -> tuple[int, int]:
    """B3 → (1, 3): the column from 0, the row from 1. Raises ValueError."""
    found = _REFERENCE.fullmatch(reference.replace("$", ""))
    if found is None:
        raise ValueError(f"no cell: {reference}")
    return column_of(found[1]), int(found[2])


def area(reference: str) -> tuple[tuple[int, int], tuple[int, int]]:
    """A1:B3 → the two corners; one cell is its own area. Raises ValueError."""
    first, _, last = reference.partition(":")
    return place(first), place(last or first)
