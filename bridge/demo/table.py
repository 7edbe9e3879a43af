"""A table of plain lines: Chinese characters are two columns wide on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from unicodedata import east_asian_width

_GAP = "  "


def aligned(rows: Sequence[Sequence[str]], *, left: int) -> Iterator[str]:
    """One line a row; the first `left` columns stand to the left, the numbers behind them to the right."""
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            text + " " * (width - _width(text)) if at < left else " " * (width - _width(text)) + text
            for at, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield _GAP.join(cells).rstrip()


def _width(text: str) -> int:
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)
