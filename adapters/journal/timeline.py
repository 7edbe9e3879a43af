"""What happened to a batch or a person, in order: append only, never personal data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection

from adapters.journal.sealed import moment
from adapters.journal.store import Store
from schemas.batch import BatchKey
from schemas.journal import Event

Entry = tuple[str, bytes | None, str, Mapping[str, str | int]]
"""Batch key, person key or None, what happened, its detail."""

Spoken = tuple[str, str, str, Mapping[str, str | int]]
"""Batch key, the serials it concerns as JSON, what happened, its detail."""


def add_events(connection: Connection, at: datetime, entries: Iterable[Entry]) -> None:
    """Append events in the caller's own transaction."""
    when = moment(at)
    rows = [(when, batch, person, what, orjson.dumps(dict(detail)).decode()) for batch, person, what, detail in entries]
    if rows:
        connection.exec_driver_sql("INSERT INTO event (at, batch, person, what, detail) VALUES (?,?,?,?,?)", rows)


def add_answers(connection: Connection, at: datetime, answers: Iterable[Spoken]) -> None:
    """Append an event for all the people an answer spoke of in the same way, in the caller's own transaction."""
    when = moment(at)
    rows = [
        (when, batch, what, orjson.dumps(dict(detail)).decode(), serials) for batch, serials, what, detail in answers
    ]
    if rows:
        connection.exec_driver_sql("INSERT INTO event (at, batch, what, detail, serials) VALUES (?,?,?,?,?)", rows)


class Timeline:
    """Fits `bridge.ports.Timeline`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of_batch(self, key: BatchKey) -> tuple[Event, ...]:
        """The batch's own events, and those of its people told once a moment, with their `count`, who and why."""
        with self._store.read() as connection:
            rows = connection.exec_driver_sql(_OF_BATCH, (str(key),)).all()
        return tuple(_event(row) for row in rows)

    def of_person(self, person: bytes) -> tuple[Event, ...]:
        """One person's events, in every batch."""
        with self._store.read() as connection:
            rows = connection.exec_driver_sql(_OF_PERSON, (person,)).all()
        return tuple(_event(row) for row in rows)

    def people_like(self, prefix: str) -> tuple[bytes, ...]:
        """The person keys whose hex begins with a mark as people type it."""
        with self._store.read() as connection:
            found = connection.exec_driver_sql(
                "SELECT DISTINCT person FROM pair WHERE lower(hex(person)) LIKE ? LIMIT 20", (prefix.lower() + "%",)
            )
            return tuple(row.person for row in found)


def _event(row: Any) -> Event:
    return Event(datetime.fromisoformat(row.at), row.batch, row.person, row.what, orjson.loads(row.detail))


_OF_BATCH = (
    "SELECT min(id) AS id, at, batch, NULL AS person, what,"
    " CASE WHEN coalesce(person, serials) IS NULL THEN detail ELSE json_patch('{}', json_object("
    "'count', sum(ifnull(json_array_length(serials), 1)),"
    " 'by', min(json_extract(detail, '$.by')), 'why', min(json_extract(detail, '$.why')))) END AS detail"
    " FROM event WHERE batch=? GROUP BY at, what, CASE WHEN coalesce(person, serials) IS NULL THEN id END ORDER BY 1"
)
_OF_PERSON = (
    "SELECT id, at, batch, person, what, detail FROM event"
    " WHERE batch IN (SELECT batch FROM pair WHERE person=?1) AND person=?1"
    " UNION ALL SELECT e.id, e.at, e.batch, r.person, e.what, e.detail"
    " FROM revision r JOIN event e ON e.batch=r.batch AND e.person IS NULL JOIN json_each(e.serials) s ON s.value=r.serial"
    " WHERE r.batch IN (SELECT batch FROM pair WHERE person=?1) AND r.person=?1 ORDER BY 1"
)
