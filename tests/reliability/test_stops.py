"""A daemon is asked to stop at random moments of a push: it lets its requests finish, begins no other, and exits with 0."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from random import Random

from tests.adapters.ledgers import row
from tests.reliability.checker import Bounds, Row, Who, check, lines, online
from tests.reliability.lane import measured, owed, replayable, seeds
from tests.reliability.offline import in_ledgers
from tests.system.office import ROOT, Office, open_office

BATCHES = "第一批", "第二批", "第三批"
UNITS = "荣成市渔业公司", "荣成市渔业公司二部"
PEOPLE = 45
LATENCY_S = 0.01
PUSH_TAKES_S = PEOPLE * LATENCY_S  # at least: each update is a request of its own
PATIENCE_S = 60.0
BOUNDS = Bounds(attempts=2, daily=("sync",))
OWED = {"short": 10, "long": 200}
SUITE = "asked to stop while pushing"
DUE_TODAY = '\n[schedule]\nsync = "0 0 * * *"\nreport = "59 23 31 12 *"\nmail = "59 23 31 12 *"\n'
FREE = "\n[brake]\nleast_people = 1000\n"  # everybody changes each day: that is the trial, and no mass change


def keep(office: Office, unit: str) -> dict[Who, Row]:
    """Everybody under this unit, and that is what must be online."""
    for number, batch in enumerate(BATCHES):
        mine = range(number, PEOPLE, len(BATCHES))
        office.keep(f"{batch}.xlsx", *(row(one, unit=unit) for one in mine), batch=batch)
    return in_ledgers({one: (BATCHES[one % len(BATCHES)], unit) for one in range(PEOPLE)})


@contextmanager
def servant(office: Office) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.reliability.servant", str(office.settings)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdin
        assert process.stdout.readline() == "ready\n"
        yield process
        process.stdin.close()


def stopped(office: Office, process: subprocess.Popen[str], seconds: float) -> int:
    """The exit code of a daemon that was asked to stop so long after its first request was stored."""
    before = _effects(office)
    process.stdin.write("\n")
    process.stdin.flush()
    daemon = int(process.stdout.readline())
    end_s = time.monotonic() + PATIENCE_S
    while _effects(office) == before:
        assert time.monotonic() < end_s
        time.sleep(0.002)
    time.sleep(seconds)
    os.kill(daemon, signal.SIGTERM)
    return int(process.stdout.readline())


def _effects(office: Office) -> int:
    file = office.portal.folder / "effects.jsonl"
    return file.stat().st_size if file.exists() else 0


def states(office: Office) -> Counter[str]:
    with closing(sqlite3.connect(office.folder / "journal.db")) as journal:
        newest = "SELECT state, max(number) FROM revision GROUP BY batch, person"
        return Counter(state for state, _ in journal.execute(newest))


def not_run_today(office: Office) -> None:
    """As if a night had passed: the next daemon owes its sync again."""
    with closing(sqlite3.connect(office.folder / "journal.db")) as journal, journal:
        journal.execute("UPDATE run SET business_date = date(business_date, '-1 day')")


def test_whenever_it_is_asked_to_stop_nothing_is_left_in_doubt(tmp_path: Path) -> None:
    in_the_middle, trials = 0, 0
    with open_office(tmp_path) as office:
        with office.settings.open("a", encoding="utf-8") as settings:
            settings.write(DUE_TODAY + FREE)
        wanted = keep(office, UNITS[0])
        office.portal.set_weather(latency_s=LATENCY_S, doubles=True)
        assert office.run("sync").code == 0
        with servant(office) as process:
            for seed in seeds(**OWED):
                trials += 1
                wanted = keep(office, UNITS[trials % 2])
                not_run_today(office)
                with replayable(seed):
                    assert stopped(office, process, Random(seed).uniform(0, PUSH_TAKES_S)) == 0
                    assert states(office).keys() <= {"ready", "accepted", "agreed"}
                    assert judged(office, None) == []
                in_the_middle += online(effects(office), wanted).figures["lost"] > 0
        office.portal.set_weather(latency_s=0.0)
        not_run_today(office)
        assert office.run("sync").code == 0
        assert judged(office, wanted) == []
        came = online(effects(office), wanted).figures
    assert came["doubled"] == came["lost"] == 0
    assert in_the_middle >= trials // 2
    figures = {"duplicates": came["doubled"], "losses": came["lost"], "in_the_middle": in_the_middle}
    measured(SUITE, trials=trials, owed=owed(**OWED), **figures)


def judged(office: Office, wanted: Mapping[Who, Row] | None) -> list[str]:
    bounds = replace(BOUNDS, settled=wanted is not None)
    return check(office.portal.folder, office.folder / "journal.db", wanted, bounds=bounds).violations


def effects(office: Office) -> list[Row]:
    return lines(office.portal.folder / "effects.jsonl")
