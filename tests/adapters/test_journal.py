"""The journal as one thing: who may open it, how it is kept, and what never stands in it in clear."""

from __future__ import annotations

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine

from adapters.journal import tables
from adapters.journal.journal import Journal, create_journal, open_journal
from adapters.journal.lock import hold
from adapters.journal.schema import HEAD, is_older, version
from adapters.vault import Keys, Vault
from bridge.post import Envelope, hand_out
from schemas.errors import ConfigError, JournalError
from schemas.journal import LastRead
from schemas.report import Report
from schemas.texts import T
from tests.unit.cast import MORNING_AFTER, VAULT, A, B, C, damaged, in_words
from tests.unit.world import SETTLING, FakeMailer, World, new_journal

OTHER_VAULT = Vault(Keys(b"1" * 32, b"2" * 32, b"3" * 32, b"4" * 32))
ROOT = Path(__file__).parents[2]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    create_journal(tmp_path / "journal.db", VAULT)
    return tmp_path / "journal.db"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    journal = open_journal(path, VAULT, SETTLING)
    yield journal
    journal.close()


def pragma(journal: Journal, name: str) -> object:
    with journal.store.read() as connection:
        return connection.exec_driver_sql(f"PRAGMA {name}").scalar()


def test_a_journal_is_made_once_and_never_overwritten(path: Path) -> None:
    with pytest.raises(ConfigError, match="There is a journal"):
        create_journal(path, VAULT)


def test_a_journal_is_for_its_owner_only(path: Path) -> None:
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", [None, b""])
def test_a_missing_or_empty_journal_is_not_quietly_made_anew(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "journal.db"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match="There is no journal at"):
        open_journal(path, VAULT, SETTLING)


def test_a_wrong_key_never_starts(path: Path) -> None:
    with pytest.raises(ConfigError, match=r"not the one journal .* was made with"):
        open_journal(path, OTHER_VAULT, SETTLING)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(b"this is no database" * 100)
    with pytest.raises(JournalError, match="SQLITE_NOTADB"):
        open_journal(path, VAULT, SETTLING)


def test_somebody_else_s_database_is_refused_when_only_looking(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE t (a)")
    connection.close()
    with pytest.raises(JournalError, match="not a journal of this program"):
        open_journal(path, VAULT, SETTLING, read_only=True)


def test_an_acknowledged_commit_survives_a_power_cut_by_these_settings(journal: Journal) -> None:
    found = [pragma(journal, name) for name in ("journal_mode", "synchronous", "secure_delete")]
    assert found == ["truncate", 3, 1]


def test_no_second_file_stands_beside_the_journal_for_long(path: Path, journal: Journal) -> None:
    journal.runs.begin("sync", MORNING_AFTER.date(), at=MORNING_AFTER)
    beside = {file.name: file.stat().st_size for file in path.parent.iterdir() if file != path}
    assert set(beside.values()) <= {0}


def test_a_journal_opened_for_looking_cannot_be_written(path: Path) -> None:
    journal = open_journal(path, VAULT, SETTLING, read_only=True)
    with pytest.raises(JournalError, match="SQLITE_READONLY"):
        journal.runs.begin("sync", MORNING_AFTER.date(), at=MORNING_AFTER)
    assert journal.runs.last("sync") is None


def test_a_whole_journal_passes_its_own_check_and_a_damaged_one_does_not(tmp_path: Path) -> None:
    journal = new_journal(tmp_path)
    journal.verify()
    journal.close()
    content = bytearray(journal.path.read_bytes())
    content[4096 * 3 : 4096 * 6] = b"\xff" * 4096 * 3
    journal.path.write_bytes(content)
    damaged_one = open_journal(journal.path, VAULT, SETTLING)
    with pytest.raises(JournalError):
        damaged_one.verify()


def touch_one_batch_twice(journal: Journal) -> None:
    with journal.store.write() as connection:
        connection.exec_driver_sql("INSERT INTO touched (batch) VALUES ('2025/a/b')")
        connection.exec_driver_sql("INSERT INTO touched (batch) VALUES ('2025/a/b')")


def test_a_write_that_fails_half_way_leaves_nothing(journal: Journal) -> None:
    with pytest.raises(JournalError, match="SQLITE_CONSTRAINT"):
        touch_one_batch_twice(journal)
    assert journal.offline.touched() == ()


def test_two_that_look_before_they_write_take_turns_and_neither_fails(journal: Journal, path: Path) -> None:
    """Whoever only began to read would hold up the other's commit, and be turned away from its own write."""
    with journal.store.write() as connection:
        connection.exec_driver_sql("SELECT count(*) FROM touched").scalar()
        with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as second:
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                second.execute("BEGIN IMMEDIATE")
            connection.exec_driver_sql("INSERT INTO touched (batch) VALUES ('2025/a/b')")
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                second.execute("BEGIN IMMEDIATE")
    assert [str(key) for key in journal.offline.touched()] == ["2025/a/b"]


def test_the_migrations_lead_to_the_tables_of_this_program(journal: Journal) -> None:
    assert version(journal.store) == HEAD
    with journal.store.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables.metadata) == []


