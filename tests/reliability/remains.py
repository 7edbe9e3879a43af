"""What a trial left behind, but for moments and chance: two with the same remains go on alike."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from hashlib import sha256
from pathlib import Path

from tests.reliability.checker import Row

_OF_THE_MOMENT = re.compile(r"at|.*_at|since.*|sealed|id|read_at|detail|run|message_id|words")


def remains(journal: Path, effects: Iterable[Row], scratch: Path) -> str:
    """Their digest. `scratch` becomes a copy of the journal in which nothing is under way."""
    hot = _copy(journal, scratch)
    told: list[object] = [hot]
    with closing(sqlite3.connect(scratch)) as books:
        for (table,) in books.execute("SELECT name FROM sqlite_master WHERE type='table' ORDER BY name").fetchall():
            names = [name for _, name, *_ in books.execute(f"PRAGMA table_info({table})")]
            kept = [f'"{name}"' for name in names if not _OF_THE_MOMENT.fullmatch(name)]
            if kept and table != "meta":
                told += [table, sorted(map(repr, books.execute(f"SELECT {', '.join(kept)} FROM {table}")))]
    told += [(e["effect"], e["serial"], e["batch"], e["person"]) for e in effects]
    return sha256(repr(told).encode()).hexdigest()


def _copy(journal: Path, scratch: Path) -> bool:
    """Whether a transaction was under way; the copy's is rolled back by whoever opens it, and not the journal's."""
    begun = journal.with_name(journal.name + "-journal")
    shutil.copy(journal, scratch)
    theirs = scratch.with_name(scratch.name + "-journal")
    theirs.unlink(missing_ok=True)
    if not begun.exists():
        return False
    shutil.copy(begun, theirs)
    return begun.stat().st_size > 0 and begun.read_bytes()[:8] != bytes(8)
