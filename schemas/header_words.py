"""The words ledgers use: what a column, a label, a level, a category or a role may be called."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from functools import cache, lru_cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict

from schemas.batch import Level
from schemas.forms import FormKind
from schemas.roster import Category

Words = tuple[str, ...]

_ENUMERATION = re.compile(r"\(?第?([1-5一二三四五])(?:类|\)|[.、:,]|类人员)*")


class Column(StrEnum):
    """What a column of a ledger holds."""

    SERIAL = "serial"
    NAME = "name"
    ID_NO = "id_no"
    PHONE = "phone"
    UNIT = "unit"
    CATEGORY = "category"
    ROLE = "role"
    POST = "post"
    REMARK = "remark"
    SEX = "sex"
    BATCH = "batch"
    PERIOD = "period"
    START = "start"
    END = "end"
    BASE = "base"
    LEVEL = "level"
    ORGANISER = "organiser"
    HEADCOUNT = "headcount"
    QUOTA = "quota"
    SITE = "site"
    BEDS = "beds"
    PROVINCE = "province"
    VALIDITY = "validity"


class Label(StrEnum):
    """What the words before a colon announce, in the lines above a table."""

    ORGANISER = "organiser"
    BODY = "body"
    UNIT = "unit"
    BATCH = "batch"
    PERIOD = "period"
    BASE = "base"
    LEVEL = "level"
    IGNORE = "ignore"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Roles(_Part):
    leader: Words
    staff: Words
    family: Words
    absent: Words


class Lines(_Part):
    """How the lines between the people begin (`title`: what it contains, `base`: how it ends)."""

    total: Words
    grand_total: Words
    subtotal: Words
    title: Words
    tail: Words
    base: Words


class FormWords(_Part):
    """`title`: what the title of such a form contains. Under it, `columns` may also be called so."""

    title: Words
    columns: Mapping[Column, Words]


class HeaderWords(_Part):
    columns: Mapping[Column, Words]
    labels: Mapping[Label, Words]
    levels: Mapping[Level, Words]
    categories: Mapping[Category, Words]
    category_numbers: Mapping[Category, Words]
    roles: Roles
    lines: Lines
    forms: Mapping[FormKind, FormWords]
    missing: Mapping[str, str]


@cache
def header_words() -> HeaderWords:
    """The words in the package."""
    text = (files("schemas") / "header_words.toml").read_text(encoding="utf-8")
    return HeaderWords.model_validate(tomllib.loads(text))


def column_called(heading: str) -> Column | None:
    """The column a usual heading names."""
    plain = squeezed(heading)
    columns = header_words().columns.items()
    return next((column for column, words in columns if any(squeezed(word) == plain for word in words)), None)


def level_named(text: str) -> Level | None:
    """The level whose word the cell is."""
    return _levels().get(squeezed(text))


@lru_cache(maxsize=1024)
def category_of(text: str) -> Category | None:
    """By word, by number, or by a word behind its number; None when it is none of them or two at once."""
    if text in _plain_categories():
        return _plain_categories()[text]
    plain = squeezed(text)
    found = _ENUMERATION.match(plain)
    number = _numbered().get(found[1]) if found else None
    rest = plain[found.end() :] if found else plain
    if not rest:
        return number
    named = {category for category, words in header_words().categories.items() if any(word in rest for word in words)}
    return named.pop() if len(named) == 1 else None


@cache
def _levels() -> dict[str, Level]:
    return {squeezed(word): level for level, words in header_words().levels.items() for word in words}


@cache
def _plain_categories() -> dict[str, Category]:
    words = {word: category for category, words in header_words().categories.items() for word in words}
    return words | _numbered()


@cache
def _numbered() -> dict[str, Category]:
    return {word: category for category, words in header_words().category_numbers.items() for word in words}


def squeezed(text: str) -> str:
    """The form in which these words are compared: half width, no blanks, no line breaks."""
    return "".join(unicodedata.normalize("NFKC", text).split())
