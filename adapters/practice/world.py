"""The synthetic world of the practice: what the districts of Weihai would hold, drawn from one seed.

47 batches and 2,690 people are the figures a newspaper gave for Zhongshan in 2023.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from itertools import chain, cycle, islice
from math import ceil
from random import Random

from adapters.practice.cast import Cast, Person
from adapters.practice.weihai import BASES, DAY_1, ORGANISERS, YEAR, units_of
from schemas.batch import Base, Batch, BatchKey, Level
from schemas.identity import IdType

FEWEST_BATCHES = 6
FEWEST_PEOPLE_A_BATCH = 10
_MOST_OF_LEVEL = {  # share of the people, and never more than the quota (Weihai 2025 一)
    Level.DEMONSTRATION: (0.06, 320),
    Level.CITY: (0.12, 450),
    Level.DISTRICT: (0.25, 950),
}
LEADER_FOR_EACH = 40  # Weihai 2025 六(二): up to 40 people one leader, each further 40 one more
_RARE_NAME = "演𬭎庆"  # beyond GBK: only GB18030 as a whole can write it


class Form(StrEnum):
    """How a batch is kept."""

    SINGLE = "single"  # a workbook of its own
    STACKED = "stacked"  # with others of the organiser in one sheet, each under a sub-title
    JOINT = "joint"  # a workbook for each unit
    DELIMITED = "delimited"  # a CSV file in GB18030


class Damage(StrEnum):
    """What became of an id in the ledger."""

    NUMBER = "number"  # the cell holds a number, its last digits are lost
    E_NOTATION = "e_notation"  # the text 9.99123E+17
    CHECK_DIGIT = "check_digit"  # the last character is wrong


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a ledger: who it is about, and what is wrong with the line."""

    person: Person
    damage: Damage | None = None


@dataclass(frozen=True, slots=True)
class Ledger:
    """What staff keep of one batch. `miscount` is how far the 合计 they wrote is off.

    `file` has no suffix; `style` numbers the file and so picks its keeper's spellings.
    """

    batch: Batch
    form: Form
    file: str
    style: int
    rows: tuple[Row, ...]
    leaders: tuple[Person, ...]
    miscount: int = 0

    @property
    def people(self) -> tuple[Person, ...]:
        return tuple(row.person for row in self.rows)


@dataclass(frozen=True, slots=True)
class World:
    """Everything the ledgers say on one day, and the base list in force."""

    seed: int
    bases: tuple[Base, ...]
    ledgers: tuple[Ledger, ...]

    @classmethod
    def make(cls, *, batches: int = 47, people: int = 2690, seed: int = 20250519) -> World:
        """A world without faults whose head counts add up to `people`. Raises ValueError when it would be too small."""
        if batches < FEWEST_BATCHES or people < FEWEST_PEOPLE_A_BATCH * batches:
            raise ValueError(f"{FEWEST_BATCHES} batches of {FEWEST_PEOPLE_A_BATCH} people are the fewest")
        rng = Random(seed)
        cast = Cast(rng)
        sizes = _sizes(rng, batches, people)
        headers = _headers(rng, sizes)
        ledgers = [_ledger(rng, cast, *part) for part in zip(headers, sizes, strict=True)]
        return cls(seed, BASES, tuple(_with_oddities(ledgers)))

    @property
    def people(self) -> Iterator[Person]:
        return chain.from_iterable(ledger.people for ledger in self.ledgers)

    def ledger(self, key: BatchKey) -> Ledger:
        return next(ledger for ledger in self.ledgers if ledger.batch.key == key)


def _sizes(rng: Random, batches: int, people: int) -> list[int]:
    mean = people / batches
    low, high = max(8, int(mean * 0.4)), int(mean * 1.55)
    sizes = [rng.randint(low, high) for _ in range(batches)]
    while (missing := people - sum(sizes)) != 0:
        at, step = rng.randrange(batches), 1 if missing > 0 else -1
        if low <= sizes[at] + step <= high:
            sizes[at] += step
    return sizes


