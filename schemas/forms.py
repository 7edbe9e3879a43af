"""The three forms that lie beside rosters and hold no people: nothing is ever entered from them.

`sheet` is the name of the sheet; `row` counts from 1 as Excel shows it. What a form does not state is empty or None.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Literal


class FormKind(StrEnum):
    """单位汇总表, 名额分配表, 基地名录."""

    UNIT_SUMMARY = "unit_summary"
    QUOTA_TABLE = "quota_table"
    BASE_LIST = "base_list"


@dataclass(frozen=True, slots=True)
class UnitLine:
    """So many people of one unit; `batch` as its rosters are called, where line, title or file names one."""

    row: int
    unit: str
    people: int
    batch: str = ""
    base: str = ""
    start: date | None = None
    end: date | None = None


@dataclass(frozen=True, slots=True)
class QuotaLine:
    """So many places for a district or unit, for a level, or for both; a row with a column a level has a line for each."""

    row: int
    quota: int
    unit: str = ""
    level: str = ""


@dataclass(frozen=True, slots=True)
class BaseLine:
    """One base, as written but for blanks and width."""

    row: int
    base: str
    level: str = ""
    province: str = ""
    address: str = ""
    validity: str = ""


@dataclass(frozen=True, slots=True)
class UnitSummary:
    sheet: str
    lines: tuple[UnitLine, ...]
    kind: Literal[FormKind.UNIT_SUMMARY] = FormKind.UNIT_SUMMARY

    @property
    def people(self) -> int:
        return sum(line.people for line in self.lines)


@dataclass(frozen=True, slots=True)
class QuotaTable:
    """`year` is the one its title states, else the season's."""

    sheet: str
    lines: tuple[QuotaLine, ...]
    year: int | None = None
    kind: Literal[FormKind.QUOTA_TABLE] = FormKind.QUOTA_TABLE

    @property
    def quota(self) -> int:
        return sum(line.quota for line in self.lines)


@dataclass(frozen=True, slots=True)
class BaseList:
    sheet: str
    lines: tuple[BaseLine, ...]
    kind: Literal[FormKind.BASE_LIST] = FormKind.BASE_LIST


Form = UnitSummary | QuotaTable | BaseList
