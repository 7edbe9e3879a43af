"""Who a damaged id may belong to: somebody of the same name and the same surviving digits elsewhere in the file.

It is only said where to look. No digit is put in place, and none is repeated.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from adapters.sources.cells import name_cell
from adapters.sources.grid import Cell, Grid
from adapters.sources.header import Header
from adapters.sources.problems import problem
from schemas.roster import Place, Problem, Rejection, Roster

_CODE, _SAID_OF_LIKELY = "id_damaged", "id_damaged_likely"
_SURVIVING = 14  # digits that every program keeps: region and birth date
_LENGTH = 18


@dataclass(frozen=True, slots=True)
class Remains:
    """What is left of a damaged id, and whose it is. Never leaves the room."""

    name: str
    digits: str

    def __repr__(self) -> str:
        return "Remains()"


def remains_of(rejection: Rejection, grid: Grid, header: Header) -> Remains | None:
    """None where too few digits survive to tell people apart."""
    name, id_no = header.person[:2]
    if not any(found.code == _CODE for found in rejection.problems) or min(name, id_no) < 0:
        return None
    cells = grid.rows[rejection.where.row - 1]
    digits = _digits(cells[id_no])
    return Remains(name_cell(cells[name]).name, digits[:_SURVIVING]) if len(digits) == _LENGTH else None


def with_likely(rosters: Sequence[Roster], remains: Mapping[Place, Remains]) -> list[Roster]:
    """The same rosters; a damaged row that one person of the file fits says where that person stands."""
    known: dict[Remains, dict[str, Place]] = defaultdict(dict)
    for roster in rosters:
        for person in roster.people:
            known[Remains(person.name, person.id_no[:_SURVIVING])].setdefault(person.id_no, person.where)
    found = {where: [*known[left].values()] for where, left in remains.items() if left in known}
    likely = {where: places[0] for where, places in found.items() if len(places) == 1}
    return [_pointed(roster, likely) for roster in rosters]


def _pointed(roster: Roster, likely: Mapping[Place, Place]) -> Roster:
    if not any(rejection.where in likely for rejection in roster.rejections):
        return roster
    return replace(roster, rejections=tuple(_pointing(rejection, likely) for rejection in roster.rejections))


def _pointing(rejection: Rejection, likely: Mapping[Place, Place]) -> Rejection:
    there = likely.get(rejection.where)
    if there is None:
        return rejection

    def told(found: Problem) -> Problem:
        if found.code != _CODE or found.where is None:
            return found
        return problem(_SAID_OF_LIKELY, found.where, sheet=there.sheet, row=there.row)

    return replace(rejection, problems=tuple(map(told, rejection.problems)))


def _digits(cell: Cell) -> str:
    """Of a number; of a text in E notation what its fraction shows is too little, and is not used."""
    return str(int(cell)) if isinstance(cell, (int, float)) and abs(cell) < 10**_LENGTH else ""
