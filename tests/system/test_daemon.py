"""`lxy-bridge run` as a process of its own: it catches up at its start, ends when told to, and survives being killed."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from bridge.logs import ALLOWED
from tests.adapters.ledgers import people
from tests.system.office import THIRD, Office, open_office

_PATIENCE_S = 40.0
_SCHEDULE = """
[schedule]
backup = "0 0 * * *"
drill = "0 0 * * *"
sync = "0 0 * * *"
report = "0 0 * * *"

[log]
file = "bridge.log"
"""

# Writes more than fits into memory, so that half of it is in the file already, and is killed before it commits.
_KILLED_WRITER = """
import os, signal, sqlite3, sys
journal = sqlite3.connect(sys.argv[1], isolation_level=None)
journal.execute("PRAGMA journal_mode=TRUNCATE")
journal.execute("PRAGMA cache_size=1")
journal.execute("BEGIN IMMEDIATE")
journal.execute("UPDATE meta SET value='nonsense' WHERE key='key_check'")
journal.executemany("INSERT INTO meta (key, value) VALUES (?, ?)", ((f"k{n}", "x" * 500) for n in range(2000)))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """Its backup, drill, sync and report were due at midnight."""
    with open_office(tmp_path) as opened:
        opened.keep("第三批.xlsx", *people(3))
        with opened.settings.open("a", encoding="utf-8") as settings:
            settings.write(_SCHEDULE)
        yield opened


@contextmanager
def daemon(office: Office) -> Iterator[subprocess.Popen[bytes]]:
    with office.start("run") as process:
        try:
            yield process
        finally:
            process.kill()


def until(happened: Callable[[], object], process: subprocess.Popen[bytes]) -> None:
    """Wait until it is so. Fails when the daemon ends or patience does."""
    patience = time.monotonic() + _PATIENCE_S
    while not happened():
        assert process.poll() is None, process.stderr and process.stderr.read().decode()
        assert time.monotonic() < patience
        time.sleep(0.05)


def end(process: subprocess.Popen[bytes]) -> tuple[int, float]:
    """Exit code after a SIGTERM, and how many seconds it took."""
    asked = time.monotonic()
    process.send_signal(signal.SIGTERM)
    return process.wait(_PATIENCE_S), time.monotonic() - asked


def log_of(office: Office) -> list[dict[str, object]]:
    return [json.loads(line) for line in (office.folder / "bridge.log").read_text("utf-8").splitlines()]


def a_request_is_on_its_way(office: Office) -> bool:
    with closing(sqlite3.connect(f"file:{office.folder / 'journal.db'}?mode=ro", uri=True)) as journal:
        found = journal.execute("SELECT count(*) FROM attempt WHERE sent_at IS NOT NULL AND ended_at IS NULL")
        return bool(found.fetchone()[0])


def effects(office: Office) -> Counter[str]:
    return Counter(effect.effect.value for effect in office.portal.effects())


def test_what_was_due_before_the_start_is_done_at_once_and_a_signal_ends_it(office: Office) -> None:
    with daemon(office) as process:
        until(lambda: office.mailbox.messages() and not_busy(office), process)
        code, took_s = end(process)
        assert process.stdout is not None
        assert "不能撤销" in process.stdout.read().decode()
    assert (code, took_s < 5) == (0, True)
    assert office.run("sync", "--dry-run").code == 0
    status = office.run("status", "--json").data
    assert (status["agreed"], status["mails_waiting"], status["last_sync"]["state"]) == (3, 0, "complete")
    assert (status["last_backup"]["state"], status["last_drill"]["state"]) == ("complete", "complete")
    assert len(list((office.folder / "reports").iterdir())) == 2


_BACK_TO_THE_FIRST_SCHEMA = """
DROP VIEW standing;
DROP TABLE superseded;
ALTER TABLE file DROP COLUMN as_old_as;
ALTER TABLE file DROP COLUMN arrived;
DROP TABLE keyed;
ALTER TABLE file DROP COLUMN told;
ALTER TABLE file DROP COLUMN marks;
DROP TABLE writer;
DROP TABLE fence;
DROP TABLE passed;
ALTER TABLE batch DROP COLUMN people_read_at;
ALTER TABLE batch DROP COLUMN people_change;
ALTER TABLE batch DROP COLUMN times_online;
DROP TABLE note;
DROP TABLE review;
DELETE FROM meta WHERE key='identity';
ALTER TABLE event DROP COLUMN serials;
CREATE TABLE attempt_serial (
    attempt INTEGER NOT NULL, serial VARCHAR NOT NULL, PRIMARY KEY (attempt, serial)
) WITHOUT ROWID;
INSERT INTO attempt_serial SELECT attempt.id, value FROM attempt, json_each(attempt.serials);
ALTER TABLE attempt DROP COLUMN serials;
UPDATE alembic_version SET version_num='0001';
"""


