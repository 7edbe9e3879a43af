"""The report in the forms people read."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.render.letter import write_letter
from adapters.render.page import html_page
from adapters.render.sheet import workbook
from schemas.report import Report
from schemas.texts import Language


class ReportRenderer:
    """Fits `bridge.ports.Renderer`. The reports must have been built for the same language."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def page(self, report: Report) -> str:
        return html_page(report, self._language)

    def sheet(self, report: Report) -> bytes:
        return workbook(report, self._language)

    def message(self, report: Report, *, message_id: str, sender: str, recipients: Sequence[str]) -> bytes:
        return write_letter(report, self._language, message_id=message_id, sender=sender, recipients=recipients)
