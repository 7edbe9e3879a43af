"""Workbooks as the practice portal reads and writes them: its own hand, shared with nobody."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import xlsxwriter
from python_calamine import CalamineError, CalamineWorkbook

from adapters.practice.forms import Code, Refusal

Line = Mapping[str, str]
Lines = Mapping[int, Line]
"""Row number as Excel shows it → head → text."""

_MADE_AT = datetime(2025, 5, 19)  # noqa: DTZ001  # a workbook knows no zone; fixed: equal contents are equal bytes
_HEAD_WITHIN = 15


def lines_below(content: bytes, sheet: str, heads: Sequence[str]) -> Lines:
    """The lines below the row with exactly these heads, in the named sheet or the first one. Raises Refusal.

    A cell that is no text is refused: an id written as a number has lost digits.
    """
    rows = _rows(content, sheet)
    for at, row in enumerate(rows[:_HEAD_WITHIN]):
        if all(head in row for head in heads):
            places = {head: row.index(head) for head in heads}
            below = enumerate(rows[at + 1 :], start=at + 2)
            return {number: _line(cells, places) for number, cells in below if any(cells[p] for p in places.values())}
    raise Refusal(Code.FORMAT, "导入模板不正确，请下载最新模板")


def table(sheet: str, heads: Sequence[str], lines: Iterable[Sequence[str | int]], *, title: str = "") -> bytes:
    """A workbook of text cells."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        book.set_properties({"created": _MADE_AT})
        page = book.add_worksheet(sheet)
        top = [[title], heads] if title else [heads]
        for at, line in enumerate([*top, *lines]):
            for column, text in enumerate(line):
                page.write_string(at, column, str(text))
    return out.getvalue()


def failures(heads: Sequence[str], lines: Lines, reasons: Mapping[int, str]) -> bytes:
    """The rows that were not imported, as staff download them."""
    failed = [(str(number), *lines[number].values(), reason) for number, reason in sorted(reasons.items())]
    return table("导入失败数据", ("行号", *heads, "失败原因"), failed)


def _rows(content: bytes, sheet: str) -> list[list[object]]:
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(content)) as book:
            page = book.get_sheet_by_name(sheet or book.sheet_names[0])
            return [list(row) for row in page.to_python(skip_empty_area=False)]
    except (CalamineError, OSError, ValueError):
        raise Refusal(Code.FORMAT, "文件不是有效的导入模板") from None


def _line(cells: Sequence[object], places: Mapping[str, int]) -> Line:
    for head, place in places.items():
        if not isinstance(cells[place], str):
            raise Refusal(Code.FORMAT, f"单元格不是文本格式：{head}")
    return {head: str(cells[place]).strip() for head, place in places.items()}
