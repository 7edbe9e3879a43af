"""录入核对单: what a person types in or checks, in the order of the portal's screen, with boxes to tick."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from adapters.portal.workbook.paper import Paper, paper
from schemas.texts import Language, T, Text
from schemas.workbook import TickList

Values = Mapping[str, str]
"""Canonical field → the portal's word."""

_BOX = "☐"
_BATCH_WIDTHS = (8, 22, 48, 10, 10)
_WIDTHS = {"person.name": 12, "person.id_no": 24, "person.phone": 16, "person.unit": 34, "person.category": 24}
_WIDTH_ELSE = 20
_FACT_PT = 36
_EXACT = ("person.id_no", "person.phone")


@dataclass(frozen=True, slots=True)
class TickLists:
    """Makes those of one portal, in one language."""

    shape: TickList
    language: Language

    def of_batch(self, batch: Values, *, correction: bool) -> bytes:
        """A line for each fact of the batch: to type in, or to look through and change what is not so."""
        out = io.BytesIO()
        with paper(out, _BATCH_WIDTHS, batch=_title(batch), landscape=False, language=self.language) as sheet:
            what = T("Batch facts: correct what differs") if correction else T("Batch facts: type in")
            _top(sheet, batch, what)
            sheet.header([T("No."), T("Item"), T("Value"), T("Entered"), T("Checked")])
            for number, item in enumerate(self.shape.batch, start=1):
                value = batch.get(_name(item.field), "")
                cells = (str(number), "number"), (item.label, "label"), (value, "value"), (_BOX, "box"), (_BOX, "box")
                sheet.row(cells, least_pt=_FACT_PT)
            _signatures(sheet)
        return out.getvalue()

    def of_people(self, batch: Values, people: Sequence[Values], *, correction: bool, file: str) -> bytes:
        """A line for each person of the import workbook `file`."""
        out = io.BytesIO()
        widths = (7, *(_WIDTHS.get(item.field, _WIDTH_ELSE) for item in self.shape.people), 8)
        with paper(out, widths, batch=_title(batch), landscape=True, language=self.language) as sheet:
            many = {"count": len(people), "file": file}
            what = (
                T("{count} people corrected by: {file}", **many)
                if correction
                else T("{count} people in: {file}", **many)
            )
            _top(sheet, batch, what)
            sheet.header([T("No."), *(item.label for item in self.shape.people), T("Checked")])
            for number, person in enumerate(people, start=1):
                cells = [
                    (person.get(_name(item.field), ""), "exact" if item.field in _EXACT else "text")
                    for item in self.shape.people
                ]
                sheet.row([(str(number), "number"), *cells, (_BOX, "box")])
            _signatures(sheet)
        return out.getvalue()


def _top(sheet: Paper, batch: Values, what: Text) -> None:
    sheet.across(T("Entry check list"), "title")
    sheet.across(_title(batch), "batch")
    facts = {name: batch.get(name, "") for name in ("start", "end", "base", "headcount")}
    sheet.across(T("{start} to {end} · {base} · {headcount} people", **facts), "fact")
    sheet.across(what, "fact")


def _signatures(sheet: Paper) -> None:
    sheet.across(T("Entered by: ____________  Date: __________    Checked by: ____________  Date: __________"), "sign")


def _title(batch: Values) -> str:
    return f"{batch.get('organiser', '')} {batch.get('name', '')}".strip()


def _name(field: str) -> str:
    return field.partition(".")[2]
