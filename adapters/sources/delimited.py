"""Delimited text → the same plain grid. Decoded by BOM, then strict UTF-8, then GB18030: no guessing."""

from __future__ import annotations

import codecs
import csv
import io

from adapters.sources.grid import Cell, Grid, Sheets, Unreadable, squared

_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_DELIMITERS = ",\t;|"
_LOOKED_AT = 4096  # characters


def read_delimited(content: bytes) -> Sheets:
    """Raises Unreadable."""
    text = decoded(content)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    try:
        rows: list[list[Cell]] = [[_bare(field) for field in line] for line in lines]
    except csv.Error:
        raise Unreadable("unreadable") from None
    return Sheets((Grid("", squared(rows), knows_merges=False),))


def decoded(content: bytes) -> str:
    """Raises Unreadable for what no encoding of staff gives."""
    known = next((encoding for bom, encoding in _BOMS if content.startswith(bom)), None)
    for encoding in (known,) if known else ("utf-8", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Unreadable("unknown_form", found="binary")


def _delimiter(text: str) -> str:
    """The one that stands oftenest in the beginning."""
    beginning = text[:_LOOKED_AT]
    return max(_DELIMITERS, key=beginning.count)


def _bare(field: str) -> str:
    """Without the `="…"` by which an export keeps Excel from reading a number."""
    return field[2:-1] if field.startswith('="') and field.endswith('"') else field
