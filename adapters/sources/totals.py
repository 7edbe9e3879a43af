"""合计, 小计 and 总计: which batch's head count a total states, and which totals span several batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from adapters.sources.lines import Line


@dataclass(frozen=True, slots=True)
class Total:
    """One such line: its `number` is None where it states none; it stands `at` this column, from 0, in `row`, from 1."""

    kind: Line
    number: int | None
    at: int
    row: int


@dataclass(frozen=True, slots=True)
class Declared:
    """`of_blocks`: the line that counts each block, None where none does; `of_all`: the one that counts the whole sheet."""

    of_blocks: tuple[Total | None, ...]
    of_all: Total | None = None


def declared_in(blocks: Sequence[Sequence[Total]]) -> Declared:
    """A sheet's blocks, each with its total lines.

    A lone 小计 is its block's own count. A 合计 that only the last of several blocks has counts them all.
    """
    if len(blocks) == 1:
        return Declared((_last(blocks[0], Line.TOTAL, Line.GRAND_TOTAL) or _lone_subtotal(blocks[0]),))
    subtotals = tuple(map(_lone_subtotal, blocks))
    totals = tuple(_last(block, Line.TOTAL) for block in blocks)
    grand = _last(blocks[-1], Line.GRAND_TOTAL)
    if not any(totals[:-1]):
        return Declared(subtotals, grand or totals[-1])
    return Declared(tuple(total or subtotal for total, subtotal in zip(totals, subtotals, strict=True)), grand)


def _last(totals: Sequence[Total], *kinds: Line) -> Total | None:
    """One that is blank or nought was never filled in."""
    found = next((total for total in reversed(totals) if total.kind in kinds), None)
    return found if found and found.number else None


def _lone_subtotal(totals: Sequence[Total]) -> Total | None:
    """Several subtotals in one block count its units, not the batch."""
    return _last(totals, Line.SUBTOTAL) if [total.kind for total in totals].count(Line.SUBTOTAL) == 1 else None
