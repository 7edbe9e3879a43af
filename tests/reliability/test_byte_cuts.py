"""The connection is cut after each byte of a request, and after each byte of its answer, one cut for one request.

A cut is never called anything but unknown, whatever of it arrived; once the window has passed a calm sync finds out what
was stored and sends the rest: nobody is there twice, nobody is missing. The portal keeps doubles when it is sent any.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from adapters.portal.http import Credentials, HttpPortal, Line, Retries, Ticks, open_clients
from adapters.practice.process import PracticePortal
from schemas.batch import Base, Batch, BatchKey, Level
from schemas.dialect import Dialect
from schemas.identity import IdType, check_digit
from schemas.outcome import Outcome
from schemas.portal import Answer, Operation, Payload
from schemas.report import Report, RunState
from schemas.roster import Category, Participant, Place
from tests.adapters.portal_rig import QILU
from tests.reliability.checker import check, lines
from tests.reliability.cutting_line import Cut, CuttingLine, Made, cutting_line
from tests.reliability.lane import measured, owed, replayable, seeds
from tests.reliability.paper import digest
from tests.unit.cast import BATCH, SPRING
from tests.unit.world import World

OWED = {"short": 1, "long": 20}
ELSEWHERE = "别处基地"
LONGER = 4  # than the first by less: the portal counts its ids from 1
ROUNDS = 60  # so many syncs at most until every cut was made
_IN_MEMORY = Path("/dev/shm")


@dataclass(frozen=True, slots=True)
class Shape:
    """One kind of request: `rows` people in it, or 1."""

    operation: Operation
    rows: int = 1
    resets: bool = False


_PEOPLE = [Shape(Operation.SAVE_PEOPLE, rows, resets) for rows in (2, 1, 3, 4, 5, 8) for resets in (False, True)]
_OTHERS = [Operation.SAVE_BATCH, Operation.UPDATE_PERSON, Operation.UPDATE_BATCH, Operation.SUBMIT]
SHAPES = [*_PEOPLE, *(Shape(operation, 1, resets) for operation in _OTHERS for resets in (False, True))]


class TellingPortal(HttpPortal):
    """Remembers what became of each request, in their order."""

    def __init__(self, line: Line) -> None:
        super().__init__(line)
        self.told: list[tuple[Operation, Answer]] = []

    def send(self, payload: Payload) -> Answer:
        answer = super().send(payload)
        self.told.append((payload.operation, answer))
        return answer


@dataclass
class Rig:
    """The bridge, the line, and the portal at its end. `batches` is what offline holds: batch → its people."""

    world: World
    line: CuttingLine
    portal: PracticePortal
    shape: Shape
    batches: dict[int, Batch] = field(default_factory=dict)
    people: dict[int, tuple[int, str]] = field(default_factory=dict)
    told: list[tuple[Operation, Answer]] = field(default_factory=list)

    def grow(self, batch: int, count: int) -> None:
        """So many people more in one batch."""
        self.batches.setdefault(batch, replace(BATCH, key=_key(batch)))
        first = len(self.people)
        self.people |= dict.fromkeys(range(first, first + count), (batch, "测试一部"))

    def sync(self, dialect: Dialect) -> Report:
        """One run with whatever stands in the ledgers now."""
        for number, batch in self.batches.items():
            found = [_person(n, unit) for n, (theirs, unit) in self.people.items() if theirs == number]
            self.world.ledger(*found, batch=batch)
        clients = open_clients(self.line.base_url, dialect.transport)
        ticks = Ticks(time.monotonic, time.sleep, lambda: datetime.now(UTC), os.urandom)
        credentials = Credentials(self.portal.app_id, self.portal.app_secret)
        portal = TellingPortal(Line(dialect, clients, credentials, Retries(), ticks))
        try:
            self.world.house = replace(self.world.house, portal=portal)
            return self.world.sync()
        finally:
            clients.close()
            self.told += portal.told

    def calm(self) -> None:
        """Everything settled: the window passes, and what is proven absent goes out again, as many at once as may."""
        for _ in range(3):
            self.world.settle()
            report = self.sync(_dialect(100, submits=self.shape.operation is Operation.SUBMIT))
            if report.state is RunState.COMPLETE:
                break

    def cut_at_every_byte(self) -> list[Made]:
        """`line.cuts` is filled from the lengths of a request that went through whole."""
        request, answer = self.line.whole
        assert request > 0
        of_request = [Cut(request=length) for length in range(request + LONGER)]
        of_answer = [Cut(answer=length) for length in range(answer + LONGER)]
        self.line.cuts.extend(replace(cut, resets=self.shape.resets) for cut in (*of_request, *of_answer))
        self.told.clear()
        return self.line.made


def _key(batch: int) -> BatchKey:
    return SPRING._replace(name=f"第{batch:05}批")


def _person(number: int, unit: str) -> Participant:
    digits = f"999001{1960 + number // 28_000}01{number // 1000 % 28 + 1:02}{number % 1000:03}"
    return Participant(
        name=f"测{chr(0x4E00 + number % 20_000)}",
        id_type=IdType.RESIDENT,
        id_no=digits + check_digit(digits),
        phone=f"1990000{number % 10_000:04}",
        unit=unit,
        category=Category.SKILLED,
        where=Place("", "名单", 3 + number),
    )


def _dialect(rows: int, *, submits: bool = False) -> Dialect:
    operations = QILU.operations if submits else QILU.operations.model_copy(update={"submit": None})
    limits = QILU.limits.model_copy(update={"rows_per_call": rows})
    return QILU.model_copy(update={"operations": operations, "limits": limits})


@contextmanager
def rigged(shape: Shape) -> Iterator[Rig]:
    folder = Path(tempfile.mkdtemp(dir=_IN_MEMORY if os.access(_IN_MEMORY, os.W_OK) else None))
    try:
        with PracticePortal(folder / "portal") as portal, cutting_line(portal.base_url) as line:
            portal.set_weather(doubles=True)
            world = World(folder)
            bases = [Base(name, Level.CITY, in_province=True) for name in (BATCH.base, ELSEWHERE)]
            world.house = replace(world.house, bases=bases)
            yield Rig(world, line, portal, shape)
            world.journal.close()
    finally:
        shutil.rmtree(folder)


def _new_people(rig: Rig, cuts: int) -> None:
    rig.grow(0, cuts * rig.shape.rows)


def _new_batches(rig: Rig, cuts: int) -> None:
    for _ in range(cuts):
        rig.grow(len(rig.batches), 1)


def _moved_people(rig: Rig, cuts: int) -> None:
    """Fewer than half of all: more at once would be no correction any more."""
    rig.grow(0, 2 * cuts + 2)
    rig.calm()
    rig.people |= dict.fromkeys(range(1, cuts + 1), (0, "测试二部"))


def _moved_batches(rig: Rig, cuts: int) -> None:
    _new_batches(rig, cuts)
    rig.calm()
    rig.batches |= {
        n: replace(rig.batches[n], base=ELSEWHERE) for n in range(len(rig.batches) - cuts, len(rig.batches))
    }


def _whole_batches(rig: Rig, cuts: int) -> None:
    """Entered and read back equal, and not handed in yet."""
    _new_batches(rig, cuts)
    dialect = _dialect(100)
    rig.sync(dialect)


PREPARED: dict[Operation, Callable[[Rig, int], None]] = {
    Operation.SAVE_PEOPLE: _new_people,
    Operation.SAVE_BATCH: _new_batches,
    Operation.UPDATE_PERSON: _moved_people,
    Operation.UPDATE_BATCH: _moved_batches,
    Operation.SUBMIT: _whole_batches,
}


def first_of_its_kind(rig: Rig, dialect: Dialect) -> None:
    """One request of the shape goes through whole: how long are it and its answer?"""
    write = QILU.operations.write(rig.shape.operation)
    assert write is not None
    rig.line.path = write.path
    rig.grow(0, rig.shape.rows)
    rig.sync(dialect)
    if rig.shape.operation is Operation.UPDATE_PERSON:
        rig.people[0] = 0, "测试二部"
        rig.sync(dialect)
    elif rig.shape.operation is Operation.UPDATE_BATCH:
        rig.batches[0] = replace(rig.batches[0], base=ELSEWHERE)
        rig.sync(dialect)


def cut_and_put_right(shape: Shape) -> Counter[str]:
    with rigged(shape) as rig:
        dialect = _dialect(shape.rows, submits=shape.operation is Operation.SUBMIT)
        first_of_its_kind(rig, dialect)
        request, answer = rig.line.whole
        PREPARED[shape.operation](rig, request + answer + 2 * LONGER)
        made = rig.cut_at_every_byte()
        for _ in range(ROUNDS):
            if rig.line.cuts:
                rig.sync(dialect)
        told = [answer for operation, answer in rig.told if operation is shape.operation]
        assert len(made) == request + answer + 2 * LONGER
        assert max(one.request for one in made) < request + LONGER
        assert max(one.answer or 0 for one in made) < answer + LONGER
        wrong = sum(not _rightly(one, answer) for one, answer in zip(made, told, strict=False))
        rig.calm()
        return Counter(cuts=len(made), wrongly_told=wrong) + judged(rig)


def _rightly(made: Made, told: Answer) -> bool:
    right = Outcome.ACCEPTED if made.harmless else Outcome.UNKNOWN
    return {verdict.outcome for verdict in told.verdicts.values()} == {right}


def judged(rig: Rig) -> Counter[str]:
    """Beside what the checker says of people: batches and what was handed in, by the portal's own ledger."""
    wanted = {
        (str(_key(batch)), digest(_person(n, "").id_no)): {"laborName": unit} for n, (batch, unit) in rig.people.items()
    }
    checked = check(rig.portal.folder, rig.world.journal.path, wanted)
    assert checked.violations == []
    bases: dict[str, str] = {}
    handed_in = Counter[str]()
    for effect in lines(rig.portal.folder / "effects.jsonl"):
        handed_in[effect["batch"]] += effect["effect"] == "batch_submitted"
        if not effect["person"]:
            bases[effect["batch"]] = effect["content"]["baseName"]
    lost = sum(bases.get(str(batch.key)) != batch.base for batch in rig.batches.values())
    if rig.shape.operation is Operation.SUBMIT:
        lost += len(rig.batches) - len(+handed_in)
    doubled = sum(times - 1 for times in (+handed_in).values())
    return Counter({name: checked.figures[name] for name in ("lost", "unwanted", "doubled")}) + Counter(
        lost=lost, doubled=doubled
    )


def test_wherever_a_connection_is_cut_its_outcome_is_unknown_and_nobody_is_lost_or_stored_twice() -> None:
    figures, trials = Counter[str](), 0
    for seed in seeds(**OWED):
        with replayable(seed):
            found = cut_and_put_right(SHAPES[seed])
            assert {name: count for name, count in found.items() if name != "cuts"} == {}
        figures += found
        trials += 1
    counted = {name: figures[name] for name in ("cuts", "wrongly_told", "lost", "doubled")}
    measured("cuts at every byte, shapes", trials=trials, owed=owed(**OWED), **counted)
