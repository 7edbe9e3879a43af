"""The journal's database: how it is opened, and what one transaction means.

Rollback journal in TRUNCATE mode with synchronous EXTRA: an acknowledged commit survives a power cut. Every write begins
IMMEDIATE, so no transaction is upgraded half-way, and asks within the transaction whether this process is still the one
that may write: whoever opens the journal to write takes the next fencing number.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool, StaticPool

from adapters.journal.faults import damaged, of_sqlite
from schemas.errors import Fault, Fenced, JournalError
from schemas.texts import T

BUSY_TIMEOUT_S = 30
_CACHE_KIB = 32_768
"""A transaction that outgrows the cache writes its rollback journal, durably, again and again."""


class Store:
    """One SQLite file, one connection. `read_only` opens an existing journal without the writer's lock.

    Who only looks sees one moment, however much is written meanwhile: all reads are one transaction, until `close`.
    Even then it opens for writing: what a killed writer left half-done has to be rolled back before anybody can read.
    Once the disk has failed nothing more is written: a second fsync may succeed and mean nothing.
    `turned` is told of each turn in which requests are let go, once it is durable.
    """

    turned: Callable[[int], None]

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self.failed: JournalError | None = None
        self._read_only = read_only
        self._moment: Connection | None = None
        self._engine = _engine(path, read_only=read_only)
        self._number: int | None = None
        self.turned = lambda _turn: None

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction: all of it is durable when the block ends, or none of it.

        Raises Fenced where another process has opened the journal to write since this one did; JournalError.
        """
        if self.failed is not None:
            raise JournalError(self.failed.text, fault=self.failed.fault)
        try:
            with self._engine.begin() as connection:
                self._still_ours(connection)
                yield connection
        except (DBAPIError, UnicodeDecodeError) as error:
            raise self._told(error) from error

    def claim(self) -> None:
        """From now on this process is the one that may write."""
        with self.write() as connection:
            number = connection.exec_driver_sql("UPDATE writer SET number=number+1 RETURNING number").scalar_one()
        self._number = number

    def _still_ours(self, connection: Connection) -> None:
        if self._number is None:
            return
        if connection.exec_driver_sql("SELECT number FROM writer").scalar_one() != self._number:
            raise Fenced(
                T(
                    "Another process has taken over the journal {path}; this one writes and sends nothing more.",
                    path=self.path,
                )
            )

    @contextmanager
    def read(self) -> Iterator[Connection]:
        try:
            with self._reading() as connection:
                yield connection
        except (DBAPIError, UnicodeDecodeError) as error:
            raise self._told(error) from error

    def _reading(self) -> AbstractContextManager[Connection]:
        if not self._read_only:
            return self._engine.connect()
        self._moment = self._moment or self._engine.connect()
        return nullcontext(self._moment)

    def _told(self, error: DBAPIError | UnicodeDecodeError) -> JournalError:
        """What SQLite says of a damaged file quotes it, and need be no text: then Python cannot even say it."""
        told = of_sqlite(self.path, error) if isinstance(error, DBAPIError) else damaged(self.path, "no text")
        if told.fault in {Fault.DISK, Fault.DAMAGED}:
            self.failed = told
        return told

    def close(self) -> None:
        if self._moment is not None:
            self._moment.close()
        self._engine.dispose()


def _engine(path: Path, *, read_only: bool) -> Engine:
    uri = f"file:{path.as_posix()}?mode={'rw' if read_only else 'rwc'}"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            uri, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
        if read_only:
            connection.execute("PRAGMA query_only=ON")
        else:
            connection.execute("PRAGMA journal_mode=TRUNCATE")
            connection.execute("PRAGMA synchronous=EXTRA")
            connection.execute("PRAGMA secure_delete=ON")
            connection.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
        return connection

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool if read_only else StaticPool)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine
