"""What people carry to the portal by hand: which files are out, who uploaded or gave up what, and what was refused."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection

from adapters.journal.revisions import move, revision_of, set_states, whose
from adapters.journal.sealed import Seals, sealed_json
from adapters.journal.store import Store
from adapters.journal.timeline import add_events
from schemas.batch import BatchKey
from schemas.journal import Carried, Dispatch, Exported, Instant, Settling
from schemas.portal import Operation, Payload
from schemas.revision import OF_THE_BATCH, OUT, State

_UPLOADED = frozenset({State.ACCEPTED})
_GIVEN_UP = frozenset({State.ACCEPTED, State.QUARANTINED})
"""What may be declared void besides what is out: said to be uploaded, and not proven."""


class Outgoing:
    """Fits `bridge.ports.Outgoing`. Where the portal is not reached by hand, ACCEPTED is the portal's own word."""

    def __init__(self, store: Store, vault: Seals, settling: Settling) -> None:
        self._store = store
        self._vault = vault
        self._by_hand = settling.by_hand

    def carried(self) -> tuple[Carried, ...]:
        """By batch: what is out, then what was uploaded and is not read back."""
        with self._store.read() as connection:
            return _grouped(connection, _newest(connection, OUT | (_UPLOADED if self._by_hand else frozenset())))

    def unfinished(self) -> tuple[tuple[int, Dispatch], ...]:
        """Files that a process was writing when it died, with their attempts: the same bytes are to be written again.

        Their revisions are those of which nothing was decided since.
        """
        with self._store.read() as connection:
            found: defaultdict[int, list[Any]] = defaultdict(list)
            for row in connection.exec_driver_sql(_UNFINISHED):
                found[row.id].append(row)
            return tuple((attempt, self._dispatch(rows)) for attempt, rows in found.items())

    def _dispatch(self, rows: Sequence[Any]) -> Dispatch:
        row, batch = rows[0], BatchKey.parse(rows[0].batch)
        serials = tuple(orjson.loads(row.serials))
        body = self._vault.open(row.sealed, bound_to=bound_attempt(row.batch, serials))
        payload = Payload(Operation(row.operation), row.path, body, serials)
        revisions = {one.person: revision_of(one) for one in rows}
        return Dispatch(batch, payload.operation, revisions, payload)

    def of_person(self, person: bytes) -> tuple[Exported, ...]:
        """The newest revision of one person in every batch they were ever sent for."""
        with self._store.read() as connection:
            rows = connection.exec_driver_sql(_OF_PERSON, (person,)).all()
        return tuple(
            Exported(
                BatchKey.parse(row.batch),
                row.person,
                revision_of(row),
                datetime.fromisoformat(row.made_at),
            )
            for row in rows
        )

    def uploaded(self, key: BatchKey, *, by: str, now: Instant) -> tuple[Carried, ...]:
        """Somebody says that the files of this batch are uploaded. Returns what was out; nothing: none was."""
        return self._moved(key, OUT, State.ACCEPTED, {"by": by}, now)

    def void(self, key: BatchKey, *, by: str, why: str, now: Instant) -> tuple[Carried, ...]:
        """Somebody gives up the files of this batch, uploaded or not: the next run may export these records again.

        What was read back stays as it is. Returns what is void now.
        """
        states = OUT | (_GIVEN_UP if self._by_hand else frozenset())
        return self._moved(key, states, State.VOIDED, {"by": by, "why": why}, now)

    def _moved(
        self, key: BatchKey, states: Collection[State], to: State, detail: Mapping[str, str], now: Instant
    ) -> tuple[Carried, ...]:
        what = _EVENTS[to]
        with self._store.write() as connection:
            rows = _newest(connection, states, key)
            move(connection, to, now, [(row.batch, row.serial) for row in rows])
            add_events(connection, now.at, [(row.batch, whose(row.person), what, detail) for row in rows])
            return _grouped(connection, rows)

    def refuse(self, refused: Iterable[tuple[Exported, str]], *, now: Instant) -> None:
        """Keep the portal's own words to each refused record, sealed."""
        found = list(refused)
        if not found:
            return
        with self._store.write() as connection:
            connection.exec_driver_sql(
                "UPDATE revision SET code='', sealed=? WHERE batch=? AND serial=?",
                [
                    (self._sealed_words(one.revision.serial, words), str(one.batch), one.revision.serial)
                    for one, words in found
                ],
            )
            set_states(connection, [(State.REFUSED.value, str(one.batch), one.revision.serial) for one, _ in found])
            add_events(connection, now.at, [(str(one.batch), one.person, "by_hand.refused", {}) for one, _ in found])

    def _sealed_words(self, serial: str, words: str) -> bytes | None:
        return sealed_json(self._vault, words, bound_to=f"words|{serial}") if words else None


