"""What was sent: revisions with their serials, and one attempt for each request.

The exact bytes of a request, and SENDING for all its records, are durable before the first byte may leave; the answer is
durable before anything built on it may. A process that dies in between leaves UNKNOWN, never a guess. One transaction
keeps whatever has ended and is about to leave by then: a commit for each request would be most of what sending costs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson
from sqlalchemy import Connection

from adapters.journal.epoch import hold_back, next_turn
from adapters.journal.keyed import drop_keys, keep_keys
from adapters.journal.outgoing import bound_attempt
from adapters.journal.revisions import EQUAL_IN_DOUBT, put, put_all_of, revision_of, set_states
from adapters.journal.rows import problems_of_json
from adapters.journal.sealed import Seals, columns_of, day_of, moment, moment_of, sealed_json
from adapters.journal.store import Store
from adapters.journal.timeline import add_answers, add_events
from schemas.batch import BatchKey
from schemas.journal import Answered, BatchFacts, BatchTally, Dispatch, Instant, PersonFacts, Settling
from schemas.outcome import Outcome
from schemas.portal import OnlineStatus, Payload
from schemas.revision import HEADER, OF_THE_BATCH, SUBMISSION, Revision, State, after_a_stop, after_sending


class Deliveries:
    """Fits `bridge.ports.Deliveries`."""

    def __init__(self, store: Store, vault: Seals, settling: Settling) -> None:
        self._store = store
        self._vault = vault
        self._by_hand = settling.by_hand
        self._keyed = settling.key_life_s is not None

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
                "UPDATE revision SET since=?, since_uptime_s=?, since_boot=? WHERE state='sending'", columns_of(now)
            )
            set_states(connection, [(after_a_stop(State(row.state)).value, row.batch, row.serial) for row in rows])
            add_events(
                connection,
                now.at,
                [(row.batch, row.person, f"recovered.{after_a_stop(State(row.state))}", {}) for row in rows],
            )
            if not self._by_hand:
                connection.exec_driver_sql(_WINDOWS_ANEW, (*columns_of(now), now.boot, now.uptime_s))
                connection.exec_driver_sql(_FENCE_ANEW, (*columns_of(now), now.boot, now.uptime_s))
        return len(rows)

    def batches(self) -> tuple[BatchFacts, ...]:
        """Every batch either side knows, by key."""
        with self._store.read() as connection:
            newest = {
                (row.batch, row.person): revision_of(row)
                for row in connection.exec_driver_sql(
                    "SELECT batch, person, max(number) AS number, serial, mark, state FROM revision"
                    " WHERE person IN (?, ?) GROUP BY batch, person",
                    (HEADER, SUBMISSION),
                )
            }
            rows = connection.exec_driver_sql("SELECT * FROM batch ORDER BY key").all()
        return tuple(_batch_facts(row, newest) for row in rows)

    def disagreeing(self, *, only: BatchKey | None = None) -> tuple[PersonFacts, ...]:
        """Every person of our batches whose two sides differ, or are equal while something else may be on its way.

        The cost is that of these alone.
        """
        with self._store.read() as connection:
            rows = [
                row
                for which in (_DIFFERENT, _EQUAL_IN_DOUBT)
                for row in connection.exec_driver_sql(
                    _FACTS + which + (" AND p.batch=?" if only else ""), (str(only),) if only else ()
                )
            ]
            key_of = cache(BatchKey.parse)
            return tuple(_person_facts(key_of(batch), *rest) for batch, *rest in rows)

    def tallies(self) -> dict[BatchKey, BatchTally]:
        """Head counts of every batch."""
        with self._store.read() as connection:
            rows = connection.exec_driver_sql(_TALLIES).all()
        return {
            BatchKey.parse(row.key): BatchTally(row.offline, row.online, row.agreed, row.damaged, row.held, row.known)
            for row in rows
        }

    def keep(
        self, answered: Sequence[Answered], leaving: Sequence[Dispatch], *, run: int, now: Instant
    ) -> tuple[int, ...]:
        """In one transaction: what became of requests that have ended, and those that may leave once this returns.

        Returns the attempt numbers of `leaving`.
        """
        if not answered and not leaving:
            return ()
        with self._store.write() as connection:
            self._conclude(connection, answered, now)
            attempts = self._intend(connection, leaving, run, now)
            turn = next_turn(connection) if leaving else 0
        if turn:
            self._store.turned(turn)
        return attempts

    def _intend(self, connection: Connection, leaving: Sequence[Dispatch], run: int, now: Instant) -> tuple[int, ...]:
        """Their exact bytes, and SENDING for each of their revisions.

        A file that people carry is EXPORTED instead: it may be written twice, for it stays the same file.
        """
        hold_back(connection, {str(one.batch) for one in leaving})
        first: int = connection.exec_driver_sql("SELECT ifnull(max(id), 0) + 1 FROM attempt").scalar_one()
        attempts = tuple(range(first, first + len(leaving)))
        at = moment(now.at)
        rows = [
            (attempt, run, str(one.batch), *_facts(one.payload), self._sealed_body(one), at, at)
            for attempt, one in zip(attempts, leaving, strict=True)
        ]
        if rows:
            connection.exec_driver_sql(_INSERT_ATTEMPT, rows)
        if self._keyed:
            keep_keys(connection, self._vault, leaving, attempts, now)
        put_all_of(connection, State.EXPORTED if self._by_hand else State.SENDING, now, leaving)
        return attempts

    def _sealed_body(self, dispatch: Dispatch) -> bytes:
        batch, payload = str(dispatch.batch), dispatch.payload
        return self._vault.seal(payload.body, bound_to=bound_attempt(batch, payload.serials))

    def _conclude(self, connection: Connection, answered: Sequence[Answered], now: Instant) -> None:
        """What each answer made known of each record, with the portal's own words sealed."""
        if not answered:
            return
        spoken = [each for one in answered for each in _spoken(one)]
        since, at = columns_of(now), moment(now.at)
        connection.exec_driver_sql(
            "UPDATE revision SET state=?, code=?, sealed=NULL, since=?, since_uptime_s=?, since_boot=?"
            " WHERE batch=? AND serial IN (SELECT value FROM json_each(?))",
            [(after_sending(s.outcome).value, s.code, *since, s.batch, s.serials) for s in spoken],
        )
        connection.exec_driver_sql(
            "UPDATE attempt SET ended_at=?, tries=?, seen=?, status=? WHERE id=?",
            [(at, one.answer.tries, one.answer.seen, one.answer.status, one.attempt) for one in answered],
        )
        if self._keyed:
            drop_keys(connection, answered)
        self._keep_words(connection, answered)
        _keep_online_ids(connection, answered)
        add_events(connection, now.at, [(s.batch, None, s.what, s.detail) for s in spoken if s.of_the_batch])
        add_answers(connection, now.at, [(s.batch, s.serials, s.what, s.detail) for s in spoken if not s.of_the_batch])

    def _keep_words(self, connection: Connection, answered: Iterable[Answered]) -> None:
        words = [
            (sealed_json(self._vault, verdict.words, bound_to=f"words|{serial}"), str(one.dispatch.batch), serial)
            for one in answered
            for serial, verdict in one.answer.verdicts.items()
            if verdict.words
        ]
        if words:
            connection.exec_driver_sql("UPDATE revision SET sealed=? WHERE batch=? AND serial=?", words)

    def reopen(self, targets: Iterable[tuple[BatchKey, bytes, Revision]], *, now: Instant) -> None:
        """A person asks for these records again: a new revision of each, ready to be sent.

        Where online has lost a record, its last agreement is put aside with it: otherwise a hand's deletion stands.
        """
        wanted = list(targets)
        if wanted:
            with self._store.write() as connection:
                put(connection, State.READY, now, wanted)
                lost = [(str(batch), person) for batch, person, _ in wanted]
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


