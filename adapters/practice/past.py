"""What the portal held some time ago: a listing that comes from a copy lags behind what is stored."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable

from adapters.practice.forms import Row

PAST_SCHEMA = """
CREATE TABLE IF NOT EXISTS past (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, kind TEXT NOT NULL, id INTEGER NOT NULL, row TEXT
);
CREATE INDEX IF NOT EXISTS past_of_one ON past (kind, id, seq);
"""
_THEN = """
SELECT row FROM past p WHERE kind = ? AND at <= ? AND row IS NOT NULL
    AND seq = (SELECT max(seq) FROM past n WHERE n.kind = p.kind AND n.id = p.id AND n.at <= ?)
ORDER BY id"""


class Past:
    """Lives in the store's own database and transactions. `monotonic` in seconds."""

    def __init__(self, db: sqlite3.Connection, monotonic: Callable[[], float]) -> None:
        self._db = db
        self._monotonic = monotonic

    def note(self, kind: str, online_id: int, row: Row | None) -> None:
        """From now on it is so; None: it is gone."""
        text = None if row is None else json.dumps(row, ensure_ascii=False)
        values = (self._monotonic(), kind, online_id, text)
        self._db.execute("INSERT INTO past (at, kind, id, row) VALUES (?, ?, ?, ?)", values)

    def rows(self, kind: str, seconds_ago: float) -> list[Row]:
        then = self._monotonic() - seconds_ago
        return [json.loads(text) for (text,) in self._db.execute(_THEN, (kind, then, then))]