def test_the_migrations_lead_to_the_same_tables_and_indexes_to_the_letter(journal: Journal) -> None:
    engine = create_engine("sqlite://")
    tables.metadata.create_all(engine)
    query = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name <> 'alembic_version' ORDER BY name"
    with engine.connect() as fresh, journal.store.read() as migrated:
        wanted, found = (
            {name: _bare(sql) for name, sql in connection.exec_driver_sql(query)} for connection in (fresh, migrated)
        )
    engine.dispose()
    assert found == wanted


def _bare(sql: str) -> str:
    return re.sub(r"[\s\"]+", "", sql).lower()


def first_schema(path: Path) -> None:
    """A journal as the first version of this program left it, with one batch."""
    first = import_module("adapters.journal.migrations.versions.0001_first")
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in first.STATEMENTS:
            connection.execute(statement)
        connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        connection.execute("INSERT INTO alembic_version VALUES ('0001')")
        connection.execute("INSERT INTO meta (key, value) VALUES ('key_check', ?)", (VAULT.check_value(),))
        connection.execute(
            "INSERT INTO batch (key, ours, online, mark_online, read_back_at) VALUES ('2025/a/b', 1, '{}', x'00', ?)",
            (MORNING_AFTER.isoformat(),),
        )


def test_an_older_journal_is_brought_up_to_date_and_keeps_what_it_knew(tmp_path: Path) -> None:
    path = tmp_path / "older.db"
    first_schema(path)
    assert is_older(path)
    journal = open_journal(path, VAULT, SETTLING)
    assert not is_older(path)
    [batch] = journal.deliveries.batches()
    assert (batch.online, batch.times_online, journal.runs.read_back_at()) == ({}, 1, MORNING_AFTER)
    assert journal.online.last_read() == {batch.key: LastRead(None, None, in_doubt=True)}
    journal.close()


def test_files_of_an_older_journal_are_numbered_as_they_were_read_and_what_several_speak_of_is_touched(
    tmp_path: Path,
) -> None:
    path = tmp_path / "older.db"
    first_schema(path)
    read = [("c", 1, "06"), ("a", 3, "07"), ("b", 2, "07"), ("copy of c", 9, "08")]
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany(
            "INSERT INTO file (path, size, mtime_ns, sha256, read_at, problems) VALUES (?, 1, ?, ?, ?, '[]')",
            [(file, saved, file[-1:].encode(), f"2025-05-{day}") for file, saved, day in read],
        )
        connection.executemany(
            "INSERT INTO roster (file, batch, sheet, row, level, base, start, end) VALUES (?, ?, '', 1, '', '', '', '')",
            [("a", "2025/a/one"), ("a", "2025/a/one"), ("a", "2025/a/two"), ("b", "2025/a/two")],
        )
    journal = open_journal(path, VAULT, SETTLING)
    with journal.store.read() as connection:
        numbers = connection.exec_driver_sql("SELECT path, arrived, as_old_as FROM file ORDER BY arrived").all()
    assert numbers == [("c", 1, 1), ("b", 2, 2), ("a", 3, 3), ("copy of c", 4, 1)]
    assert [str(key) for key in journal.offline.touched()] == ["2025/a/two"]
    journal.close()


def test_an_older_journal_is_not_looked_into_before_it_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "older.db"
    first_schema(path)
    with pytest.raises(JournalError, match="of an older version of this program"):
        open_journal(path, VAULT, SETTLING, read_only=True)


def test_every_older_schema_leads_to_the_same_tables_to_the_letter(tmp_path: Path, journal: Journal) -> None:
    path = tmp_path / "older.db"
    first_schema(path)
    older = open_journal(path, VAULT, SETTLING)
    query = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name <> 'alembic_version' ORDER BY name"
    with older.store.read() as updated, journal.store.read() as new:
        assert updated.exec_driver_sql(query).all() == new.exec_driver_sql(query).all()
    older.close()


@pytest.mark.parametrize("read_only", [False, True])
def test_a_journal_of_a_newer_program_is_refused_whoever_opens_it(path: Path, *, read_only: bool) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(JournalError, match="newer version"):
        open_journal(path, VAULT, SETTLING, read_only=read_only)


def test_notes_are_kept_once_and_only_under_the_settings_they_were_made_with(journal: Journal) -> None:
    first, second = T("a new field {field}", field="x"), T("a new field {field}", field="y")
    journal.runs.note([first], basis="one", at=MORNING_AFTER)
    journal.runs.note([first, second], basis="one", at=MORNING_AFTER + timedelta(days=1))
    assert journal.runs.notes() == (first, second)
    journal.runs.note([second], basis="two", at=MORNING_AFTER)
    assert journal.runs.notes() == (second,)


def test_the_differences_are_found_without_walking_through_what_agrees(journal: Journal) -> None:
    query = "EXPLAIN QUERY PLAN SELECT batch, person FROM pair p WHERE p.mark_offline IS NOT p.mark_online"
    with journal.store.read() as connection:
        plan = " ".join(row.detail for row in connection.exec_driver_sql(query))
    assert "pair_disagreeing" in plan


