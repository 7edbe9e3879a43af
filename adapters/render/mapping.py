"""Tables as a workbook: a sheet each, every cell text, the rows with a fault coloured."""

from __future__ import annotations

import io
from collections.abc import Sequence

import xlsxwriter

_WIDTHS = (48, 14, 40, 24, 18, 24, 44, 40)

Table = tuple[str, Sequence[str], Sequence[Sequence[str]]]
"""Title, heads, rows; what stands in a row's last cell is a fault."""


def mapping_book(tables: Sequence[Table]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        plain = book.add_format({"text_wrap": True, "valign": "top", "num_format": "@"})
        wrong = book.add_format({"text_wrap": True, "valign": "top", "num_format": "@", "bg_color": "#FFC7CE"})
        head = book.add_format({"bold": True, "bg_color": "#EEF1F4", "border": 1})
        for title, heads, rows in tables:
            sheet = book.add_worksheet(title)
            for column, (text, width) in enumerate(zip(heads, _WIDTHS, strict=False)):
                sheet.set_column(column, column, width)
                sheet.write_string(0, column, text, head)
            sheet.freeze_panes(1, 0)
            for at, cells in enumerate(rows, start=1):
                for column, text in enumerate(cells):
                    sheet.write_string(at, column, text, wrong if cells[-1] else plain)
    return out.getvalue()
