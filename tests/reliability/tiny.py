"""A tiny world for the state machine: one batch, two people, two values, the real journal and a portal in memory."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from adapters.journal.journal import Journal, create_journal, open_journal
from bridge.deadlines import SHANGHAI, DeadlineRule
from bridge.findings import Rules
from bridge.house import House
from bridge.ports import Portal
from bridge.report import Wording
from bridge.revisions import Numbering
from bridge.wiring.service import NeverStops, NobodyWatches
from schemas.batch import Batch, BatchKey, Level
from schemas.identity import IdType
from schemas.journal import Instant, Settling
from schemas.outcome import Outcome
from schemas.portal import Answer, OnlineBatch, OnlinePerson, Payload
from schemas.roster import Category, Participant, Place, Reading, Roster
from schemas.texts import Language
from tests.adapters.fake_source import FakeSource
from tests.reliability.checker import Row, Who
from tests.reliability.paper import OnPaper, digest
from tests.unit.cast import GLOSSARY, POLICY, VAULT
from tests.unit.world import SETTLING, WINDOW_S, reader

KEY = BatchKey(2025, "演练总工会", "第一批")
FILE = "rosters/演练.xlsx"
IDS = {"甲": "999001199001010011", "乙": "999002197502020022"}
PHONES = {"甲": "19900000001", "乙": "19900000002"}
VALUES = "车间", "班组"
ONLY_BY_HAND = "改动"  # a value offline never holds
MARKS = {who: VAULT.person_key(IdType.RESIDENT, id_no).hex() for who, id_no in IDS.items()}

Sides = dict[str, str]  # person → value


class PowerCut(BaseException):
    """Nothing of the program runs after it."""


class Fuse:
    """Burns a little at each point of a run where the world or the journal has just changed, or is about to."""

    def __init__(self) -> None:
        self.left: int | None = None

    def burn(self) -> None:
        if self.left is None:
            return
        self.left -= 1
        if self.left < 0:
            self.left = None
            raise PowerCut


class Clock:
    def __init__(self) -> None:
        self.passed_s = 0.0
        self.boots = 0
        self._booted_s = 0.0

    def instant(self) -> Instant:
        at = datetime(2025, 5, 20, 6, 30, tzinfo=SHANGHAI) + timedelta(seconds=self.passed_s)
        return Instant(at, self.passed_s - self._booted_s, f"boot {self.boots}")

    def reboot(self) -> None:
        self.boots += 1
        self._booted_s = self.passed_s


class WeatheredPortal(OnPaper):
    """Stores whatever it is told, twice too; goes down in the middle of a run, hangs, and loses the power."""

    def __init__(self, clock: Clock, fuse: Fuse) -> None:
        super().__init__(
            lambda: clock.instant().at,
            settle_window_s=WINDOW_S,
            skips_existing=False,
            uptime_s=lambda: clock.passed_s,
        )
        self._clock = clock
        self._fuse = fuse
        self.hangs_s = 0.0
        self.down_after: int | None = None
        self.refused: list[Mapping[str, str]] = []
        self.before_each: Callable[[Payload], None] = lambda _payload: None

    def hang(self, seconds: float) -> None:
        """Before the next request is taken in, so much time passes."""
        self.hangs_s = seconds

    def go_down(self, calls: int) -> None:
        """So many calls are still answered."""
        self.down_after = calls

    def clear_up(self) -> None:
        """What was to be stored late still will be."""
        self.down, self.down_after, self.hangs_s = False, None, 0.0
        self._lost = self._dropped = self._refused = self._late = 0

    def send(self, payload: Payload) -> Answer:
        self._one_call_more()
        self._fuse.burn()
        if self.hangs_s:
            self._clock.passed_s += self.hangs_s
            self.hangs_s = 0.0
        self.before_each(payload)
        answer = super().send(payload)
        self._fuse.burn()
        rows = {row["serial"]: row["fields"] for row in orjson.loads(payload.body)["rows"]}
        self.refused += [rows[s] for s, said in answer.verdicts.items() if said.outcome is Outcome.REFUSED]
        return answer

    def batches(self, year: int, *, expected: object = None) -> Iterator[OnlineBatch]:
        self._one_call_more()
        return super().batches(year)

    def people(self, batch_online_id: str, *, expected: object = None) -> Iterator[OnlinePerson]:
        self._one_call_more()
        return super().people(batch_online_id)

    def _one_call_more(self) -> None:
        if self.down_after is not None:
            self.down_after -= 1
            if self.down_after < 0:
                self.down, self.down_after = True, None

    @property
    def storing_late(self) -> bool:
        return bool(self._waiting)

    @property
    def batch_id(self) -> str:
        return next(iter(self._batches), "")

    @property
    def batch(self) -> Mapping[str, str] | None:
        return self._batches[self.batch_id].fields if self.batch_id else None

    @property
    def locked(self) -> bool:
        return bool(self.batch_id) and self._locked(self.batch_id)

    @property
    def draft(self) -> bool:
        return bool(self.batch_id) and self.is_draft(self.batch_id)

    def held(self) -> dict[str, tuple[str, str]]:
        """Who is online: person → online id and value. (`stored_twice` says whether somebody is there again.)"""
        people = self._people.get(self.batch_id, {})
        who = {id_no: name for name, id_no in IDS.items()}
        return {who[fields["id_no"]]: (online_id, fields["unit"]) for online_id, fields in people.items()}


@cache
def _blank_journal(folder: Path) -> Path:
    create_journal(folder / "blank.db", VAULT)
    return folder / "blank.db"


def new_journal(blank: Path, folder: Path) -> Path:
    return Path(shutil.copy(_blank_journal(blank), folder / "journal.db"))


def open_cut(path: Path, fuse: Fuse, settling: Settling = SETTLING) -> Journal:
    """The real journal; after each of its commits the power may be cut."""
    journal = open_journal(path, VAULT, settling)
    store: Any = journal.store
    store.write = _cutting(store.write, fuse)
    return journal


def _cutting(write: Any, fuse: Fuse) -> Any:
    @contextmanager
    def cutting() -> Iterator[Any]:
        with write() as connection:
            yield connection
        fuse.burn()

    return cutting


def house_of(source: FakeSource, portal: Portal, journal: Journal, clock: Clock) -> House:
    return House(
        sources=[source],
        portal=portal,
        journal=journal,
        clock=clock,
        stop=NeverStops(),
        watch=NobodyWatches(),
        policy=POLICY,
        bases=(),
        rules=Rules(DeadlineRule(), once_per_year=False, reviewed_online=False),
        wording=Wording(Language.EN, POLICY, "演练总工会"),
        glossary=GLOSSARY,
        reader=reader(lambda _key: True),
        identify=lambda parts: VAULT.mark(parts).hex()[:16],
        numbering=Numbering("999900", VAULT.serial),
        year=KEY.year,
        basis="tiny",
    )


def reading(people: Sides, base: str) -> Reading:
    batch = Batch(KEY, Level.CITY, base, date(2025, 5, 14), date(2025, 5, 17))
    rows = tuple(
        Participant(who, IdType.RESIDENT, IDS[who], PHONES[who], unit, Category.SKILLED, Place(FILE, "", row))
        for row, (who, unit) in enumerate(sorted(people.items()), start=1)
    )
    return Reading(FILE, (Roster(batch, Place(FILE, "", 0), rows),))


def wanted(people: Sides) -> dict[Who, Row]:
    """What offline holds, as the checker is told it."""
    return {(str(KEY), digest(IDS[who])): {"unit": unit} for who, unit in people.items()}


def online_person(who: str, unit: str) -> dict[str, str]:
    return {"name": who, "id_type": "01", "id_no": IDS[who], "phone": PHONES[who], "unit": unit, "category": "1"}


def online_batch(base: str, headcount: int) -> dict[str, str]:
    return {
        "year": str(KEY.year),
        "organiser": KEY.organiser,
        "name": KEY.name,
        "level": "22",
        "base": base,
        "start": "2025-05-14",
        "end": "2025-05-17",
        "headcount": str(headcount),
        "leaders": "0",
    }
