"""The run ledger and the mail outbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

import orjson
from sqlalchemy import select

from adapters.journal import tables
from adapters.journal.sealed import Seals, moment, moment_of, plain
from adapters.journal.store import Store
from schemas.journal import Letter
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

    def ran(self, kind: str, business_date: date) -> bool:
        """Whether a run of this kind has ended well enough on that day: anything but failed."""
        run = tables.run
        here = run.c.kind == kind, run.c.business_date == business_date.isoformat(), run.c.ended_at.is_not(None)
        with self._store.read() as connection:
            return connection.scalar(select(run.c.id).where(*here, run.c.state != RunState.FAILED).limit(1)) is not None

    def last(self, kind: str) -> tuple[RunState, datetime] | None:
        """State and end of the newest finished run of a kind."""
        run = tables.run
        query = select(run.c.state, run.c.ended_at).where(run.c.kind == kind, run.c.ended_at.is_not(None))
        with self._store.read() as connection:
            found = connection.execute(query.order_by(run.c.id.desc()).limit(1)).first()
        return None if found is None else (RunState(found.state), datetime.fromisoformat(found.ended_at))

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
