"""The online side in the journal: what reading back found, and what that settles."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, delete, select

from adapters.journal import tables
from adapters.journal.sealed import Seals, moment, sealed_json
from adapters.journal.store import Store
from adapters.journal.timeline import Entry, add_events
from schemas.batch import BatchKey
from schemas.journal import Instant, ListedBatch, ListedPerson, Settling
from schemas.portal import OnlineStatus
from schemas.revision import HEADER, SUBMISSION, ReadBack, Revision, State, after_reading_back


class Online:
    """Fits `bridge.ports.Online`."""

    def __init__(self, store: Store, vault: Seals, settling: Settling) -> None:
        self._store = store
        self._vault = vault
        self._settling = settling

    def listed(self, batches: Sequence[ListedBatch], *, started: Instant) -> frozenset[BatchKey]:
        """Take in the whole list of batches. Returns those that were online before and are listed no more."""
        with self._store.write() as connection:
            known = connection.exec_driver_sql("SELECT key FROM batch WHERE mark_online IS NOT NULL")
            gone = {row.key for row in known} - {str(batch.key) for batch in batches}
            for batch in batches:
                connection.exec_driver_sql(_UPSERT_LISTED, _listed_row(batch, started))
            for key in gone:
                connection.exec_driver_sql(
                    "UPDATE batch SET online=NULL, mark_online=NULL, status=NULL WHERE key=?", (key,)
                )
            self._settle_headers(connection, started)
        return frozenset(BatchKey.parse(key) for key in gone)

    def people(self, key: BatchKey, people: Sequence[ListedPerson], *, started: Instant) -> None:
        """Take in the whole list of one batch's participants, and settle what it decides."""
        batch = str(key)
        with self._store.write() as connection:
            self._replace(connection, batch, people)
            seen = _set_pairs(connection, batch, people)
            stored = self._settle(connection, batch, seen, started)
            self._agree(connection, batch, people, stored, started)
            _stop_clocks(connection, batch, started)

    def _replace(self, connection: Connection, batch: str, people: Sequence[ListedPerson]) -> None:
        known = connection.exec_driver_sql("SELECT online_id, person, mark FROM online WHERE batch = ?", (batch,))
        if sorted(tuple(row) for row in known) == sorted((p.online_id, p.person, p.mark) for p in people):
            return
        connection.execute(delete(tables.online).where(tables.online.c.batch == batch))
        rows = [
            (
                batch,
                p.online_id,
                p.person,
                p.mark,
                sealed_json(
                    self._vault,
                    {"values": dict(p.values), "raw": dict(p.raw)},
                    bound_to=bound(batch, p.online_id),
                ),
            )
            for p in people
        ]
        if rows:
            connection.exec_driver_sql(
                "INSERT INTO online (batch, online_id, person, mark, sealed) VALUES (?,?,?,?,?)", rows
            )

    def _settle(self, connection: Connection, batch: str, seen: Mapping[bytes, Any], started: Instant) -> set[bytes]:
        """Move every revision of the batch's people along, by what reading back showed.

        Returns the people of whom it showed exactly what was sent, whatever offline wants by now.
        """
        stored: set[bytes] = set()
        changes: list[Change] = []
        events: list[Entry] = []
        for person, revision, since in open_revisions(connection, batch):
            pair = seen.get(person)
            if person in {HEADER, SUBMISSION}:
                continue
            shown = ReadBack(
                online=pair.mark_online if pair else None,
                before=pair.mark_agreed if pair else None,
                waited=self._settling.waited(since, started),
            )
            state = after_reading_back(revision, shown, self._settling.delivery_class)
            if state is not revision.state:
                changes.append((state.value, batch, revision.serial))
                events.append((batch, person, f"read_back.{state}", {}))
            if revision.undecided and state is State.AGREED:
                stored.add(person)
        set_states(connection, changes)
        add_events(connection, started.at, events)
        return stored

    def _settle_headers(self, connection: Connection, started: Instant) -> None:
        stored: list[tuple[str]] = []
        changes: list[Change] = []
        events: list[Entry] = []
        for row in connection.exec_driver_sql(
            "SELECT key, mark_online, mark_agreed, status FROM batch WHERE ours"
        ).all():
            submitted = row.status not in {None, OnlineStatus.DRAFT.value}
            for person, revision, since in open_revisions(connection, row.key, (HEADER, SUBMISSION)):
                waited = self._settling.waited(since, started)
                online = row.mark_online if person == HEADER else (revision.mark if submitted else None)
                before = row.mark_agreed if person == HEADER else None
                shown = ReadBack(online, before, waited)
                state = after_reading_back(revision, shown, self._settling.delivery_class)
                if state is not revision.state:
                    changes.append((state.value, row.key, revision.serial))
                    events.append((row.key, None, f"read_back.{state}", {}))
                if revision.undecided and state is State.AGREED and person == HEADER:
                    stored.append((row.key,))
        if stored:
            connection.exec_driver_sql("UPDATE batch SET mark_agreed=mark_online, agreed=online WHERE key=?", stored)
        connection.exec_driver_sql(
            "UPDATE batch SET mark_agreed=mark_online, agreed=online"
            " WHERE mark_online IS mark_offline AND mark_agreed IS NOT mark_online"
        )
        set_states(connection, changes)
        add_events(connection, started.at, events)

    def _agree(
        self,
        connection: Connection,
        batch: str,
        people: Sequence[ListedPerson],
        stored: Collection[bytes],
        started: Instant,
    ) -> None:
        """Keep what has just been read back equal, or as it was sent, as the last agreement; gone from both sides, none."""
        connection.exec_driver_sql(
            "UPDATE pair SET mark_agreed=NULL WHERE batch=? AND mark_offline IS NULL AND mark_online IS NULL", (batch,)
        )
        found = connection.exec_driver_sql(
            "SELECT person FROM pair WHERE batch=? AND mark_offline=mark_online AND mark_agreed IS NOT mark_online",
            (batch,),
        )
        agreed = {row.person for row in found} | set(stored)
        if not agreed:
            return
        connection.exec_driver_sql(
            "UPDATE pair SET mark_agreed=mark_online WHERE batch=? AND person=?",
            [(batch, person) for person in sorted(agreed)],
        )
        rows = {
            p.person: (batch, p.person, sealed_json(self._vault, dict(p.values), bound_to=bound(batch, p.person.hex())))
            for p in people
            if p.person in agreed
        }
        connection.exec_driver_sql(
            "INSERT INTO agreement (batch, person, sealed) VALUES (?,?,?)"
            " ON CONFLICT (batch, person) DO UPDATE SET sealed=excluded.sealed",
            list(rows.values()),
        )
        add_events(connection, started.at, [(batch, person, "read_back.equal", {}) for person in sorted(agreed)])


