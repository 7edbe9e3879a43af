"""What was sent: revisions with their serials, and one attempt for each request.

INTENT, with the exact bytes, is durable before the first byte is sent; SENDING is durable before it may leave; the
answer is durable before anything is built on it. A process that dies in between leaves UNKNOWN, never a guess.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from sqlalchemy import select

from adapters.journal import tables
from adapters.journal.online import set_states
from adapters.journal.outgoing import bound_attempt
from adapters.journal.rows import problems_of_json
from adapters.journal.sealed import Seals, day_of, moment, moment_of, sealed_json
from adapters.journal.store import Store
from adapters.journal.timeline import add_events
from schemas.batch import BatchKey
from schemas.journal import BatchFacts, BatchTally, Dispatch, Instant, PersonFacts, Settling
from schemas.portal import Answer, OnlineStatus, Verdict
from schemas.revision import HEADER, SUBMISSION, Revision, State, after_a_stop, after_sending


class Deliveries:
    """Fits `bridge.ports.Deliveries`."""

    def __init__(self, store: Store, vault: Seals, settling: Settling) -> None:
        self._store = store
        self._vault = vault
        self._by_hand = settling.by_hand

    def recover(self, now: Instant) -> int:
        """Put right what a dead process left: SENDING is UNKNOWN from now on, for nobody knows when its last byte left;
        and a reboot starts every settle window anew. What waits for people has no window.

        Returns how many revisions were on their way.
        """
        with self._store.write() as connection:
            rows = connection.exec_driver_sql(
                "SELECT serial, batch, person, state FROM revision WHERE state IN ('intent', 'sending')"
            ).all()
            connection.exec_driver_sql(
                "UPDATE revision SET since=?, since_uptime_s=?, since_boot=? WHERE state='sending'", _since(now)
            )
            set_states(connection, [(after_a_stop(State(row.state)).value, row.serial) for row in rows])
            add_events(
                connection,
                now.at,
                [(row.batch, row.person, f"recovered.{after_a_stop(State(row.state))}", {}) for row in rows],
            )
            if not self._by_hand:
                connection.exec_driver_sql(_WINDOWS_ANEW, (*_since(now), now.boot, now.uptime_s))
        return len(rows)

    def batches(self) -> tuple[BatchFacts, ...]:
        """Every batch either side knows, by key."""
        with self._store.read() as connection:
            newest = {
                (row.batch, row.person): Revision(row.serial, row.number, row.mark, State(row.state))
                for row in connection.exec_driver_sql(
                    "SELECT batch, person, max(number) AS number, serial, mark, state FROM revision"
                    " WHERE person IN (?, ?) GROUP BY batch, person",
                    (HEADER, SUBMISSION),
                )
            }
            rows = connection.execute(select(tables.batch).order_by(tables.batch.c.key)).all()
        return tuple(_batch_facts(row, newest) for row in rows)

    def disagreeing(self, *, only: BatchKey | None = None) -> tuple[PersonFacts, ...]:
        """Every person of our batches whose two sides differ: the cost is that of the differences alone."""
        with self._store.read() as connection:
            rows = connection.exec_driver_sql(
                _DISAGREEING + (" AND p.batch=?" if only else ""), (str(only),) if only else ()
            )
            return tuple(_person_facts(row) for row in rows)

    def tallies(self) -> dict[BatchKey, BatchTally]:
        """Head counts of every batch."""
        with self._store.read() as connection:
            rows = connection.exec_driver_sql(_TALLIES).all()
        return {
            BatchKey.parse(row.key): BatchTally(row.offline, row.online, row.agreed, row.damaged, row.held)
            for row in rows
        }

    def intend(self, dispatch: Dispatch, *, run: int, now: Instant) -> int:
        """Make one request durable before it is made. Returns its attempt number."""
        batch, payload, since = str(dispatch.batch), dispatch.payload, _since(now)
        with self._store.write() as connection:
            connection.exec_driver_sql(
                _UPSERT_REVISION,
                [
                    (batch, person, r.number, r.serial, r.mark, State.INTENT.value, *since)
                    for person, r in dispatch.revisions.items()
                ],
            )
            attempt: int = connection.exec_driver_sql(
                "INSERT INTO attempt (run, batch, operation, path, sealed, intent_at) VALUES (?,?,?,?,?,?) RETURNING id",
                (run, batch, payload.operation.value, payload.path, self._sealed_body(batch, dispatch), moment(now.at)),
            ).scalar_one()
            connection.exec_driver_sql(
                "INSERT INTO attempt_serial (attempt, serial) VALUES (?,?)",
                [(attempt, r.serial) for r in dispatch.revisions.values()],
            )
        return attempt

    def _sealed_body(self, batch: str, dispatch: Dispatch) -> bytes:
        return self._vault.seal(dispatch.payload.body, bound_to=bound_attempt(batch, dispatch.payload.serials))

    def sending(self, dispatch: Dispatch, attempt: int, *, now: Instant) -> None:
        """The first byte may leave as soon as this returns. A file may be written twice, for it stays the same file."""
        state = State.EXPORTED if self._by_hand else State.SENDING
        with self._store.write() as connection:
            set_states(connection, [(state.value, r.serial) for r in dispatch.revisions.values()])
            connection.exec_driver_sql("UPDATE attempt SET sent_at=? WHERE id=?", (moment(now.at), attempt))

    def conclude(self, dispatch: Dispatch, attempt: int, answer: Answer, *, now: Instant) -> None:
        """Keep what the answer made known of each record, with the portal's own words sealed."""
        batch, since = str(dispatch.batch), _since(now)
        verdicts = {person: (r.serial, answer.verdicts[r.serial]) for person, r in dispatch.revisions.items()}
        with self._store.write() as connection:
            connection.exec_driver_sql(
                "UPDATE revision SET state=?, code=?, sealed=?, since=?, since_uptime_s=?, since_boot=? WHERE serial=?",
                [
                    (after_sending(v.outcome).value, v.code, self._sealed_words(serial, v), *since, serial)
                    for serial, v in verdicts.values()
                ],
            )
            if HEADER in verdicts and (online_id := verdicts[HEADER][1].online_id):
                connection.exec_driver_sql("UPDATE batch SET online_id=? WHERE key=?", (online_id, batch))
            connection.exec_driver_sql(
                "UPDATE attempt SET ended_at=?, tries=?, seen=?, status=? WHERE id=?",
                (moment(now.at), answer.tries, answer.seen, answer.status, attempt),
            )
            add_events(connection, now.at, _conclusions(batch, dispatch, attempt, answer))

    def _sealed_words(self, serial: str, verdict: Verdict) -> bytes | None:
        return sealed_json(self._vault, verdict.words, bound_to=f"words|{serial}") if verdict.words else None

    def reopen(self, targets: Iterable[tuple[BatchKey, bytes, Revision]], *, now: Instant) -> None:
        """A person asks for these records again: a new revision of each, ready to be sent.

        Where online has lost a record, its last agreement is put aside with it: otherwise a hand's deletion stands.
        """
        wanted = list(targets)
        rows = [
            (str(batch), person, r.number, r.serial, r.mark, State.READY.value, *_since(now))
            for batch, person, r in wanted
        ]
        if rows:
            with self._store.write() as connection:
                connection.exec_driver_sql(_UPSERT_REVISION, rows)
                lost = [row[:2] for row in rows]
                connection.exec_driver_sql(
                    "UPDATE pair SET mark_agreed=NULL WHERE batch=? AND person=? AND mark_online IS NULL", lost
                )
                headers = [(batch,) for batch, person in lost if person == HEADER]
                if headers:
                    connection.exec_driver_sql(
                        "UPDATE batch SET mark_agreed=NULL, agreed=NULL WHERE key=? AND mark_online IS NULL", headers
                    )
                add_events(
                    connection, now.at, [(str(batch), person, "resync.asked", {}) for batch, person, _ in wanted]
                )


