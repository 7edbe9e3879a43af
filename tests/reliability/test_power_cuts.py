"""The power is cut at random moments of a sync whose journal lies on a disk of its own (see `disk`).

Whatever the journal had acknowledged is on the disk afterwards, whatever the portal stored had been made durable before,
and the runs that follow lose nobody and store nobody twice.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.adapters.ledgers import row
from tests.reliability.checker import Bounds, check, lines
from tests.reliability.disk import Disk, powered
from tests.reliability.lane import measured, owed, replayable, seeds
from tests.reliability.offline import in_ledgers
from tests.system.office import ROOT, Office, open_office

WORLDS, CUTS = {"short": 3, "long": 50}, 10
"""A world for so many cuts: the more of them it has seen, the more people it holds."""
BOUNDS = Bounds(attempts=2, at_once=2)
WINDOW_S = 0.8
SLOW_S = 0.02  # how long the portal takes to store at most, also when its client is gone
BATCHES = "第一批", "第二批", "第三批"
UNITS = "荣成市渔业公司", "荣成市渔业公司二部"
KILLED, NO_JOURNAL = -9, 74
LONGEST_LIFE_S = 0.12
CUT_AGAIN = 0.25  # so often the power goes once more while the journal is put right
COUNTED = ("cuts", "in_the_middle", "on_their_way", "acknowledged", "undone", "unusable", "doubled", "lost")


@dataclass
class Bridge:
    """The office, its disk, and the nursery that forks its syncs."""

    office: Office
    disk: Disk
    nursery: subprocess.Popen[str]
    people: dict[int, tuple[str, str]] = field(default_factory=dict)
    figures: Counter[str] = field(default_factory=Counter)

    @property
    def journal(self) -> Path:
        return self.disk.folder / "journal.db"

    @property
    def acknowledged(self) -> Path:
        return self.office.folder / "acknowledged.jsonl"

    def change(self, random: Random) -> None:
        """One person more, and four who move: each run has something to create and to update."""
        self.people[len(self.people)] = random.choice(BATCHES), UNITS[0]
        for who in random.sample(sorted(self.people), min(4, len(self.people))):
            batch, unit = self.people[who]
            self.people[who] = batch, UNITS[unit == UNITS[0]]
        for batch in BATCHES:
            rows = [row(n, unit=unit) for n, (theirs, unit) in self.people.items() if theirs == batch]
            if rows:
                self.office.keep(f"{batch}.xlsx", *rows, batch=batch)

    def run(self, life: str) -> int:
        """One sync, as the nursery understands `life`; its exit code."""
        assert self.nursery.stdin
        assert self.nursery.stdout
        self.nursery.stdin.write(f"{life}\n")
        self.nursery.stdin.flush()
        return int(self.nursery.stdout.readline())

    def cut(self, random: Random, *since: str) -> None:
        self.acknowledged.write_bytes(b"")
        code = self.run(f"{random.choice(since)} {random.uniform(0.0, LONGEST_LIFE_S)}")
        assert code in {KILLED, NO_JOURNAL, 0, 1}
        self.disk.power_on()
        self.figures["cuts"] += 1
        self.figures["in_the_middle"] += code in {KILLED, NO_JOURNAL}
        self.look_at_the_disk()

    def look_at_the_disk(self) -> None:
        """Everything acknowledged is there; everything the portal has stored was intended."""
        time.sleep(2 * SLOW_S)  # what is on its way still arrives
        told = [json.loads(line) for line in self.acknowledged.read_text().splitlines()]
        try:
            undone, on_their_way = self.undone_of(told)
        except sqlite3.DatabaseError:
            self.figures["unusable"] += 1
        else:
            self.figures.update(acknowledged=len(told), undone=undone, on_their_way=on_their_way)
        assert self.harm == {}

    def undone_of(self, told: list[dict]) -> tuple[int, int]:
        """How much of what was `told` is not on the disk, and how many requests had no answer yet when the power went."""
        with closing(sqlite3.connect(self.journal)) as journal:
            if journal.execute("PRAGMA integrity_check").fetchone() != ("ok",):
                raise sqlite3.DatabaseError
            attempts = dict(journal.execute("SELECT id, ended_at FROM attempt"))
            intended = {serial for (serial,) in journal.execute("SELECT value FROM attempt, json_each(serials)")}
        commits = [one["commit"] for one in told if "commit" in one]
        left = {attempt for one in told for attempt in one.get("left", ())}
        ended = {attempt for one in told for attempt in one.get("ended", ())}
        undone = max(commits, default=0) > commit_number(self.journal)
        undone += sum(attempt not in attempts for attempt in left)
        undone += sum(attempts.get(attempt) is None for attempt in ended)
        effects = lines(self.office.portal.folder / "effects.jsonl")
        undone += sum(effect["serial"] not in intended | {""} for effect in effects)
        return undone, len(left - ended)

    def calm(self) -> None:
        """Good weather, until everything is settled: in two windows at the latest."""
        self.office.portal.set_weather(slow_s=0.0, lose_replies=0)
        for _ in range(3):
            code = self.run("live")
            assert code in {0, 1}
            if code == 0:
                break
            time.sleep(WINDOW_S)
        checked = check(self.office.portal.folder, self.journal, in_ledgers(self.people), bounds=BOUNDS)
        assert checked.violations == []
        for name in ("doubled", "lost", "unwanted"):
            self.figures[name] = checked.figures[name]
        assert self.harm == {}

    @property
    def harm(self) -> dict[str, int]:
        return {name: self.figures[name] for name in (*COUNTED[4:], "unwanted") if self.figures[name]}


def commit_number(path: Path) -> int:
    """SQLite counts them in the header of its file."""
    with path.open("rb") as file:
        return int.from_bytes(file.read(28)[24:])


@contextmanager
def bridge_on_a_disk(folder: Path) -> Iterator[Bridge]:
    with open_office(folder) as office, powered(office.folder / "state") as disk:
        dialect = (ROOT / "schemas/dialects/qilu.toml").read_text("utf-8")
        dialect = dialect.replace("rows_per_call = 100", "rows_per_call = 2")
        (office.folder / "two.toml").write_text(dialect.replace("concurrency = 1\n", "concurrency = 2\n"), "utf-8")
        office.change("[portal]\n", '[journal]\npath = "state/journal.db"\n\n[portal]\ndialect = "two.toml"\n')
        one_authority = f'ca_file = "{office.mailbox.ca_file.as_posix()}"'  # all of them take longer than a cut
        office.change("settle_window_s = 0", f"settle_window_s = {WINDOW_S}\n{one_authority}")
        shutil.move(office.folder / "journal.db", disk.folder)
        office.portal.set_weather(doubles=True)
        words = str(office.settings), str(disk.folder), str(office.folder / "acknowledged.jsonl")
        command = [sys.executable, "-m", "tests.reliability.power_nursery", *words]
        with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as nursery:
            assert nursery.stdout
            assert nursery.stdin
            assert nursery.stdout.readline() == "ready\n"
            try:
                yield Bridge(office, disk, nursery)
            finally:
                nursery.stdin.close()
                nursery.wait()


def cut_and_put_right(bridge: Bridge, random: Random) -> None:
    bridge.change(random)
    bridge.office.portal.set_weather(slow_s=random.choice((0.0, SLOW_S)), lose_replies=random.choice((0, 0, 1)))
    bridge.cut(random, "start", "push", "push")
    if random.random() < CUT_AGAIN:
        bridge.cut(random, "start")
    bridge.calm()


def test_a_power_cut_undoes_nothing_acknowledged_and_nobody_is_lost_or_stored_twice(tmp_path: Path) -> None:
    figures, trials = Counter[str](), 0
    for seed in seeds(**WORLDS):
        folder = tmp_path / str(seed)
        folder.mkdir()
        with replayable(seed), bridge_on_a_disk(folder) as bridge:
            random = Random(seed)
            for _ in range(12):
                bridge.change(random)
            bridge.calm()
            for _ in range(CUTS):
                cut_and_put_right(bridge, random)
                trials += 1
        figures += bridge.figures
    assert figures["in_the_middle"] >= trials // 4
    measured("power cuts", trials=trials, owed=owed(**WORLDS, each=CUTS), **{name: figures[name] for name in COUNTED})
