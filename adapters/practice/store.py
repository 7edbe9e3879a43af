"""What the portal holds: batches and their people in SQLite, every change with its effect in one transaction."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from threading import Lock

from adapters.practice.effects import By, EffectKind, Ledger, effect_line
from adapters.practice.forms import Code, Refusal, Row, Status
from adapters.practice.hours import SHANGHAI
from adapters.practice.past import PAST_SCHEMA, Past
from adapters.practice.statements import (
    ADD_BATCH,
    ADD_PERSON,
    COUNT_BATCHES,
    DONE,
    LIST_BATCHES,
    LIST_PEOPLE,
    SCHEMA,
    SET_BATCH,
    SET_PERSON,
    SPARE_ID,
)


class Store:
    """One connection, one lock. `clock` gives seconds since 1970."""

    def __init__(self, folder: Path, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = Lock()
        self._db = sqlite3.connect(folder / "portal.sqlite3", isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._db.executescript(SCHEMA + PAST_SCHEMA)
        self._past = Past(self._db, time.monotonic)
        self._ledger = Ledger(folder)
        self._publish()

    def close(self) -> None:
        with self._lock:
            self._db.close()
            self._ledger.close()

    def save_batch(self, form: Row, by: By, *, doubles: bool = False) -> int:
        """A new batch as a draft; one with its natural key is there already: Refusal, nothing changes."""
        with self._writing() as now:
            if (known := self._done(by)) is not None:
                return known
            row = {"releaseStatus": Status.DRAFT} | form | {"updateTime": _moment(now), "doubles": doubles}
            if (added := self._db.execute(ADD_BATCH, row).fetchone()) is None:
                raise Refusal(Code.EXISTS, "系统中已存在该批次")
            online_id = int(added["id"])
            self._note(EffectKind.BATCH_CREATED, by, now, batch=self._batch(online_id))
        return online_id

    def update_batch(self, online_id: int, changes: Row, by: By) -> None:
        with self._writing() as now:
            if self._done(by) is not None:
                return
            batch = self._open_batch(online_id, by)
            self._set(SET_BATCH, batch | changes, now)
            self._note(EffectKind.BATCH_UPDATED, by, now, batch=self._batch(online_id))

    def submit(self, online_id: int, by: By, *, becomes: Status) -> None:
        with self._writing() as now:
            batch = self._batch(online_id)
            if batch["releaseStatus"] in (Status.SUBMITTED, Status.REVIEWED):
                raise Refusal(Code.REPEATED, "该批次已上报，请不要重复上报")
            self._set(SET_BATCH, batch | {"releaseStatus": becomes}, now)
            self._note(EffectKind.BATCH_SUBMITTED, by, now, batch=self._batch(online_id))

    def save_people(
        self,
        batch_id: int,
        people: Sequence[tuple[Row, str]],
        *,
        hand: bool = False,
        doubles: bool = False,
        once: bool = False,
    ) -> list[int | None]:
        """`people` are (form, serialNo). Their new ids; None for one whose idType and idCard the batch has already."""
        with self._writing() as now:
            batch = self._open_batch(batch_id, By(hand=hand))
            forms = [(form | {"doubles": doubles}, By(serial, hand, once)) for form, serial in people]
            return [self._add_person(batch, form, by, now) for form, by in forms]

    def update_person(self, online_id: int, changes: Row, by: By) -> None:
        with self._writing() as now:
            if self._done(by) is not None:
                return
            person = self._person(online_id)
            batch = self._open_batch(int(person["batchId"]), by)
            self._set(SET_PERSON, person | changes, now)
            self._note(EffectKind.PERSON_UPDATED, by, now, batch=batch, person=self._person(online_id))

    def delete_person(self, online_id: int, by: By) -> None:
        with self._writing() as now:
            person = self._person(online_id)
            batch = self._open_batch(int(person["batchId"]), by)
            self._db.execute("DELETE FROM person WHERE id = ?", (online_id,))
            self._note(EffectKind.PERSON_DELETED, by, now, batch=batch, person=person)
            self._past.note("person", online_id, None)

    def spare_person_id(self) -> int:
        """An id that looks like any other and will never be anybody's."""
        with self._lock:
            return int(self._db.execute(SPARE_ID).fetchone()["seq"])

    def batches(self, year: int | None = None, *, start: int = 0, size: int = -1) -> tuple[int, list[Row]]:
        """How many there are, and those from `start` on, by id; every one has `realNum`, the people stored."""
        asked = {"year": year, "start": start, "size": size}
        with self._lock:
            total = int(self._db.execute(COUNT_BATCHES, asked).fetchone()[0])
            return total, [dict(row) for row in self._db.execute(LIST_BATCHES, asked)]

    def people(self, batch_id: int, *, start: int = 0, size: int = -1) -> tuple[int, list[Row]]:
        asked = {"batch": batch_id, "start": start, "size": size}
        with self._lock:
            self._batch(batch_id)
            total = int(self._db.execute("SELECT count(*) FROM person WHERE batchId = :batch", asked).fetchone()[0])
            return total, [dict(row) for row in self._db.execute(LIST_PEOPLE, asked)]

    def batches_then(self, year: int | None, *, seconds_ago: float) -> list[Row]:
        """As `batches`, all of them, as they were so long ago."""
        with self._lock:
            people = self._past.rows("person", seconds_ago)
            batches = self._past.rows("batch", seconds_ago)
        held = [row | {"realNum": sum(person["batchId"] == row["id"] for person in people)} for row in batches]
        return [row for row in held if year is None or row["year"] == year]

    def people_then(self, batch_id: int, *, seconds_ago: float) -> list[Row]:
        with self._lock:
            if all(row["id"] != batch_id for row in self._past.rows("batch", seconds_ago)):
                raise Refusal(Code.NOT_FOUND, "记录不存在")
            return [row for row in self._past.rows("person", seconds_ago) if row["batchId"] == batch_id]

    @contextmanager
    def _writing(self) -> Iterator[datetime]:
        """One transaction and, after its commit, its effects; yields the moment of the change."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self._db.execute("DELETE FROM effect WHERE seq <= ?", (self._ledger.last_seq,))
                yield datetime.fromtimestamp(self._clock(), SHANGHAI)
                self._db.execute("COMMIT")
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._publish()

    def _done(self, by: By) -> int | None:
        """The id that was given for this serial before, where serials count."""
        if not (by.once and by.serial):
            return None
        row = self._db.execute("SELECT id FROM done WHERE serial = ?", (by.serial,)).fetchone()
        return None if row is None else int(row["id"])

    def _publish(self) -> None:
        rows = self._db.execute("SELECT seq, line FROM effect WHERE seq > ? ORDER BY seq", (self._ledger.last_seq,))
        self._ledger.append((row["seq"], row["line"]) for row in rows)

    def _note(self, kind: EffectKind, by: By, now: datetime, *, batch: Row, person: Row | None = None) -> None:
        line = effect_line(kind, by, at=now.isoformat(), batch=batch, person=person)
        self._db.execute("INSERT INTO effect (line) VALUES (?)", (line,))
        row = batch if person is None else person
        self._db.execute(DONE, (by.serial, row["id"]))
        self._past.note("batch" if person is None else "person", int(row["id"]), row)

    def _add_person(self, batch: Row, form: Row, by: By, now: datetime) -> int | None:
        if (known := self._done(by)) is not None:
            return known
        row = form | {"batchId": batch["id"], "updateTime": _moment(now)}
        if (added := self._db.execute(ADD_PERSON, row).fetchone()) is None:
            return None
        person = self._person(int(added["id"]))
        self._note(EffectKind.PERSON_CREATED, by, now, batch=batch, person=person)
        return int(person["id"])

    def _set(self, statement: str, row: Row, now: datetime) -> None:
        if self._db.execute(statement, row | {"updateTime": _moment(now)}).rowcount == 0:
            raise Refusal(Code.EXISTS, "系统中已存在相同记录")

    def _batch(self, online_id: int) -> Row:
        return _found(self._db.execute("SELECT * FROM batch WHERE id = ?", (online_id,)).fetchone())

    def _person(self, online_id: int) -> Row:
        return _found(self._db.execute("SELECT * FROM person WHERE id = ?", (online_id,)).fetchone())

    def _open_batch(self, online_id: int, by: By) -> Row:
        """A client may not touch what has been reviewed, a hand may."""
        batch = self._batch(online_id)
        if batch["releaseStatus"] == Status.REVIEWED and not by.hand:
            raise Refusal(Code.NOT_CHANGED, "该批次已审核，不能修改")
        return batch


def _found(row: sqlite3.Row | None) -> Row:
    if row is None:
        raise Refusal(Code.NOT_FOUND, "记录不存在")
    return dict(row)


def _moment(now: datetime) -> str:
    return now.strftime("%Y-%m-%d %H:%M:%S")
