"""Backups of the journal: made so that a bad one never counts, looked into before they are believed, and put back.

Made: SQLite's own backup into a private folder → quick_check and the rows of each table → sealed into a .part file → fsync →
opened again to the last byte → renamed → fsync of the folder. Whatever is killed in between leaves a .part, which is none.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Protocol

from adapters.journal import sealed_file
from adapters.journal.beside import Beside, Mark, read
from adapters.journal.epoch import raise_fence
from adapters.journal.store import Store
from schemas.backup import Backup, BackupFacts
from schemas.epoch import Why
from schemas.errors import JournalError
from schemas.journal import Instant, Settling
from schemas.texts import T

SUFFIX = ".lxybackup"
_PART = ".part"
_SQLITE = b"SQLite format 3\x00"
_PRIVATE = ".backup-"


class Keys(Protocol):
    def backup_key(self, salt: bytes) -> bytes: ...
    def check_value(self) -> str: ...


def make(journal: Path, folder: Path, keys: Keys, *, now: datetime, keep: int) -> Backup:
    """A new backup in `folder`, of which the newest `keep` stay. The caller holds the writer's lock.

    Raises JournalError: the journal is damaged, or the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.glob(f"{journal.name}-*{SUFFIX}{_PART}"):
            left.unlink()
        with private_folder(journal.parent) as private:
            copy = private / "copy.db"
            _copied(journal, copy)
            facts = look_into(copy, made_at=now)
            path = folder / f"{journal.name}-{now:%Y%m%d-%H%M%S}-{facts.epoch}-{facts.number}{SUFFIX}"
            _seal(copy, path, facts, keys)
    except OSError as error:
        raise JournalError(
            T("The backup cannot be written to {path}: {reason}.", path=folder, reason=error.strerror or "?")
        ) from None
    others = [one for one in backups(folder, journal.name) if one != path]  # whatever the clock said when it was made
    for older in others[keep - 1 :]:
        older.unlink(missing_ok=True)
    return Backup(path, path.stat().st_size, facts)


def backups(folder: Path, journal: str) -> list[Path]:
    """Every backup of a journal of this name, the newest first; what is not finished is none."""
    return sorted(folder.glob(f"{journal}-*{SUFFIX}"), reverse=True) if folder.is_dir() else []


def unpack(file: Path, copy: Path, keys: Keys) -> BackupFacts:
    """A backup, or a journal that was kept aside, as a journal of its own at `copy`; looked into to the last row.

    Raises JournalError: it is neither, is damaged, or was sealed with another key file.
    """
    try:
        with file.open("rb") as opened:
            head = opened.read(max(len(_SQLITE), len(sealed_file.MAGIC)))
        if head.startswith(_SQLITE):
            _copied(file, copy)
            return look_into(copy)
        said = sealed_file.header_of(file)
        if said is not None and said.get("key_check") != keys.check_value():
            raise JournalError(T("The backup {path} was sealed with another key file. Put that one back.", path=file))
        with copy.open("xb") as out:
            out.writelines(sealed_file.opened(file, keys.backup_key))
    except OSError as error:
        raise JournalError(T("{path} cannot be read: {reason}.", path=file, reason=error.strerror or "?")) from None
    facts = look_into(copy)
    if said is None or dict(facts.rows) != said["rows"]:
        raise JournalError(T("The backup {path} is damaged or not whole. Take another one.", path=file))
    return facts


def look_into(copy: Path, *, made_at: datetime | None = None) -> BackupFacts:
    """Whether SQLite finds it whole, and what it holds. Raises JournalError."""
    try:
        with closing(sqlite3.connect(copy)) as connection:
            if connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
                raise _damaged(copy)
            rows = {name: _count(connection, name) for name in _tables(connection)}
            [version] = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            [key_check] = connection.execute("SELECT value FROM meta WHERE key='key_check'").fetchone()
            mark = ("", 1, 0, 0)
            if "writer" in rows:
                mark = connection.execute("SELECT journal, epoch, number, turn FROM writer").fetchone()
    except (sqlite3.Error, TypeError):
        raise _damaged(copy) from None
    return BackupFacts(made_at.isoformat(timespec="seconds") if made_at else "", *mark, version, key_check, rows)


