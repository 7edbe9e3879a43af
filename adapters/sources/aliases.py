"""What a federation calls things its own way: headings of columns, and short names of units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from adapters.sources.facts import Facts
from schemas.header_words import Column, column_called, squeezed
from schemas.identity import canonical_text


@dataclass(frozen=True, slots=True)
class Aliases:
    """`columns`: a heading, squeezed, and what it means; `units`: a unit as some ledgers call it, and its full name."""

    columns: Mapping[str, Column] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, columns: Mapping[str, str], units: Mapping[str, str]) -> Self:
        """As the settings write them: a heading and the usual heading, a short name and the full one."""
        meant = {squeezed(heading): column_called(usual) for heading, usual in columns.items()}
        full = {canonical_text(short): canonical_text(name) for short, name in units.items()}
        return cls({heading: column for heading, column in meant.items() if column}, full)

    def unit(self, name: str) -> str:
        return self.units.get(name, name)

    def facts(self, facts: Facts) -> Facts:
        if not self.units:
            return facts
        return replace(facts, organiser=self.unit(facts.organiser), unit=self.unit(facts.unit))


NO_ALIASES = Aliases()
