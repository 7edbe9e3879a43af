"""The synthetic ledgers as files: workbooks with merged cells, and one CSV in GB18030."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import xlsxwriter

from adapters.practice.pages import Cell, Page, pages
from adapters.practice.world import World
from schemas.batch import BatchKey
from schemas.roster import Place

_MADE_AT = datetime(2025, 5, 19, tzinfo=UTC)  # fixed, so that equal contents are equal bytes


def write_ledgers(world: World, folder: Path) -> tuple[Path, ...]:
    """Write what is not there yet or reads differently now; returns the files written."""
    folder.mkdir(parents=True, exist_ok=True)
    return tuple(path for page in pages(world) if _write(path := folder / page.file, _content(page)))


def places(world: World) -> Mapping[tuple[BatchKey, int], Place]:
    """Where each row of each ledger stands, by batch and by its position in `Ledger.rows`; `file` is the bare name."""
    return {
        (spot.key, spot.row): Place(page.file, _sheet(page), spot.line) for page in pages(world) for spot in page.spots
    }


def _sheet(page: Page) -> str:
    return "" if page.file.endswith(".csv") else page.sheet


def _content(page: Page) -> bytes:
    return _delimited(page) if page.file.endswith(".csv") else _workbook(page)


def _write(path: Path, content: bytes) -> bool:
    if path.exists() and path.read_bytes() == content:
        return False
    path.write_bytes(content)
    return True


def _delimited(page: Page) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([_plain(cell) for cell in line] for line in page.lines)
    return text.getvalue().encode("gb18030")


def _plain(cell: Cell) -> str:
    return f"{cell:.0f}" if isinstance(cell, float) else cell or ""


def _workbook(page: Page) -> bytes:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        book.set_properties({"created": _MADE_AT})
        sheet = book.add_worksheet(page.sheet)
        bold = book.add_format({"bold": True, "align": "center", "text_wrap": True})
        middle = book.add_format({"align": "center", "valign": "vcenter", "text_wrap": True})
        sheet.set_column(0, len(page.header) - 1, 16)
        for at, line in enumerate(page.lines):
            sheet.write_row(at, 0, line, bold if line == page.header else None)
        for merge in page.merges:
            sheet.merge_range(*merge, page.lines[merge.first_line][merge.first_column], middle)
    return content.getvalue()
