"""Leftovers of one batch, and what pairs of them were found: a suggestion for staff, never a correction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from schemas.texts import T, Text


@dataclass(frozen=True, slots=True)
class Candidate:
    """One leftover record in canonical values; online `id_no` and `phone` may be masked."""

    key: str
    name: str
    id_no: str
    phone: str
    unit: str

    def __repr__(self) -> str:
        return f"Candidate({self.key})"


class PairKind(StrEnum):
    MASKED = "masked"
    MISTYPED = "mistyped"


class Clue(StrEnum):
    """What speaks for a pair."""

    MASK_AGREES = "mask_agrees"
    SAME_ID = "same_id"
    OLD_ID = "old_id"
    ONE_CHARACTER = "one_character"
    SWAPPED = "swapped"
    ONE_MISSING = "one_missing"
    SAME_BIRTH_DATE = "same_birth_date"
    SAME_PHONE = "same_phone"
    OTHER_NAME = "other_name"
    CHECK_FAILS_OFFLINE = "check_fails_offline"
    CHECK_FAILS_ONLINE = "check_fails_online"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One clue with the places in the id number it is about, counted from 1."""

    clue: Clue
    positions: tuple[int, ...] = ()

    @property
    def text(self) -> Text:
        values = {"first": self.positions[0], "last": self.positions[-1]} if self.positions else {}
        return replace(_WORDS[self.clue], values=values)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two keys that are probably one person."""

    kind: PairKind
    offline: str
    online: str
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Ambiguity:
    """Keys of both sides that cannot be told apart, each side sorted."""

    offline: tuple[str, ...]
    online: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Matches:
    """Sorted by their offline keys; of either side no key stands in more than one of them."""

    pairs: tuple[Pair, ...]
    ambiguous: tuple[Ambiguity, ...]


_WORDS = {
    Clue.MASK_AGREES: T("the name and the visible digits agree"),
    Clue.SAME_ID: T("the id number is the same, the type of document is not"),
    Clue.OLD_ID: T("one side has the old id number of 15 digits"),
    Clue.ONE_CHARACTER: T("character {first} of the id number differs"),
    Clue.SWAPPED: T("characters {first} and {last} of the id number are swapped"),
    Clue.ONE_MISSING: T("one side lacks a character of the id number"),
    Clue.SAME_BIRTH_DATE: T("at most two characters of the id number differ, the birth date is the same"),
    Clue.SAME_PHONE: T("the phone number is the same"),
    Clue.OTHER_NAME: T("the names differ"),
    Clue.CHECK_FAILS_OFFLINE: T("the check digit fails on the offline side"),
    Clue.CHECK_FAILS_ONLINE: T("the check digit fails on the online side"),
}
