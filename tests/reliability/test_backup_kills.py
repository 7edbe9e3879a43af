"""Backups that are killed at a random moment: what is left never passes for a backup that is not whole.

Each is a real process on a real journal; afterwards every file that counts as a backup is unpacked to its last row.
"""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from pathlib import Path
from random import Random

from adapters.journal.backup import backups, make, unpack
from adapters.journal.journal import Journal, create_journal, open_journal
from schemas.errors import JournalError
from tests.reliability.lane import measured, owed, replayable, seeds
from tests.unit.cast import MORNING_AFTER, VAULT
from tests.unit.world import SETTLING

SHORT, LONG = 20, 200
EVENTS = 40_000
KEEP = 4


def filled(path: Path) -> Journal:
    """A journal of some megabytes, so that there is something to be killed in."""
    create_journal(path, VAULT)
    journal = open_journal(path, VAULT, SETTLING)
    rows = [("2025-05-11T09:00:00+08:00", f"2025/测试工会/第{n % 97}批", "check.done", "{}") for n in range(EVENTS)]
    with journal.store.write() as connection:
        connection.exec_driver_sql("INSERT INTO event (at, batch, what, detail) VALUES (?,?,?,?)", rows)
    return journal


def backed_up(journal: Path, folder: Path, seed: int) -> None:
    """In a child of its own; returns never."""
    code = 1
    try:
        make(
            journal,
            folder,
            VAULT,
            now=MORNING_AFTER.replace(microsecond=0, second=seed % 60, minute=seed // 60),
            keep=KEEP,
        )
        code = 0
    finally:
        os._exit(code)


def lived(journal: Path, folder: Path, seed: int, seconds: float) -> int:
    child = os.fork()
    if child == 0:
        backed_up(journal, folder, seed)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def whole(path: Path, copy: Path, rows: int) -> bool:
    """Whether it can be restored, with every row there was at least."""
    copy.unlink(missing_ok=True)
    try:
        return unpack(path, copy, VAULT).total >= rows
    except JournalError:
        return False


def took_s(journal: Path, folder: Path) -> float:
    """How long one takes that nobody kills: of three the longest, on a machine that others use too."""
    took = []
    for number in range(3):
        began = time.monotonic()
        assert lived_out(journal, folder, number) == 0
        took.append(time.monotonic() - began)
    return max(took)


def lived_out(journal: Path, folder: Path, seed: int) -> int:
    child = os.fork()
    if child == 0:
        backed_up(journal, folder, seed)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_backup_that_is_killed_never_passes_for_one_that_is_whole(tmp_path: Path) -> None:
    home, folder = tmp_path / "home", tmp_path / "backups"
    home.mkdir()
    journal = filled(home / "journal.db")
    journal.close()
    came, trials, rows = Counter[str](), 0, EVENTS
    longest_s = took_s(journal.path, tmp_path / "timing")
    for seed in seeds(short=SHORT, long=LONG):
        with replayable(seed):
            code = lived(journal.path, folder, seed, Random(seed).uniform(0.0, 1.1) * longest_s)
            came["killed"] += code == -signal.SIGKILL
            there = backups(folder, "journal.db")
            bad = [path for path in there if not whole(path, tmp_path / "copy.db", rows)]
            assert not bad
            came["unfinished"] += bool(list(folder.glob("*.part")))
            came["accepted"] += len(there)
        trials += 1
    made = make(journal.path, folder, VAULT, now=MORNING_AFTER, keep=KEEP)  # after all that one is made as ever
    assert whole(made.path, tmp_path / "copy.db", rows)
    assert not list(folder.glob("*.part"))
    assert len(backups(folder, "journal.db")) <= KEEP
    measured("backups killed", trials=trials, owed=owed(short=SHORT, long=LONG), accepted_but_bad=0, **came)
