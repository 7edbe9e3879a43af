"""A world for kill storms: two small batches that never stop changing, and a portal that behaves as badly as it may.

It lies in memory where the machine has such a folder: what a killed process has written is there either way.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.adapters.ledgers import HEADER, row, write_csv
from tests.reliability.checker import Row, Who
from tests.reliability.offline import in_ledgers
from tests.system.office import BASE, ORGANISER, ROOT, Office, open_office

WINDOW_S = 1.0
ZOMBIE_S = 0.25  # longer than a new process needs to look and to send again, well within the window
GIVES_UP_S = 0.5  # what the portal has not stored by then it never will: it keeps the promise of its window
LAG_S = 0.2  # at most, in which it does not list what it has stored: together with that still well within the window
BATCHES = "第一批", "第二批"
UNITS = "荣成市渔业公司", "荣成市渔业公司二部"
EARLY = 0.3  # of the kills: at any moment since the start, the others since the first request
_WRITES = "save_batch", "update_batch", "save_people", "update_person"
_MEMORY = Path("/dev/shm")


@dataclass(frozen=True)
class Kind:
    """How a portal delivers, and how many requests go at once."""

    delivers: str
    at_once: int
    window_s: float = WINDOW_S

    @property
    def key_life_s(self) -> float:
        """A request is made again in the first window; in the second one nobody knows whether it would be in time."""
        return 2 * self.window_s

    def dialect(self) -> str:
        """The shipped one for a portal of this class; a request holds two people, a page twenty."""
        text = (ROOT / "schemas/dialects/qilu.toml").read_text("utf-8")
        changes = {
            "rows_per_call = 100": "rows_per_call = 2",
            "page_size = 100": "page_size = 20",
            "concurrency = 1\n": f"concurrency = {self.at_once}\n",
            'delivery_class = "K3"': f'delivery_class = "{self.delivers}"',
        }
        if self.delivers == "K2":
            changes['delivery_class = "K3"'] = f'delivery_class = "K2"\nkey_life_s = {self.key_life_s}'
            key = '{ Idempotency-Key = "{request_key}" }'
            changes |= {f"[operations.{name}]\n": f"[operations.{name}]\nheaders = {key}\n" for name in _WRITES}
        for old, new in changes.items():
            assert old in text
            text = text.replace(old, new)
        return text


@dataclass
class Roster:
    """What offline holds: person's number → (batch, unit). Five people to begin with in each of two batches."""

    office: Office
    kind: Kind
    random: Random
    people: dict[int, tuple[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.people = {number: (BATCHES[number % 2], UNITS[0]) for number in range(10)}
        for batch in BATCHES:
            self.save(batch)

    def change(self) -> None:
        """One person more, or somebody moves to another unit, or both: each run has something to write."""
        changes = self.random.choice(("more", "moved", "both"))
        if changes != "moved":
            self.add()
        if changes != "more":
            who = self.random.choice(list(self.people))
            self.people[who] = self.people[who][0], UNITS[self.people[who][1] == UNITS[0]]
            self.save(self.people[who][0])

    def add(self) -> None:
        number = len(self.people)
        self.people[number] = self.random.choice(BATCHES), UNITS[0]
        self.save(self.people[number][0])

    def turn_bad(self) -> None:
        """What holds as long as the storm does."""
        self.office.portal.set_weather(
            latency_s=0.002,
            doubles=True,
            delivers=self.kind.delivers,
            key_life_s=self.kind.key_life_s,
            gives_up_s=GIVES_UP_S,
        )

    def worsen(self) -> None:
        """How slowly the portal stores just now, and which of its habits it has today."""
        chance = self.random
        self.office.portal.set_weather(
            slow_s=chance.choice((0.01, 0.03, ZOMBIE_S)),
            lose_replies=chance.choice((0, 0, 0, 1)),
            html_stored=chance.choice((0, 0, 0, 0, 0, 1)),
            leave_out=chance.choice((0, 0, 0, 1)),
            contradict=chance.choice((0, 0, 0, 0, 0, 1)),
            repeat=chance.choice((0, 0, 0, 0, 0, 1)),
            drop_people=chance.choice((0, 0, 0, 0, 0, 1)),
            outage=chance.choice((0, 0, 0, 0, 0, 0, 0, 1)),
            expire_tokens=chance.random() < 0.05,
            permute=chance.random() < 0.5,
            lag_s=chance.choice((0.0, 0.0, 0.0, 0.0, 0.0, LAG_S)),
            miscount=chance.choice((0, 0, 0, 0, 0, 0, 0, 0, 0, 1, -1)),
            shift_pages=chance.choice((0, 0, 0, 0, 0, 1)),
            shift_rows=chance.choice((1, -1)),
        )

    def calm(self) -> None:
        """Good weather, until everything is settled: in three windows at the latest."""
        counts = "lose_replies", "html_stored", "leave_out", "contradict", "repeat", "drop_people", "outage"
        quiet = dict.fromkeys((*counts, "miscount", "shift_pages"), 0)
        self.office.portal.set_weather(latency_s=0.0, slow_s=0.0, lag_s=0.0, permute=False, **quiet)
        for _ in range(4):
            if self.office.run("sync").code == 0:
                return
            time.sleep(self.kind.window_s)

    def save(self, batch: str) -> None:
        rows = [row(number, unit=unit) for number, (theirs, unit) in self.people.items() if theirs == batch]
        facts = f"组织单位：{ORGANISER}    疗休养时间：2025年5月3日-7日    地点：{BASE}   层级：市级"
        head = [["2025年职工疗休养实名制汇总表"], [facts], [f"批次：{batch}"], HEADER]
        write_csv(self.office.ledgers / f"{batch}.csv", [*head, *rows, row(900, remark="领队")])

    @property
    def wanted(self) -> dict[Who, Row]:
        return in_ledgers(self.people)


@dataclass
class Storm:
    """One world, its nursery, and how its syncs have ended."""

    roster: Roster
    process: subprocess.Popen[str]
    change: Callable[[Roster], None] = Roster.change
    worsen: Callable[[Roster], None] = Roster.worsen
    pushes_s: float = 0.04  # at most, before its kill
    codes: Counter[int] = field(default_factory=Counter)

    def one(self) -> int:
        """Something changes, the weather turns, a sync begins and is killed unless it is quicker. Its exit code."""
        chance = self.roster.random
        self.change(self.roster)
        self.worsen(self.roster)
        since, longest_s = ("start", 0.1) if chance.random() < EARLY else ("push", self.pushes_s)
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{since} {chance.uniform(0.0, longest_s)}\n")
        self.process.stdin.flush()
        code = int(self.process.stdout.readline())
        self.codes[code] += 1
        return code


@contextmanager
def storm(kind: Kind, seed: int) -> Iterator[Storm]:
    """The nursery has entered everybody once already when this begins."""
    with world(kind, seed) as roster, nursery(roster.office) as process:
        roster.turn_bad()
        yield Storm(roster, process)


@contextmanager
def world(kind: Kind, seed: int) -> Iterator[Roster]:
    """Ledgers nobody has entered yet, beside a portal in good weather."""
    with in_memory() as folder, open_office(folder) as office:
        _settle_in(office, kind)
        yield Roster(office, kind, Random(seed))


@contextmanager
def in_memory() -> Iterator[Path]:
    """A folder of its own, where what a process has written outlives the process, and no disk is waited for."""
    folder = Path(tempfile.mkdtemp(dir=_MEMORY if os.access(_MEMORY, os.W_OK) else None))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _settle_in(office: Office, kind: Kind) -> None:
    (office.folder / "storm.toml").write_text(kind.dialect(), encoding="utf-8")
    calm = "[brake]\nleast_people = 1000\n\n"  # a batch of five that changes all the time is no mass change
    office.change("[portal]\n", f'{calm}[portal]\ndialect = "storm.toml"\n')
    # one authority: loading all of them takes longer than a kill
    authority = f'ca_file = "{office.mailbox.ca_file.as_posix()}"'
    office.change("settle_window_s = 0", f"settle_window_s = {kind.window_s}\n{authority}")


@contextmanager
def nursery(office: Office) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.reliability.nursery", str(office.settings)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdin
        assert process.stdout.readline() == "ready\n"
        yield process
        process.stdin.close()
