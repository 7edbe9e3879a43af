"""Who a row speaks of: words in the columns of category, role, remark and post, and in brackets behind the name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache

from adapters.sources.cells import text_of
from adapters.sources.grid import Cell
from schemas.header_words import Column, header_words, squeezed

SPEAKING = (Column.CATEGORY, Column.ROLE, Column.REMARK, Column.POST)
Words = Mapping[Column, frozenset[str]]

_BETWEEN = re.compile(r"[\s,，、;；:：/()（）。]+")
_KIN = "家属"
_NO_KIN = ("无", "非", "不", "未", "没")


@lru_cache(maxsize=4096, typed=True)
def role_said(note: str, *cells: Cell) -> tuple[Column | None, bool]:
    """The column that calls the row's person a relative or an attendant, and whether any calls it a leader.

    `note` is what stood behind the name; `cells` are those of SPEAKING.
    """
    said = _words_said(note, cells)
    return _column_of_kin(said), _leads(said)


@lru_cache(maxsize=4096, typed=True)
def calls_absent(cell: Cell) -> bool:
    """Whether a cell says that the row's person did not go: 取消, 因病未去. 未参加过 speaks of other years."""
    return isinstance(cell, str) and _absent().fullmatch(squeezed(cell)) is not None


def _words_said(note: str, cells: Sequence[Cell]) -> Words:
    """The single words of each speaking cell, nothing where none of them is about a role."""
    if not _word_of_role().search("\n".join([note, *(cell for cell in cells if isinstance(cell, str))])):
        return {}
    said = {column: _words(cell) for column, cell in zip(SPEAKING, cells, strict=True) if cell != ""}
    return said | {Column.NAME: _words(note)} if note else said


def _column_of_kin(said: Words) -> Column | None:
    family = _family_words()
    for column, words in said.items():
        if not words.isdisjoint(family) or any(word.endswith(_KIN) and not word.startswith(_NO_KIN) for word in words):
            return column
    return None


def _leads(said: Words) -> bool:
    """带队 in any column; 工作人员 as a post is also an ordinary one, and then the row states a category."""
    leader, staff = _leader_words()
    for column, words in said.items():
        ordinary_post = column is Column.POST and Column.CATEGORY in said
        if not words.isdisjoint(leader) or (not ordinary_post and not words.isdisjoint(staff)):
            return True
    return False


def _words(cell: Cell) -> frozenset[str]:
    text = text_of(cell)
    return frozenset((text,)) if text.isalnum() else frozenset(_BETWEEN.split(text))


@cache
def _word_of_role() -> re.Pattern[str]:
    roles = header_words().roles
    return re.compile("|".join(map(re.escape, (_KIN, *roles.family, *roles.leader, *roles.staff))))


@cache
def _family_words() -> frozenset[str]:
    return frozenset(header_words().roles.family)


@cache
def _leader_words() -> tuple[frozenset[str], frozenset[str]]:
    roles = header_words().roles
    return frozenset(roles.leader), frozenset(roles.staff)


@cache
def _absent() -> re.Pattern[str]:
    return re.compile(
        rf"\(?(?:因\w{{1,4}})?(?:已|均)?(?:{'|'.join(header_words().roles.absent)})(?:本次)?(?:疗休养)?[)。]?"
    )
