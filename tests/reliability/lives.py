"""A bridge with more than one life: its journal is put back to what it was, and the next life goes on from there.

The portal is one of K1, K2 or K3, stores late, loses replies, and keeps doubles where its class lets it; the journal is a
real file. Nobody intervenes online, so whatever offline wants must stand there once, in the end.
"""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

from adapters.journal.backup import make, put_in_place, unpack
from adapters.journal.beside import Beside, read
from adapters.journal.epoch import admit
from adapters.journal.journal import Journal, open_journal
from bridge import pipeline
from bridge.house import House
from schemas.epoch import Fence
from schemas.journal import Settling
from schemas.outcome import Outcome
from schemas.portal import DeliveryClass, Payload, Verdict
from schemas.report import Report, RunState
from schemas.roster import Reading
from tests.adapters.fake_portal import Fields
from tests.adapters.fake_source import FakeSource
from tests.reliability.checker import Row, Who
from tests.reliability.paper import digest
from tests.reliability.tiny import Clock, Fuse, PowerCut, WeatheredPortal, house_of, new_journal
from tests.unit.cast import BATCH, VAULT, another, block, person
from tests.unit.world import WINDOW_S

BATCHES = BATCH, another("第二批"), another("第三批")
UNITS = "测试单位", "测试单位二部", "测试单位三部"
KEY_LIFE_S = 3 * WINDOW_S
PAUSES = 0.0, 0.05, 0.3, 1.1  # of a settle window, between two runs
CALM_DAYS = 8


class ClassedPortal(WeatheredPortal):
    """K1 refuses a serial it has stored; K2 gives the old answer to a key it knows; K3 and K4 store whatever they are told."""

    def __init__(self, kind: DeliveryClass, clock: Clock, fuse: Fuse) -> None:
        super().__init__(clock, fuse)
        self.delivery_class = kind
        self._serials: set[str] = set()
        self._answers: dict[tuple[str, ...], tuple[float, dict[str, Verdict]]] = {}

    def _stored(self, payload: Payload) -> dict[str, Verdict]:
        if self.delivery_class is not DeliveryClass.K2:
            return super()._stored(payload)
        at, answer = self._answers.get(payload.serials, (-KEY_LIFE_S, {}))
        if self._uptime_s() - at >= KEY_LIFE_S:
            answer = super()._stored(payload)
            self._answers[payload.serials] = self._uptime_s(), answer
        return answer

    def _one(self, do: Callable[[str, str, str, Fields], Verdict], parent: str, row: dict[str, object]) -> Verdict:
        serial = str(row["serial"])
        if self.delivery_class is DeliveryClass.K1 and serial in self._serials:
            return Verdict(Outcome.EXISTS, "S10019")
        verdict = super()._one(do, parent, row)
        if verdict.outcome is Outcome.ACCEPTED:
            self._serials.add(serial)
        return verdict


