"""The run ledger and the mail outbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

import orjson
from sqlalchemy import select

from adapters.journal import tables
from adapters.journal.sealed import Seals, moment, moment_of, plain
from adapters.journal.store import Store
from schemas.journal import Letter, Rest
from schemas.report import RunState
from schemas.texts import Text


class Runs:
    """Fits `bridge.ports.Runs`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def begin(self, kind: str, business_date: date, *, at: datetime) -> int:
        with self._store.write() as connection:
            number: int = connection.exec_driver_sql(
                "INSERT INTO run (business_date, kind, started_at) VALUES (?,?,?) RETURNING id",
                (business_date.isoformat(), kind, moment(at)),
            ).scalar_one()
        return number

    def finish(self, run: int, state: RunState, numbers: Mapping[str, int], *, at: datetime) -> None:
        with self._store.write() as connection:
            connection.exec_driver_sql(
                "UPDATE run SET ended_at=?, state=?, numbers=? WHERE id=?",
                (moment(at), state.value, orjson.dumps(dict(numbers)).decode(), run),
            )

    def miss(self, kind: str, days: Sequence[date], *, at: datetime) -> None:
        """Write off business dates on which no run of this kind came to its end. Once written off, always."""
        if not days:
            return
        rows = [(day.isoformat(), kind, moment(at), moment(at), RunState.MISSED.value) for day in days]
        with self._store.write() as connection:
            connection.exec_driver_sql(
                "INSERT INTO run (business_date, kind, started_at, ended_at, state) SELECT ?1,?2,?3,?4,?5"
                " WHERE NOT EXISTS (SELECT 1 FROM run WHERE business_date=?1 AND kind=?2 AND state=?5)",
                rows,
            )

    def missed(self, kind: str, *, since: datetime | None) -> tuple[date, ...]:
        """The business dates written off after `since`, in order; None: ever."""
        with self._store.read() as connection:
            rows = connection.exec_driver_sql(
                "SELECT business_date, ended_at FROM run WHERE kind=? AND state=? ORDER BY business_date",
                (kind, RunState.MISSED.value),
            ).all()
        written_off = ((row.business_date, datetime.fromisoformat(row.ended_at)) for row in rows)
        return tuple(date.fromisoformat(day) for day, at in written_off if since is None or at > since)

    def days(self, kind: str) -> dict[date, datetime | None]:
        """Every business date there was a run of this kind for, with the start of the newest that came to its end.

        None where all of them failed, broke off, or were written off.
        """
        with self._store.read() as connection:
            rows = connection.exec_driver_sql(
                "SELECT business_date, max(CASE WHEN ended_at IS NOT NULL AND state NOT IN (?,?) THEN started_at END)"
                " FROM run WHERE kind=? GROUP BY business_date",
                (RunState.FAILED.value, RunState.MISSED.value, kind),
            ).all()
        return {date.fromisoformat(day): moment_of(started) for day, started in rows}

    def last(self, kind: str) -> tuple[RunState, datetime] | None:
        """State and end of the newest finished run of a kind."""
        with self._store.read() as connection:
            found = connection.exec_driver_sql(_LAST, (kind, RunState.MISSED.value)).first()
        return None if found is None else (RunState(found.state), datetime.fromisoformat(found.ended_at))

    def rest(self) -> Rest:
        """How the newest run that spoke with the portal left it."""
        with self._store.read() as connection:
            row = connection.exec_driver_sql(_REST).first()
        if row is None:
            return Rest()
        quiet_ms, ended_at = row.quiet_ms or 0, datetime.fromisoformat(row.ended_at)
        return Rest(bool(row.silent), ended_at + timedelta(milliseconds=quiet_ms) if quiet_ms else None)

    def began_at(self) -> datetime | None:
        """When the first run of all began."""
        with self._store.read() as connection:
            return moment_of(connection.exec_driver_sql("SELECT min(started_at) FROM run").scalar())

    def read_back_at(self) -> datetime | None:
        """Since when the online side may have changed unseen: the last listing, or the oldest of our batches' people."""
        with self._store.read() as connection:
            listed = connection.exec_driver_sql("SELECT max(read_back_at) FROM batch").scalar()
            oldest = connection.exec_driver_sql(
                "SELECT min(people_read_at) FROM batch WHERE ours AND mark_online IS NOT NULL"
            ).scalar()
        return min((at for at in map(moment_of, (listed, oldest)) if at is not None), default=None)

    def read_at(self) -> datetime | None:
        """When the offline side was last looked at."""
        with self._store.read() as connection:
            return moment_of(connection.exec_driver_sql("SELECT value FROM meta WHERE key='read_at'").scalar())

    def note(self, notes: Sequence[Text], *, basis: str, at: datetime) -> None:
        """Keep what was noticed under these settings; under others it may be known, so older notes go."""
        rows = [(_said(note), basis, moment(at)) for note in notes]
        with self._store.write() as connection:
            connection.exec_driver_sql("DELETE FROM note WHERE basis <> ?", (basis,))
            if rows:
                connection.exec_driver_sql(
                    "INSERT INTO note (said, basis, noted_at) VALUES (?,?,?) ON CONFLICT (said) DO NOTHING", rows
                )

    def notes(self) -> tuple[Text, ...]:
        """Everything noticed so far, the oldest first."""
        note = tables.note
        with self._store.read() as connection:
            kept = connection.scalars(select(note.c.said).order_by(note.c.noted_at, note.c.said)).all()
        return tuple(Text(**orjson.loads(said)) for said in kept)


