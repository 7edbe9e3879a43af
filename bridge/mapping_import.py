"""What staff wrote into the mapping sheet: words of their own, each for the field, level or category in whose row it stands."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from bridge.mapping_sheet import columns_of
from schemas.header_words import Words, category_of, column_called, header_words, level_named, squeezed
from schemas.texts import T, Text

_BETWEEN = re.compile(r"[、，,\n]")
_OF_WORDS = "words."

OwnWords = Mapping[str, Mapping[str, str]]
"""Table of `[aliases]` → a word and the usual word it means."""


class Row(NamedTuple):
    """`number` as people count, `cell` of offline words, and what it is for: `person.name`, `words.level.city`."""

    sheet: str
    number: int
    cell: str
    key: str


@dataclass(frozen=True, slots=True)
class Found:
    """`refused`: row and reason."""

    added: OwnWords
    refused: tuple[tuple[Row, Text], ...]


@dataclass(frozen=True, slots=True)
class _Kind:
    """A table of `[aliases]`: the usual words of each meaning, and which meaning a word has."""

    table: str
    usual: Mapping[Any, Words]
    meaning: Callable[[str], StrEnum | None]

    def of(self, key: str) -> tuple[StrEnum, ...]:
        """What may be meant in the row with this key: the first is what a new word comes to mean. Empty: nothing."""
        if not key.startswith(_OF_WORDS):
            return columns_of(key)
        return tuple(meant for meant in self.usual if meant == key.rpartition(".")[2])


def words_of(rows: Iterable[Row], known: OwnWords) -> Found:
    """Every word that neither the bridge nor `known`, the aliases in the settings, understands yet."""
    added: defaultdict[str, dict[str, str]] = defaultdict(dict)
    refused: list[tuple[Row, Text]] = []
    taken = {
        (kind.table, squeezed(word)): kind.meaning(usual)
        for kind in _kinds().values()
        for word, usual in known.get(kind.table, {}).items()
    }
    for row in rows:
        kind = _kind_of(row.key)
        means = kind.of(row.key)
        usual = [word for one in means for word in kind.usual[one]]
        for word in _words(row.cell, usual):
            meant = kind.meaning(word) or taken.get((kind.table, squeezed(word)))
            if meant in means:
                continue
            if fault := _fault(word, means, kind.usual[meant][0] if meant else ""):
                refused.append((row, fault))
                continue
            added[kind.table][word] = kind.usual[means[0]][0]
            taken[kind.table, squeezed(word)] = means[0]
    return Found(added, tuple(refused))


def _kinds() -> Mapping[str, _Kind]:
    words = header_words()
    return {
        "": _Kind("columns", words.columns, column_called),
        "level": _Kind("levels", words.levels, level_named),
        "category": _Kind("categories", words.categories, category_of),
    }


def _kind_of(key: str) -> _Kind:
    field = key.removeprefix(_OF_WORDS).partition(".")[0] if key.startswith(_OF_WORDS) else ""
    return _kinds().get(field) or _kinds()[""]


def _words(cell: str, usual: Iterable[str]) -> Iterator[str]:
    """Without those that end in a colon, which stand in lines above a table, and the dash for none.

    区、市级 is one word: such `usual` ones are taken out first.
    """
    for word in filter(_BETWEEN.search, usual):
        cell = cell.replace(word, "")
    for part in _BETWEEN.split(cell):
        word = part.strip()
        if word not in {"", "-"} and not word.endswith(("：", ":")):
            yield word


def _fault(word: str, means: tuple[StrEnum, ...], usual: str) -> Text | None:
    if not means:
        return T("nothing in a ledger says this, so “{heading}” cannot mean it", heading=word)
    if usual:
        return T("“{heading}” means {usual} already; one word cannot mean two things", heading=word, usual=usual)
    return None
