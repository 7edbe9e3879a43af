"""The epoch: whether this is the journal that sent last, and the fence that stands where it may not be.

A journal that was put back thinks READY, or knows nothing at all, of what was sent in the life it has forgotten; a request
of that life may still be on its way. So a fence stands from the moment it shows: nothing leaves before the settle window has
passed anew and the batch was listed after that, and all that was not final waits for that listing. Where asking proves
nothing (K4), it is for people to decide.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from sqlalchemy import Connection

from adapters.journal.beside import Beside, Mark, leave_witness
from adapters.journal.revisions import put, since_of, whose
from adapters.journal.sealed import columns_of
from adapters.journal.store import Store
from adapters.journal.timeline import Entry, add_events
from schemas.batch import BatchKey
from schemas.epoch import Fence, Why
from schemas.errors import JournalError
from schemas.journal import Instant, Settling
from schemas.portal import DeliveryClass
from schemas.revision import Revision, State
from schemas.texts import T

_FORGOTTEN = (State.READY, State.INTENT, State.SENDING, State.UNKNOWN, State.EXPORTED)
"""What the journal thinks not sent, or does not know: the life it has forgotten may have sent it."""

_SUPERSEDED = (
    "number < (SELECT max(number) FROM revision n WHERE n.batch = revision.batch AND n.person = revision.person)"
)
"""By a newer one that the journal knows: the forgotten life knew it too, and would not have sent the old one."""


class Fences:
    """Fits `bridge.ports.Fences`."""

    def __init__(self, store: Store, settling: Settling) -> None:
        self._store = store
        self._settling = settling

    def standing(self) -> Fence | None:
        with self._store.read() as connection:
            return _standing(connection, self._settling)

    def passed(self) -> frozenset[BatchKey]:
        """Batches that were listed after its window had passed."""
        with self._store.read() as connection:
            return frozenset(map(BatchKey.parse, connection.exec_driver_sql("SELECT batch FROM passed").scalars()))

    def lift(self, *, year: int) -> bool:
        """Take it away once all batches and the people of all of ours were listed. False while it must stand."""
        with self._store.write() as connection:
            fence = _standing(connection, self._settling)
            if fence is not None and not self._decided(connection, fence, year):
                return False
            connection.exec_driver_sql("DELETE FROM fence")
            connection.exec_driver_sql("DELETE FROM passed")
        return True

    def _decided(self, connection: Connection, fence: Fence, year: int) -> bool:
        if self._settling.by_hand:
            return True
        ours = connection.exec_driver_sql("SELECT key FROM batch WHERE ours AND key NOT IN (SELECT batch FROM passed)")
        left = [key for key in ours.scalars() if BatchKey.parse(key).year == year]
        return fence.listed and not left

    def quarantine(self, records: Iterable[tuple[BatchKey, bytes, Revision]], *, now: Instant) -> None:
        """Nobody can be asked whether these were sent: a person decides on each."""
        held = list(records)
        if held:
            with self._store.write() as connection:
                put(connection, State.QUARANTINED, now, held)
                told: list[Entry] = [(str(batch), whose(person), "fence.quarantined", {}) for batch, person, _ in held]
                add_events(connection, now.at, told)


def admit(store: Store, settling: Settling, *, now: Instant, witnesses: Sequence[Path] = ()) -> None:
    """At each opening to write: a fence where the journal may not know what was sent last. Raises JournalError."""
    beside = Beside(store.path)
    with store.write() as connection:
        mark, placed = _mark(connection)
        why, turn = beside.judge(mark, placed=placed, witnesses=witnesses)
        if why is not None:
            raise_fence(connection, settling, why, now=now, turn=turn)
        if not placed:
            connection.exec_driver_sql("UPDATE writer SET placed=1")
        mark, _ = _mark(connection)
    beside.put(mark)
    for path in witnesses:
        leave_witness(path, mark)
    store.turned = beside.turned


def raise_fence(connection: Connection, settling: Settling, why: Why, *, now: Instant, turn: int) -> None:
    """A new epoch. What was not final has an unknown outcome from now on, or is for people to decide (K4)."""
    since = columns_of(now)
    connection.exec_driver_sql("DELETE FROM passed")
    connection.exec_driver_sql("INSERT OR REPLACE INTO fence VALUES (1, ?, ?, ?, ?, 0)", (why.value, *since))
    connection.exec_driver_sql("UPDATE writer SET epoch=epoch+1, turn=max(turn, ?)+1, placed=1", (turn,))
    asked = settling.delivery_class is not DeliveryClass.K4
    to = State.UNKNOWN if asked else State.QUARANTINED
    marks = ", ".join("?" for _ in _FORGOTTEN)
    where = f"state IN ({marks}) AND NOT (state = 'ready' AND {_SUPERSEDED})"
    states = tuple(state.value for state in _FORGOTTEN)
    rows = connection.exec_driver_sql(f"SELECT batch, person FROM revision WHERE {where}", states).all()  # noqa: S608
    connection.exec_driver_sql(
        f"UPDATE revision SET state=?, since=?, since_uptime_s=?, since_boot=? WHERE {where}",  # noqa: S608  # only question marks
        (to.value, *since, *states),
    )
    if not settling.by_hand:
        connection.exec_driver_sql(
            "UPDATE revision SET since=?, since_uptime_s=?, since_boot=? WHERE state='accepted'", since
        )
    add_events(connection, now.at, [(row.batch, whose(row.person), f"fence.{to}", {}) for row in rows])


def hold_back(connection: Connection, batches: Collection[str]) -> None:
    """In the transaction that lets requests go. Raises JournalError for a batch the fence still stands before."""
    if connection.exec_driver_sql("SELECT 1 FROM fence").first() is None:
        return
    passed = set(connection.exec_driver_sql("SELECT batch FROM passed").scalars())
    if not passed.issuperset(batches):
        raise JournalError(T("The journal was put back: nothing may be sent before it was read back anew."))


def let_pass(connection: Connection, settling: Settling, started: Instant, batch: str | None) -> None:
    """What was listed after the window is decided: one batch's people, or (None) the list of all batches."""
    fence = _standing(connection, settling)
    if fence is None or settling.by_hand or not settling.waited(fence.since, started):
        return
    if batch is None:
        connection.exec_driver_sql("UPDATE fence SET listed=1")
    else:
        connection.exec_driver_sql("INSERT OR IGNORE INTO passed (batch) VALUES (?)", (batch,))


def next_turn(connection: Connection) -> int:
    """Requests are let go: counted here and told to the file beside the journal once this is durable."""
    turn: int = connection.exec_driver_sql("UPDATE writer SET turn=turn+1 RETURNING turn").scalar_one()
    return turn


def _standing(connection: Connection, settling: Settling) -> Fence | None:
    row = connection.exec_driver_sql(
        "SELECT why, since, since_uptime_s, since_boot, listed, epoch FROM fence, writer"
    ).first()
    if row is None:
        return None
    return Fence(Why(row.why), since_of(row), bool(row.listed), row.epoch, settling.window_s)


def _mark(connection: Connection) -> tuple[Mark, bool]:
    row = connection.exec_driver_sql("SELECT journal, epoch, number, turn, placed FROM writer").one()
    return Mark(row.journal, row.epoch, row.number, row.turn), bool(row.placed)
