"""Real SIGKILLs at random moments of a sync, judged by the portal's own ledger of effects.

The portal answers slowly, loses replies, goes on storing after its client has died, and keeps doubles when it is sent
any: what is entered twice shows. All the while the ledgers grow and change.
"""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from random import Random

import pytest

from tests.adapters.ledgers import id_no, row
from tests.system.office import ORGANISER, ROOT, Office, open_office

WINDOW_S = 2.0
ZOMBIE_S = 0.6  # longer than a new process needs to look and to send again, well within the window
LONGEST_LIFE_S = 0.16
SLOW = {"latency_s": 0.002, "doubles": True}
BATCHES = [f"第{number}批" for number in "一二三四五六"]
KILLED = -signal.SIGKILL
UNITS = "荣成市渔业公司", "荣成市渔业公司二部"


@dataclass
class Roster:
    """What offline holds: person's number → (batch, unit). Ten people to begin with in each of six batches."""

    office: Office
    random: Random
    people: dict[int, tuple[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.people = {number: (BATCHES[number % 6], UNITS[0]) for number in range(60)}
        for batch in BATCHES:
            self.save(batch)

    def change(self) -> None:
        """One person more, and somebody moves to another unit: each run has something to create and to update."""
        number, who = len(self.people), self.random.choice(list(self.people))
        self.people[number] = self.random.choice(BATCHES), UNITS[0]
        self.people[who] = self.people[who][0], self.random.choice(UNITS)
        for batch in {self.people[number][0], self.people[who][0]}:
            self.save(batch)

    def worsen(self) -> None:
        """How slowly the portal stores just now, and whether an answer gets lost."""
        slow_s, lost = self.random.choice((0.02, 0.1, ZOMBIE_S)), self.random.choice((0, 0, 0, 0, 1))
        self.office.portal.set_weather(slow_s=slow_s, lose_replies=lost)

    def save(self, batch: str) -> None:
        rows = [row(number, unit=unit) for number, (theirs, unit) in self.people.items() if theirs == batch]
        self.office.keep(f"{batch}.xlsx", *rows, batch=batch)

    @property
    def wanted(self) -> dict[str, tuple[str, str]]:
        """Id digest → batch and unit."""
        return {digest(id_no(n)): (f"2025/{ORGANISER}/{batch}", unit) for n, (batch, unit) in self.people.items()}


@dataclass
class Verdict:
    """What the portal's ledger says in the end, read line by line and not by any code of the bridge."""

    created: Counter[tuple[str, str]] = field(default_factory=Counter)
    held: dict[str, tuple[str, str]] = field(default_factory=dict)
    serials: Counter[str] = field(default_factory=Counter)

    @property
    def doubles(self) -> int:
        return sum(count - 1 for count in self.created.values())


def judge(folder: Path) -> Verdict:
    verdict = Verdict()
    for line in (folder / "effects.jsonl").read_text(encoding="utf-8").splitlines():
        effect = json.loads(line)
        if effect["effect"] != "batch_submitted":  # the one request that carries no serial
            verdict.serials[effect["serial"]] += 1
        if effect["effect"].endswith("_created"):
            verdict.created[effect["batch"], effect["person"]] += 1
        if effect["person"]:
            verdict.held[effect["person"]] = effect["batch"], effect["content"]["laborName"]
    return verdict


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


@contextmanager
def bad_days(folder: Path, seed: int, *, at_once: int = 1) -> Iterator[Roster]:
    """`at_once`: so many requests, then of three people each."""
    with open_office(folder) as office:
        if at_once > 1:
            dialect = (ROOT / "schemas/dialects/qilu.toml").read_text("utf-8")
            dialect = dialect.replace("rows_per_call = 100", "rows_per_call = 3")
            dialect = dialect.replace("concurrency = 1\n", f"concurrency = {at_once}\n")
            (office.folder / "at-once.toml").write_text(dialect, encoding="utf-8")
            office.change("[portal]\n", '[portal]\ndialect = "at-once.toml"\n')
        one_authority = (
            f'ca_file = "{office.mailbox.ca_file.as_posix()}"'  # loading all of them takes longer than a kill
        )
        office.change("settle_window_s = 0", f"settle_window_s = {WINDOW_S}\n{one_authority}")
        office.portal.set_weather(**SLOW)
        yield Roster(office, Random(seed))


@contextmanager
def nursery(office: Office) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.reliability.nursery", str(office.settings)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdin
        assert process.stdout.readline() == "ready\n"
        yield process
        process.stdin.close()


def calm(roster: Roster) -> None:
    """Good weather, until everything is settled: in two windows at the latest."""
    roster.office.portal.set_weather(latency_s=0.0, slow_s=0.0, lose_replies=0)
    for _ in range(3):
        if roster.office.run("sync").code == 0:
            return
        time.sleep(WINDOW_S)


def proven(roster: Roster, kills: int, *, in_flight_at_least: int) -> None:
    """Every person of the ledgers exactly once and equal, nothing undecided, nothing stored that was not intended."""
    verdict, wanted = judge(roster.office.portal.folder), roster.wanted
    lost = wanted.keys() - verdict.held.keys()
    with closing(sqlite3.connect(roster.office.folder / "journal.db")) as journal:
        states = Counter(state for (state,) in journal.execute("SELECT state FROM revision"))
        intended = {serial for (serial,) in journal.execute("SELECT value FROM attempt, json_each(serials)")}
        [in_flight] = journal.execute("SELECT count(DISTINCT at) FROM event WHERE what='recovered.unknown'").fetchone()
        assert journal.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    print(f"{kills} kills ({in_flight} with a request on its way), {len(wanted)} people:", end=" ")
    print(f"{verdict.doubles} doubles, {len(lost)} lost")
    assert in_flight >= in_flight_at_least
    assert verdict.doubles == 0
    assert verdict.held == wanted
    assert not states.keys() & {"intent", "sending", "unknown", "accepted"}
    assert verdict.serials.keys() <= intended
    assert max(verdict.serials.values()) == 1


@pytest.mark.parametrize(("seed", "at_once"), [(1, 1), (2, 4)])
def test_140_kills_of_a_forked_sync_store_nobody_twice_and_lose_nobody(tmp_path: Path, seed: int, at_once: int) -> None:
    with bad_days(tmp_path, seed, at_once=at_once) as roster, nursery(roster.office) as process:
        codes: Counter[int] = Counter()
        while codes[KILLED] < 140 and codes.total() < 280:
            if codes.total() % 2 == 0:
                roster.change()
            roster.worsen()
            since = roster.random.choice(("start", "push"))
            process.stdin.write(f"{since} {roster.random.uniform(0.0, LONGEST_LIFE_S)}\n")
            process.stdin.flush()
            codes[int(process.stdout.readline())] += 1
        assert codes[KILLED] == 140, codes
        assert codes.keys() <= {KILLED, 0, 1}
        calm(roster)
        proven(roster, codes[KILLED], in_flight_at_least=30)


def lived(roster: Roster, seconds: float) -> tuple[int, float]:
    """One sync by the real command: its exit code, and how long it lived at most so many seconds."""
    began = time.monotonic()
    with roster.office.start("--config", "config.toml", "sync") as process:
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
        process.communicate()
    return process.returncode, time.monotonic() - began


def test_20_kills_of_the_real_command_store_nobody_twice_and_lose_nobody(tmp_path: Path) -> None:
    with bad_days(tmp_path, seed=3) as roster:
        codes: Counter[int] = Counter()
        lived(roster, 60.0)
        roster.change()
        _, took_s = lived(roster, 60.0)
        while codes[KILLED] < 20 and codes.total() < 60:
            roster.change()
            roster.worsen()
            code, seconds = lived(roster, roster.random.uniform(0.3, 1.1) * took_s)
            codes[code] += 1
            took_s = took_s if code == KILLED else seconds
        assert codes[KILLED] == 20, codes
        assert codes.keys() <= {KILLED, 0, 1}
        calm(roster)
        # starting takes most of a real command's time: how many of its kills hit a request is printed, not demanded
        proven(roster, codes[KILLED], in_flight_at_least=0)