_WINDOWS_ANEW = (
    "UPDATE revision SET since=?, since_uptime_s=?, since_boot=?"
    " WHERE state IN ('unknown', 'accepted') AND (since_boot<>? OR since_uptime_s>?)"
)

_FENCE_ANEW = "UPDATE fence SET since=?, since_uptime_s=?, since_boot=? WHERE since_boot<>? OR since_uptime_s>?"


_INSERT_ATTEMPT = (
    "INSERT INTO attempt (id, run, batch, operation, path, serials, sealed, intent_at, sent_at)"
    " VALUES (?,?,?,?,?,?,?,?,?)"
)

_FACTS = (
    "SELECT p.batch, p.person, p.mark_offline, p.mark_online, p.mark_agreed, h.person IS NOT NULL AS held,"
    " r.number, r.serial, r.mark, r.state, r.code"
    " FROM pair p JOIN batch b ON b.key = p.batch AND b.ours"
    " LEFT JOIN held h ON h.batch = p.batch AND h.person = p.person"
    " LEFT JOIN revision r ON r.batch = p.batch AND r.person = p.person AND r.number ="
    " (SELECT max(number) FROM revision n WHERE n.batch = p.batch AND n.person = p.person)"
    " WHERE "
)
_DIFFERENT = "p.mark_offline IS NOT p.mark_online"
_EQUAL_IN_DOUBT = f"(p.batch, p.person) IN (SELECT batch, person FROM ({EQUAL_IN_DOUBT}))"  # noqa: S608  # literals

