"""合计, 小计 and 总计: which batch's head count a total states, and which totals span several batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from adapters.sources.lines import Line

Total = tuple[Line, int | None]


@dataclass(frozen=True, slots=True)
class Declared:
    """`of_blocks`: one head count a block, None where none is stated; `of_all`: what the whole sheet states."""

    of_blocks: tuple[int | None, ...]
    of_all: int | None = None


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


def _last(totals: Sequence[Total], *kinds: Line) -> int | None:
    return next((number for kind, number in reversed(totals) if kind in kinds), None)


def _lone_subtotal(totals: Sequence[Total]) -> int | None:
    """Several subtotals in one block count its units, not the batch."""
    numbers = [number for kind, number in totals if kind is Line.SUBTOTAL]
    return numbers[0] if len(numbers) == 1 else None
