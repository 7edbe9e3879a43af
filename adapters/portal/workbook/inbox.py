"""The inbox: the portal's own export workbooks and error-row files, told apart by their heads."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from adapters.portal.workbook.grid import LostDigits, NoWorkbook, Sheet, find_heads, head_of, read_sheets, text_of
from schemas.errors import TransientError
from schemas.texts import T, Text
from schemas.workbook import ErrorSheet, ExportSheet, Workbook

SHANGHAI = ZoneInfo("Asia/Shanghai")
MAX_FILE_BYTES = 100_000_000

_NOT_YET = (".part", ".tmp", ".crdownload", ".download")
_NANO = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file. `number` counts from 1 as Excel shows it; `cells` are by head."""

    number: int
    cells: Mapping[str, str]

    def __repr__(self) -> str:
        return f"Row({self.number})"


@dataclass(frozen=True, slots=True)
class Found:
    """One file, understood: an export, the portal's refusals, or neither, and then why."""

    file: str
    as_of: datetime
    export: tuple[Row, ...] | None = None
    refused: tuple[Row, ...] | None = None
    fault: Text | None = None


@dataclass(slots=True)
class Inbox:
    """Reads each file once, as long as it stays the same."""

    folder: Path
    shape: Workbook
    _known: dict[tuple[str, int, int], Found] = field(default_factory=dict)

    def look(self) -> tuple[Found, ...]:
        """The newest file first. Raises TransientError when the folder cannot be looked into."""
        try:
            stamps = [(path, path.stat()) for path in self.folder.iterdir() if path.is_file() and not _is_passing(path)]
        except OSError as error:
            raise TransientError(
                T("The inbox {path} cannot be looked into: {reason}.", path=self.folder, reason=error.strerror)
            ) from None
        stamps.sort(key=lambda known: (known[1].st_mtime_ns, known[0].name), reverse=True)
        keys = {path: (path.name, stat.st_size, stat.st_mtime_ns) for path, stat in stamps}
        self._known = {
            key: self._known[key] if key in self._known else self._read(path, dict(stamps)[path])
            for path, key in keys.items()
        }
        return tuple(self._known.values())

    def _read(self, path: Path, stat: os.stat_result) -> Found:
        as_of = datetime.fromtimestamp(stat.st_mtime_ns / _NANO, SHANGHAI)
        try:
            content = path.read_bytes() if stat.st_size <= MAX_FILE_BYTES else b""
            if content and (len(content) != stat.st_size or path.stat().st_mtime_ns != stat.st_mtime_ns):
                return Found(path.name, as_of, fault=T("{file} in the inbox is still being written.", file=path.name))
            return self._understood(path.name, as_of, read_sheets(content))
        except OSError as error:
            fault = T("{file} in the inbox cannot be read: {reason}.", file=path.name, reason=error.strerror)
        except NoWorkbook:
            fault = T("{file} in the inbox cannot be read as a workbook: save it again as .xlsx.", file=path.name)
        return Found(path.name, as_of, fault=fault)

    def _understood(self, file: str, as_of: datetime, sheets: Iterable[Sheet]) -> Found:
        shown = [sheet for sheet in sheets if not sheet.hidden and sheet.rows]
        for sheet in shown:
            at, lacking = find_heads(sheet.rows, self.shape.errors.heads)
            if not lacking:
                rows, fault = _rows(file, sheet, at, self.shape.errors)
                return Found(file, as_of, refused=rows, fault=fault)
        least: tuple[str, ...] = self.shape.export.heads
        for sheet in shown:
            at, lacking = find_heads(sheet.rows, self.shape.export.heads)
            if not lacking:
                rows, fault = _rows(file, sheet, at, self.shape.export)
                return Found(file, as_of, export=rows, fault=fault)
            least = min(least, lacking, key=len)
        missing = "、".join(least)
        fault = T("{file} in the inbox is no export of the portal: it lacks {heads}.", file=file, heads=missing)
        return Found(file, as_of, fault=fault)


def _rows(
    file: str, sheet: Sheet, at: int, shape: ExportSheet | ErrorSheet
) -> tuple[tuple[Row, ...] | None, Text | None]:
    """The rows below the header, empty ones left out; no row at all where one has lost digits."""
    places = {head: [head_of(cell) for cell in sheet.rows[at]].index(head) for head in shape.heads}
    try:
        told = [
            Row(number, {head: text_of(cells[place]) if place < len(cells) else "" for head, place in places.items()})
            for number, cells in enumerate(sheet.rows[at + 1 :], start=at + 2)
        ]
    except LostDigits:
        return None, T(
            "{file} in the inbox holds long numbers that are no text: their last digits are lost. "
            "Export it again, and do not save it in Excel.",
            file=file,
        )
    return tuple(row for row in told if any(row.cells.values())), None


def refused_rows(found: Iterable[Found], shape: ErrorSheet) -> Iterator[tuple[Found, Row, Mapping[str, str]]]:
    """Every row with a reason, its cells under canonical names; the oldest file first."""
    for file in reversed(tuple(found)):
        for row in file.refused or ():
            if row.cells[shape.reason]:
                yield file, row, {name: row.cells[head] for name, head in shape.fields.items()}


def _is_passing(path: Path) -> bool:
    """Lock files of Excel and WPS, hidden files, files still on their way."""
    return path.name.startswith(("~$", ".~", ".")) or path.suffix.lower() in _NOT_YET
