"""A nasty file of the corpus, and what reading it has to say, as plain data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from schemas.roster import Reading
from tests.adapters.ledgers import Rows, name, write_xlsx
from tests.adapters.readings import codes, read

Said = Mapping[str, Any]
Write = Callable[[Path], object]


@dataclass(frozen=True, slots=True)
class Case:
    """`file` is what it is called in the folder; `write` puts it there."""

    title: str
    write: Write
    said: Said
    file: str = "台账.xlsx"

    def as_file(self, file: str) -> Case:
        return replace(self, file=file)


def batch(
    *people: int | str,
    refused: Mapping[int, Sequence[str]] | None = None,
    leaders: int = 0,
    declared: int | None = None,
    called: str = "第三批",
    level: str = "city",
    base: str = "石岛赤山疗养基地",
    days: str = "2025-05-03 2025-05-07",
) -> Said:
    """One roster; people by their number or name, refused rows with their codes."""
    return {
        "batch": f"{days[:4]}/荣成市总工会/{called}",
        "facts": [level, base, days],
        "people": [name(one) if isinstance(one, int) else one for one in people],
        "leaders": leaders,
        "refused": {row: list(found) for row, found in (refused or {}).items()},
        "declared": declared,
    }


def says(*batches: Said, refused: Mapping[str, Sequence[str]] | None = None, notes: Sequence[str] = ()) -> Said:
    """`refused` are sheets, rows and files of no batch, by "sheet row"."""
    left = {where: list(found) for where, found in (refused or {}).items()}
    return {"batches": list(batches), "refused": left, "notes": list(notes)}


def refuses(code: str, *, sheet: str = "") -> Said:
    """A file of which nothing else is to be had."""
    return says(refused={sheet: [code]})


def shown(reading: Reading) -> Said:
    return {
        "batches": [
            {
                "batch": str(one.batch.key),
                "facts": [one.batch.level.value, one.batch.base, f"{one.batch.start} {one.batch.end}"],
                "people": [person.name for person in one.people],
                "leaders": len(one.leaders),
                "refused": {rejected.where.row: codes(rejected.problems) for rejected in one.rejections},
                "declared": one.declared,
            }
            for one in reading.rosters
        ],
        "refused": {
            f"{rejected.where.sheet} {rejected.where.row or ''}".strip(): codes(rejected.problems)
            for rejected in reading.rejections
        },
        "notes": codes(reading.notes),
    }


def said_of(case: Case, folder: Path) -> Said:
    file = folder / case.file
    file.parent.mkdir(parents=True, exist_ok=True)
    case.write(file)
    return shown(read(file, year=2025))


def book(rows: Rows | Mapping[str, Rows], **options: Any) -> Write:
    return lambda path: write_xlsx(path, rows, **options)