def test_after_an_update_it_brings_the_older_journal_up_to_date_and_works_on(office: Office) -> None:
    assert office.run("sync").code == 0
    with closing(sqlite3.connect(office.folder / "journal.db")) as journal:
        journal.executescript(_BACK_TO_THE_FIRST_SCHEMA)
    (office.folder / "journal.db.epoch").unlink()
    refused = office.run("status")
    assert (refused.code, "旧版本" in refused.err) == (1, True)
    with daemon(office) as process:
        until(office.mailbox.messages, process)  # its report; the sync of the day was made before the update
        assert end(process)[0] == 0
    status = office.run("status", "--json").data
    assert (status["agreed"], status["mails_waiting"]) == (3, 0)


def not_busy(office: Office) -> bool:
    done = [line.get("job") for line in log_of(office) if line["event"] == "daemon.job_done"]
    return done[:5] == ["backup", "drill", "sync", "report", "mail"]


def test_its_log_is_json_with_known_keys_and_nothing_personal(office: Office) -> None:
    with daemon(office) as process:
        until(office.mailbox.messages, process)
        end(process)
    lines = log_of(office)
    assert {key for line in lines for key in line} <= ALLOWED
    events = [line["event"] for line in lines]
    assert "daemon.ready" in events
    assert events[-1] == "daemon.stopped"
    assert "log.free_text" not in events
    text = (office.folder / "bridge.log").read_text("utf-8")
    assert "999001" not in text
    assert "1990000" not in text


def test_a_restart_on_the_same_day_does_not_do_the_work_again(office: Office) -> None:
    with daemon(office) as process:
        until(lambda: office.mailbox.messages() and not_busy(office), process)
        end(process)
    (office.folder / "bridge.log").unlink()
    with daemon(office) as process:
        until(lambda: (office.folder / "bridge.log").is_file() and "mail" in jobs_done(office), process)
        end(process)
    assert set(jobs_done(office)) <= {"mail", "probe"}
    assert len(office.mailbox.messages()) == 1


def jobs_done(office: Office) -> list[object]:
    return [line["job"] for line in log_of(office) if line["event"] == "daemon.job_done"]


def test_a_signal_lets_the_request_on_its_way_finish_and_begins_no_other(office: Office) -> None:
    office.portal.set_weather(slow_s=1.0)
    with daemon(office) as process:
        until(lambda: a_request_is_on_its_way(office), process)
        code, took_s = end(process)
    assert (code, took_s < 8) == (0, True)
    assert effects(office) == {"batch_created": 1}
    assert "平台已接收" in office.run("explain", THIRD).out
    office.portal.set_weather(slow_s=0.0)
    assert office.run("sync").code == 0


def test_after_being_killed_in_the_middle_of_a_request_it_starts_clean_and_stores_nothing_twice(office: Office) -> None:
    office.portal.set_weather(slow_s=0.5)
    with daemon(office) as process:
        until(lambda: effects(office)["batch_created"] and a_request_is_on_its_way(office), process)
        process.kill()
        process.wait()
    assert office.run("status").code == 1
    office.portal.set_weather(slow_s=0.0)
    time.sleep(0.6)
    with daemon(office) as process:
        until(office.mailbox.messages, process)
        assert end(process)[0] == 0
    assert office.run("sync").code == 0
    assert effects(office) == {"batch_created": 1, "person_created": 3, "batch_submitted": 1}


def test_a_journal_left_half_written_by_a_killed_process_opens_as_it_was(office: Office) -> None:
    journal = office.folder / "journal.db"
    subprocess.run([sys.executable, "-c", _KILLED_WRITER, str(journal)], check=False)
    assert journal.with_name("journal.db-journal").stat().st_size > 0
    assert office.run("findings").code == 0
    assert office.run("sync").code == 0
