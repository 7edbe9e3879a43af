"""HTML saved as .xls → the plain grids of its tables, as Excel would show them. Nothing in it is loaded or run."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

from adapters.sources.delimited import decoded
from adapters.sources.grid import Cell, Grid, Looks, Row, Sheets, Spot, Unreadable, squared

_MOST_COLUMNS, _MOST_ROWS = 1_000, 65_534  # that one cell may span, as browsers clamp it
_DIGITS = 6  # of such a number
_SILENT = frozenset({"script", "style", "title", "xml", "noscript"})
_BREAKS = frozenset({"br", "p", "div", "h1", "h2", "h3", "h4", "tr", "li"})
_STRIKES = frozenset({"s", "strike", "del"})
_LINE_THROUGH = re.compile(r"line-through")
_NOT_SHOWN = re.compile(r"display\s*:\s*none")
_BLANKS = re.compile(r"[ \t\r\n\f]+")

Attributes = Mapping[str, str]


def read_markup(content: bytes) -> Sheets:
    """Raises Unreadable where there is no table."""
    page = _Page()
    page.feed(decoded(content))
    page.close()
    tables = [table for table in page.tables if table.rows]
    if not tables:
        raise Unreadable("unknown_form", found="HTML")
    return Sheets(tuple(table.grid("" if len(tables) == 1 else str(at)) for at, table in enumerate(tables, 1)))


@dataclass(slots=True)
class _Field:
    """One cell while it is read. `number` is what a spreadsheet wrote beside the text it shows."""

    columns: int = 1
    rows: int = 1
    number: str | None = None
    struck: bool = False
    texts: list[str] = field(default_factory=list)

    def cell(self) -> Cell:
        lines = (_BLANKS.sub(" ", line).strip(" ") for line in "".join(self.texts).split("\0"))
        text = "\n".join(filter(None, lines))
        if self.number is None:
            return text
        try:
            number = float(self.number or text)
        except ValueError:
            return text
        return number if math.isfinite(number) else text


@dataclass(slots=True)
class _Table:
    """`below`: column → rows yet to be reached from above, and the cell that reaches them."""

    rows: list[Row] = field(default_factory=list)
    below: dict[int, tuple[int, Cell]] = field(default_factory=dict)
    struck: set[Spot] = field(default_factory=set)
    hidden: set[int] = field(default_factory=set)
    field: _Field | None = None

    def begin_row(self, *, hidden: bool = False) -> None:
        self.end_field()
        self.rows.append([])
        if hidden:
            self.hidden.add(len(self.rows) - 1)

    def end_field(self) -> None:
        done, self.field = self.field, None
        if done is None:
            return
        self._reach()
        row, cell = self.rows[-1], done.cell()
        if done.struck and cell != "":
            self.struck.add((len(self.rows) - 1, len(row)))
        for at in range(done.columns):
            shown = "" if at else cell
            if done.rows > 1:
                self.below[len(row)] = (done.rows - 1, shown)
            row.append(shown)

    def end_row(self) -> None:
        self.end_field()
        self._reach()

    def _reach(self) -> None:
        """The next places of the row that a cell above has taken."""
        row = self.rows[-1]
        while taken := self.below.pop(len(row), None):
            left, cell = taken
            if left > 1:
                self.below[len(row)] = (left - 1, cell)
            row.append(cell)

    def grid(self, name: str) -> Grid:
        return Grid(name, squared(self.rows), looks=Looks(frozenset(self.struck), hidden_rows=frozenset(self.hidden)))


class _Page(HTMLParser):
    """A table within a table is one of its own. Words between tables become rows above the next one."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[_Table] = []
        self._open: list[_Table] = []
        self._loose: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        table = self._open[-1] if self._open else None
        if tag in _SILENT:
            self._silent += 1
        elif tag == "table":
            self._begin_table()
        elif table is None:
            self._loose += ["\0"] if tag in _BREAKS else []
        elif tag == "tr":
            table.begin_row(hidden=bool(_NOT_SHOWN.search(said.get("style", ""))))
        elif tag in ("td", "th", "caption"):
            self._begin_field(table, tag, said)
        elif table.field:
            table.field.struck |= tag in _STRIKES or _is_struck(said)
            table.field.texts += ["\0"] if tag in _BREAKS else []

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag == "table" and self._open:
            table = self._open.pop()
            if table.rows:
                table.end_row()
        elif self._open and self._open[-1].rows:
            if tag == "tr":
                self._open[-1].end_row()
            elif tag in ("td", "th", "caption"):
                self._open[-1].end_field()

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        if not self._open:
            self._loose.append(data)
        elif cell := self._open[-1].field:
            cell.texts.append(data)

    def _begin_table(self) -> None:
        table = _Table()
        lines = (_BLANKS.sub(" ", line).strip() for line in "".join(self._loose).split("\0"))
        table.rows += [[line] for line in lines if line]
        self._loose = []
        self.tables.append(table)
        self._open.append(table)

    def _begin_field(self, table: _Table, tag: str, said: Attributes) -> None:
        if tag == "caption" or not table.rows:
            table.begin_row()
        table.end_field()
        columns = min(_whole(said.get("colspan", "")), _MOST_COLUMNS)
        rows = min(_whole(said.get("rowspan", "")), _MOST_ROWS)
        table.field = _Field(columns, rows, said.get("x:num"), _is_struck(said))


def _is_struck(said: Attributes) -> bool:
    return bool(_LINE_THROUGH.search(said.get("style", "")))


def _whole(text: str) -> int:
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else 1
