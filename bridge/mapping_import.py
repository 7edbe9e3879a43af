"""What staff wrote into the mapping sheet: headings of their own, each for the field in whose row it stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from bridge.mapping_sheet import columns_of
from schemas.header_words import Column, column_called, header_words, squeezed
from schemas.texts import T, Text

_BETWEEN = re.compile(r"[、，,\n]")

Row = tuple[int, str, str]
"""Its number as people count, the cell of offline words, and the field's key: `person.name`."""


@dataclass(frozen=True, slots=True)
class Headings:
    """`added`: a heading and the usual heading it means; `refused`: row and reason."""

    added: Mapping[str, str]
    refused: tuple[tuple[int, Text], ...]


def headings_of(rows: Iterable[Row], known: Mapping[str, str]) -> Headings:
    """Every heading that neither the bridge nor `known`, the aliases in the settings, understands yet."""
    added: dict[str, str] = {}
    refused: list[tuple[int, Text]] = []
    taken = {squeezed(heading): column for heading, usual in known.items() if (column := column_called(usual))}
    for number, cell, key in rows:
        columns = columns_of(key)
        for heading in _headings(cell):
            meant = column_called(heading) or taken.get(squeezed(heading))
            if meant in columns:
                continue
            if fault := _fault(heading, columns, meant):
                refused.append((number, fault))
                continue
            added[heading] = header_words().columns[columns[0]][0]
            taken[squeezed(heading)] = columns[0]
    return Headings(added, tuple(refused))


def _headings(cell: str) -> Iterator[str]:
    """Without the words that end in a colon, which stand in lines above a table, and the dash for none."""
    for word in _BETWEEN.split(cell):
        heading = word.strip()
        if heading not in {"", "-"} and not heading.endswith(("：", ":")):
            yield heading


def _fault(heading: str, columns: tuple[Column, ...], meant: Column | None) -> Text | None:
    if not columns:
        return T("no column holds this field, so “{heading}” cannot mean it", heading=heading)
    if meant:
        usual = header_words().columns[meant][0]
        return T("“{heading}” means {usual} already; one heading cannot mean two fields", heading=heading, usual=usual)
    return None
