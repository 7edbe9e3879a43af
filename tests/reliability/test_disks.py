"""Disks that are really full, files that others really hold, journals that are really gone: real commands, real limits."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from adapters.journal import store
from tests.adapters.ledgers import people, row
from tests.reliability.checker import Bounds, check, lines
from tests.reliability.checker import online as on_paper
from tests.reliability.offline import in_ledgers
from tests.system.office import ROOT, Office, Ran, open_office

FULL, FAILED, HELD, DAMAGED = "磁盘已没有空间", "所在磁盘读写失败", "被其他程序占用", "已损坏"
FIRST, SECOND = "第三批", "第四批"
UNIT = str(row(0)[5])
WANTED = in_ledgers(dict.fromkeys((1, 2, 3), (FIRST, UNIT)) | dict.fromkeys((10, 11), (SECOND, UNIT)))


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """One batch is entered and agreed; a second one has come since."""
    with open_office(tmp_path) as office:
        one_authority = f'ca_file = "{office.mailbox.ca_file.as_posix()}"'
        office.change("settle_window_s = 0", f"settle_window_s = 0\n{one_authority}")
        office.keep_three()
        assert office.run("sync").code == 0
        office.keep("第四批.xlsx", *people(2, first=10), batch=SECOND)
        yield office


def journal_of(office: Office) -> Path:
    return office.folder / "journal.db"


def holds(office: Office, journal: Path, *, settled: bool = True) -> None:
    bounds = Bounds(settled=settled, attempts=2)
    checked = check(office.portal.folder, journal, WANTED if settled else None, bounds=bounds)
    assert checked.violations == []
    assert checked.figures["lost"] == checked.figures["unwanted"] == 0


def alarms(office: Office) -> list[str]:
    """The kind of each alarm that came."""
    ids = [
        str(message_from_bytes(path.read_bytes(), policy=default)["Message-ID"]) for path in office.mailbox.messages()
    ]
    return [one.split(".")[2].partition("@")[0] for one in ids if one.startswith("<alarm.")]


def online(office: Office) -> set[str]:
    return {str(batch["batchName"]) for batch in office.portal.admin.batches()}


def is_clean_afterwards(office: Office) -> None:
    assert office.run("sync").code == 0
    assert online(office) == {FIRST, SECOND}
    holds(office, journal_of(office))


@contextmanager
def small_disk(folder: Path, kilobytes: int) -> Iterator[Path]:
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "small", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_on_a_full_disk_nothing_is_sent_looking_works_and_the_next_run_goes_on(office: Office, tmp_path: Path) -> None:
    with small_disk(tmp_path / "small", 1024) as small:
        for name in ("journal.db", "journal.db-journal", "journal.db.alarms"):
            shutil.move(office.folder / name, small / name)
        office.change("[portal]\n", f'[journal]\npath = "{small.as_posix()}/journal.db"\n\n[portal]\n')
        fill(small / "somebody else's")
        for _ in range(2):
            ended = office.run("sync")
            assert (ended.code, ended.out) == (1, "")
            assert FULL in ended.err
        assert alarms(office) == ["full"]
        assert online(office) == {FIRST}
        looking_and_the_report_work(office, FULL)
        (small / "somebody else's").unlink()
        assert office.run("sync").code == 0
        assert online(office) == {FIRST, SECOND}
        holds(office, small / "journal.db")


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(512))
        except OSError:
            return


def looking_and_the_report_work(office: Office, fault: str) -> None:
    """Though nothing can be written to the journal, which only the written report tells."""
    looking_works(office.run)
    written = office.run("report")
    assert (written.code, written.err) == (1, "")
    assert fault in written.out
    [page] = (office.folder / "reports").glob("*.html")
    assert fault in page.read_text("utf-8")


def looking_works(run: Callable[..., Ran]) -> None:
    for words in (("status",), ("findings",), ("report", "--print")):
        looked = run(*words)
        assert (looked.code in {0, 1}, looked.err) == (True, ""), words
        assert looked.out


def limited(office: Office, size: int) -> Callable[..., Ran]:
    """Runs a command that can write no byte past so many of any file: the system fails it as a broken disk does.

    Nothing measures it meanwhile: what measures writes files, too.
    """

    def run(*words: str) -> Ran:
        code = (
            f"import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))\n"
            f"from bridge.__main__ import main; sys.argv = ['lxy-bridge', *{words}]; main()"
        )
        environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
        environment |= {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
        command = [sys.executable, "-c", code]
        ended = subprocess.run(
            command, cwd=office.folder, env=environment, capture_output=True, timeout=60, check=False
        )
        return Ran(ended.returncode, ended.stdout.decode(), ended.stderr.decode())

    return run


def test_a_disk_that_fails_stops_the_sending_and_looking_works_before_the_next_run(office: Office) -> None:
    run = limited(office, 4096)  # no transaction gets as far as the journal itself
    ended = run("sync")
    assert (ended.code, FAILED in ended.err) == (1, True)
    looking_works(run)
    assert alarms(office) == ["disk"]
    assert online(office) == {FIRST}
    is_clean_afterwards(office)


def test_a_disk_that_fails_within_a_commit_stops_the_sending_and_the_next_run_is_clean(office: Office) -> None:
    """Half a commit lies in the journal. Whoever looks has to take it back first, and that is a write: while the disk
    fails, nothing is shown rather than half of something.
    """
    run = limited(office, journal_of(office).stat().st_size // 2)
    ended = run("sync")
    assert (ended.code, FAILED in ended.err) == (1, True)
    assert alarms(office) == ["disk"]
    looked = run("status")
    assert (looked.code, looked.out, FAILED in looked.err) == (1, "", True)
    looking_works(office.run)
    holds(office, journal_of(office), settled=False)
    is_clean_afterwards(office)


@contextmanager
def somebody_else_writes(path: Path) -> Iterator[None]:
    code = (
        "import sqlite3, sys\n"
        "held = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "held.execute('BEGIN IMMEDIATE')\n"
        "print('held', flush=True)\n"
        "sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", code, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        yield
        process.communicate()


def test_a_journal_that_another_program_holds_is_waited_for_and_then_left_to_the_next_run(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "BUSY_TIMEOUT_S", 0.2)
    with somebody_else_writes(journal_of(office)):
        ended = office.run("sync")
        looking_and_the_report_work(office, HELD)
    assert ended.code == 1
    assert HELD in ended.err
    assert alarms(office) == ["locked"]
    assert online(office) == {FIRST}
    is_clean_afterwards(office)


def test_a_damaged_journal_is_refused_with_the_command_that_restores_it_and_left_as_it_is(office: Office) -> None:
    content = bytearray(journal_of(office).read_bytes())
    content[:4096] = b"\xff" * 4096
    journal_of(office).write_bytes(content)
    ended = office.run("sync")
    assert ended.code == 1
    assert "lxy-bridge restore" in ended.err
    assert journal_of(office).read_bytes() == content
    assert alarms(office) == ["damaged"]
    assert online(office) == {FIRST}


def test_a_journal_that_is_gone_is_not_made_anew_until_somebody_says_so(office: Office) -> None:
    journal_of(office).unlink()
    ended = office.run("sync")
    assert (ended.code, journal_of(office).exists()) == (2, False)
    assert "lxy-bridge restore" in ended.err
    assert "lxy-bridge new-journal" in ended.err
    assert alarms(office) == ["missing"]
    begun = office.run("new-journal")
    assert begun.code == 0, begun.err
    assert "撤销" in begun.out
    is_known_again(office)


def is_known_again(office: Office) -> None:
    """The whole of the portal is read before anything is sent: nobody is entered twice."""
    assert office.run("sync").code == 0
    assert online(office) == {FIRST, SECOND}
    told = on_paper(lines(office.portal.folder / "effects.jsonl"), WANTED)
    assert told.violations == []
    assert told.figures["lost"] == told.figures["unwanted"] == told.figures["doubled"] == 0
    assert office.run("new-journal").code == 2


def test_whoever_is_killed_has_the_next_one_look_at_the_whole_journal(office: Office) -> None:
    hurt_an_index(journal_of(office))
    assert "integrity_check" not in ran_well(office.run("status")).err
    (office.folder / "journal.db.in-use").touch()
    ended = office.run("sync")
    assert ended.code == 1
    assert f"{DAMAGED}（integrity_check）" in ended.err
    assert (office.folder / "journal.db.in-use").exists()
    assert online(office) == {FIRST}


def hurt_an_index(journal: Path) -> None:
    """No query notices it: an index says of a row what its table does not."""
    with closing(sqlite3.connect(journal)) as books, books:
        [root] = books.execute("SELECT rootpage FROM sqlite_master WHERE name='pair_of_person'").fetchone()
        [size] = books.execute("PRAGMA page_size").fetchone()
        [person] = books.execute("SELECT person FROM pair LIMIT 1").fetchone()
    content = bytearray(journal.read_bytes())
    at = content.index(person, (root - 1) * size, root * size)
    content[at] ^= 1
    journal.write_bytes(content)


def ran_well(ended: Ran) -> Ran:
    assert ended.code in {0, 1}, ended.err
    return ended


def test_a_log_that_has_no_room_stops_nothing(office: Office) -> None:
    with office.settings.open("a", encoding="utf-8") as settings:
        settings.write('\n[log]\nfile = "/dev/full"\nlevel = "debug"\n')
    is_clean_afterwards(office)
