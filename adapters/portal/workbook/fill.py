"""Rows of text put into one sheet of a template: outside these rows the sheet's XML stays byte for byte."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape  # escapes only, parses nothing

from adapters.ooxml.package import Package
from adapters.ooxml.spans import Cell, Layout, Row, Span, area, layout
from schemas.errors import SchemaDrift
from schemas.spreadsheet import letters
from schemas.texts import T

Line = Mapping[int, str]
"""One row: column from 0 → text."""

_NUMBER = re.compile(rb"""(\sr=)(["'])[0-9]+\2""")
_SPANS = re.compile(rb"""\sspans=(["'])[0-9: ]*\1""")
_VALUE = re.compile(rb"<(?:\w+:)?v>[^<]*</(?:\w+:)?v>|<(?:\w+:)?v\s*/>")
_CELL_TYPE = re.compile(rb"""\st=(["'])\w*\1""")
_LOOKS_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")


def filled(package: Package, part: str, lines: Sequence[Line], *, first_row: int, examples: range) -> bytes:
    """The whole file, `lines` standing from `first_row` on. Values in the rows `examples` are cleared.

    Every cell written is a text cell in the style the template gives its place. Raises SchemaDrift.
    """
    xml = package.get(part) or b""
    try:
        found = layout(xml)
        written = _Sheet(xml, found, dict(enumerate(lines, start=first_row)), examples).written()
    except ValueError:
        raise SchemaDrift(
            T("The sheet of the import template {file} cannot be filled in.", file=package.file)
        ) from None
    return package.with_part(part, written)


def not_to_be_filled(file: str) -> SchemaDrift:
    return SchemaDrift(T("The sheet of the import template {file} cannot be filled in.", file=file))


class _Sheet:
    def __init__(self, xml: bytes, found: Layout, lines: Mapping[int, Line], examples: range) -> None:
        self._xml = xml
        self._found = found
        self._lines = lines
        self._examples = examples
        self._old = {row.number: row for row in found.rows}
        self._model = self._old.get(min(lines, default=0)) or self._old.get(examples.start)

    def written(self) -> bytes:
        data = self._found.data
        if data is None:
            raise ValueError("no sheetData")
        head, tail = self._xml[: data.start], self._xml[data.end :]
        name = f"{self._found.prefix}sheetData".encode()
        tag = self._xml[data.start : data.inside].removesuffix(b"/>").removesuffix(b">").rstrip() + b">"
        body = tag + b"".join(self._rows(data)) + b"</" + name + b">"
        return self._head(head) + body + tail

    def _rows(self, data: Span) -> list[bytes]:
        """Every row in its order: ours, the examples cleared, all others as they were."""
        numbers = sorted({*self._old, *self._lines})
        rows, at = [], data.inside
        for number in numbers:
            old = self._old.get(number)
            if old is not None:
                rows.append(self._xml[at : old.span.start])  # white space between two rows
                at = old.span.end
            if number in self._lines:
                rows.append(self._line(number, self._lines[number], old))
            elif old is not None:
                rows.append(self._cleared(old) if number in self._examples else self._raw(old.span))
        closing = self._xml.rfind(b"</", at, data.end)
        return [*rows, self._xml[at:closing]] if closing >= at else rows

    def _line(self, number: int, line: Line, old: Row | None) -> bytes:
        model = old or self._model
        cells = {cell.column: cell for cell in model.cells} if model else {}
        columns = sorted({*cells, *line})
        body = b"".join(self._cell(number, column, line, cells.get(column), old is not None) for column in columns)
        return self._row_tag(number, model) + body + f"</{self._found.prefix}row>".encode()

    def _row_tag(self, number: int, model: Row | None) -> bytes:
        if model is None:
            return f'<{self._found.prefix}row r="{number}">'.encode()
        tag = _SPANS.sub(b"", self._xml[model.span.start : model.span.inside])
        tag = tag.removesuffix(b"/>").removesuffix(b">").rstrip()
        tag, count = _NUMBER.subn(rb"\g<1>\g<2>%d\g<2>" % number, tag, count=1)
        return tag + (b">" if count else b' r="%d">' % number)

    def _cell(self, number: int, column: int, line: Line, cell: Cell | None, here: bool) -> bytes:  # noqa: FBT001
        """`here`: the cell stands in this very row of the template; else it only says which style the place has."""
        if column not in line and cell is not None and here:
            return self._emptied(number, cell) if number in self._examples else self._raw(cell.span)
        style = cell.style if cell is not None else self._found.column_styles.get(column, "")
        return self._text(number, column, line.get(column, ""), style)

    def _text(self, number: int, column: int, text: str, style: str) -> bytes:
        prefix, styled = self._found.prefix, f' s="{style}"' if style else ""
        start = f'<{prefix}c r="{letters(column)}{number}"{styled}'
        if not text:
            return f"{start}/>".encode()
        told = escape(_LOOKS_ESCAPED.sub("_x005F_", text))
        inner = f'<{prefix}is><{prefix}t xml:space="preserve">{told}</{prefix}t></{prefix}is>'
        return f'{start} t="inlineStr">{inner}</{prefix}c>'.encode()

    def _cleared(self, row: Row) -> bytes:
        cells = b"".join(self._emptied(row.number, cell) for cell in row.cells)
        return self._row_tag(row.number, row) + cells + f"</{self._found.prefix}row>".encode()

    def _emptied(self, number: int, cell: Cell) -> bytes:
        """A formula stays and loses its last result; anything else leaves only its style."""
        if cell.formula:
            return _CELL_TYPE.sub(b"", _VALUE.sub(b"", self._raw(cell.span)), count=1)
        return self._text(number, cell.column, "", cell.style)

    def _raw(self, span: Span) -> bytes:
        return self._xml[span.start : span.end]

    def _head(self, head: bytes) -> bytes:
        """What stands before the rows, the sheet's dimension grown to what is now in it."""
        there = self._found.dimension
        if there is None or not self._lines or not any(self._lines.values()):
            return head
        (left, top), (right, bottom) = area(self._found.dimension_of)
        columns = [column for line in self._lines.values() for column in line]
        left, right = min(left, *columns), max(right, *columns)
        top, bottom = min(top, *self._lines), max(bottom, *self._lines)
        reference = f"{letters(left)}{top}:{letters(right)}{bottom}"
        tag = re.sub(rb"""(\sref=)(["'])[^"']*\2""", rb"\g<1>\g<2>%b\g<2>" % reference.encode(), self._raw(there))
        return head[: there.start] + tag + head[there.end :]
