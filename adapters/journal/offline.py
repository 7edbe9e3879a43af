"""The offline side in the journal: files, their rows, and what they want online."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from operator import itemgetter

import orjson
from sqlalchemy import Connection, delete, exists, func, select, update

from adapters.journal import tables
from adapters.journal.rows import (
    DAMAGED,
    INSERT_ROSTER,
    INSERT_ROW,
    ROWS_OF_BATCH,
    PersonKey,
    damaged_row,
    place_of,
    problems_of_json,
    problems_to_json,
    roster_of,
    roster_row,
    rows_of,
)
from adapters.journal.sealed import Seals, moment
from adapters.journal.store import Store
from adapters.journal.superseding import Arrivals, arrivals, set_aside, set_aside_lists, supersede
from adapters.journal.timeline import Entry, add_events
from schemas.batch import BatchKey
from schemas.journal import Intake, KnownFile, SetAside, Wanted
from schemas.roster import FileStamp, Problem, Reading, Roster
from schemas.superseded import SupersededList


class Offline:
    """Fits `bridge.ports.Offline`."""

    def __init__(self, store: Store, vault: Seals, person_key: PersonKey) -> None:
        self._store = store
        self._vault = vault
        self._person_key = person_key
        self._just_staged: dict[BatchKey, tuple[Roster, ...]] = {}

    def files(self) -> dict[str, KnownFile]:
        with self._store.read() as connection:
            speaking = set(connection.scalars(select(tables.roster.c.file).distinct()))
            return {
                row.path: KnownFile(
                    FileStamp(row.path, row.size, row.mtime_ns, row.told),
                    row.sha256,
                    holds_batches=row.path in speaking,
                    marks=orjson.loads(row.marks),
                )
                for row in connection.execute(select(tables.file))
            }

    def stage(self, intake: Intake, *, basis: str, at: datetime) -> None:
        """Take one look's result in, whole or not at all, and keep which batches it touches.

        `basis` stands for all that checking and mapping build on: when it changes, every batch is touched.
        """
        kept = {known.stamp.path: reading.kept for known, reading in intake.read} | dict.fromkeys(
            intake.gone, frozenset()
        )
        with self._store.write() as connection:
            touched = _batches_of(connection, kept)
            self._put_files(connection, intake, kept, at)
            touched |= _batches_of(connection, kept) | _all_when_new(connection, basis)
            rows = [(batch,) for batch in sorted(touched)]
            _insert(connection, "INSERT INTO touched (batch) VALUES (?) ON CONFLICT DO NOTHING", rows)
            supersede(connection, self._vault)
            whole = [known.stamp.path for known, reading in intake.read if not reading.kept]
            elsewhere, aside = _batches_outside(connection, whole), set_aside(connection)
            _keep(connection, "read_at", moment(at))
        self._just_staged = _by_batch(_standing(intake, aside))
        for key in elsewhere:
            self._just_staged.pop(key, None)

    def touched(self) -> tuple[BatchKey, ...]:
        """Batches whose rows may have changed since they were last wanted: they outlive a crash."""
        with self._store.read() as connection:
            rows = connection.scalars(select(tables.touched.c.batch).order_by(tables.touched.c.batch)).all()
        return tuple(BatchKey.parse(key) for key in rows)

    def _put_files(self, connection: Connection, intake: Intake, kept: Kept, at: datetime) -> None:
        came = arrivals(connection, intake)
        notes = _forget(connection, kept)
        for stamp in intake.touched:
            here = tables.file.c.path == stamp.path
            connection.execute(update(tables.file).where(here).values(size=stamp.size, mtime_ns=stamp.mtime_ns))
        for known, reading in intake.read:
            noted = replace(reading, notes=(*notes.get(reading.path, ()), *reading.notes))
            _insert_file(connection, known, noted, came, at)
            self._insert_reading(connection, reading)

    def _insert_reading(self, connection: Connection, reading: Reading) -> None:
        first = (connection.scalar(select(func.max(tables.roster.c.id))) or 0) + 1
        numbered = list(enumerate(reading.rosters, start=first))
        rows = [damaged_row(reading.path, rejection) for rejection in reading.rejections]
        for number, roster in numbered:
            rows += rows_of(number, reading.path, roster, self._vault, self._person_key)
        _insert(connection, INSERT_ROSTER, [roster_row(number, reading.path, roster) for number, roster in numbered])
        _insert(connection, INSERT_ROW, rows)

    def rosters(self, key: BatchKey) -> tuple[Roster, ...]:
        """Every block that speaks of one batch, in the order of files and rows, but for lists that are superseded.

        What was staged a moment ago is still at hand, once: unsealing it again would cost as much as sealing it did.
        """
        if staged := self._just_staged.pop(key, None):
            return staged
        block = tables.roster
        with self._store.read() as connection:
            blocks = connection.execute(
                select(block).where(block.c.batch == str(key), ~_IS_SUPERSEDED).order_by(block.c.file, block.c.id)
            ).all()
            rows = connection.exec_driver_sql(ROWS_OF_BATCH, (str(key),)).all()
        of_block = {number: list(group) for number, group in groupby(rows, key=itemgetter(0))}
        return tuple(roster_of(block, of_block.get(block.id, []), self._vault) for block in blocks)

    def want(self, wanted: Iterable[Wanted], *, at: datetime) -> None:
        """Keep what each of these batches should look like online, all of them or none."""
        with self._store.write() as connection:
            for batch in wanted:
                _want(connection, batch, at)

    def noted(self) -> tuple[Problem, ...]:
        """What was noted of files and sheets, as the last look left it."""
        file = tables.file
        with self._store.read() as connection:
            said = connection.scalars(
                select(file.c.problems).where(file.c.problems != "[]").order_by(file.c.path)
            ).all()
        return tuple(note for text in said for note in problems_of_json(text))

    def set_aside(self) -> tuple[SetAside, ...]:
        """Every row, sheet and file that could not be taken, as the last look left them, of the lists that stand."""
        with self._store.read() as connection:
            rows = connection.exec_driver_sql("SELECT * FROM standing WHERE kind=? ORDER BY file, id", (DAMAGED,)).all()
        return tuple(
            SetAside(place_of(row), problems_of_json(row.problems), BatchKey.parse(row.batch) if row.batch else None)
            for row in rows
        )

    def superseded(self) -> tuple[SupersededList, ...]:
        """Every list that is set aside because a later one stands in its place."""
        with self._store.read() as connection:
            return tuple(set_aside_lists(connection))


_IS_SUPERSEDED = exists().where(
    tables.superseded.c.batch == tables.roster.c.batch, tables.superseded.c.file == tables.roster.c.file
)


def _standing(intake: Intake, aside: Collection[tuple[str, str]]) -> Iterator[Roster]:
    for _, reading in intake.read:
        yield from (roster for roster in reading.rosters if (str(roster.batch.key), reading.path) not in aside)


def _want(connection: Connection, wanted: Wanted, at: datetime) -> None:
    key = str(wanted.key)
    connection.exec_driver_sql(_UPSERT_BATCH, _batch_row(wanted))
    changed = _set_pairs(connection, key, wanted.people)
    connection.exec_driver_sql("DELETE FROM held WHERE batch=?", (key,))
    held = [(key, person) for person in sorted(wanted.held)]
    _insert(connection, "INSERT INTO held (batch, person) VALUES (?,?)", held)
    connection.exec_driver_sql("DELETE FROM touched WHERE batch=?", (key,))
    _tell(connection, wanted, changed, at)


_UPSERT_BATCH = (
    "INSERT INTO batch (key, ours, blocked, problems, offline, mark_offline) VALUES (?,?,?,?,?,?)"
    " ON CONFLICT (key) DO UPDATE SET ours=excluded.ours, blocked=excluded.blocked,"
    " problems=excluded.problems, offline=excluded.offline, mark_offline=excluded.mark_offline, people_change=NULL"
)
"""What offline wants anew is compared with people listed anew: only that is an agreement, and stops a clock."""


def _batch_row(wanted: Wanted) -> tuple[object, ...]:
    values = None if wanted.values is None else orjson.dumps(dict(wanted.values)).decode()
    return str(wanted.key), wanted.ours, wanted.blocked, problems_to_json(wanted.problems), values, wanted.mark


def _set_pairs(connection: Connection, key: str, people: Mapping[bytes, bytes]) -> dict[bytes, bytes | None]:
    """Bring `pair.mark_offline` of one batch to `people`; returns what changed."""
    found = connection.exec_driver_sql("SELECT person, mark_offline FROM pair WHERE batch = ?", (key,))
    known = {row.person: row.mark_offline for row in found}
    changed: dict[bytes, bytes | None] = {p: m for p, m in people.items() if known.get(p) != m}
    changed |= {p: None for p, m in known.items() if m is not None and p not in people}
    _insert(
        connection,
        "INSERT INTO pair (batch, person, mark_offline) VALUES (?,?,?)"
        " ON CONFLICT (batch, person) DO UPDATE SET mark_offline=excluded.mark_offline",
        [(key, person, mark) for person, mark in sorted(changed.items())],
    )
    return changed


_TELL_READ = (
    "INSERT INTO event (at, batch, person, what, detail)"
    " SELECT ?1, batch, person, 'source.read', json_object('file', file, 'sheet', sheet, 'row', row)"
    " FROM (SELECT max(id), * FROM standing WHERE batch=?2 AND kind='participant'"
    " AND hex(person) IN (SELECT value FROM json_each(?3)) GROUP BY person)"
)
"""Of several rows of a person the last: columns beside a max() are those of its row (SQLite)."""


def _tell(connection: Connection, wanted: Wanted, changed: Mapping[bytes, bytes | None], at: datetime) -> None:
    """On the timeline: who was read where, who is gone, what checking came to."""
    key, when = str(wanted.key), moment(at)
    come = [person.hex().upper() for person, mark in changed.items() if mark is not None]
    connection.exec_driver_sql(_TELL_READ, (when, key, orjson.dumps(come).decode()))
    codes = " ".join(problem.code for problem in wanted.problems) or "-"
    checked: dict[str, str | int] = {"people": len(wanted.people), "held": len(wanted.held), "problems": codes}
    gone: list[Entry] = [(key, person, "source.gone", {}) for person, mark in changed.items() if mark is None]
    add_events(connection, at, [*gone, (key, None, "check.done", checked)])


def _all_when_new(connection: Connection, basis: str) -> set[str]:
    """Every batch, when checking and mapping build on something new."""
    kept = connection.exec_driver_sql("SELECT value FROM meta WHERE key='basis'").scalar()
    if kept == basis:
        return set()
    _keep(connection, "basis", basis)
    return set(connection.scalars(select(tables.roster.c.batch)))


def _keep(connection: Connection, key: str, value: str) -> None:
    connection.exec_driver_sql(
        "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value=excluded.value", (key, value)
    )


def _by_batch(rosters: Iterable[Roster]) -> dict[BatchKey, tuple[Roster, ...]]:
    of_batch: defaultdict[BatchKey, list[Roster]] = defaultdict(list)
    for roster in sorted(rosters, key=lambda roster: roster.where.file):
        of_batch[roster.batch.key].append(roster)
    return {key: tuple(blocks) for key, blocks in of_batch.items()}


def _batches_outside(connection: Connection, paths: Sequence[str]) -> set[BatchKey]:
    """Those of which other files than these speak, too."""
    others = select(tables.roster.c.batch).where(tables.roster.c.file.not_in(paths)).distinct()
    return set(map(BatchKey.parse, connection.scalars(others)))


Kept = Mapping[str, frozenset[str]]
"""File → the sheets of it that stay as they are."""


def _batches_of(connection: Connection, kept: Kept) -> set[str]:
    """Those that the files speak of, but for the sheets that stay. A row of a batch stands in one of its rosters."""
    found: set[str] = set()
    roster = tables.roster.c
    for path, sheets in kept.items():
        here = roster.file == path, roster.sheet.not_in(sorted(sheets))
        found |= set(connection.scalars(select(roster.batch).where(*here).distinct()))
    return found


def _forget(connection: Connection, kept: Kept) -> dict[str, tuple[Problem, ...]]:
    """File → what was noted of its sheets that stay."""
    notes: dict[str, tuple[Problem, ...]] = {}
    for path, sheets in kept.items():
        file = tables.file.c.path == path
        said = connection.scalar(select(tables.file.c.problems).where(file))
        notes[path] = tuple(
            note for note in problems_of_json(said or "[]") if note.where and note.where.sheet in sheets
        )
        for table in (tables.roster, tables.row):
            connection.execute(delete(table).where(table.c.file == path, table.c.sheet.not_in(sorted(sheets))))
        connection.execute(delete(tables.file).where(file))
    return notes


def _insert_file(connection: Connection, known: KnownFile, reading: Reading, came: Arrivals, at: datetime) -> None:
    stamp = known.stamp
    connection.exec_driver_sql(
        "INSERT INTO file (path, size, mtime_ns, sha256, read_at, problems, marks, told, arrived, as_old_as)"
        " VALUES (?,?,?,?,?,?,?,?,?,?)",
        (
            stamp.path,
            stamp.size,
            stamp.mtime_ns,
            known.sha256,
            moment(at),
            problems_to_json(reading.notes),
            orjson.dumps(dict(reading.marks)).decode(),
            stamp.told,
            *came[stamp.path],
        ),
    )


def _insert(connection: Connection, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
    if rows:
        connection.exec_driver_sql(statement, list(rows))
