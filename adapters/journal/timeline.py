"""What happened to a batch or a person, in order: append only, never personal data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import orjson
from sqlalchemy import Connection, select

from adapters.journal import tables
from adapters.journal.sealed import moment
from adapters.journal.store import Store
from schemas.batch import BatchKey
from schemas.journal import Event

Entry = tuple[str, bytes | None, str, Mapping[str, str | int]]
"""Batch key, person key or None, what happened, its detail."""


def add_events(connection: Connection, at: datetime, entries: Iterable[Entry]) -> None:
    """Append events in the caller's own transaction."""
    rows = [
        (moment(at), batch, person, what, orjson.dumps(dict(detail)).decode())
        for batch, person, what, detail in entries
    ]
    if rows:
        connection.exec_driver_sql("INSERT INTO event (at, batch, person, what, detail) VALUES (?,?,?,?,?)", rows)


class Timeline:
    """Fits `bridge.ports.Timeline`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of_batch(self, key: BatchKey) -> tuple[Event, ...]:
        """The batch's own events: not those of each of its people."""
        return self._events(tables.event.c.batch == str(key), tables.event.c.person.is_(None))

    def of_person(self, person: bytes) -> tuple[Event, ...]:
        """One person's events, in every batch."""
        return self._events(tables.event.c.person == person)

    def people_like(self, prefix: str) -> tuple[bytes, ...]:
        """The person keys whose hex begins with a mark as people type it."""
        with self._store.read() as connection:
            found = connection.exec_driver_sql(
                "SELECT DISTINCT person FROM pair WHERE lower(hex(person)) LIKE ? LIMIT 20", (prefix.lower() + "%",)
            )
            return tuple(row.person for row in found)

    def _events(self, *where: object) -> tuple[Event, ...]:
        with self._store.read() as connection:
            rows = connection.execute(select(tables.event).where(*where).order_by(tables.event.c.id)).all()  # type: ignore[arg-type]
        return tuple(
            Event(datetime.fromisoformat(row.at), row.batch, row.person, row.what, orjson.loads(row.detail))
            for row in rows
        )
