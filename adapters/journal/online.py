"""The online side in the journal: what reading back found, and what that settles."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, delete, select

from adapters.journal import tables
from adapters.journal.epoch import let_pass
from adapters.journal.revisions import IN_DOUBT, Change, open_revisions, set_states
from adapters.journal.sealed import Seals, moment, moment_of, sealed_json
from adapters.journal.store import Store
from adapters.journal.timeline import Entry, add_events
from schemas.batch import BatchKey
from schemas.journal import Instant, LastRead, ListedBatch, ListedPerson, Settling
from schemas.portal import OnlineStatus
from schemas.revision import HEADER, OF_THE_BATCH, SUBMISSION, ReadBack, Revision, State, after_reading_back


class Online:
    """Fits `bridge.ports.Online`."""

    def __init__(self, store: Store, vault: Seals, settling: Settling) -> None:
        self._store = store
        self._vault = vault
        self._settling = settling

    def listed(self, batches: Sequence[ListedBatch], *, year: int, started: Instant) -> frozenset[BatchKey]:
        """Take in the whole list of one year's batches. Returns those of that year that are listed no more.

        Where people carry exports to and fro, the list is never known to be whole, and an older export than the one
        read before says nothing.
        """
        with self._store.write() as connection:
            known = {
                row.key: row
                for row in connection.exec_driver_sql("SELECT key, mark_online, read_back_at FROM batch").all()
            }
            if self._settling.by_hand:
                batches = [batch for batch in batches if _is_news(batch.as_of, known.get(str(batch.key)))]
            there = {str(batch.key) for batch in batches}
            online = {key for key, row in known.items() if row.mark_online is not None}
            gone = {key for key in online - there if BatchKey.parse(key).year == year and not self._settling.by_hand}
            for batch in batches:
                connection.exec_driver_sql(_UPSERT_LISTED, _listed_row(batch, started))
            for key in gone:
                connection.exec_driver_sql(_GONE, (key,))
            self._settle_headers(connection, started, {str(batch.key): batch.as_of for batch in batches})
            let_pass(connection, self._settling, started, None)
        return frozenset(BatchKey.parse(key) for key in gone)

    def last_read(self) -> dict[BatchKey, LastRead]:
        """When the people of each of our listed batches were last listed. The cost is that of the batches."""
        with self._store.read() as connection:
            doubted = set(connection.exec_driver_sql(_DOUBTED).scalars())
            rows = connection.exec_driver_sql(_LAST_READ).all()
        return {
            BatchKey.parse(row.key): LastRead(
                moment_of(row.people_read_at), row.people_change, in_doubt=row.unproven or row.key in doubted
            )
            for row in rows
        }

    def people(
        self,
        key: BatchKey,
        people: Sequence[ListedPerson],
        *,
        started: Instant,
        change: str | None = "",
        as_of: datetime | None = None,
    ) -> None:
        """Take in the whole list of one batch's participants, and settle what it decides.

        `change` is the mark the batch was listed under; None where it is not listed at all. `as_of` is the time of the
        export they stand in: where people carry exports, nothing is known without one.
        """
        batch = str(key)
        with self._store.write() as connection:
            if self._settling.by_hand and not _is_latest(connection, batch, as_of):
                return
            self._replace(connection, batch, people)
            seen = _set_pairs(connection, batch, people)
            stored = self._settle(connection, batch, seen, started, as_of)
            self._agree(connection, batch, people, stored, started)
            _stop_clocks(connection, batch, as_of or started.at)
            connection.exec_driver_sql(
                "UPDATE batch SET people_read_at=?, people_change=? WHERE key=?",
                (moment(as_of or started.at), change, batch),
            )
            let_pass(connection, self._settling, started, batch)

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

    def _settle(
        self,
        connection: Connection,
        batch: str,
        seen: Mapping[bytes, Any],
        started: Instant,
        as_of: datetime | None,
    ) -> set[bytes]:
        """Move every revision of the batch's people along, by what reading back showed.

        Returns the people of whom it showed exactly what was sent, whatever offline wants by now.
        """
        stored: set[bytes] = set()
        changes: list[Change] = []
        events: list[Entry] = []
        for person, revision, since in open_revisions(connection, batch):
            pair = seen.get(person)
            if person in OF_THE_BATCH:
                continue
            shown = ReadBack(
                online=pair.mark_online if pair else None,
                before=pair.mark_agreed if pair else None,
                **self._absence(since, started, as_of),
            )
            state = after_reading_back(revision, shown, self._settling.delivery_class)
            if state is not revision.state:
                changes.append((state.value, batch, revision.serial))
                events.append((batch, person, f"read_back.{state}", {}))
            if self._was_ours(revision, state):
                stored.add(person)
        set_states(connection, changes)
        add_events(connection, started.at, events)
        return stored

    def _absence(self, since: Instant, started: Instant, as_of: datetime | None) -> dict[str, bool]:
        """What it means not to be there: of an export, only whether it was made after the upload counts."""
        if not self._settling.by_hand:
            return {"waited": self._settling.waited(since, started)}
        newer = as_of is not None and as_of > since.at
        return {"waited": newer, "stale": not newer}

    def _settle_headers(self, connection: Connection, started: Instant, listed: Mapping[str, datetime | None]) -> None:
        stored: list[tuple[str]] = []
        changes: list[Change] = []
        events: list[Entry] = []
        for row in connection.exec_driver_sql(
            "SELECT key, mark_online, mark_agreed, status FROM batch WHERE ours"
        ).all():
            submitted = row.status not in {None, OnlineStatus.DRAFT.value}
            for person, revision, since in open_revisions(connection, row.key, (HEADER, SUBMISSION)):
                absence = self._absence(since, started, listed.get(row.key))
                online = row.mark_online if person == HEADER else (revision.mark if submitted else None)
                before = row.mark_agreed if person == HEADER else None
                shown = ReadBack(online, before, **absence)
                state = after_reading_back(revision, shown, self._settling.delivery_class)
                if state is not revision.state:
                    changes.append((state.value, row.key, revision.serial))
                    events.append((row.key, None, f"read_back.{state}", {}))
                if self._was_ours(revision, state) and person == HEADER:
                    stored.append((row.key,))
        if stored:
            connection.exec_driver_sql("UPDATE batch SET mark_agreed=mark_online, agreed=online WHERE key=?", stored)
        connection.exec_driver_sql(
            "UPDATE batch SET mark_agreed=mark_online, agreed=online"
            " WHERE mark_online IS mark_offline AND mark_agreed IS NOT mark_online"
        )
        set_states(connection, changes)
        add_events(connection, started.at, events)

    def _was_ours(self, revision: Revision, state: State) -> bool:
        """What was read back is what was sent: also of a file that was given up, and uploaded all the same.

        Nor is a file done with that still lies in the outbox while an older one was found online.
        """
        overtaken = self._settling.by_hand and revision.state is State.DIFFERS
        return state is State.AGREED and (revision.undecided or revision.state is State.VOIDED or overtaken)

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


_GONE = "UPDATE batch SET online=NULL, mark_online=NULL, status=NULL, times_online=1, people_change=NULL WHERE key=?"

_DOUBTED = (
    "SELECT batch FROM pair WHERE mark_offline IS NOT mark_online"  # noqa: S608  # literals
    f" UNION SELECT batch FROM ({IN_DOUBT})"
    " UNION SELECT batch FROM finding WHERE state = 'open' AND code = 'D08'"
)
"""Batches with a difference, with something on its way, or with a double that staff are about to delete."""

_LAST_READ = (
    "SELECT key, people_read_at, people_change, entered_on IS NULL OR mark_offline IS NOT mark_online AS unproven"
    " FROM batch WHERE ours AND mark_online IS NOT NULL"
)

_UPSERT_LISTED = (
    "INSERT INTO batch (key, ours, online, online_id, status, mark_online, read_back_at, reviewed_on, times_online)"
    " VALUES (?,?,?,?,?,?,?,?,?)"
    " ON CONFLICT (key) DO UPDATE SET ours=excluded.ours, online=excluded.online, online_id=excluded.online_id, status=excluded.status,"
    " mark_online=excluded.mark_online, read_back_at=excluded.read_back_at,"
    " reviewed_on=coalesce(reviewed_on, excluded.reviewed_on), times_online=excluded.times_online,"
    " people_change=CASE WHEN online_id IS excluded.online_id AND times_online=excluded.times_online"
    " THEN people_change END"
)
"""Another record under the same key has people of its own."""


def _listed_row(batch: ListedBatch, started: Instant) -> tuple[object, ...]:
    reviewed_on = (batch.as_of or started.at).date().isoformat() if batch.status is OnlineStatus.REVIEWED else None
    values = orjson.dumps(dict(batch.values)).decode()
    key, at = str(batch.key), moment(batch.as_of or started.at)
    times = 1 + len(batch.others)
    return key, batch.ours, values, batch.online_id, batch.status.value, batch.mark, at, reviewed_on, times


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


def _is_news(as_of: datetime | None, known: Any) -> bool:
    """Whether an export is not older than what the journal knows of a batch."""
    before = moment_of(known.read_back_at) if known else None
    return as_of is not None and (before is None or as_of >= before)


def _is_latest(connection: Connection, batch: str, as_of: datetime | None) -> bool:
    row = connection.exec_driver_sql("SELECT read_back_at FROM batch WHERE key=?", (batch,)).first()
    return _is_news(as_of, row)


def _stop_clocks(connection: Connection, batch: str, at: datetime) -> None:
    """The entry clock stops only when the header and every row of the batch is read back equal, and none is on its way."""
    connection.exec_driver_sql(_STOP_CLOCK, (at.date().isoformat(), batch, SUBMISSION))


_STOP_CLOCK = (
    "UPDATE batch SET entered_on=? WHERE key=? AND entered_on IS NULL AND mark_offline=mark_online"  # noqa: S608  # literals
    " AND EXISTS (SELECT 1 FROM pair WHERE batch=key)"
    " AND NOT EXISTS (SELECT 1 FROM pair WHERE batch=key AND mark_offline IS NOT mark_online)"
    " AND NOT EXISTS (SELECT 1 FROM standing s WHERE s.batch=key AND kind='damaged')"
    f" AND NOT EXISTS (SELECT 1 FROM ({IN_DOUBT}) d WHERE d.batch=key AND person<>?)"
)


def bound(batch: str, record: str) -> str:
    """What a sealed value of one online record is bound to."""
    return f"online|{batch}|{record}"