_UPSERT_REVISION = (
    "INSERT INTO revision (batch, person, number, serial, mark, state, since, since_uptime_s, since_boot)"
    " VALUES (?,?,?,?,?,?,?,?,?)"
    " ON CONFLICT (batch, person, number) DO UPDATE SET state=excluded.state,"
    " since=excluded.since, since_uptime_s=excluded.since_uptime_s, since_boot=excluded.since_boot"
)

_WINDOWS_ANEW = (
    "UPDATE revision SET since=?, since_uptime_s=?, since_boot=?"
    " WHERE state IN ('unknown', 'accepted') AND (since_boot<>? OR since_uptime_s>?)"
)

_DISAGREEING = (
    "SELECT p.batch, p.person, p.mark_offline, p.mark_online, p.mark_agreed, h.person IS NOT NULL AS held,"
    " r.number, r.serial, r.mark, r.state, r.code"
    " FROM pair p JOIN batch b ON b.key = p.batch AND b.ours"
    " LEFT JOIN held h ON h.batch = p.batch AND h.person = p.person"
    " LEFT JOIN revision r ON r.batch = p.batch AND r.person = p.person AND r.number ="
    " (SELECT max(number) FROM revision n WHERE n.batch = p.batch AND n.person = p.person)"
    " WHERE p.mark_offline IS NOT p.mark_online"
)

