"""xlsx, xlsm, xlsb, xls, ods → plain grids, by calamine."""

from __future__ import annotations

import io
import re
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
from adapters.sources.grid import Grid, Row, Sheets, Unreadable
from adapters.sources.harm import refuse_harmful
from adapters.sources.looks import looks_of, styles_of
from adapters.sources.old_looks import old_looks_of
from adapters.sources.opendocument import Merge, shapes_of

_LOOKED_AT = 256  # bytes
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_LOCKED_STREAM = re.compile(rb"\x09\x08\x10\x00\x00\x06\x05\x00.{12}(?:\x86\x00\x00\x00)?\x2f\x00", re.DOTALL)
"""How the stream of an .xls begins that is encrypted: BOF, maybe WRITEPROT, FILEPASS ([MS-XLS] 2.1.7.20.3)."""
_OLD_MACROS = "_VBA_PROJECT".encode("utf-16-le")


def read_workbook(content: bytes) -> Sheets:
    """Raises Unreadable."""
    if content.startswith(b"PK"):
        remarks = tuple(_remarks(refuse_harmful(content)))
    elif _ENCRYPTED in content or _LOCKED_STREAM.search(content):
        raise Unreadable("password_protected")
    else:
        remarks = ("macros_ignored",) if _OLD_MACROS in content else ()
    with _understood():
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        pages = [sheet for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
    hidden = tuple(sheet.name for sheet in pages if sheet.visible != SheetVisibleEnum.Visible)
    return Sheets(_grids(book, [sheet.name for sheet in pages if sheet.name not in hidden], content), hidden, remarks)


def _grids(book: CalamineWorkbook, names: Iterable[str], content: bytes) -> Iterator[Grid]:
    """One at a time: a sheet of many rows is large."""
    shapes = shapes_of(content) if _is_opendocument(content) else {}
    old = {} if content.startswith(b"PK") else old_looks_of(content)
    styles = styles_of(content)
    for name in names:
        with _understood():
            sheet = book.get_sheet_by_name(name)
            shape = shapes.get(name)
            merges = shape.merges if shape else sheet.merged_cell_ranges or ()
            rows = _rows(sheet, merges)
        looks = shape.looks if shape else old.get(name) or looks_of(content, name, styles)
        yield Grid(name, rows, unvalued=partial(unvalued_formulas, content, name), looks=looks)


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


def _remarks(parts: Iterable[str]) -> Iterator[str]:
    """What of the file is left alone, and said to be."""
    parts = set(parts)
    if any(part.endswith("vbaProject.bin") or part.startswith("Basic/") for part in parts):
        yield "macros_ignored"
    if any(part.startswith("xl/externalLinks/externalLink") for part in parts):
        yield "external_links"


def _rows(sheet: CalamineSheet, merges: Iterable[Merge]) -> list[Row]:
    """Calamine leaves out empty columns on the left (not empty rows above), and fills no merged cell.

    All blank rows are one list: a sheet may have a million of them below its table.
    """
    margin: Row = [""] * (sheet.start[1] if sheet.start else 0)
    bare: Row = [""] * sheet.width
    blank = margin + bare
    rows: list[Row] = [blank if row == bare else margin + row if margin else row for row in sheet.iter_rows()]
    for (top, column), (bottom, _) in merges:
        for index in range(top + 1, min(bottom + 1, len(rows))):
            if column < len(blank):
                rows[index] = list(blank) if rows[index] is blank else rows[index]
                rows[index][column] = rows[top][column]
    return rows


def _is_opendocument(content: bytes) -> bool:
    """Its first part, which is never packed, says so."""
    return b"application/vnd.oasis.opendocument" in content[:_LOOKED_AT]