@dataclass
class Lives:
    """One federation; `folder` is where its journal lives now."""

    folder: Path
    kind: DeliveryClass
    random: Random
    witnesses: tuple[Path, ...] = ()
    clock: Clock = field(default_factory=Clock)
    fuse: Fuse = field(default_factory=Fuse)
    people: dict[int, tuple[int, str]] = field(default_factory=dict)
    commits: int = 0
    after_commit: Callable[[int], None] = lambda _number: None
    fences: int = 0

    def __post_init__(self) -> None:
        self.portal = ClassedPortal(self.kind, self.clock, self.fuse)
        self.source = FakeSource()
        self.settling = Settling(self.kind, WINDOW_S)
        self.folder.mkdir()
        new_journal(self.folder.parent, self.folder)
        self.journal: Journal

    @property
    def file(self) -> Path:
        return self.folder / "journal.db"

    # --- the world

    def change(self) -> None:
        """Somebody new, or somebody moves to another unit."""
        if len(self.people) < 7 and (not self.people or self.random.random() < 0.6):
            self.people[len(self.people) + 1] = self.random.randrange(len(BATCHES)), UNITS[0]
        else:
            who = self.random.choice(list(self.people))
            self.people[who] = self.people[who][0], self.random.choice(UNITS)
        self.save()

    def save(self) -> None:
        for number, batch in enumerate(BATCHES):
            theirs = [who for who, (where, _) in self.people.items() if where == number]
            if theirs:
                rows = [person(who, unit=self.people[who][1]) for who in theirs]
                path = f"rosters/{batch.key.name}.xlsx"
                self.source.put(Reading(path, (block(*rows, batch=batch, path=path),)))

    def worsen(self) -> None:
        self.portal.clear_up()
        turn = self.random.random()
        if turn < 0.3:
            self.portal.store_late(self.random.randint(1, 3), seconds=self.random.uniform(0.1, 0.99) * WINDOW_S)
        elif turn < 0.5:
            self.portal.lose_replies(self.random.randint(1, 2))
        elif turn < 0.6:
            self.portal.go_down(self.random.randint(0, 5))

    def wanted(self) -> dict[str, tuple[str, str]]:
        """Id number → batch and unit."""
        return {person(who).id_no: (BATCHES[batch].key.name, unit) for who, (batch, unit) in self.people.items()}

    def in_ledgers(self) -> dict[Who, Row]:
        """The same, as the checker is told it."""
        return {
            (str(BATCHES[batch].key), digest(person(who).id_no)): {"unit": unit}
            for who, (batch, unit) in self.people.items()
        }

    def intended(self) -> frozenset[str]:
        """The serials of every request that the journal knows."""
        with closing(sqlite3.connect(self.file)) as books:
            return frozenset(serial for (serial,) in books.execute("SELECT value FROM attempt, json_each(serials)"))

    def held(self) -> dict[str, tuple[str, str]]:
        """What the portal holds of it, in the same shape."""
        return {
            fields["id_no"]: (self.portal._batches[batch].fields["name"], fields["unit"])
            for batch, people in self.portal._people.items()
            for fields in people.values()
        }

    # --- a life

    def run(self, *, points: int | None = None) -> Report | None:
        """One sync; None when the power was cut, after so many points."""
        self.fuse.left = points
        try:
            return pipeline.sync(self.house)
        except PowerCut:
            return None
        finally:
            self.fuse.left = None

    @contextmanager
    def life(self) -> Iterator[None]:
        """The journal open to write, as a command opens it."""
        self.journal = open_journal(self.file, VAULT, self.settling)
        store: Any = self.journal.store
        store.write = self._counted(store.write)
        try:
            admit(store, self.settling, now=self.clock.instant(), witnesses=self.witnesses)
            self.fences += self.standing() is not None
            yield
        finally:
            self.journal.close()

    def standing(self) -> Fence | None:
        return self.journal.fences.standing()

    def some_days(self, days: int) -> None:
        """Runs in any weather; some end in a power cut."""
        for _ in range(days):
            self.change()
            self.worsen()
            with self.life():
                self.run(points=self.random.choice((None, None, self.random.randint(0, 24))))
            if self.random.random() < 0.2:
                self.clock.reboot()
            self.clock.passed_s += self.random.choice(PAUSES) * WINDOW_S

    def last_hour(self) -> None:
        """What leaves last before the journal is put back is still on its way then."""
        for _ in range(2):
            self.change()
        self.portal.clear_up()
        self.portal.store_late(3, seconds=self.random.uniform(0.5, 0.99) * WINDOW_S)
        with self.life():
            self.run()

    def calm(self) -> Report | None:
        """Good weather, until everything is settled."""
        report = None
        for _ in range(CALM_DAYS):
            self.portal.clear_up()
            with self.life():
                self.clock.passed_s += WINDOW_S
                report = self.run()
            if report is not None and report.state is RunState.COMPLETE and not self.portal.storing_late:
                break
        return report

    @property
    def house(self) -> House:
        house = house_of(self.source, self.portal, self.journal, self.clock)
        return replace(house, basis="lives")

    def _counted(self, write: Any) -> Any:
        @contextmanager
        def counted() -> Iterator[Any]:
            with write() as connection:
                yield connection
            self.commits += 1
            self.after_commit(self.commits)
            self.fuse.burn()

        return counted


# --- how a journal becomes older than it was

Return = Callable[[], None]
"""Brings back what was kept."""


def by_command(lives: Lives) -> Return:
    """`backup`, and later `restore`."""
    made = make(lives.file, lives.folder / "backups", VAULT, now=lives.clock.instant().at, keep=7)

    def bring_back() -> None:
        copy = lives.folder / "copy.db"
        unpack(made.path, copy, VAULT)
        open_journal(copy, VAULT, lives.settling).close()
        put_in_place(copy, lives.file, lives.settling, now=lives.clock.instant(), witnesses=lives.witnesses)

    return bring_back


def the_file_alone(lives: Lives) -> Return:
    """Somebody copies the journal away, and later over it."""
    content = lives.file.read_bytes()

    def bring_back() -> None:
        with suppress(FileNotFoundError):
            (lives.folder / "journal.db-journal").unlink()
        lives.file.write_bytes(content)

    return bring_back


def the_whole_folder(lives: Lives) -> Return:
    """A backup program keeps everything, and later puts everything back."""
    kept = {path.name: path.read_bytes() for path in lives.folder.iterdir() if path.is_file()}

    def bring_back() -> None:
        time.sleep(0.3)  # nobody does it within the quarter of a second after the last write
        for path in lives.folder.iterdir():
            if path.is_file() and path.name not in kept:
                path.unlink()
        for name, content in kept.items():
            (lives.folder / name).write_bytes(content)

    return bring_back


def a_clone(lives: Lives) -> Return:
    """The folder is copied, and the work goes on in the copy."""
    copy = lives.folder.with_name("clone")
    shutil.copytree(lives.folder, copy)

    def bring_back() -> None:
        lives.folder = copy

    return bring_back


def the_machine(lives: Lives) -> Return:
    """A snapshot of the machine: both files go back, in step with each other; the witness on the share does not."""
    bring_file_back, mark = the_file_alone(lives), read(Beside(lives.file).path)
    assert mark is not None

    def bring_back() -> None:
        bring_file_back()
        Beside(lives.file).put(mark)

    return bring_back


WAYS = by_command, the_file_alone, the_whole_folder, a_clone, the_machine
