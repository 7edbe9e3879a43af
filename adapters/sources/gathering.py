"""A block → the rosters it holds: its rows read, and gathered by the batch each of them belongs to."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import pairwise

from adapters.sources.aliases import Aliases
from adapters.sources.blocks import Block
from adapters.sources.cells import text_of
from adapters.sources.dates import day_of, period_of
from adapters.sources.facts import Facts
from adapters.sources.grid import Cell, Row
from adapters.sources.header import BATCH, Header
from adapters.sources.lines import batch_name
from adapters.sources.people import Person, Table, read_person
from adapters.sources.problems import problem
from schemas.batch import Batch
from schemas.header_words import Column, header_words
from schemas.identity import canonical_text
from schemas.roster import Leader, Origin, Participant, Place, Problem, Rejection, Roster, Told
from schemas.spreadsheet import letters


@dataclass(slots=True)
class Gathering:
    """The rows of one block that state the same batch, while they are read. No batch: all are rejected.

    `where` is the line above the first of them: what is wrong with the batch never stands on one of its people.
    """

    where: Place
    facts: Facts
    batch: Batch | None
    people: list[Participant] = field(default_factory=list)
    leaders: list[Leader] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)

    def take(self, person: Person) -> None:
        if self.batch is None:
            self.rejections.append(_without_batch(person, self.facts))
        elif isinstance(person, Participant):
            self.people.append(person)
        elif isinstance(person, Leader):
            self.leaders.append(person)
        else:
            self.rejections.append(replace(person, batch=self.batch.key))

    @property
    def counts(self) -> tuple[int, int]:
        """Head counts a 合计 may state: without and with the leaders."""
        listed = len(self.people) + len(self.rejections)
        return listed, listed + len(self.leaders)

    def roster(self, declared: int | None) -> Roster | None:
        if self.batch is None:
            return None
        gathered = (tuple(self.people), tuple(self.leaders), tuple(self.rejections))
        return Roster(self.batch, self.where, *gathered, declared=declared, origins=self.facts.origins)


def fill_down(block: Block, table: Table, columns: Iterable[Column], notes: list[Problem]) -> None:
    """A text file has lost which cells were merged downwards: an empty unit or batch cell takes the one above."""
    if table.grid.knows_merges:
        return
    rows = [table.grid.rows[index] for index in block.rows]
    for column in columns:
        at = block.header.at.get(column)
        if at is None or all(row[at] != "" for row in rows):
            continue
        for above, row in pairwise(rows):
            row[at] = row[at] or above[at]
        where = table.place(block.rows[0], column)
        notes.append(problem("filled_down", where, column=block.header.title(column)))


def gather(block: Block, table: Table, saved_on: date, notes: list[Problem]) -> list[Gathering]:
    """`saved_on` stands in for a day of the batch where it states none."""
    places = [at for at in block.header.batch if at >= 0]
    by_cells: dict[tuple[Cell, ...], Gathering] = {}
    by_facts: dict[Facts, Gathering] = {}
    for index in block.rows:
        row = table.grid.rows[index]
        cells = tuple([row[at] for at in places])
        gathering = by_cells.get(cells)
        if gathering is None:
            stated = stated_in_cells(block, index, row, table.aliases)
            facts = table.aliases.facts(stated)
            gathering = by_facts.setdefault(facts, Gathering(table.place(index - 1), facts, facts.batch()))
            by_cells[cells] = gathering
        on = gathering.facts.start or saved_on
        gathering.take(read_person(table, index, on=on, notes=notes))
    return list(by_facts.values())


def stated_in_cells(block: Block, index: int, row: Row, aliases: Aliases) -> Facts:
    """The row's own columns, over what holds for its block. A cell in words nobody understands stays unclear."""
    outer = block.facts
    cells = [row[at] if at >= 0 else "" for at in block.header.batch]
    said = {column: cell for column, cell in zip(BATCH, cells, strict=True) if text_of(cell)}
    level = aliases.level(text_of(said.get(Column.LEVEL, "")))
    period = period_of(said.get(Column.PERIOD, ""), outer.year)
    start = day_of(said.get(Column.START, ""), outer.year) or period.start
    end = day_of(said.get(Column.END, ""), outer.year) or period.end
    unclear = {"level"} if Column.LEVEL in said and not level else set()
    if said.keys() & {Column.PERIOD, Column.START, Column.END}:
        unclear |= {name for name, day in (("start", start), ("end", end)) if not day}
    own = Facts(
        name=batch_name(said.get(Column.BATCH, "")),
        organiser=canonical_text(text_of(said.get(Column.ORGANISER, ""))),
        level=level,
        base=canonical_text(text_of(said.get(Column.BASE, ""))),
        start=start,
        end=end,
        unclear=frozenset(unclear),
    )
    return replace(own, origins=_cells_of(own, block.header, index, said)).over(outer)


_STATING = {
    "name": (Column.BATCH,),
    "organiser": (Column.ORGANISER,),
    "level": (Column.LEVEL,),
    "base": (Column.BASE,),
    "start": (Column.START, Column.PERIOD),
    "end": (Column.END, Column.PERIOD),
}


def _cells_of(facts: Facts, header: Header, index: int, said: Collection[Column]) -> dict[str, Origin]:
    """Fact → the cell of this row that states it; one cell may state both days."""
    stating = {name: next(filter(said.__contains__, columns), None) for name, columns in _STATING.items()}
    return {
        name: Origin(Told.CELL, index + 1, letters(header.at[column]))
        for name, column in stating.items()
        if column and getattr(facts, name)
    }


def _without_batch(person: Person, facts: Facts) -> Rejection:
    words = header_words().missing
    missing = "、".join(words[name] for name in facts.missing)
    code = "batch_unclear" if facts.unclear.issuperset(facts.missing) else "batch_incomplete"
    incomplete = problem(code, person.where, missing=missing)
    own = person.problems if isinstance(person, Rejection) else ()
    return Rejection(person.where, (incomplete, *own))
