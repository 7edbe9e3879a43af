"""What calamine does not say of an .ods sheet: its merged cells, its struck and red ones, its hidden rows and columns."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element, ParseError, iterparse

from adapters.ooxml.archive import UNREADABLE
from adapters.sources.grid import Looks, Spot, Unreadable
from schemas.spreadsheet import MOST_COLUMNS, MOST_ROWS

_OASIS = "{urn:oasis:names:tc:opendocument:xmlns:"
_TABLE, _STYLE, _OFFICE = f"{_OASIS}table:1.0}}", f"{_OASIS}style:1.0}}", f"{_OASIS}office:1.0}}"
_COLOR = f"{_OASIS}xsl-fo-compatible:1.0}}color"
_RED = frozenset({"#ff0000", "#c00000", "#c9211e"})
_HIDDEN = frozenset({"collapse", "filter"})
_MOST_REPEATED = 10_000  # rows or cells that say the same; what is repeated oftener is an empty rest

Merge = tuple[Spot, Spot]


@dataclass(slots=True)
class Shape:
    """One sheet: merged ranges from the first cell to the last, and its looks."""

    merges: list[Merge] = field(default_factory=list)
    struck: set[Spot] = field(default_factory=set)
    red: set[Spot] = field(default_factory=set)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)

    @property
    def looks(self) -> Looks:
        struck, red = frozenset(self.struck), frozenset(self.red)
        return Looks(struck, red, frozenset(self.hidden_rows), frozenset(self.hidden_columns))


def shapes_of(content: bytes) -> Mapping[str, Shape]:
    """By the sheets' names. Raises Unreadable."""
    walk = _Walk()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive, archive.open("content.xml") as stream:
            for event, element in iterparse(stream, ("start", "end")):  # noqa: S314  # one that declares entities was refused
                if event == "start":
                    walk.enter(element)
                else:
                    walk.leave(element)
    except (ParseError, *UNREADABLE):
        raise Unreadable("unreadable") from None
    return walk.shapes


class _Walk:
    """Down one content.xml. Styles stand before the tables that use them."""

    def __init__(self) -> None:
        self.shapes: dict[str, Shape] = {}
        self.struck: set[str] = set()
        self.red: set[str] = set()
        self.defaults: list[str] = []  # a column's style, where its cells name none
        self.shape = Shape()
        self.row = self.column = self.repeated = 0
        self.row_style = ""

    def enter(self, element: Element) -> None:
        if element.tag == f"{_TABLE}table":
            self.shape = self.shapes.setdefault(element.get(f"{_TABLE}name", ""), Shape())
            self.defaults, self.row = [], 0
        elif element.tag == f"{_TABLE}table-column":
            self._enter_column(element)
        elif element.tag == f"{_TABLE}table-row":
            self._enter_row(element)
        elif element.tag in (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
            self._enter_cell(element)

    def leave(self, element: Element) -> None:
        if element.tag == f"{_STYLE}style":
            self._learn(element)
        elif element.tag == f"{_TABLE}table-row":
            self.row += self.repeated
        if element.tag.startswith(_TABLE):
            element.clear()

    def _learn(self, style: Element) -> None:
        name = style.get(f"{_STYLE}name", "")
        for text in style.iter(f"{_STYLE}text-properties"):
            if text.get(f"{_STYLE}text-line-through-style", "none") != "none":
                self.struck.add(name)
            if text.get(_COLOR, "").lower() in _RED:
                self.red.add(name)

    def _enter_column(self, column: Element) -> None:
        first = len(self.defaults)
        count = min(_number(column, "number-columns-repeated"), MOST_COLUMNS - first)
        self.defaults += [column.get(f"{_TABLE}default-cell-style-name", "")] * count
        if column.get(f"{_TABLE}visibility") in _HIDDEN:
            self.shape.hidden_columns.update(range(first, first + count))

    def _enter_row(self, row: Element) -> None:
        self.column = 0
        self.repeated = min(_number(row, "number-rows-repeated"), MOST_ROWS)
        self.row_style = row.get(f"{_TABLE}default-cell-style-name", "")
        if row.get(f"{_TABLE}visibility") in _HIDDEN:
            self.shape.hidden_rows.update(self._rows())

    def _enter_cell(self, cell: Element) -> None:
        first, repeated = self.column, _number(cell, "number-columns-repeated")
        self.column += repeated
        last_row = self.row + _number(cell, "number-rows-spanned") - 1
        last_column = first + _number(cell, "number-columns-spanned") - 1
        if (last_row, last_column) != (self.row, first):
            self.shape.merges.append(((self.row, first), (last_row, last_column)))
        if f"{_OFFICE}value-type" in cell.attrib and repeated <= _MOST_REPEATED:
            for column in range(first, first + repeated):
                self._see(column, cell.get(f"{_TABLE}style-name") or self.row_style or self._default(column))

    def _see(self, column: int, style: str) -> None:
        if style in self.struck:
            self.shape.struck.update((row, column) for row in self._rows())
        if style in self.red:
            self.shape.red.update((row, column) for row in self._rows())

    def _default(self, column: int) -> str:
        return self.defaults[column] if column < len(self.defaults) else ""

    def _rows(self) -> Iterator[int]:
        return iter(range(self.row, self.row + min(self.repeated, _MOST_REPEATED)))


def _number(element: Element, name: str) -> int:
    text = element.get(f"{_TABLE}{name}", "1")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) <= len(str(MOST_ROWS)) else 1
