"""xlsx, xlsm, xls → plain grids, by calamine."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from adapters.sources.formulas import unvalued_formulas
from adapters.sources.grid import Cell, Grid, Sheets, Unreadable, squared

MAX_UNPACKED_BYTES = 200_000_000
MAX_RATIO = 200
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


def read_workbook(content: bytes) -> Sheets:
    """Raises Unreadable."""
    if content.startswith(b"PK"):
        _refuse_bomb(content)
    elif _ENCRYPTED in content:
        raise Unreadable("password_protected")
    with _understood():
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        pages = [sheet for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
    hidden = tuple(sheet.name for sheet in pages if sheet.visible != SheetVisibleEnum.Visible)
    return Sheets(_grids(book, [sheet.name for sheet in pages if sheet.name not in hidden], content), hidden)


def _grids(book: CalamineWorkbook, names: Iterable[str], content: bytes) -> Iterator[Grid]:
    """One at a time: a sheet of many rows is large."""
    for name in names:
        with _understood():
            grid = _grid(book.get_sheet_by_name(name), content)
        yield grid


@contextmanager
def _understood() -> Iterator[None]:
    """Whatever calamine says against the file's bytes, as Unreadable."""
    try:
        yield
    except PasswordError:
        raise Unreadable("password_protected") from None
    except (CalamineError, OSError, ValueError):
        raise Unreadable("unreadable") from None
    except BaseException as error:  # a panic of the Rust side is no Exception
        if type(error).__name__ != "PanicException":
            raise
        raise Unreadable("unreadable") from None


def _refuse_bomb(content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = set(archive.namelist())
            unpacked = sum(part.file_size for part in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError):
        raise Unreadable("unreadable") from None
    if not names & {"xl/workbook.xml", "xl/workbook.bin", "content.xml"}:
        raise Unreadable("unknown_form", found="ZIP")
    if unpacked > MAX_UNPACKED_BYTES or unpacked > MAX_RATIO * len(content):
        raise Unreadable("too_large", limit_mb=MAX_UNPACKED_BYTES // 1_000_000)


def _grid(sheet: CalamineSheet, content: bytes) -> Grid:
    """Calamine leaves out empty columns on the left (not empty rows above), and fills no merged cell."""
    rows: list[list[Cell]] = list(sheet.iter_rows())
    left = sheet.start[1] if sheet.start else 0
    rows = squared([[""] * left + row for row in rows] if left else rows)
    for (top, column), (bottom, _) in sheet.merged_cell_ranges or ():
        for row in rows[top + 1 : bottom + 1]:
            if column < len(row):
                row[column] = rows[top][column]
    return Grid(sheet.name, rows, unvalued=partial(unvalued_formulas, content, sheet.name))
