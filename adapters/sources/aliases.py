"""What a federation calls things its own way: headings of columns, short names of units, levels and categories."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Self, TypeVar

from adapters.sources.facts import Facts
from schemas.batch import Level
from schemas.header_words import Column, category_of, column_called, level_named, squeezed
from schemas.identity import canonical_text
from schemas.roster import Category

Meaning = TypeVar("Meaning")

_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Aliases:
    """`columns`: a heading, squeezed, and what it means; `units`: a unit as some ledgers call it, and its full name.

    `levels` and `categories`: a word, squeezed, and what it means.
    """

    columns: Mapping[str, Column] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    levels: Mapping[str, Level] = field(default_factory=dict)
    categories: Mapping[str, Category] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        columns: Mapping[str, str],
        units: Mapping[str, str],
        levels: Mapping[str, str] = _NONE,
        categories: Mapping[str, str] = _NONE,
    ) -> Self:
        """As the settings write them: a heading or word and the usual one, a short name and the full one."""
        full = {canonical_text(short): canonical_text(name) for short, name in units.items()}
        return cls(_meant(columns, column_called), full, _meant(levels, level_named), _meant(categories, category_of))

    def unit(self, name: str) -> str:
        return self.units.get(name, name)

    def level(self, text: str) -> Level | None:
        return self.levels.get(squeezed(text)) or level_named(text)

    def category(self, text: str) -> Category | None:
        own = self.categories.get(squeezed(text)) if self.categories else None
        return own or category_of(text)

    def facts(self, facts: Facts) -> Facts:
        if not self.units:
            return facts
        return replace(facts, organiser=self.unit(facts.organiser), unit=self.unit(facts.unit))


def _meant(words: Mapping[str, str], meaning: Callable[[str], Meaning | None]) -> dict[str, Meaning]:
    return {squeezed(word): meant for word, usual in words.items() if (meant := meaning(usual))}


NO_ALIASES = Aliases()
