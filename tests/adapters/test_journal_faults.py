"""What keeps a journal from being used: told by its kind, and never written over."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from adapters.journal import faults
from adapters.journal.alarms import Alarms
from adapters.journal.journal import Journal, create_journal, open_journal
from adapters.journal.lock import hold
from schemas.errors import Fault, JournalError
from schemas.texts import Language
from tests.unit.cast import MORNING_AFTER, VAULT
from tests.unit.world import SETTLING, new_journal

TODAY = date(2025, 5, 11)
HERE = Path("journal.db")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = new_journal(tmp_path)
    yield journal
    journal.close()


def failed_with(code: str) -> OperationalError:
    cause = sqlite3.OperationalError("said by SQLite")
    if code:
        cause.sqlite_errorname = code
    return OperationalError("", (), cause)


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("SQLITE_BUSY", Fault.LOCKED),
        ("SQLITE_FULL", Fault.FULL),
        ("SQLITE_IOERR_FSYNC", Fault.DISK),
        ("SQLITE_IOERR_WRITE", Fault.DISK),
        ("SQLITE_CORRUPT", Fault.DAMAGED),
        ("SQLITE_CORRUPT_INDEX", Fault.DAMAGED),
        ("SQLITE_NOTADB", Fault.DAMAGED),
        ("", Fault.DAMAGED),
        ("SQLITE_READONLY", Fault.UNUSABLE),
        ("SQLITE_CANTOPEN", Fault.UNUSABLE),
    ],
)
def test_each_code_of_sqlite_is_one_kind_of_fault(code: str, fault: Fault) -> None:
    assert faults.of_sqlite(HERE, failed_with(code)).fault is fault


@pytest.mark.parametrize(
    ("number", "fault"),
    [(errno.ENOSPC, Fault.FULL), (errno.EDQUOT, Fault.FULL), (errno.EIO, Fault.DISK), (errno.EROFS, Fault.UNUSABLE)],
)
def test_each_error_of_the_system_is_one_kind_of_fault(number: int, fault: Fault) -> None:
    assert faults.of_system(HERE, OSError(number, os.strerror(number))).fault is fault


def test_the_words_of_each_fault_say_another_thing_in_both_languages() -> None:
    codes = "SQLITE_BUSY", "SQLITE_FULL", "SQLITE_IOERR", "SQLITE_CORRUPT", "SQLITE_PERM"
    errors = [faults.of_sqlite(HERE, failed_with(code)) for code in codes] + [faults.missing(HERE)]
    for language in Language:
        assert len({error.into(language) for error in errors}) == len(errors)


def test_after_the_disk_has_failed_nothing_more_is_written_and_the_next_start_checks_the_journal(
    journal: Journal,
) -> None:
    """fsync tells of a lost page once: a second one may succeed, and mean nothing."""
    with pytest.raises(JournalError), journal.store.write():
        raise failed_with("SQLITE_IOERR_FSYNC")
    with pytest.raises(JournalError) as again:
        journal.runs.begin("sync", TODAY, at=MORNING_AFTER)
    assert again.value.fault is Fault.DISK
    journal.close()
    assert in_use(journal.path).exists()


def test_after_a_full_disk_the_same_process_may_go_on(journal: Journal) -> None:
    with pytest.raises(JournalError), journal.store.write():
        raise failed_with("SQLITE_FULL")
    assert journal.runs.begin("sync", TODAY, at=MORNING_AFTER) == 1


def test_a_file_beside_the_journal_stands_while_it_is_written_and_only_then(journal: Journal) -> None:
    assert in_use(journal.path).exists()
    looking = open_journal(journal.path, VAULT, SETTLING, read_only=True)
    looking.close()
    assert in_use(journal.path).exists()
    journal.close()
    assert not in_use(journal.path).exists()


def in_use(path: Path) -> Path:
    return path.with_name("journal.db.in-use")


def test_a_folder_that_takes_no_file_is_told_as_a_fault_of_the_journal(tmp_path: Path) -> None:
    (tmp_path / "no folder").touch()
    with pytest.raises(JournalError) as raised, hold(tmp_path / "no folder" / "lock", now=MORNING_AFTER, work="x"):
        pass
    assert raised.value.fault is Fault.UNUSABLE


def test_what_a_lost_journal_left_half_done_is_not_rolled_into_a_new_one(tmp_path: Path) -> None:
    leftover = tmp_path / "journal.db-journal"
    leftover.write_bytes(b"half of a transaction")
    create_journal(tmp_path / "journal.db", VAULT)
    assert (tmp_path / "journal.db-journal.lost").read_bytes() == b"half of a transaction"
    open_journal(tmp_path / "journal.db", VAULT, SETTLING).close()


def test_a_journal_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    """What a process left that was killed while it made one is in nobody's way."""
    (tmp_path / "journal.db.new").write_bytes(b"half of a journal")
    create_journal(tmp_path / "journal.db", VAULT)
    with closing(sqlite3.connect(tmp_path / "journal.db")) as books:
        assert books.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert not (tmp_path / "journal.db.new").exists()


def test_an_alarm_is_out_once_a_day_for_each_kind_of_fault(tmp_path: Path) -> None:
    alarms = Alarms(tmp_path / "journal.db")
    alarms.make_room()
    alarms.put_out(TODAY, Fault.FULL)
    alarms.put_out(TODAY, Fault.DAMAGED)
    known = Alarms(tmp_path / "journal.db")
    assert [known.is_out(TODAY, fault) for fault in (Fault.FULL, Fault.DAMAGED, Fault.DISK)] == [True, True, False]
    assert not known.is_out(date(2025, 5, 12), Fault.FULL)


def test_what_is_known_of_alarms_has_its_size_before_it_is_needed(tmp_path: Path) -> None:
    """A full disk has room for it, because it is written over in place."""
    alarms, beside = Alarms(tmp_path / "journal.db"), tmp_path / "journal.db.alarms"
    alarms.make_room()
    size = beside.stat().st_size
    for fault in Fault:
        alarms.put_out(TODAY, fault)
    assert beside.stat().st_size == size
    assert all(alarms.is_out(TODAY, fault) for fault in Fault)


def test_without_a_place_to_keep_it_an_alarm_is_simply_not_known(tmp_path: Path) -> None:
    alarms = Alarms(tmp_path / "nowhere" / "journal.db")
    alarms.make_room()
    alarms.put_out(TODAY, Fault.FULL)
    assert not alarms.is_out(TODAY, Fault.FULL)