_TALLIES = (
    "SELECT b.key, ifnull(p.offline, 0) AS offline, ifnull(p.online, 0) AS online,"  # noqa: S608  # literals
    " ifnull(p.agreed, 0) - ifnull(d.doubted, 0) AS agreed,"
    " (SELECT count(*) FROM standing s WHERE s.batch = b.key AND kind = 'damaged') AS damaged,"
    " (SELECT count(*) FROM held WHERE held.batch = b.key) AS held, ifnull(p.known, 0) AS known"
    " FROM batch b LEFT JOIN (SELECT batch, count(mark_offline) AS offline, count(mark_online) AS online,"
    " sum(mark_offline = mark_online) AS agreed, count(mark_agreed) AS known FROM pair GROUP BY batch) p ON p.batch = b.key"
    f" LEFT JOIN (SELECT batch, count(mark_offline) AS doubted FROM ({EQUAL_IN_DOUBT}) GROUP BY batch) d ON d.batch = b.key"
)


@dataclass(frozen=True, slots=True)
class _Spoken:
    """All records of one answer of which it says the same; `serials` is JSON."""

    batch: str
    outcome: Outcome
    code: str
    serials: str
    what: str
    detail: Mapping[str, str | int]
    of_the_batch: bool


def _spoken(one: Answered) -> Iterator[_Spoken]:
    """Of the dispatch's revisions: a file that is written again may hold others, decided since, and they stand."""
    dispatch, answer = one.dispatch, one.answer
    said: defaultdict[tuple[Outcome, str], list[str]] = defaultdict(list)
    for revision in dispatch.revisions.values():
        verdict = answer.verdicts[revision.serial]
        said[verdict.outcome, verdict.code].append(revision.serial)
    of_the_batch = not dispatch.revisions.keys().isdisjoint(OF_THE_BATCH)
    for (outcome, code), serials in said.items():
        detail: dict[str, str | int] = {
            "attempt": one.attempt,
            "code": code,
            "seen": answer.seen,
            "tries": answer.tries,
        }
        what = f"{dispatch.operation}.{outcome}"
        yield _Spoken(str(dispatch.batch), outcome, code, _json(serials), what, detail, of_the_batch)


def _keep_online_ids(connection: Connection, answered: Iterable[Answered]) -> None:
    """The portal's own ids of batches."""
    for one in answered:
        header = one.dispatch.revisions.get(HEADER)
        if header and (online_id := one.answer.verdicts[header.serial].online_id):
            connection.exec_driver_sql("UPDATE batch SET online_id=? WHERE key=?", (online_id, str(one.dispatch.batch)))


def _facts(payload: Payload) -> tuple[str, str, str]:
    return payload.operation.value, payload.path, _json(payload.serials)


def _json(serials: Iterable[str]) -> str:
    return orjson.dumps(list(serials)).decode()


def _batch_facts(row: Any, newest: Mapping[tuple[str, bytes], Revision]) -> BatchFacts:
    return BatchFacts(
        key=BatchKey.parse(row.key),
        ours=bool(row.ours),
        blocked=bool(row.blocked),
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


def _person_facts(
    key: BatchKey,
    person: bytes,
    offline: bytes | None,
    online: bytes | None,
    agreed: bytes | None,
    held: int,
    number: int,
    serial: str | None,
    mark: bytes,
    state: str,
    code: str | None,
) -> PersonFacts:
    """In the order of `_FACTS`: there may be a hundred thousand of them."""
    revision = None if serial is None else Revision(serial, number, mark, State(state))
    return PersonFacts(key, person, offline, online, agreed, revision, bool(held), code or "")