_LAST = "SELECT state, ended_at FROM run WHERE kind=? AND ended_at IS NOT NULL AND state <> ? ORDER BY id DESC LIMIT 1"

_REST = (
    "SELECT ended_at, numbers ->> 'silent' AS silent, numbers ->> 'quiet_ms' AS quiet_ms FROM run"
    " WHERE kind IN ('sync', 'resync', 'reconcile') AND state <> 'failed' AND ended_at IS NOT NULL"
    " ORDER BY id DESC LIMIT 1"
)


def _said(note: Text) -> str:
    return orjson.dumps({"msgid": note.msgid, "values": plain(note.values)}).decode()


class Outbox:
    """Fits `bridge.ports.Outbox`. A mail is durable before it is tried, and marked sent only after it was taken."""

    def __init__(self, store: Store, vault: Seals) -> None:
        self._store = store
        self._vault = vault

    def put(self, letter: Letter) -> None:
        """Keep one mail to be sent; the same Message-ID again is the same mail."""
        sealed = self._vault.seal(letter.message, bound_to=f"outbox|{letter.message_id}")
        recipients = orjson.dumps(letter.recipients).decode()
        row = (letter.message_id, letter.sender, recipients, sealed, moment(letter.made_at))
        with self._store.write() as connection:
            connection.exec_driver_sql(
                "INSERT INTO outbox (message_id, sender, recipients, sealed, made_at) VALUES (?,?,?,?,?)"
                " ON CONFLICT (message_id) DO NOTHING",
                row,
            )

    def waiting(self) -> tuple[Letter, ...]:
        """Every mail not yet taken by the mail server, oldest first."""
        outbox = tables.outbox
        with self._store.read() as connection:
            rows = connection.execute(select(outbox).where(outbox.c.sent_at.is_(None)).order_by(outbox.c.made_at)).all()
        return tuple(
            Letter(
                message_id=row.message_id,
                sender=row.sender,
                recipients=tuple(orjson.loads(row.recipients)),
                message=self._vault.open(row.sealed, bound_to=f"outbox|{row.message_id}"),
                made_at=datetime.fromisoformat(row.made_at),
                tries=row.tries,
            )
            for row in rows
        )

    def sent(self, letter: Letter, words: str, *, at: datetime) -> None:
        with self._store.write() as connection:
            connection.exec_driver_sql(
                "UPDATE outbox SET sent_at=?, tries=tries+1, words=? WHERE message_id=?",
                (moment(at), words, letter.message_id),
            )

    def failed(self, letter: Letter, words: str) -> None:
        with self._store.write() as connection:
            connection.exec_driver_sql(
                "UPDATE outbox SET tries=tries+1, words=? WHERE message_id=?", (words, letter.message_id)
            )