def test_a_second_writer_is_told_who_holds_the_lock_and_since_when(tmp_path: Path) -> None:
    lock = tmp_path / "journal.db.lock"
    told = f"sync, process {os.getpid()} on {socket.gethostname()}, since 2025-05-11T09:00:00+08:00."
    with (
        hold(lock, now=MORNING_AFTER, work="sync"),
        pytest.raises(JournalError, match=re.escape(told)),
        hold(lock, now=MORNING_AFTER, work="report"),
    ):
        pass


def test_the_lock_is_free_once_its_holder_has_finished(tmp_path: Path) -> None:
    for work in ("sync", "report"):
        with hold(tmp_path / "lock", now=MORNING_AFTER, work=work):
            pass


def test_the_death_of_its_holder_frees_the_lock(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    code = (
        "import sys, time; from datetime import datetime, UTC; from pathlib import Path;"
        "from adapters.journal.lock import hold\n"
        "with hold(Path(sys.argv[1]), now=datetime.now(UTC), work='sync'):\n"
        "    print('held', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", code, str(lock)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert holder.stdout
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(JournalError, match=f"process {holder.pid}"), hold(lock, now=MORNING_AFTER, work="x"):
        pass
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    with hold(lock, now=MORNING_AFTER, work="sync"):
        pass


class _Printed:
    def page(self, report: Report) -> str:
        return ""

    def sheet(self, report: Report) -> bytes:
        return b""

    def message(self, report: Report, **_: object) -> bytes:
        return f"{A.name} {A.id_no} {A.phone}".encode()


def test_no_id_no_phone_and_no_name_stands_in_a_plain_column_nor_anywhere_in_the_file(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.ledger(A, B, leaders=1, rejections=[damaged()])
    world.sync()
    world.ledger(replace(A, unit="别的单位"), B, C)
    world.portal.lose_replies(1)
    world.portal.edit(world.online_id(B), phone="19900007777")
    world.portal.add(world.batch_id(), **in_words(C, id_no="999001198001010019"))
    report = world.sync()
    mailer = FakeMailer()
    mailer.down = True
    envelope = Envelope(mailer, "bridge@example.org", ["staff@example.org"])
    hand_out(report, world.journal, _Printed(), envelope, world.clock)
    assert len(world.journal.outbox.waiting()) == 1
    secrets = [text for one in (A, B, C) for text in (one.name, one.id_no, one.phone)]
    secrets += ["19900007777", "999001198001010019", "带队0"]
    plain = "\n".join(_plain_columns(world.journal))
    assert [secret for secret in secrets if secret in plain] == []
    content = world.journal.path.read_bytes()
    assert [secret for secret in secrets if secret.encode() in content] == []
    assert "测试基地" in plain


def _plain_columns(journal: Journal) -> Iterator[str]:
    """Every value of every column that is not sealed."""
    with journal.store.read() as connection:
        for table in tables.metadata.sorted_tables:
            columns = ", ".join(f'"{column.name}"' for column in table.columns if column.name != "sealed")
            for row in connection.exec_driver_sql(f'SELECT {columns} FROM "{table.name}"'):
                yield repr(tuple(row))


def test_only_columns_named_sealed_are_sealed_and_every_table_that_holds_people_has_one() -> None:
    sealed = {table.name for table in tables.metadata.sorted_tables if "sealed" in table.columns}
    assert sealed == {"row", "online", "agreement", "revision", "attempt", "keyed", "finding", "outbox"}


def test_a_sealed_value_moved_to_another_row_does_not_open(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.ledger(A, B)
    world.sync()
    with world.journal.store.write() as connection:
        connection.exec_driver_sql("UPDATE online SET sealed = (SELECT sealed FROM online ORDER BY id DESC LIMIT 1)")
        connection.exec_driver_sql("UPDATE pair SET mark_online = x'00'")
    with pytest.raises(JournalError, match="does not open"):
        world.journal.people.open(world.journal.deliveries.disagreeing())


def test_moments_keep_their_zone(journal: Journal) -> None:
    run = journal.runs.begin("sync", MORNING_AFTER.date(), at=MORNING_AFTER)
    with journal.store.read() as connection:
        [kept] = connection.exec_driver_sql("SELECT started_at FROM run WHERE id=?", (run,)).scalars()
    assert datetime.fromisoformat(kept) == MORNING_AFTER


def test_who_only_looks_sees_one_moment_however_much_is_written_meanwhile(path: Path) -> None:
    """Figures of two moments would not add up; and what is written waits for whoever looks, not the other way round."""
    journal, looking = open_journal(path, VAULT, SETTLING), open_journal(path, VAULT, SETTLING, read_only=True)
    assert looking.runs.began_at() is None
    with ThreadPoolExecutor(1) as other:
        written = other.submit(journal.runs.begin, "sync", MORNING_AFTER.date(), at=MORNING_AFTER)
        time.sleep(0.2)
        assert looking.runs.began_at() is None
        looking.close()
        assert written.result() == 1
    later = open_journal(path, VAULT, SETTLING, read_only=True)
    assert later.runs.began_at() == MORNING_AFTER
    later.close()
