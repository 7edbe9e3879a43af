"""What a test portal calls things and wants of them, why it turns a call away, and how badly it behaves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Row = dict[str, Any]
Form = Mapping[str, str | type[int]]
"""Dotted field → the pattern its text must match, or `int` where the portal wants a number."""

RETRY_AFTER_S = 7


class Kind(StrEnum):
    """Why a call is turned away; every server has its own words for each."""

    THROTTLED = "throttled"
    OUTAGE = "outage"
    CLOSED = "closed"
    TOKEN = "token"
    SIGNATURE = "signature"
    CLOCK = "clock"
    REFUSED = "refused"
    EXISTS = "exists"
    STRANGE = "strange"  # a code that no document speaks of


class Turned(Exception):
    def __init__(self, kind: Kind, words: str = "") -> None:
        super().__init__(kind)
        self.kind = kind
        self.words = words


@dataclass(frozen=True, kw_only=True)
class Book:
    """What a portal calls things and what it wants of them. Records have exactly the fields of their form."""

    batch: Form
    person: Form
    batch_key: tuple[str, ...]
    year: str
    id_no: str
    phone: str
    online_id: str = "id"
    status: str = ""
    draft: str = ""
    submitted: str = ""
    reviewed: str = ""
    returned: str = ""
    extras: Mapping[str, object] = field(default_factory=dict)
    id_type: type[int | str] = str
    first_id: int = 1


@dataclass
class Faults:
    """Whole numbers count down."""

    lose_replies: int = 0
    throttle: int = 0
    outage: int = 0
    strange: int = 0
    page: int = 0  # answers that somebody before the portal gives: a web page with 200
    closed: bool = False
    mask: bool = False
    refuse: set[str] = field(default_factory=set)  # ids
    shift: str = ""  # between two pages: "remove", "insert" or "swap" a row
    shifts: int = 0
    expire_between_pages: bool = False
    renamed: dict[str, str] = field(default_factory=dict)  # in listings
    retyped: str = ""
    extra: str = ""
    rows_as_text: bool = False
    clock_offset_s: float = 0.0


@dataclass(frozen=True)
class Judged:
    """What became of one row of a list: "saved", "skipped" (it was there) or "refused"."""

    what: str
    row: Row
    online_id: object = None
    words: str = ""


@dataclass(frozen=True)
class Page:
    rows: Any
    total: int
    is_last: bool


def at(row: Row, path: str) -> Any:
    """None where nothing is."""
    for step in path.split("."):
        row = row.get(step) if isinstance(row, dict) else None  # type: ignore[assignment]
    return row


def put(row: Row, path: str, value: object) -> None:
    *way, last = path.split(".")
    for step in way:
        row = row.setdefault(step, {})
    row[last] = value


def leaves(row: Row, before: str = "") -> Iterator[tuple[str, object]]:
    for name, value in row.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{before}{name}.")
        else:
            yield before + name, value


def without(row: Row, names: Iterable[str]) -> Row:
    return {name: value for name, value in row.items() if name not in set(names)}


def masked(value: str, head: int, tail: int) -> str:
    return value[:head] + "*" * (len(value) - head - tail) + value[-tail:]
