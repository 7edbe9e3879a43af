"""Reconcile: the buckets and findings of both sides, against a scan of both sides inside SQLite."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date
from functools import partial
from pathlib import Path

from bridge.config import Config
from bridge.house import House
from bridge.map import Glossary, person_values, wanted
from bridge.reconcile import reconcile
from bridge.wiring.service import open_house, plain_ways
from schemas.batch import Batch, BatchKey, Level
from schemas.identity import IdType
from schemas.journal import Intake, KnownFile, ListedBatch, ListedPerson, Wanted
from schemas.portal import OnlineStatus
from schemas.roster import Category, FileStamp, Participant, Place, Reading, Roster
from tests.benchmarks import bare
from tests.benchmarks.measuring import Sample, in_child, in_turn, timed
from tests.benchmarks.tables import Goal, Row, Table
from tests.benchmarks.world import PER_BATCH, furnish, id_no, name, phone

_FILE = "ledgers/ledger.xlsx"


def table(folder: Path, *, quick: bool) -> Table:
    people, rounds = (5_000, 1) if quick else (100_000, 7)
    for home, step in (("differing", 100), ("equal", 0)):
        furnish(folder / home)
        in_child(fill, folder=str(folder / home), people=people, step=step)
    jobs: dict[str, Callable[[], Sample]] = {}
    for home in ("differing", "equal"):
        jobs[f"scan {home}"] = partial(in_child, bare.scan, journal=str(folder / home / "journal.db"))
        for job in (whole, listing):
            jobs[f"{job.__name__} {home}"] = partial(in_child, job, folder=str(folder / home))
    found = in_turn(rounds, jobs)

    def row(what: str, job: str, home: str, goal: Goal | None = None) -> Row:
        return Row(what, found[f"{job} {home}"], "scan", found[f"scan {home}"], goal, shows_peak=True)

    return Table(
        f"Reconcile: {people:,} people offline × {people:,} online",
        (
            row("1 % differ: whole, with findings", "whole", "differing", Goal("P6", ratio=1.2, peak_mb=64)),
            row("1 % differ: list who disagrees", "listing", "differing"),
            row("nothing differs: whole", "whole", "equal", Goal("P6", ratio=1.2, peak_mb=64)),
            row("nothing differs: list who disagrees", "listing", "equal", Goal("P8", wall_s=0.001)),
        ),
    )


def whole(folder: str) -> Sample:
    """Raises RunError when the books do not balance."""
    with _house(folder) as house:
        now = house.clock.instant().at
        return timed(lambda: reconcile(house.journal, house.rules, now=now, identify=house.identify))


def listing(folder: str) -> Sample:
    with _house(folder) as house:
        return timed(house.journal.deliveries.disagreeing)


def _house(folder: str) -> AbstractContextManager[House]:
    return open_house(Config.load(Path(folder) / "config.toml"), plain_ways(), work="benchmark")


def fill(folder: str, people: int, step: int) -> Sample:
    """Both sides of a journal, through its own doors. Every `step`-th person disagrees, nobody where it is 0."""
    with _house(folder) as house:
        now = house.clock.instant()
        batches = [range(first, first + PER_BATCH) for first in range(0, people, PER_BATCH)]
        rosters = [_roster(numbers, step) for numbers in batches]
        read = KnownFile(FileStamp(_FILE, 1, 1), b"sha"), Reading(_FILE, tuple(rosters))
        house.journal.offline.stage(Intake(read=[read]), basis="", at=now.at)
        headers = [wanted(roster, (), house.glossary, ours=True) for roster in rosters]
        house.journal.online.listed([_listed(header) for header in headers], year=2025, started=now)

        def take_in() -> None:
            for header, numbers in zip(headers, batches, strict=True):
                house.journal.offline.want([header], at=now.at)
                listed = [_online(number, step, house.glossary) for number in numbers if _kind(number, step) != _GONE]
                house.journal.online.people(header.key, listed, started=now)

        return timed(take_in)


_EQUAL, _DIFFERS, _GONE, _ONLY_ONLINE = range(4)


def _kind(number: int, step: int) -> int:
    """Of ten who disagree one is missing online, one stands only online, and eight differ in a field."""
    if not step or number % step:
        return _EQUAL
    return {0: _GONE, 1: _ONLY_ONLINE}.get(number // step % 10, _DIFFERS)


def _person(number: int) -> Participant:
    identity = name(number), IdType.RESIDENT, id_no(number), phone(number)
    place = Place(_FILE, "汇总表", number + 1)
    return Participant(*identity, f"测试{number % 50:02d}厂工会", Category.SKILLED, place)


def _roster(numbers: range, step: int) -> Roster:
    organiser, batch = divmod(numbers.start // PER_BATCH, 100)
    key = BatchKey(2025, f"测试总工会{organiser:02d}", f"第{batch + 1:02d}批")
    facts = Batch(key, Level.GRASSROOTS, "测试海滨疗休养基地", date(2025, 5, 3), date(2025, 5, 7))
    people = tuple(_person(number) for number in numbers if _kind(number, step) != _ONLY_ONLINE)
    return Roster(facts, Place(_FILE, "汇总表", numbers.start + 1), people)


def _listed(header: Wanted) -> ListedBatch:
    if header.values is None or header.mark is None:
        raise RuntimeError("a batch without a header")
    return ListedBatch(header.key, str(header.key), OnlineStatus.SUBMITTED, True, header.values, header.mark)


def _online(number: int, step: int, glossary: Glossary) -> ListedPerson:
    values = person_values(_person(number))
    if _kind(number, step) == _DIFFERS:
        values["phone"] = phone(number + 1)
    key = glossary.person_key(values["id_type"], values["id_no"])
    return ListedPerson(str(number), key, glossary.mark_person(values), values, values)
