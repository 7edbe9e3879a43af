"""The report as a workbook for people who live in Excel: every text is a text, nothing is a formula."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from io import BytesIO
from itertools import islice
from typing import TypeVar

from xlsxwriter import Workbook
from xlsxwriter.exceptions import XlsxWriterException
from xlsxwriter.worksheet import Worksheet

from adapters.render import labels, words
from adapters.render.columns import (
    BATCHES_PRINTED,
    DIFFERENCES_PRINTED,
    TO_DO_PRINTED,
    Cell,
    Column,
    batch_columns,
    difference_columns,
    found_fields,
    to_do_columns,
)
from adapters.render.verdict import verdict
from schemas.errors import RunError
from schemas.finding import Bucket
from schemas.report import Report
from schemas.texts import Language, T, Text

Row = TypeVar("Row")

ROWS_MAX = 100_000
"""Rows a sheet; what is left out is counted in its last line."""

_CELL_MAX = 32_000  # Excel takes 32,767 characters
_LINE_PT = 14
_HEIGHTS_PT = {"verdict": 32, "section": 22, "head": 20}
_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
_FONT = {"font_name": "微软雅黑", "font_size": 10, "valign": "top"}
_BOXED = {**_FONT, "text_wrap": True, "border": 1, "border_color": "#DFE3E8"}
_DAY = {"num_format": "yyyy-mm-dd", "align": "left"}
_FORMATS = {
    "head": {**_BOXED, "bold": True, "font_color": "#FFFFFF", "bg_color": "#3C4654", "align": "center"},
    "plain": _BOXED,
    "urgent": {**_BOXED, "bold": True, "font_color": "#B42318"},
    "watch": {**_BOXED, "bold": True, "font_color": "#8A5200"},
    "day": {**_BOXED, **_DAY},
    "count": {**_BOXED, "align": "center"},
    "strong": {**_BOXED, "bold": True, "bg_color": "#EEF1F4"},
    "total": {**_BOXED, "bold": True, "bg_color": "#EEF1F4", "align": "center"},
    "free": _FONT,
    "verdict": {**_FONT, "bold": True, "font_size": 18},
    "section": {**_FONT, "bold": True, "font_size": 12},
}


def workbook(report: Report, language: Language) -> bytes:
    """An xlsx file, the same bytes for the same report. Raises RunError where its temporary files have no room."""
    try:
        return _workbook(report, language)
    except (OSError, XlsxWriterException) as error:
        text = T("The report's workbook cannot be made: no temporary file can be written ({kind}).", kind=_kind(error))
        raise RunError(text) from error


def _kind(error: Exception) -> str:
    """Xlsxwriter wraps the system's error, or passes it on."""
    cause = error if isinstance(error, OSError) else next((one for one in error.args if isinstance(one, OSError)), None)
    return (cause.strerror if cause else None) or type(error).__name__


def _workbook(report: Report, language: Language) -> bytes:
    out = BytesIO()
    with Workbook(out, _OPTIONS) as book:
        book.set_properties(
            {"title": words.printable(report.federation), "created": report.made_at.replace(tzinfo=None)}
        )
        pen = _Pen(book, language)
        to_do = words.by_hours_left(report.to_do)
        pen.table(T("To do"), "#B42318", to_do_columns(language), to_do, TO_DO_PRINTED)
        differences = found_fields(report.items, language)
        pen.table(T("Differences"), "#B26B00", difference_columns(language), differences, DIFFERENCES_PRINTED)
        pen.table(T("Batches"), "#3C5A78", batch_columns(), report.batches, BATCHES_PRINTED)
        pen.page(T("Summary"), "#1E6B4F", (34, 18, 18, 34), _summary(report, language))
    return out.getvalue()


Line = tuple[str, Sequence[Cell]]
"""A line of the summary: the name of its format, and its cells."""