def put_in_place(
    copy: Path, journal: Path, settling: Settling, *, now: Instant, witnesses: Sequence[Path] = ()
) -> Path | None:
    """Make an unpacked backup, at the schema of this program, the journal: with a new epoch and a fence.

    The journal before it is kept aside; returns where. The caller holds the writer's lock.
    """
    beside = Beside(journal)
    store = Store(copy)
    with store.write() as connection:
        mark = _mark_after(
            connection.exec_driver_sql("SELECT journal, epoch, number, turn FROM writer").one(), beside, witnesses
        )
        connection.exec_driver_sql("UPDATE writer SET number=?, epoch=?", (mark.number, mark.epoch))
        raise_fence(connection, settling, Why.RESTORED, now=now, turn=mark.turn)
        row = connection.exec_driver_sql("SELECT journal, epoch, number, turn FROM writer").one()
    store.close()
    _synced(copy)
    kept = _put_aside(journal, now.at)
    beside.put(Mark(*row))
    copy.replace(journal)
    _synced(journal.parent)
    return kept


@contextmanager
def private_folder(parent: Path) -> Iterator[Path]:
    """For this user only, and gone at the end; what a killed process left there goes too. Under the writer's lock."""
    for left in parent.glob(_PRIVATE + "*"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=parent, prefix=_PRIVATE) as folder:
        yield Path(folder)


def _copied(journal: Path, copy: Path) -> None:
    """One consistent state of it, whoever else is at work; a copy has no log of its own beside it."""
    try:
        with (
            closing(sqlite3.connect(f"file:{journal.as_posix()}?mode=rw", uri=True)) as source,
            closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target)
    except sqlite3.Error:
        raise _damaged(journal) from None


def _seal(copy: Path, path: Path, facts: BackupFacts, keys: Keys) -> None:
    part = path.with_name(path.name + _PART)
    with copy.open("rb") as plain, open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:  # noqa: PTH123  # a handle, not a path
        sealed_file.seal(plain, out, asdict(facts), keys.backup_key)
        out.flush()
        os.fsync(out.fileno())
    if _digest(sealed_file.opened(part, keys.backup_key)) != _digest(_read(copy)):
        raise JournalError(T("The backup {path} is damaged or not whole. Take another one.", path=part))
    part.replace(path)
    _synced(path.parent)


def _put_aside(journal: Path, at: datetime) -> Path | None:
    """The journal before is there until the very moment the other takes its place."""
    if not journal.exists():
        return None
    kept = journal.with_name(f"{journal.name}.before-{at:%Y%m%d-%H%M%S}")
    for number in range(1, 100):
        if not kept.exists():
            break
        kept = journal.with_name(f"{journal.name}.before-{at:%Y%m%d-%H%M%S}-{number}")
    unfinished = journal.with_name(journal.name + "-journal")
    if unfinished.exists():  # of the journal before: beside another one it would be rolled back into that
        unfinished.replace(kept.with_name(kept.name + "-journal"))
    try:
        os.link(journal, kept)
    except OSError:  # a file system without links
        shutil.copy2(journal, kept)
    return kept


def _mark_after(row: Sequence[object], beside: Beside, witnesses: Sequence[Path]) -> Mark:
    """Ahead of whatever anybody knows of this journal."""
    own = Mark(*row)  # type: ignore[arg-type]  # in the order of the query
    known = [own, *(one for one in (read(beside.path), *map(read, witnesses)) if one and one.journal == own.journal)]
    return Mark(
        own.journal,
        max(one.epoch for one in known),
        max(one.number for one in known),
        max(one.turn for one in known),
    )


def _tables(connection: sqlite3.Connection) -> list[str]:
    rows = connection.execute(
        "SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite_%' ORDER BY 1"
    )
    return [name for (name,) in rows]


def _count(connection: sqlite3.Connection, table: str) -> int:
    [count] = connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()  # noqa: S608  # the journal's own name
    return int(count)


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(sealed_file.CHUNK):
            yield chunk


def _digest(chunks: Iterator[bytes]) -> bytes:
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
    return digest.digest()


def _synced(path: Path) -> None:
    if os.name != "posix" and path.is_dir():
        return  # Windows opens no folders
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _damaged(path: Path) -> JournalError:
    return JournalError(T("The journal {path} is damaged. Stop everything and restore it from a backup.", path=path))
