"""What stands for all that a reading builds on: a sheet with the mark of last time is not read again."""

from __future__ import annotations

from dataclasses import fields
from hashlib import blake2b
from importlib.metadata import version

import orjson

from adapters.sources.aliases import NO_ALIASES, Aliases
from adapters.sources.facts import Facts
from adapters.sources.grid import PLAIN, Cell, Grid

_ROWS_AT_ONCE = 500
_PROGRAM = version("recuperation-bridge")
"""Another program may read the same cells differently."""


def mark_of(grid: Grid, stated: Facts, defaults: Facts, *, path: str, key: bytes, aliases: Aliases = NO_ALIASES) -> str:
    """16 bytes in hex over every cell, its looks, and everything else a reading builds on. `key` (up to 64 bytes) makes it worthless to others."""
    digest = blake2b(repr((_PROGRAM, path, grid.sheet, stated, defaults)).encode(), digest_size=16, key=key)
    if aliases != NO_ALIASES:
        digest.update(repr([sorted(getattr(aliases, words.name).items()) for words in fields(aliases)]).encode())
    if grid.looks != PLAIN:
        digest.update(repr([sorted(getattr(grid.looks, look.name)) for look in fields(grid.looks)]).encode())
    for start in range(0, len(grid.rows), _ROWS_AT_ONCE):
        rows = grid.rows[start : start + _ROWS_AT_ONCE]
        digest.update(orjson.dumps(rows, default=_told_apart, option=orjson.OPT_PASSTHROUGH_DATETIME))
    return digest.hexdigest()


def settings_mark(*settings: object) -> str:
    """8 bytes in hex over what a source is told beside what it holds: other settings may make the same rows mean something else."""
    return blake2b(repr(settings).encode(), digest_size=8).hexdigest()


def _told_apart(cell: Cell) -> list[str]:
    """A day is not the text that looks like it."""
    return [type(cell).__name__, str(cell)]
