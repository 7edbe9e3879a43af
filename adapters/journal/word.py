"""A person's word about records that nothing has proven: kept with who gave it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from adapters.journal.revisions import move, revision_of, since_of, whose
from adapters.journal.store import Store
from adapters.journal.timeline import Entry, add_events
from schemas.batch import BatchKey
from schemas.doubt import Doubt
from schemas.journal import Instant, Settling
from schemas.revision import OF_THE_BATCH, State


class Word:
    """Fits `bridge.ports.Word`."""

    def __init__(self, store: Store, settling: Settling) -> None:
        self._store = store
        self._settling = settling

    def of_person(self, person: bytes, *, now: Instant) -> tuple[Doubt, ...]:
        """The newest revision of one person in every batch."""
        with self._store.read() as connection:
            rows = connection.exec_driver_sql(f"{_NEWEST} AND r.person=? ORDER BY r.batch", (person,)).all()
        return tuple(self._doubt(row, now) for row in rows)

    def of_batch(self, key: BatchKey, *, people: bool, now: Instant) -> tuple[Doubt, ...]:
        """The newest revisions of a batch's own (its header, its submission), or of all its people."""
        which = "NOT IN" if people else "IN"
        with self._store.read() as connection:
            rows = connection.exec_driver_sql(
                f"{_NEWEST} AND r.batch=? AND r.person {which} (?, ?) ORDER BY r.person",
                (str(key), *sorted(OF_THE_BATCH)),
            ).all()
        return tuple(self._doubt(row, now) for row in rows)

    def decide(self, doubts: Iterable[Doubt], *, stored: bool, by: str, now: Instant) -> None:
        """The portal has them, or has not: then the next run sends them anew, as new revisions."""
        state, what = (State.VOUCHED, "word.stored") if stored else (State.VOIDED, "word.absent")
        decided = list(doubts)
        with self._store.write() as connection:
            move(connection, state, now, [(str(one.batch), one.revision.serial) for one in decided])
            told: list[Entry] = [(str(one.batch), whose(one.person), what, {"by": by}) for one in decided]
            add_events(connection, now.at, told)

    def _doubt(self, row: Any, now: Instant) -> Doubt:
        since, revision = since_of(row), revision_of(row)
        pending = revision.state is State.UNKNOWN and not self._settling.by_hand
        may_come = pending and not self._settling.waited(since, now)
        return Doubt(BatchKey.parse(row.batch), row.person, revision, since.at, may_come)


_NEWEST = (
    "SELECT r.batch, r.person, r.number, r.serial, r.mark, r.state, r.since, r.since_uptime_s, r.since_boot"
    " FROM revision r WHERE r.number ="
    " (SELECT max(number) FROM revision n WHERE n.batch = r.batch AND n.person = r.person)"
)
