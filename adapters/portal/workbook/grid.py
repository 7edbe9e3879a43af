"""xlsx and xls → sheets of text cells, by calamine."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from adapters.ooxml.package import MAX_UNPACKED_BYTES

DIGITS_KEPT = 15
"""Excel keeps so many digits of a number; a longer one has lost some."""

_MAX_RATIO = 200


class NoWorkbook(Exception):
    """Not a workbook that can be read. Never leaves this package."""


class LostDigits(ValueError):
    """A number too long to be whole. Never leaves this package."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """`rows` begin with row 1 and column A of the sheet; numbers and days still stand as such."""

    name: str
    rows: list[list[object]]
    hidden: bool


def read_sheets(content: bytes) -> tuple[Sheet, ...]:
    """Raises NoWorkbook."""
    _refuse_bomb(content)
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(content)) as book:
            return tuple(
                Sheet(page.name, _rows(book, page.name), page.visible != SheetVisibleEnum.Visible)
                for page in book.sheets_metadata
                if page.typ == SheetTypeEnum.WorkSheet
            )
    except (CalamineError, OSError, ValueError):
        raise NoWorkbook from None
    except BaseException as error:  # a panic of the Rust side is no Exception
        if type(error).__name__ != "PanicException":
            raise
        raise NoWorkbook from None


def text_of(cell: object) -> str:
    """As a person reads it. Raises LostDigits."""
    match cell:
        case bool():
            return "是" if cell else "否"
        case float() if cell.is_integer():
            if abs(cell) >= 10**DIGITS_KEPT:
                raise LostDigits
            return str(int(cell))
        case datetime() if (cell.hour, cell.minute, cell.second) == (0, 0, 0):
            return cell.date().isoformat()
        case date():
            return cell.isoformat()
        case _:
            return str(cell).strip()


def head_of(cell: object) -> str:
    """A cell as a head is compared: without any white space."""
    return "".join(str(cell).split())


def find_heads(rows: Iterable[list[object]], wanted: Iterable[str], *, within: int = 30) -> tuple[int, tuple[str, ...]]:
    """The row (from 0) that holds most of the heads, and those it lacks."""
    heads = tuple(wanted)
    best, lacking = 0, heads
    for at, row in enumerate(rows):
        if at >= within:
            break
        here = {head_of(cell) for cell in row}
        missing = tuple(head for head in heads if head not in here)
        if len(missing) < len(lacking):
            best, lacking = at, missing
    return best, lacking


def _rows(book: CalamineWorkbook, name: str) -> list[list[object]]:
    """Calamine leaves out empty columns on the left, not empty rows above."""
    sheet = book.get_sheet_by_name(name)
    left = sheet.start[1] if sheet.start else 0
    return [[*([""] * left), *row] for row in sheet.iter_rows()]


def _refuse_bomb(content: bytes) -> None:
    if not content.startswith(b"PK"):
        return
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError):
        raise NoWorkbook from None
    if unpacked > MAX_UNPACKED_BYTES or unpacked > _MAX_RATIO * len(content):
        raise NoWorkbook
