"""How spreadsheets count: columns in letters, and how far a sheet goes (ECMA-376; Excel, WPS and LibreOffice alike)."""

from __future__ import annotations

MOST_ROWS, MOST_COLUMNS = 1_048_576, 16_384


def letters(column: int) -> str:
    """1 → B: columns count from 0."""
    text, rest = "", column + 1
    while rest:
        rest, digit = divmod(rest - 1, 26)
        text = chr(ord("A") + digit) + text
    return text


def column_of(text: str) -> int:
    """B → 1"""
    number = 0
    for letter in text:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1
