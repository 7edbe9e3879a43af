"""A daemon is asked to stop at random moments of a push: it lets its requests finish, begins no other, and exits with 0."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random

from adapters.practice.effects import digest
from tests.adapters.ledgers import id_no, row
from tests.reliability.lane import measured, owed, replayable, seeds
from tests.system.office import ROOT, Office, open_office

BATCHES = "第一批", "第二批", "第三批"
UNITS = "荣成市渔业公司", "荣成市渔业公司二部"
PEOPLE = 45
LATENCY_S = 0.01
PUSH_TAKES_S = PEOPLE * LATENCY_S  # at least: each update is a request of its own
PATIENCE_S = 60.0
SUITE = "asked to stop while pushing"
DUE_TODAY = '\n[schedule]\nsync = "0 0 * * *"\nreport = "59 23 31 12 *"\nmail = "59 23 31 12 *"\n'
FREE = "\n[brake]\nleast_people = 1000\n"  # everybody changes each day: that is the trial, and no mass change


def keep(office: Office, unit: str) -> None:
    for number, batch in enumerate(BATCHES):
        mine = range(number, PEOPLE, len(BATCHES))
        office.keep(f"{batch}.xlsx", *(row(one, unit=unit) for one in mine), batch=batch)


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
        journal.execute("DELETE FROM run")


def test_whenever_it_is_asked_to_stop_nothing_is_left_in_doubt(tmp_path: Path) -> None:
    in_the_middle, number = 0, 0
    trials = seeds(short=20, long=200)
    with open_office(tmp_path) as office:
        with office.settings.open("a", encoding="utf-8") as settings:
            settings.write(DUE_TODAY + FREE)
        keep(office, UNITS[0])
        office.portal.set_weather(latency_s=LATENCY_S, doubles=True)
        assert office.run("sync").code == 0
        with servant(office) as process:
            for turn, number in enumerate(trials, start=1):
                keep(office, UNITS[turn % 2])
                not_run_today(office)
                with replayable(number):
                    assert stopped(office, process, Random(number).uniform(0, PUSH_TAKES_S)) == 0
                    found = states(office)
                    assert found.keys() <= {"ready", "accepted", "agreed"}
                    in_the_middle += bool(_still_to_do(office, UNITS[turn % 2]))
        office.portal.set_weather(latency_s=0.0)
        assert office.run("sync").code == 0
        assert not _still_to_do(office, UNITS[len(trials) % 2])
        doubles = _doubles(office)
        assert doubles == 0
    assert in_the_middle >= len(trials) // 2
    measured(
        SUITE,
        trials=len(trials),
        owed=owed(short=20, long=200),
        duplicates=doubles,
        losses=0,
        in_the_middle=in_the_middle,
    )


def _lines(office: Office) -> Iterator[dict[str, object]]:
    for line in (office.portal.folder / "effects.jsonl").read_text("utf-8").splitlines():
        yield json.loads(line)


def _still_to_do(office: Office, unit: str) -> set[str]:
    """Who does not stand online under this unit, by the portal's own ledger."""
    held = {effect["person"]: effect["content"] for effect in _lines(office) if effect["person"]}
    return {one for one in (digest(id_no(n)) for n in range(PEOPLE)) if held[one]["laborName"] != unit}


def _doubles(office: Office) -> int:
    """People entered more than once, and requests stored more than once."""
    created = Counter(
        (one["batch"], one["person"]) for one in _lines(office) if str(one["effect"]).endswith("_created")
    )
    serials = Counter(one["serial"] for one in _lines(office) if one["effect"] != "batch_submitted")
    return sum(count - 1 for count in (*created.values(), *serials.values()))
