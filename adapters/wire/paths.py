"""Dotted paths into an answer, and the portal's values as text."""

from __future__ import annotations

import re

_WORD = re.compile(r"[A-Za-z0-9_.:-]{1,32}")


def at(document: object, path: str) -> object:
    """What lies at a dotted path; None when nothing does (a JSON null counts as nothing)."""
    for step in path.split("."):
        if not isinstance(document, dict):
            return None
        document = document.get(step)
    return document


def text(value: object) -> str:
    """A plain JSON value as text (codes and ids come as numbers or strings); empty for anything else."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case int() | float():
            return str(value)
        case _:
            return ""


def machine_word(value: str) -> str:
    """A code as it may stand in logs and plain columns: "?" when it is no code at all."""
    return value if not value or _WORD.fullmatch(value) else "?"
