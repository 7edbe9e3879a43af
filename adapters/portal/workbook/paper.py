"""A sheet made for paper: A4, its header row on every page, page numbers; every cell a text."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from adapters.portal.workbook.template import MADE_AT
from schemas.texts import Language, T, Text

_FONT = {"font_name": "宋体", "font_size": 11, "valign": "vcenter"}
_BOXED = {**_FONT, "border": 1, "text_wrap": True, "num_format": "@"}
_LOOKS = {
    "title": {**_FONT, "font_size": 20, "bold": True, "align": "center"},
    "batch": {**_FONT, "font_size": 14, "bold": True, "align": "center"},
    "fact": {**_FONT, "align": "center", "text_wrap": True},
    "sign": {**_FONT, "valign": "bottom"},
    "head": {**_BOXED, "bold": True, "align": "center", "bg_color": "#E4E4E4"},
    "text": {**_BOXED, "indent": 1},
    "exact": {**_BOXED, "font_name": "Consolas", "align": "center"},
    "label": {**_BOXED, "font_size": 12, "bold": True, "indent": 1},
    "value": {**_BOXED, "font_size": 14, "indent": 1},
    "box": {**_BOXED, "font_size": 16, "align": "center"},
    "number": {**_BOXED, "align": "center"},
}
_HEIGHTS_PT = {"title": 34, "batch": 24, "fact": 22, "sign": 44}
_LINE_PT = 16
_INDENT = 2
_A4 = 9
_FOOTER_CHARACTERS = 60

Cell = tuple[str, str]
"""What stands there, and its look."""


@dataclass(slots=True)
class Paper:
    """Writes line after line, from the top."""

    sheet: Worksheet
    looks: dict[str, object]
    widths: Sequence[int]
    language: Language
    line: int = 0

    def across(self, text: Text | str, look: str) -> None:
        """One line over the whole width; its height follows from its look and its length."""
        told = text.into(self.language) if isinstance(text, Text) else text
        self.sheet.set_row(self.line, _HEIGHTS_PT[look] + _LINE_PT * (_lines(told, sum(self.widths)) - 1))
        self.sheet.merge_range(self.line, 0, self.line, len(self.widths) - 1, "", self.looks[look])
        self.sheet.write_string(self.line, 0, told, self.looks[look])
        self.line += 1

    def header(self, heads: Sequence[Text | str]) -> None:
        """The row that stands at the top of every page."""
        self.sheet.repeat_rows(self.line)
        self.sheet.freeze_panes(self.line + 1, 0)
        self.row([(head.into(self.language) if isinstance(head, Text) else head, "head") for head in heads])

    def row(self, cells: Sequence[Cell], *, least_pt: int = 25) -> None:
        lines = max(_lines(text, width - _INDENT) for (text, _), width in zip(cells, self.widths, strict=True))
        self.sheet.set_row(self.line, max(least_pt, _LINE_PT * lines + 6))
        for column, (text, look) in enumerate(cells):
            self.sheet.write_string(self.line, column, text, self.looks[look])
        self.line += 1


@contextmanager
def paper(
    out: io.BytesIO, widths: Sequence[int], *, batch: str, landscape: bool, language: Language
) -> Iterator[Paper]:
    """The xlsx file is in `out` when the block ends; `batch` stands in the footer."""
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        book.set_properties({"created": MADE_AT})
        sheet = book.add_worksheet(T("Entry check list").into(language))
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
        sheet.set_landscape() if landscape else sheet.set_portrait()
        sheet.set_paper(_A4)
        sheet.fit_to_pages(1, 0)
        sheet.center_horizontally()
        sheet.hide_gridlines(2)
        sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.8)
        sheet.set_footer(_footer(batch, language))
        yield Paper(sheet, {name: book.add_format(look) for name, look in _LOOKS.items()}, widths, language)


def _footer(batch: str, language: Language) -> str:
    left = batch[:_FOOTER_CHARACTERS].replace("&", "&&")
    page = T("page {page} of {pages}", page="&P", pages="&N").into(language)
    right = T("personal data: destroy after use").into(language)
    return f"&L{left}&C{page}&R{right}"


def _lines(text: str, width: int) -> int:
    """How many lines a text fills in so many characters; a Chinese one is two wide."""
    return sum(1 + max(0, len(line.encode("gb18030", "replace")) - 1) // max(1, width - 1) for line in text.split("\n"))
