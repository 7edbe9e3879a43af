"""Reading one ledger in a test, and looking at what came of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from adapters.sources.folder import FolderSource
from schemas.batch import Level
from schemas.roster import Participant, Problem, Reading, Rejection, Roster
from tests.adapters.ledgers import Merge, Rows, ledger, write_xlsx


def read(file: Path, *, organiser: str = "", level: Level | None = None, year: int | None = None) -> Reading:
    source = FolderSource("rosters", file.parent, file.name, organiser=organiser, level=level, year=year)
    [stamp] = source.look()
    return without_region_notes(source.read(stamp, {}))


def without_region_notes(reading: Reading) -> Reading:
    """Every test person is of a region never issued, which earns a note that only its own test is about."""
    return replace(reading, notes=tuple(note for note in reading.notes if note.code != "unknown_region"))


def read_rows(folder: Path, rows: Rows, *, merges: tuple[Merge, ...] = ()) -> Reading:
    return read(write_xlsx(folder / "台账.xlsx", rows, merges=merges))


def read_row(folder: Path, row: list[object]) -> tuple[Participant | None, list[str]]:
    """A ledger with one row: the participant, if it became one, and every problem code of it."""
    reading = read_rows(folder, ledger(row))
    found = [roster.people for roster in reading.rosters]
    rejected = [problem for roster in reading.rosters for item in roster.rejections for problem in item.problems]
    return (found[0][0] if found and found[0] else None), codes([*rejected, *reading.notes])


def one_roster(reading: Reading) -> Roster:
    assert not reading.rejections
    [roster] = reading.rosters
    return roster


def codes(problems: list[Problem] | tuple[Problem, ...]) -> list[str]:
    return [problem.code for problem in problems]


def problems_of(rejections: tuple[Rejection, ...]) -> list[list[str]]:
    return [codes(rejection.problems) for rejection in rejections]


def names(roster: Roster) -> list[str]:
    return [person.name for person in roster.people]


def says_something(reading: Reading) -> bool:
    return bool(reading.rosters or reading.rejections or reading.notes)


def was_stopped(reading: Reading) -> bool:
    return any("reading_stopped" in codes(rejected.problems) for rejected in reading.rejections)
