"""What stands in the columns of each sheet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from operator import attrgetter
from typing import Generic, TypeVar

from adapters.render import labels, words
from schemas.report import BatchLine, Clock, Item
from schemas.texts import Language, T, Text

Cell = str | int | date | Text | None
Row = TypeVar("Row")

TO_DO_PRINTED = 10
DIFFERENCES_PRINTED = 12
BATCHES_PRINTED = 16
"""How many columns, from the left, go on A4; the others are for the screen."""


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """`width` in characters, as Excel counts them; `accent` names the colour of a cell."""

    head: Text
    width: int
    cell: Callable[[Row], Cell]
    accent: Callable[[Row], str] = lambda _: "plain"


@dataclass(frozen=True, slots=True)
class FoundField:
    """One line of the differences sheet: a finding with one of its fields, or with none."""

    item: Item
    pair: words.Pair | None


def found_fields(items: Iterable[Item], language: Language) -> Iterator[FoundField]:
    for item in items:
        for one in item.differences:
            yield FoundField(item, words.pair(one, language))
        if not item.differences:
            yield FoundField(item, None)


def to_do_columns(language: Language) -> tuple[Column[Item], ...]:
    return (
        Column(
            T("Time left"),
            12,
            lambda item: words.hours_left(item.hours_left),
            lambda item: words.tone(item.hours_left),
        ),
        Column(T("Batch"), 20, lambda item: item.batch),
        Column(T("Code"), 6, lambda item: item.code),
        Column(T("Finding"), 14, lambda item: item.title),
        Column(T("Name"), 8, lambda item: item.name),
        Column(T("Unit"), 16, lambda item: item.unit),
        Column(T("What"), 30, lambda item: item.what),
        Column(
            T("Offline and online"),
            30,
            lambda item: "\n".join(words.pair(one, language).in_a_line(language) for one in item.differences),
        ),
        Column(T("Next step"), 28, lambda item: item.next_step),
        Column(T("Where"), 22, lambda item: words.place(item.where, language) if item.where else None),
        Column(T("Due"), 12, lambda item: item.due),
        Column(T("Owner"), 16, lambda item: item.owner),
        Column(T("Why"), 30, lambda item: item.why),
        Column(T("Rule"), 26, lambda item: item.source),
        Column(T("The portal's own words"), 30, lambda item: item.words),
        Column(T("First seen"), 12, lambda item: item.first_seen.date()),
        Column(T("News"), 8, words.news),
        Column(T("Person mark"), 20, lambda item: item.person),
        Column(T("Finding id"), 20, lambda item: item.id),
    )


def difference_columns(language: Language) -> tuple[Column[FoundField], ...]:
    return (
        Column(T("Batch"), 20, lambda row: row.item.batch),
        Column(T("Code"), 6, lambda row: row.item.code),
        Column(T("Finding"), 14, lambda row: row.item.title),
        Column(T("To do"), 6, lambda row: T("yes") if row.item.to_do else T("no")),
        Column(T("Name"), 8, lambda row: row.item.name),
        Column(T("Unit"), 16, lambda row: row.item.unit),
        Column(T("Field"), 12, lambda row: row.pair and row.pair.field),
        Column(T("Offline"), 20, lambda row: row.pair and row.pair.offline),
        Column(T("Online"), 20, lambda row: row.pair and row.pair.online),
        Column(T("Last agreed"), 20, lambda row: row.pair and row.pair.agreed),
        Column(T("Who moved"), 12, lambda row: labels.MOVED[row.item.moved] if row.item.moved else None),
        Column(T("Where"), 22, lambda row: words.place(row.item.where, language) if row.item.where else None),
        Column(T("Note"), 18, lambda row: row.pair and row.pair.note),
        Column(T("Finding id"), 20, lambda row: row.item.id),
    )


def batch_columns() -> tuple[Column[BatchLine], ...]:
    return (
        Column(T("Year"), 7, lambda line: str(line.batch.year)),
        Column(T("Organiser"), 18, lambda line: line.batch.organiser),
        Column(T("Batch"), 14, lambda line: line.batch.name),
        Column(T("Level"), 12, lambda line: labels.LEVELS[line.level] if line.level else None),
        Column(T("Base"), 18, lambda line: line.base),
        Column(T("Start"), 12, lambda line: line.start),
        Column(T("End"), 12, lambda line: line.end),
        Column(T("Offline"), 8, lambda line: line.offline),
        Column(T("Online"), 8, lambda line: line.online),
        Column(T("Agreed"), 8, lambda line: line.agreed),
        Column(T("Open findings"), 9, lambda line: line.open_findings),
        Column(T("Online status"), 11, lambda line: labels.STATUSES[line.status] if line.status else None),
        Column(T("Entry"), 13, lambda line: _of(line.entry, words.standing), lambda line: _tone(line.entry)),
        Column(T("Entry due"), 12, lambda line: _of(line.entry, _due)),
        Column(T("Review"), 13, lambda line: _of(line.review, words.standing), lambda line: _tone(line.review)),
        Column(T("Review due"), 12, lambda line: _of(line.review, _due)),
        Column(T("Entry met on"), 12, lambda line: _of(line.entry, _met_on)),
        Column(T("Review met on"), 12, lambda line: _of(line.review, _met_on)),
        Column(T("Entry: how counted"), 30, lambda line: _of(line.entry, _arithmetic)),
        Column(T("Review: how counted"), 30, lambda line: _of(line.review, _arithmetic)),
    )


_due = attrgetter("due")
_met_on = attrgetter("met_on")
_arithmetic = attrgetter("arithmetic")


def _of(clock: Clock | None, cell: Callable[[Clock], Cell]) -> Cell:
    return None if clock is None else cell(clock)


def _tone(clock: Clock | None) -> str:
    return words.tone(clock.hours_left if clock else None)
