"""One cell → one canonical value. What a spreadsheet has damaged is refused here, never repaired."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from functools import cache, lru_cache
from typing import NamedTuple

from adapters.sources.grid import Cell
from schemas.batch import Level
from schemas.header_words import header_words, level_named, squeezed
from schemas.identity import canonical_id, canonical_name, canonical_phone, canonical_text

_ID_LENGTH = 18
_MOBILE_LENGTH = 11
_KEPT_DIGITS = 15  # of a number; Excel writes zeros for the others (domain.md 5)
_E_NOTATION = re.compile(r"\d(?:\.\d+)?[Ee]\+?\d{1,3}")
_PLAIN_NAME = re.compile(r"[\u4e00-\u9fff]{2,5}")
_BRACKETS = re.compile(r"[(（\[【]([^()（）\[\]【】]*)[)）\]】]?")
_BETWEEN_PHONES = re.compile(r"[/、,，;；|或\s]+")
_COUNT = re.compile(r"(?:共|计)?(\d{1,3}(?:,\d{3})+|\d{1,7})(?:\.0+)?[人名个]?")


class IdCell(NamedTuple):
    """`damaged`: digits were lost before we saw them, and a check digit that fits proves nothing."""

    text: str
    damaged: bool = False


class NameCell(NamedTuple):
    """A name, and what stood in brackets behind it."""

    name: str
    note: str = ""


class PhoneCell(NamedTuple):
    """`odd`: not exactly one mobile number, so somebody may want to look."""

    digits: str
    odd: bool


def text_of(cell: Cell) -> str:
    """What the cell shows: whole numbers without a fraction, days as 2025-05-03."""
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def id_cell(cell: Cell) -> IdCell:
    """A number of more than 15 digits and any E notation are damaged, whatever their check digit."""
    if isinstance(cell, str):
        if len(cell) == _ID_LENGTH and cell.isascii() and cell[:17].isdigit():
            return IdCell(cell.upper())
        bare = squeezed(cell)
        return IdCell("", damaged=True) if _E_NOTATION.fullmatch(bare) else IdCell(canonical_id(bare))
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        return IdCell("", damaged=True) if abs(cell) >= 10**_KEPT_DIGITS else IdCell(canonical_id(text_of(cell)))
    return IdCell(text_of(cell))


def name_cell(cell: Cell) -> NameCell:
    text = text_of(cell)
    if _PLAIN_NAME.fullmatch(text):
        return NameCell(text)
    note = "、".join(_BRACKETS.findall(text))
    return NameCell(canonical_name(_BRACKETS.sub("", text)), note)


def phone_cell(cell: Cell) -> PhoneCell:
    """The first mobile number of the cell, else whatever digits it holds."""
    text = text_of(cell)
    if _is_mobile(text):
        return PhoneCell(text, odd=False)
    whole = canonical_phone(text)
    if _is_mobile(whole):
        return PhoneCell(whole, odd=False)
    several = (canonical_phone(part) for part in _BETWEEN_PHONES.split(unicodedata.normalize("NFKC", text)))
    return PhoneCell(next(filter(_is_mobile, several), whole), odd=True)


def count_cell(cell: Cell) -> int | None:
    """A whole number of people or places: 12, 12.0, "12人", "1,200"; None for anything else."""
    found = _COUNT.fullmatch(squeezed(text_of(cell)))
    return int(found[1].replace(",", "")) if found else None


@lru_cache(maxsize=4096)
def unit_of(text: str) -> str:
    return canonical_text(text)


def level_within(text: str) -> Level | None:
    """The level a line names: 市级职工疗休养, but not 市级劳模; 区市级 is not 市级."""
    found = _level_in_line().search(squeezed(text))
    return level_named(found[1]) if found else None


def _is_mobile(text: str) -> bool:
    return len(text) == _MOBILE_LENGTH and text[0] == "1" and text.isascii() and text.isdigit()


@cache
def _level_in_line() -> re.Pattern[str]:
    words = {squeezed(word) for words in header_words().levels.values() for word in words}
    longest_first = sorted((word for word in words if "级" in word or "示范" in word), key=len, reverse=True)
    return re.compile(f"({'|'.join(map(re.escape, longest_first))})(?=$|[,、;()]|职工|疗|第|批|示范|活动|名额)")