def _summary(report: Report, language: Language) -> Iterable[Line]:
    found = verdict(report)
    yield "verdict", (found.headline(language),)
    yield "free", (report.federation,)
    yield "free", (T("Business date {day}", day=words.day(report.business_date).into(language)),)
    notices: tuple[Cell, ...] = (*found.details, *report.banners)
    for notice in notices:
        yield "free", (notice,)
    yield "free", ()
    yield "section", (T("Where every row went"),)
    yield "head", (T("Went to"), T("Offline"), T("Online"))
    yield from _buckets(report)
    yield "strong", (T("Total"), report.offline.rows, report.online.rows)
    yield "plain", (T("Data as of"), words.moment(report.offline.as_of), words.moment(report.online.as_of))
    yield "free", (words.conservation(T("Offline"), report.offline, language),)
    yield "free", (words.conservation(T("Online"), report.online, language),)
    if report.settled:
        yield "free", ()
        yield "section", (T("Settled since the last report"),)
        yield "head", (T("Finding"), T("Name"), T("First seen"), T("Batch"))
    for item in report.settled[:ROWS_MAX]:
        yield "plain", (f"{item.code} {item.title}", item.name, item.first_seen.date(), item.batch)


def _buckets(report: Report) -> Iterable[Line]:
    for bucket in Bucket:
        counts = (report.offline.buckets.get(bucket, 0), report.online.buckets.get(bucket, 0))
        if any(counts):
            yield "plain", (labels.BUCKETS[bucket], *counts)


class _Pen:
    """Writes sheets into one book, in one language."""

    def __init__(self, book: Workbook, language: Language) -> None:
        self._book = book
        self._language = language
        self._formats = {name: book.add_format(look) for name, look in _FORMATS.items()}

    def table(self, name: Text, colour: str, columns: Sequence[Column[Row]], rows: Iterable[Row], printed: int) -> None:
        """A header that stays, a filter over it, a line for each row; the first `printed` columns go on paper."""
        widths = [column.width for column in columns]
        sheet = self._sheet(name, colour, widths)
        self._line(sheet, 0, [(column.head, "head") for column in columns], widths)
        remaining, last = iter(rows), 0
        for last, row in enumerate(islice(remaining, ROWS_MAX), start=1):
            self._line(sheet, last, [(column.cell(row), column.accent(row)) for column in columns], widths)
        if left_out := sum(1 for _ in remaining):
            self._line(sheet, last + 1, [(T("{count} more rows are not shown", count=left_out), "free")], [])
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, last, len(columns) - 1)
        sheet.repeat_rows(0)
        sheet.print_area(0, 0, last, printed - 1)

    def page(self, name: Text, colour: str, widths: Sequence[int], lines: Iterable[Line]) -> None:
        sheet = self._sheet(name, colour, widths)
        sheet.hide_gridlines(2)
        sheet.set_portrait()
        for row, (look, cells) in enumerate(lines):
            self._line(sheet, row, [(cell, look) for cell in cells], widths if look == "plain" else [])
            if look in _HEIGHTS_PT:
                sheet.set_row(row, _HEIGHTS_PT[look])

    def _sheet(self, name: Text, colour: str, widths: Sequence[int]) -> Worksheet:
        sheet = self._book.add_worksheet(name.into(self._language))
        sheet.set_tab_color(colour)
        for at, width in enumerate(widths):
            sheet.set_column(at, at, width)
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        sheet.set_footer("&L&A&R&P / &N")
        return sheet

    def _line(self, sheet: Worksheet, row: int, cells: Sequence[tuple[Cell, str]], widths: Sequence[int]) -> None:
        """One row, as high as its longest cell needs: not every program finds that out by itself."""
        values = [cell.into(self._language) if isinstance(cell, Text) else cell for cell, _ in cells]
        lines = max((_lines(value, width) for value, width in zip(values, widths, strict=False)), default=1)
        sheet.set_row(row, min(lines * _LINE_PT + 3, 400))
        for at, (value, (_, look)) in enumerate(zip(values, cells, strict=True)):
            self._put(sheet, row, at, value, look)

    def _put(self, sheet: Worksheet, row: int, at: int, value: str | int | date | None, look: str) -> None:
        if isinstance(value, date):
            sheet.write_datetime(row, at, value, self._formats["day"])
        elif isinstance(value, int):
            sheet.write_number(row, at, value, self._formats["total" if look == "strong" else "count"])
        elif value:
            text = words.shortened(words.printable(value), _CELL_MAX)
            sheet.write_string(row, at, text, self._formats[look])
        else:
            sheet.write_blank(row, at, None, self._formats[look])


def _lines(value: object, width: int) -> int:
    """How many lines a text fills in a column of `width` characters; a Chinese one is two wide."""
    if not isinstance(value, str):
        return 1
    return sum(
        1 + max(0, len(line.encode("gb18030", "replace")) - 1) // max(1, width - 1) for line in value.split("\n")
    )
