"""The batch, its organisers and its place in the year."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple


class Level(StrEnum):
    """层级 of a batch (Weihai 2025 一; Weihai 2024 1)."""

    DEMONSTRATION = "demonstration"  # 省级示范性
    CITY = "city"  # 市级
    DISTRICT = "district"  # 区市级
    GRASSROOTS = "grassroots"  # 基层


class BatchKey(NamedTuple):
    """The natural key of a batch, the same on both sides."""

    year: int
    organiser: str
    name: str

    def __str__(self) -> str:
        organiser = self.organiser.replace("%", "%25").replace("/", "%2F")
        return f"{self.year}/{organiser}/{self.name}"

    @property
    def title(self) -> str:
        """As people name it."""
        return f"{self.organiser} {self.name}"

    @classmethod
    def parse(cls, text: str) -> BatchKey:
        year, organiser, name = text.split("/", 2)
        return cls(int(year), organiser.replace("%2F", "/").replace("%25", "%"), name)


@dataclass(frozen=True, slots=True)
class Base:
    """疗休养基地: one entry of the base list in the config."""

    name: str
    level: Level
    in_province: bool


@dataclass(frozen=True, slots=True)
class Batch:
    """疗休养批次: the header facts that both sides state. `start` and `end` are inclusive days."""

    key: BatchKey
    level: Level
    base: str
    start: date
    end: date

    @property
    def days(self) -> int:
        return (self.end - self.start).days + 1


def canonical_day(text: str) -> str:
    """YYYY-MM-DD out of the forms portals write: with slashes or dots, without separators, with a time behind."""
    digits = "".join(character if character.isdigit() else " " for character in text).split()
    if len(digits) == 1 and len(digits[0]) >= len("20250503"):
        digits = [digits[0][:4], digits[0][4:6], digits[0][6:8]]
    if len(digits) < len(("year", "month", "day")):
        return text
    year, month, day = digits[:3]
    return f"{year}-{month:>02}-{day:>02}"
