"""The spellings of days and periods in ledgers. A year that is not written comes from farther away."""

from __future__ import annotations

import math
import re
import unicodedata
from datetime import date, datetime, timedelta
from typing import NamedTuple

from adapters.sources.grid import Cell


class Period(NamedTuple):
    start: date | None = None
    end: date | None = None


_DAY = r"(?:(20\d\d|\d\d(?=\s*年|[./]\d{1,2}[./]\d))\s*[年./-]\s*)?(\d{1,2})\s*[月./-]\s*(\d{1,2})\s*[日号]?"
_BEGINS = r"(?<!\d)(?<!\d[./-])"
"""Not in the middle of a longer date, whose year would be lost."""
_ONE = re.compile(rf"{_BEGINS}{_DAY}(?!\d)")
_RANGE = re.compile(rf"{_BEGINS}{_DAY}\s*-\s*(?:{_DAY}|(\d{{1,2}})\s*[日号]?)(?!\d)")
_COMPACT = re.compile(r"(?<!\d)(20\d\d)(\d\d)(\d\d)(?!\d)")
_DASHES = re.compile(r"\s*(?:[—–−―‐‑~〜]+|-{2,}|至|到)\s*")
_WEEKDAY = re.compile(r"\((?:周|星期)[一二三四五六日天]\)")
_HOURS = re.compile(r"[上中下]午|起|止|\d{1,2}(?:时|点|:\d\d)(?:\d{1,2}分)?")
_YEAR = re.compile(r"(?<!\d)(20\d\d)(?!\d)")
_COMPACT_LENGTH = 8
_DECEMBER = 12
_FIRST_YEAR = 2000
_EPOCH = date(1899, 12, 30)
_SERIALS = range(36526, 73051)  # the days of 2000 to 2099 as Excel counts them


def period_in(text: str, year: int | None) -> Period:
    """The first range in `text`, or nothing."""
    plain = _plain(text)
    found = _RANGE.search(plain)
    if not found:
        return Period()
    y1, m1, d1, y2, m2, d2, last_day = found.groups()
    start = _date(y1 or year, m1, d1)
    if start is None:
        return Period()
    return Period(start, _end(start, y2, m2 or str(start.month), d2 or last_day))


def period_of(cell: Cell, year: int | None) -> Period:
    """A cell that should hold a period: a lone day is only its start."""
    period = period_in(cell, year) if isinstance(cell, str) else Period()
    return period if period.start else Period(day_of(cell, year))


def day_of(cell: Cell, year: int | None) -> date | None:
    """A cell that should hold one day: a date, a serial, or one of the spellings."""
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    if isinstance(cell, str):
        return _written_day(_plain(cell), year)
    if isinstance(cell, (int, float)) and math.isfinite(cell):
        return _of_number(int(cell))
    return None


def year_in(text: str) -> int | None:
    found = _YEAR.search(unicodedata.normalize("NFKC", text))
    return int(found[1]) if found else None


def _written_day(plain: str, year: int | None) -> date | None:
    if plain.isdigit():
        return _of_number(int(plain))
    found = _ONE.search(plain)
    return _date(found[1] or year, found[2], found[3]) if found else None


def _of_number(number: int) -> date | None:
    """20250503 or Excel's serial of the day."""
    if number in _SERIALS:
        return _EPOCH + timedelta(days=number)
    digits = str(number)
    return _date(digits[:4], digits[4:6], digits[6:]) if len(digits) == _COMPACT_LENGTH else None


def _end(start: date, year: str | None, month: str, day: str) -> date | None:
    """Without a year of its own it is the start's; only December to January turns the year."""
    turns = start.month == _DECEMBER and int(month) == 1
    return _date(year or start.year + turns, month, day)


def _date(year: int | str | None, month: str, day: str) -> date | None:
    if year is None:
        return None
    full = int(year) if int(year) >= _FIRST_YEAR else _FIRST_YEAR + int(year)
    try:
        return date(full, int(month), int(day))
    except ValueError:
        return None


def _plain(text: str) -> str:
    """Half width, every kind of dash a hyphen, no weekdays and no hours, 20250503 as 2025.05.03 where more follows."""
    plain = _WEEKDAY.sub("", unicodedata.normalize("NFKC", text).strip())
    plain = _DASHES.sub("-", _HOURS.sub("", plain))
    return plain if plain.isdigit() else _COMPACT.sub(r"\1.\2.\3", plain)
