"""The commands for the day something went wrong, as an operator meets them, in both languages."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path

import pytest

from bridge.config import Config
from bridge.rota import Owed
from bridge.wiring.backup import back_up, drill
from bridge.wiring.journal import open_memory
from bridge.wiring.service import SystemClock
from tests.adapters.ledgers import people
from tests.system.office import ROOT, Office, open_office

WINDOW_S = 1800.0
HOLDER = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from adapters.journal.lock import hold
with hold(Path(sys.argv[1]), now=datetime.now(UTC), work="sync", lease_s=0.3):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path) as office:
        office.keep_three()
        assert office.run("sync").code == 0
        yield office


def backup_of(office: Office) -> Path:
    made = office.run_alone("--lang", "en", "backup")
    assert made.code == 0, made.err
    [path] = re.findall(r"Written: (\S+)", made.out)
    return Path(path)


def test_a_backup_is_written_and_says_what_it_holds_and_how_it_is_undone(office: Office) -> None:
    path = backup_of(office)
    assert path.parent == office.folder / "backups"
    told = office.run("backup", "--to", str(office.folder / "elsewhere"))
    assert told.code == 0
    for part in ("已写入", "逐字节读回验证", "密钥文件", "撤销：删除"):
        assert part in told.out
    assert len(list((office.folder / "elsewhere").iterdir())) == 1


def test_the_drill_restores_the_newest_backup_and_throws_it_away(office: Office) -> None:
    nothing = office.run("drill")
    assert nothing.code == 1
    assert "没有备份" in nothing.err
    path = backup_of(office)
    before = {path for path in office.folder.rglob("*") if path.suffix != ".witness"}
    told = office.run_alone("--lang", "en", "drill")
    assert told.code == 0
    assert f"{path} can be restored" in told.out
    assert "7 people of both sides" in told.out
    assert {path for path in office.folder.rglob("*") if path.suffix != ".witness"} == before
    assert office.run("status", "--json").data["last_drill"]["state"] == "complete"


def test_a_drill_that_fails_is_in_the_report_until_one_does_not(office: Office) -> None:
    path = backup_of(office)
    content = path.read_bytes()
    path.write_bytes(content[:-1])
    assert office.run("drill").code == 1
    assert "最新备份在演练中未能还原" in office.run("report", "--print").out
    assert "could not be restored in the drill" in office.run_alone("--lang", "en", "report", "--print").out
    path.write_bytes(content)
    assert office.run("drill").code == 0
    assert "演练" not in office.run("report", "--print").out.replace("演练市总工会", "").replace("【演练】", "")


def test_a_restore_is_asked_for_twice_where_a_newer_journal_would_be_lost(office: Office) -> None:
    path = backup_of(office)
    assert office.run("sync").code == 0
    before = (office.folder / "journal.db").read_bytes()
    asked = office.run("restore", str(path))
    assert (asked.code, "--yes" in asked.err) == (2, True)
    newer = office.run("restore", str(path), "--yes")
    assert (newer.code, "--lose-newer" in newer.err) == (2, True)
    assert (office.folder / "journal.db").read_bytes() == before


def test_after_a_restore_nothing_is_sent_until_everything_was_read_back_anew(office: Office) -> None:
    """The life that is forgotten entered two more people: the next one finds them, and then enters a third."""
    path = backup_of(office)
    office.keep("第三批.xlsx", *people(5))
    assert office.run("sync").code == 0
    office.change("settle_window_s = 0", f"settle_window_s = {WINDOW_S}")
    told = office.run_alone("--lang", "en", "restore", str(path), "--yes", "--lose-newer")
    assert told.code == 0, told.err
    assert "nothing is sent for 30 minutes" in told.out
    [undo] = re.findall(r"Undo: lxy-bridge (restore \S+ --yes --lose-newer)", told.out)
    assert Path(undo.split()[1]).is_file()
    effects = len(office.portal.effects())
    waiting = office.run("sync")
    assert "记录库已从备份还原。" in waiting.out
    assert "之前不发送；期满先全部回读，再自动继续。" in waiting.out
    assert office.run("status", "--json").data["fence"]["why"] == "restored"
    assert "restored from a backup" in office.run_alone("--lang", "en", "status").out
    assert len(office.portal.effects()) == effects
    office.change(f"settle_window_s = {WINDOW_S}", "settle_window_s = 0")  # the half hour has passed
    after = office.run("sync")
    assert after.code == 0, after.out
    assert office.run("status", "--json").data["fence"] is None
    office.keep("第三批.xlsx", *people(6))
    assert office.run("sync").code == 0
    created = [effect.person for effect in office.portal.effects() if effect.effect == "person_created"]
    assert len(created) == len(set(created)) == 6


def test_a_restore_is_undone_by_the_command_it_prints(office: Office) -> None:
    path = backup_of(office)
    with closing(sqlite3.connect(office.folder / "journal.db")) as journal:
        runs = journal.execute("SELECT count(*) FROM run").fetchone()
    told = office.run("restore", str(path), "--yes")
    assert told.code == 0, told.err
    [undo] = re.findall(r"撤销：lxy-bridge (restore \S+ --yes --lose-newer)", told.out)
    assert office.run(*undo.split()).code == 0
    with closing(sqlite3.connect(office.folder / "journal.db")) as journal:
        assert journal.execute("SELECT count(*) FROM run").fetchone() == runs


@pytest.mark.parametrize("content", [b"no backup at all", b""])
def test_what_is_no_backup_is_not_restored(office: Office, content: bytes) -> None:
    (office.folder / "file").write_bytes(content)
    told = office.run("restore", "file", "--yes")
    assert told.code == 1
    assert "不是本程序的备份" in told.err
    assert office.run("restore", "no-such-file", "--yes").code == 2


@contextmanager
def silent(office: Office) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the journal and was stopped past its lease."""
    command = [sys.executable, "-c", HOLDER, str(office.folder / "journal.db.lock")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "held\n"
            os.kill(process.pid, signal.SIGSTOP)
            time.sleep(0.6)
            yield process
        finally:
            process.kill()


def test_a_silent_process_is_told_and_ended(office: Office) -> None:
    with silent(office) as process:
        refused = office.run("sync")
        assert (refused.code, "lxy-bridge takeover" in refused.err) == (1, True)
        shown = office.run("status").out
        assert f"进程{process.pid}" in shown
        assert "已超时无响应" in shown
        told = office.run_alone("--lang", "en", "takeover")
        assert told.code == 0, told.err
        assert f"process {process.pid}" in told.out
        assert "was ended" in told.out
        assert "There is no undo, and none is needed" in told.out
        assert process.wait(10) == -signal.SIGKILL
        assert office.run("sync").code == 0
        assert office.run("status", "--json").data["writer"] is None


def test_where_nobody_is_silent_there_is_nothing_to_take_over(office: Office) -> None:
    told = office.run("takeover")
    assert (told.code, "无需接管" in told.err) == (1, True)


def test_a_backup_made_late_stands_for_the_day_it_was_due_and_writes_off_those_before(office: Office) -> None:
    config, due, before = Config.load(office.folder / "config.toml"), date(2025, 5, 3), date(2025, 5, 2)
    back_up(config, SystemClock(), owed=Owed(due, (before,)))
    drill(config, SystemClock(), owed=Owed(due))
    memory = open_memory(config)
    try:
        assert memory.runs.days("backup")[due] is not None
        assert memory.runs.days("drill")[due] is not None
        assert memory.runs.missed("backup", since=None) == (before,)
    finally:
        memory.close()