_UPSERT_LISTED = (
    "INSERT INTO batch (key, ours, online, online_id, status, mark_online, read_back_at, reviewed_on)"
    " VALUES (?,?,?,?,?,?,?,?)"
    " ON CONFLICT (key) DO UPDATE SET ours=excluded.ours, online=excluded.online, online_id=excluded.online_id, status=excluded.status,"
    " mark_online=excluded.mark_online, read_back_at=excluded.read_back_at,"
    " reviewed_on=coalesce(reviewed_on, excluded.reviewed_on)"
)


def _listed_row(batch: ListedBatch, started: Instant) -> tuple[object, ...]:
    reviewed_on = started.at.date().isoformat() if batch.status is OnlineStatus.REVIEWED else None
    values = orjson.dumps(dict(batch.values)).decode()
    key, at = str(batch.key), moment(started.at)
    return key, batch.ours, values, batch.online_id, batch.status.value, batch.mark, at, reviewed_on


def _set_pairs(connection: Connection, batch: str, people: Sequence[ListedPerson]) -> dict[bytes, Any]:
    """Bring `pair.mark_online` of one batch to `people` (the first record of a person counts); returns all pairs."""
    now: dict[bytes, bytes] = {}
    for listed in people:
        now.setdefault(listed.person, listed.mark)
    statement = "SELECT person, mark_online FROM pair WHERE batch = ?"
    known = {row.person: row.mark_online for row in connection.exec_driver_sql(statement, (batch,))}
    changed: dict[bytes, bytes | None] = {p: m for p, m in now.items() if known.get(p) != m}
    changed |= {p: None for p, m in known.items() if m is not None and p not in now}
    if changed:
        connection.exec_driver_sql(
            "INSERT INTO pair (batch, person, mark_online) VALUES (?,?,?)"
            " ON CONFLICT (batch, person) DO UPDATE SET mark_online=excluded.mark_online",
            [(batch, person, mark) for person, mark in sorted(changed.items())],
        )
    return {row.person: row for row in connection.execute(select(tables.pair).where(tables.pair.c.batch == batch))}


def _stop_clocks(connection: Connection, batch: str, started: Instant) -> None:
    """The entry clock stops only when the header and every row of the batch is read back equal."""
    connection.exec_driver_sql(
        "UPDATE batch SET entered_on=? WHERE key=? AND entered_on IS NULL AND mark_offline=mark_online"
        " AND EXISTS (SELECT 1 FROM pair WHERE batch=key)"
        " AND NOT EXISTS (SELECT 1 FROM pair WHERE batch=key AND mark_offline IS NOT mark_online)"
        " AND NOT EXISTS (SELECT 1 FROM row WHERE row.batch=key AND kind='damaged')",
        (started.at.date().isoformat(), batch),
    )


_SETTLED = (State.REFUSED, State.READY, State.INTENT)

OpenRevision = tuple[bytes, Revision, Instant]


def open_revisions(connection: Connection, batch: str, people: Sequence[bytes] | None = None) -> list[OpenRevision]:
    """The newest revision of each record of a batch that reading back may still move."""
    rows = connection.exec_driver_sql(
        "SELECT person, max(number) AS number, serial, mark, state, since, since_uptime_s, since_boot"
        " FROM revision WHERE batch = ? GROUP BY person",
        (batch,),
    )
    return [
        (row.person, Revision(row.serial, row.number, row.mark, State(row.state)), _instant(row))
        for row in rows
        if State(row.state) not in _SETTLED and (people is None or row.person in people)
    ]


def _instant(row: Any) -> Instant:
    return Instant(datetime.fromisoformat(row.since), row.since_uptime_s, row.since_boot)


Change = tuple[str, str, str]
"""The new state of a revision, its batch and its serial."""


def set_states(connection: Connection, changes: Iterable[Change]) -> None:
    rows = list(changes)
    if rows:
        connection.exec_driver_sql("UPDATE revision SET state=? WHERE batch=? AND serial=?", rows)


def bound(batch: str, record: str) -> str:
    """What a sealed value of one online record is bound to."""
    return f"online|{batch}|{record}"