def _headers(rng: Random, sizes: list[int]) -> list[tuple[Batch, Form, str, int]]:
    """Batches in the order of their files; within an organiser they are numbered by their last day."""
    books = _books(len(sizes))
    organisers = [name for (_, size), name in zip(books, cycle(ORGANISERS), strict=False) for _ in range(size)]
    forms = [(form, at) for at, (form, size) in enumerate(books) for _ in range(size)]
    ends = _ends_by_organiser(rng, organisers)
    levels = _levels(rng, sizes)
    numbers: Counter[str] = Counter()
    firsts: dict[int, str] = {}
    headers = []
    for organiser, (form, book), level in zip(organisers, forms, levels, strict=True):
        numbers[organiser] += 1
        key = BatchKey(YEAR, organiser, f"第{numbers[organiser]:02d}批")
        first = firsts.setdefault(book, key.name)
        batch = _batch(rng, key, level, next(ends[organiser]))
        headers.append((batch, form, f"{organiser}-{first}{'起' if form is Form.STACKED else ''}", book))
    return headers


def _batch(rng: Random, key: BatchKey, level: Level, end: date) -> Batch:
    base = rng.choices(BASES, weights=(5, 5, 3, 3, 1, 1))[0]
    days = rng.randint(4, 5) if base.in_province else rng.randint(6, 7)
    return Batch(key, level, base.name, end - timedelta(days=days - 1), end)


def _books(batches: int) -> list[tuple[Form, int]]:
    """Form and number of batches of each book; the first six show all forms."""
    first = [(Form.STACKED, 2), (Form.SINGLE, 1), (Form.JOINT, 1), (Form.DELIMITED, 1), (Form.SINGLE, 1)]
    single = (Form.SINGLE, 1)
    further = [single, (Form.STACKED, 3), single, single, (Form.JOINT, 1), single, (Form.STACKED, 2), single]
    books: list[tuple[Form, int]] = []
    left = batches
    for form, size in chain(first, cycle(further)):
        if left == 0:
            return books
        books.append((form, min(size, left)))
        left -= min(size, left)
    raise AssertionError


def _ends_by_organiser(rng: Random, organisers: list[str]) -> dict[str, Iterator[date]]:
    ends = _ends(rng, len(organisers))
    by_organiser = defaultdict(list)
    for organiser, end in zip(organisers, ends, strict=True):
        by_organiser[organiser].append(end)
    return {organiser: iter(sorted(own)) for organiser, own in by_organiser.items()}


def _ends(rng: Random, batches: int) -> list[date]:
    """Most ended in the five days before day 1; some earlier, some not yet."""
    future = [rng.randint(0, 25) for _ in range(batches // 8)]
    earlier = [-rng.randint(6, 25) for _ in range(batches // 5)]
    due_today = [-5] * max(1, batches // 10)
    fresh = islice(cycle((-1, -2, -3, -4)), batches - len(future) - len(earlier) - len(due_today))
    offsets = [*future, *earlier, *due_today, *fresh]
    rng.shuffle(offsets)
    return [DAY_1 + timedelta(days=offset) for offset in offsets]


def _levels(rng: Random, sizes: list[int]) -> list[Level]:
    """Within the shares of the quota; what finds no room is 基层, which is nearly all of it."""
    room = {level: min(share * sum(sizes), quota) for level, (share, quota) in _MOST_OF_LEVEL.items()}
    levels = []
    for size in sizes:
        level = rng.choice(tuple(_MOST_OF_LEVEL))
        if size > room[level]:
            level = Level.GRASSROOTS
        else:
            room[level] -= size
        levels.append(level)
    return levels


def _ledger(rng: Random, cast: Cast, header: tuple[Batch, Form, str, int], size: int) -> Ledger:
    batch, form, file, style = header
    units = rng.sample(units_of(batch.key.organiser), rng.randint(2, 5))
    of_each = [unit for unit in units for _ in range(ceil(size / len(units)))][:size]
    leaders = list(islice(cycle(units), ceil(size / LEADER_FOR_EACH)))
    people = cast.people(of_each)
    return Ledger(batch, form, file, style, tuple(Row(person) for person in people), cast.people(leaders))


def _with_oddities(ledgers: list[Ledger]) -> Iterator[Ledger]:
    """A passport now and then, and in the CSV a name that needs the whole of GB18030."""
    for at, ledger in enumerate(ledgers):
        first, second, *rest = ledger.rows
        if ledger.form is Form.DELIMITED:
            first = Row(replace(first.person, name=_RARE_NAME))
        if at % 12 == 1:
            second = Row(replace(second.person, id_type=IdType.PASSPORT, id_no=f"YL{9990000 + at}"))
        yield replace(ledger, rows=(first, second, *rest))