_EVENTS = {State.ACCEPTED: "by_hand.uploaded", State.VOIDED: "by_hand.voided"}


def bound_attempt(batch: str, serials: Iterable[str]) -> str:
    """What the sealed body of one request is bound to."""
    return f"attempt|{batch}|{min(serials)}"


def _newest(connection: Connection, states: Collection[State], key: BatchKey | None = None) -> list[Any]:
    """Every record whose newest revision is in one of these states, with what offline wants of it now."""
    marks = ", ".join("?" for _ in states)
    only = " AND r.batch=?" if key else ""
    query = f"{_NEWEST} AND r.state IN ({marks}){only} ORDER BY r.batch, r.person"
    return list(connection.exec_driver_sql(query, (*(state.value for state in states), *([str(key)] if key else []))))


def _grouped(connection: Connection, rows: Iterable[Any]) -> tuple[Carried, ...]:
    """One `Carried` for what is out of a batch, one for what is uploaded."""
    groups: defaultdict[tuple[str, bool], list[Any]] = defaultdict(list)
    for row in rows:
        groups[row.batch, State(row.state) not in OUT].append(row)
    return tuple(
        Carried(
            batch=BatchKey.parse(batch),
            uploaded=uploaded,
            since=min(datetime.fromisoformat(row.since) for row in group),
            people=sum(row.person not in OF_THE_BATCH for row in group),
            stale=sum(row.wanted != row.mark for row in group),
            header=any(row.person in OF_THE_BATCH for row in group),
            files=_files(connection, batch, {row.serial for row in group}),
        )
        for (batch, uploaded), group in sorted(groups.items())
    )


def _files(connection: Connection, batch: str, serials: Collection[str]) -> tuple[str, ...]:
    """The files these records stand in, by name: of each record the newest."""
    newest: dict[str, str] = {}
    for path, held in connection.exec_driver_sql(_FILES, (batch,)):
        newest |= dict.fromkeys(orjson.loads(held), path)
    return tuple(sorted({path for serial, path in newest.items() if serial in serials}))


_NEWEST = (
    "SELECT r.batch, r.person, r.serial, r.state, r.mark, r.since,"
    " CASE WHEN b.blocked OR h.person IS NOT NULL THEN NULL"
    " WHEN p.person IS NULL THEN b.mark_offline ELSE p.mark_offline END AS wanted"
    " FROM revision r JOIN batch b ON b.key = r.batch"
    " LEFT JOIN pair p ON p.batch = r.batch AND p.person = r.person"
    " LEFT JOIN held h ON h.batch = r.batch AND h.person = r.person"
    " WHERE r.number = (SELECT max(number) FROM revision n WHERE n.batch = r.batch AND n.person = r.person)"
)
_UNFINISHED = (
    "SELECT a.id, a.batch, a.operation, a.path, a.sealed, a.serials, r.person, r.number, r.serial, r.mark, r.state"
    " FROM attempt a JOIN json_each(a.serials) s JOIN revision r ON r.batch = a.batch AND r.serial = s.value"
    " WHERE r.state = 'exported' AND a.sent_at IS NOT NULL AND a.ended_at IS NULL ORDER BY a.id, r.person"
)
_OF_PERSON = (
    "SELECT r.batch, r.person, r.number, r.serial, r.mark, r.state,"
    " (SELECT max(a.intent_at) FROM attempt a JOIN json_each(a.serials) s ON s.value = r.serial"
    " WHERE a.batch = r.batch) AS made_at FROM revision r WHERE r.person = ? AND made_at IS NOT NULL AND r.number ="
    " (SELECT max(number) FROM revision n WHERE n.batch = r.batch AND n.person = r.person)"
)
_FILES = "SELECT path, serials FROM attempt WHERE batch=? AND sent_at IS NOT NULL ORDER BY id"
