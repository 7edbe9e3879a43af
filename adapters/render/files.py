"""The report as files in a folder: named by its day, replaced whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

from schemas.errors import RunError
from schemas.report import Report
from schemas.texts import T


class Forms(Protocol):
    def page(self, report: Report) -> str: ...
    def sheet(self, report: Report) -> bytes: ...


def write_files(report: Report, forms: Forms, folder: Path) -> tuple[Path, Path]:
    """The page and the workbook of one report. Raises RunError when the folder cannot be written."""
    page, sheet = (folder / f"report-{report.business_date}.{suffix}" for suffix in ("html", "xlsx"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _replace(page, forms.page(report).encode())
        _replace(sheet, forms.sheet(report))
    except OSError as error:
        reason = error.strerror
        raise RunError(T("The report cannot be written to {path}: {reason}.", path=folder, reason=reason)) from None
    return page, sheet


def _replace(path: Path, content: bytes) -> None:
    written = path.with_name(path.name + ".new")
    try:
        with written.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        written.unlink(missing_ok=True)  # half of it would only take the room that is missing
        raise
    os.replace(written, path)  # noqa: PTH105  # atomic on every system, unlike Path.rename
