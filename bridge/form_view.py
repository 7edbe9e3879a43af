"""The forms of a file that hold no people, shown: as data for programs, as lines for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import date

from bridge.understood import FIELDS
from schemas.batch import Base
from schemas.forms import BaseLine, BaseList, Form, QuotaLine, QuotaTable, UnitLine, UnitSummary
from schemas.header_words import Column
from schemas.identity import canonical_text
from schemas.texts import Language, T, Text


def form_as_data(form: Form, bases: Sequence[Base]) -> dict[str, object]:
    """Of a base list also the bases that are not in the settings, null where the settings name none."""
    lines = [{name: _plain(value) for name, value in asdict(line).items()} for line in form.lines]
    data: dict[str, object] = {"kind": form.kind.value, "sheet": form.sheet, "lines": lines}
    if isinstance(form, QuotaTable):
        data["year"] = form.year
    if isinstance(form, BaseList):
        data["not_in_settings"] = _unknown(form, bases) if bases else None
    return data


def form_line(form: Form, language: Language) -> str:
    """What the sheet is, and how much of it there is."""
    sheet, lines = form.sheet or "-", len(form.lines)
    if isinstance(form, UnitSummary):
        text = T(
            "{sheet}: unit summary, lines: {lines}, people: {people}", sheet=sheet, lines=lines, people=form.people
        )
    elif isinstance(form, QuotaTable):
        year = form.year or "-"
        text = T("{sheet}: quotas of {year}, places: {quota}", sheet=sheet, year=year, quota=form.quota)
    else:
        text = T("{sheet}: base list, bases: {lines}", sheet=sheet, lines=lines)
    return text.into(language)


def form_heads(form: Form) -> list[Text]:
    if isinstance(form, UnitSummary):
        columns = [Column.UNIT, Column.HEADCOUNT, Column.BATCH, Column.BASE, Column.START, Column.END]
    elif isinstance(form, QuotaTable):
        columns = [Column.QUOTA, Column.UNIT, Column.LEVEL]
    else:
        columns = [Column.BASE, Column.LEVEL, Column.PROVINCE, Column.SITE, Column.VALIDITY]
    return [T("row"), *(FIELDS[column] for column in columns)]


def form_rows(form: Form) -> Iterator[list[str]]:
    """Under `form_heads`, in the order of the sheet."""
    return (_row(line) for line in form.lines)


def unknown_bases_line(form: Form, bases: Sequence[Base], language: Language) -> str:
    """Empty where there is nothing to say."""
    if not bases or not isinstance(form, BaseList) or not (unknown := _unknown(form, bases)):
        return ""
    return T("not in the base list of the settings: {bases}", bases="、".join(unknown)).into(language)


def _unknown(form: BaseList, bases: Sequence[Base]) -> list[str]:
    known = {canonical_text(base.name) for base in bases}
    return [line.base for line in form.lines if line.base not in known]


def _row(line: UnitLine | QuotaLine | BaseLine) -> list[str]:
    """The fields of each line are declared in the order of its columns."""
    return ["" if value is None else str(_plain(value)) for value in asdict(line).values()]


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value
