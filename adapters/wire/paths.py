"""Places in a portal's documents, and its values as text."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import jmespath
from jmespath.parser import ParsedResult

_WORD = re.compile(r"[A-Za-z0-9_.:-]{1,32}")


def at(document: object, expression: str) -> object:
    """What lies at a JMESPath expression; None when nothing does (a JSON null counts as nothing)."""
    return _compiled(expression).search(document)


@cache
def _compiled(expression: str) -> ParsedResult:
    return jmespath.compile(expression)


MISSING = object()
"""What `member` finds where a field is not there at all: a null is there."""


def member(record: object, path: tuple[str, ...]) -> object:
    """One field of a record, by the steps of its dotted path."""
    for step in path:
        if not isinstance(record, dict) or step not in record:
            return MISSING
        record = record[step]
    return record


def put(record: dict[str, Any], path: tuple[str, ...], value: object) -> None:
    """Set one field of a record, making the objects on its way."""
    for step in path[:-1]:
        record = record.setdefault(step, {})
    record[path[-1]] = value


@cache
def steps(path: str) -> tuple[str, ...]:
    return tuple(path.split("."))


def is_plain(value: object) -> bool:
    """Whether a JSON value is a text, a number, a truth value or null."""
    return value is None or isinstance(value, str | int | float)


def text(value: object) -> str:
    """A plain JSON value as text (codes and ids come as numbers or strings); empty for anything else."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case _:
            return ""


def machine_word(value: str) -> str:
    """A code as it may stand in logs and plain columns: "?" when it is no code at all."""
    return value if not value or _WORD.fullmatch(value) else "?"