_TALLIES = (
    "SELECT b.key, ifnull(p.offline, 0) AS offline, ifnull(p.online, 0) AS online, ifnull(p.agreed, 0) AS agreed,"
    " (SELECT count(*) FROM row WHERE row.batch = b.key AND kind = 'damaged') AS damaged,"
    " (SELECT count(*) FROM held WHERE held.batch = b.key) AS held"
    " FROM batch b LEFT JOIN (SELECT batch, count(mark_offline) AS offline, count(mark_online) AS online,"
    " sum(mark_offline = mark_online) AS agreed FROM pair GROUP BY batch) p ON p.batch = b.key"
)


def _since(now: Instant) -> tuple[str, float, str]:
    return moment(now.at), now.uptime_s, now.boot


def _conclusions(batch: str, dispatch: Dispatch, attempt: int, answer: Answer) -> list[Any]:
    events = []
    for person, revision in dispatch.revisions.items():
        verdict = answer.verdicts[revision.serial]
        detail = {"attempt": attempt, "code": verdict.code, "seen": answer.seen, "tries": answer.tries}
        what = f"{dispatch.operation}.{verdict.outcome}"
        events.append((batch, None if person in {HEADER, SUBMISSION} else person, what, detail))
    return events


def _batch_facts(row: Any, newest: Mapping[tuple[str, bytes], Revision]) -> BatchFacts:
    return BatchFacts(
        key=BatchKey.parse(row.key),
        ours=row.ours,
        blocked=row.blocked,
        problems=problems_of_json(row.problems),
        offline=_values(row.offline),
        online=_values(row.online),
        agreed=_values(row.agreed),
        online_id=row.online_id or "",
        status=OnlineStatus(row.status) if row.status else None,
        mark_offline=row.mark_offline,
        mark_online=row.mark_online,
        mark_agreed=row.mark_agreed,
        header=newest.get((row.key, HEADER)),
        submission=newest.get((row.key, SUBMISSION)),
        read_back_at=moment_of(row.read_back_at),
        entered_on=day_of(row.entered_on),
        reviewed_on=day_of(row.reviewed_on),
        times_online=row.times_online,
    )


def _values(text: str | None) -> dict[str, str] | None:
    return None if text is None else orjson.loads(text)


def _person_facts(row: Any) -> PersonFacts:
    revision = None if row.serial is None else Revision(row.serial, row.number, row.mark, State(row.state))
    return PersonFacts(
        batch=BatchKey.parse(row.batch),
        person=row.person,
        offline=row.mark_offline,
        online=row.mark_online,
        agreed=row.mark_agreed,
        revision=revision,
        held=bool(row.held),
        code=row.code or "",
    )
