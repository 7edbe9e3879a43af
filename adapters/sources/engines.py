"""A database that is read from: opened with its driver, one read-only snapshot at a time, its faults in our words."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, NullPool, create_engine, make_url
from sqlalchemy.exc import DBAPIError

from schemas.errors import ConfigError, SourceError
from schemas.texts import T

_DRIVERS = {
    "sqlite": "sqlite",
    "postgresql": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
}
_CONNECT_S = 10
_OVERTIME = {"57014", "1969", "3024", "SQLITE_INTERRUPT"}  # PostgreSQL, MariaDB, MySQL, SQLite
_UNABLE = {"SQLITE_BUSY", "SQLITE_CANTOPEN", "SQLITE_IOERR"}  # a file that is opened only when it is asked
_SLACK_S = 2  # the server's own time-out speaks first


@dataclass(frozen=True, slots=True)
class Answer:
    """What one query answers: the names of its columns, and its rows as the driver gives them."""

    names: tuple[str, ...]
    rows: Sequence[Sequence[object]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Database:
    """`name` is the source's; no statement takes longer than `timeout_s`."""

    name: str
    engine: Engine
    timeout_s: float

    def ask(self, query: str) -> Answer:
        """One query in a read-only snapshot of its own. Raises SourceError, without a word of the driver's own."""
        asked = False
        try:
            with self._snapshot() as connection:
                asked = True
                result = connection.exec_driver_sql(query)
                names = tuple(result.keys()) if result.returns_rows else ()
                return Answer(names, result.all() if names else ())
        except DBAPIError as fault:
            raise _told(self, fault, answers=asked and not fault.connection_invalidated) from None

    @contextmanager
    def _snapshot(self) -> Iterator[Connection]:
        """Nothing is ever committed: leaving rolls back."""
        with self.engine.connect() as connection, self._in_time(connection):
            for statement in _OPENING[self.engine.dialect.name](self):
                connection.exec_driver_sql(statement)
            yield connection.execution_options(no_parameters=True)

    @contextmanager
    def _in_time(self, connection: Connection) -> Iterator[None]:
        """A server stops a statement itself; SQLite has to be told to, and one that is frozen is hung up on."""
        stop = _STOPPING.get(self.engine.dialect.name)
        if stop is None:
            yield
            return
        slack_s, break_off = stop
        timer = threading.Timer(self.timeout_s + slack_s, break_off, (connection.connection.dbapi_connection,))
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()


def _hang_up(connection: Any) -> None:
    """Psycopg waits for as long as the line holds, so the line is cut."""
    with socket.socket(fileno=os.dup(connection.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)


_STOPPING: Mapping[str, tuple[float, Callable[[Any], None]]] = {
    "sqlite": (0, lambda connection: connection.interrupt()),
    "postgresql": (_SLACK_S, _hang_up),
}
"""So many seconds after the time-out, and how; pymysql's sockets have time-outs of their own."""


def open_database(name: str, url: str, password: str, *, timeout_s: float) -> Database:
    """`url` names no driver and no password. Connects to nothing yet. Raises ConfigError where the driver is missing."""
    address = make_url(url)
    kind = address.drivername
    address = address.set(drivername=_DRIVERS[kind], password=password or None)
    if kind == "sqlite":
        path = Path(address.database or "").absolute()
        address = address.set(database=path.as_uri(), query={"mode": "ro", "uri": "true"})
    try:
        engine = create_engine(
            address, poolclass=NullPool, hide_parameters=True, connect_args=_CONNECTING[kind](timeout_s)
        )
    except ModuleNotFoundError:
        raise ConfigError(
            T(
                "Source {name} needs the driver for {kind}. Run: pip install 'recuperation-bridge[{kind}]'",
                name=name,
                kind=kind,
            )
        ) from None
    return Database(name, engine, timeout_s)


def _sockets(timeout_s: float) -> Mapping[str, object]:
    patience_s = int(timeout_s) + _SLACK_S
    return {
        "connect_timeout": _CONNECT_S,
        "read_timeout": patience_s,
        "write_timeout": patience_s,
        "charset": "utf8mb4",
    }


_CONNECTING: Mapping[str, Callable[[float], Mapping[str, object]]] = {
    "sqlite": lambda timeout_s: {"timeout": timeout_s, "isolation_level": None},
    "postgresql": lambda _: {
        "connect_timeout": _CONNECT_S,
        "application_name": "lxy-bridge",
        "options": "-c default_transaction_read_only=on",  # also for what a query begins after a COMMIT of its own
    },
    "mysql": _sockets,
    "mariadb": _sockets,
}


def _opening_mysql(database: Database) -> tuple[str, ...]:
    limit = (
        f"SET SESSION max_statement_time = {database.timeout_s}"
        if getattr(database.engine.dialect, "is_mariadb", False)
        else f"SET SESSION max_execution_time = {int(database.timeout_s * 1000)}"
    )
    return (
        limit,
        "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
    )


_OPENING: Mapping[str, Callable[[Database], tuple[str, ...]]] = {
    "sqlite": lambda _: ("PRAGMA query_only = ON", "BEGIN"),
    "postgresql": lambda database: (
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
        f"SET LOCAL statement_timeout = {int(database.timeout_s * 1000)}",
    ),
    "mysql": _opening_mysql,
}


def _told(database: Database, fault: DBAPIError, *, answers: bool) -> SourceError:
    """By the server's code alone: its words quote the statement, and may quote a row. `answers`: to anything at all."""
    code = _code(fault)
    if code in _OVERTIME:
        return SourceError(
            T(
                "The database of source {name} took longer than {seconds} seconds; what it said last still stands. Ask its keeper, or raise timeout_s.",
                name=database.name,
                seconds=f"{database.timeout_s:g}",
            )
        )
    if answers and code not in _UNABLE:
        return SourceError(
            T(
                "The database of source {name} refuses the query ({code}); what it said last still stands. Try the query in a database tool and correct it in the config.",
                name=database.name,
                code=code,
            )
        )
    return SourceError(
        T(
            "The database of source {name} does not answer ({code}); what it said last still stands. Ask its keeper whether it runs and lets this account in.",
            name=database.name,
            code=code,
        )
    )


def _code(fault: DBAPIError) -> str:
    """MySQL's number, SQLSTATE or SQLite's name; else only the kind of fault."""
    origin = fault.orig
    first = origin.args[0] if origin is not None and origin.args else None
    if isinstance(first, int):
        return str(first)
    named = getattr(origin, "sqlstate", None) or getattr(origin, "sqlite_errorname", None)
    return str(named or type(origin).__name__)
