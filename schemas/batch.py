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
        return f"{self.year}/{self.organiser}/{self.name}"

    @classmethod
    def parse(cls, text: str) -> BatchKey:
        year, organiser, name = text.split("/", 2)
        return cls(int(year), organiser, name)


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
