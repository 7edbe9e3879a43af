"""Requests under a key the portal honours (K2): kept whole, so that the same one can be made again while the key lives."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection

from adapters.journal.outgoing import bound_attempt
from adapters.journal.revisions import move, revision_of
from adapters.journal.sealed import Seals, columns_of, instant_of
from adapters.journal.store import Store
from schemas.batch import BatchKey
from schemas.journal import Answered, Dispatch, Instant, Settling
from schemas.outcome import Outcome
from schemas.portal import Operation, Payload
from schemas.revision import State


def keep_keys(
    connection: Connection, vault: Seals, leaving: Sequence[Dispatch], attempts: Sequence[int], now: Instant
) -> None:
    """In the caller's transaction: durable before the first byte leaves, as the body itself is."""
    rows = [
        (attempt, key, *columns_of(now), _sealed(vault, one))
        for attempt, one in zip(attempts, leaving, strict=True)
        if (key := one.payload.values.get("request_key"))
    ]
    if rows:
        connection.exec_driver_sql(
            "INSERT INTO keyed (attempt, request_key, first_at, first_uptime_s, first_boot, sealed)"
            " VALUES (?,?,?,?,?,?)",
            rows,
        )


def drop_keys(connection: Connection, answered: Iterable[Answered]) -> None:
    """Of requests of which everything is known there is nothing to be made again."""
    decided = [
        (one.attempt,)
        for one in answered
        if Outcome.UNKNOWN not in {verdict.outcome for verdict in one.answer.verdicts.values()}
    ]
    if decided:
        connection.exec_driver_sql("DELETE FROM keyed WHERE attempt=?", decided)


class Keyed:
    """Fits `bridge.ports.Keyed`."""

    def __init__(self, store: Store, vault: Seals, settling: Settling) -> None:
        self._store = store
        self._vault = vault
        self._settling = settling

    def repeatable(self, now: Instant) -> tuple[tuple[int, Dispatch], ...]:
        """Requests of which nothing at all is known, with their attempts: the same bytes under the same living key.

        Only the last request of a record may be made again: one before it would be another.
        """
        if self._settling.key_life_s is None:
            return ()
        with self._store.read() as connection:
            of_attempt: defaultdict[int, list[Any]] = defaultdict(list)
            for row in connection.exec_driver_sql(_KEYED):
                of_attempt[row.id].append(row)
        return tuple(
            (attempt, self._dispatch(rows))
            for attempt, rows in of_attempt.items()
            if all(row.state == State.UNKNOWN and row.last == attempt for row in rows)
            and self._settling.repeatable(_first(rows[0]), now)
        )

    def sending(self, attempt: int, dispatch: Dispatch, now: Instant) -> bool:
        """It may leave once more: if nobody hears what becomes of it, the wait begins anew.

        False, and nothing is changed: others went before it, and for this one it is too late.
        """
        batch = str(dispatch.batch)
        with self._store.write() as connection:
            first = connection.exec_driver_sql(_FIRST, (attempt,)).one()
            in_time = self._settling.repeatable(_first(first), now)
            if in_time:
                move(connection, State.SENDING, now, [(batch, serial) for serial in dispatch.payload.serials])
        return in_time

    def _dispatch(self, rows: Sequence[Any]) -> Dispatch:
        row, serials = rows[0], tuple(orjson.loads(rows[0].serials))
        body = self._vault.open(row.body, bound_to=bound_attempt(row.batch, serials))
        rest = orjson.loads(self._vault.open(row.rest, bound_to=_bound(row.batch, serials)))
        payload = Payload(
            Operation(row.operation),
            row.path,
            body,
            serials,
            tuple(rest["names"]),
            tuple(rest["echoes"]),
            {**rest["values"], "request_key": row.request_key},
        )
        revisions = {one.person: revision_of(one) for one in rows}
        return Dispatch(BatchKey.parse(row.batch), payload.operation, revisions, payload)


def _sealed(vault: Seals, one: Dispatch) -> bytes:
    payload = one.payload
    rest = {"names": payload.names, "echoes": payload.echoes, "values": dict(payload.values)}
    return vault.seal(orjson.dumps(rest), bound_to=_bound(str(one.batch), payload.serials))


def _bound(batch: str, serials: Iterable[str]) -> str:
    return f"keyed|{batch}|{min(serials)}"


def _first(row: Any) -> Instant:
    return instant_of(row.first_at, row.first_uptime_s, row.first_boot)


_FIRST = "SELECT first_at, first_uptime_s, first_boot FROM keyed WHERE attempt=?"

_KEYED = (
    "SELECT a.id, a.batch, a.operation, a.path, a.serials, a.sealed AS body, k.request_key, k.sealed AS rest,"
    " k.first_at, k.first_uptime_s, k.first_boot, r.person, r.number, r.serial, r.mark, r.state,"
    " (SELECT max(l.id) FROM attempt l JOIN json_each(l.serials) m WHERE l.batch = a.batch AND m.value = r.serial)"
    " AS last FROM keyed k JOIN attempt a ON a.id = k.attempt JOIN json_each(a.serials) s"
    " JOIN revision r ON r.batch = a.batch AND r.serial = s.value ORDER BY a.id, r.person"
)
