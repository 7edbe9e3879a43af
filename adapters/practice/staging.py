"""The practice while it is being staged: two days of ledgers, the hands' acts and the truth, filled fault by fault."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random
from typing import NamedTuple

from adapters.practice.acts import Act, DemoTruth, Expected
from adapters.practice.cast import Cast, Person
from adapters.practice.ledgers import places
from adapters.practice.weihai import DAY_1, DAY_2
from adapters.practice.world import LEADER_FOR_EACH, Ledger, Row, World
from schemas.batch import BatchKey
from schemas.finding import Code
from schemas.identity import IdType
from schemas.roster import Place

_DAYS_TO_ENTER = timedelta(days=5)  # Weihai 2025 六(二)
_FULL_SIZE = 2690
_ROWS_FEWER = 5
_DAYS = (1, 2)


class At(NamedTuple):
    """One row of one ledger."""

    key: BatchKey
    row: int


@dataclass(frozen=True, slots=True)
class Demo:
    """`weather_day1` are switches of the practice portal for day 1; on day 2 the weather is good."""

    day1: World
    day2: World
    acts_before_day1: tuple[Act, ...]
    weather_day1: dict[str, object]
    acts_between: tuple[Act, ...]
    truth: DemoTruth


@dataclass
class Staging:
    """No row carries two faults, and none that must stay alone shares its batch."""

    world: World
    before: list[Act] = field(default_factory=list)
    between: list[Act] = field(default_factory=list)
    weather: dict[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        people = list(self.world.people)
        self.cast = Cast(
            Random(self.world.seed + 1), taken=frozenset(p.id_no for p in people), dealt=_phones(self.world)
        )
        self._share = len(people) / _FULL_SIZE
        self._ledgers = {day: {ledger.batch.key: ledger for ledger in self.world.ledgers} for day in _DAYS}
        self._expected: dict[int, list[tuple[Code, BatchKey, str, At | None]]] = {day: [] for day in _DAYS}
        self._roles: Counter[BatchKey] = Counter()
        self._closed: set[BatchKey] = set()
        self._spent: set[At] = set()

    def count(self, at_full_size: int) -> int:
        return max(1, round(at_full_size * self._share))

    def ledger(self, key: BatchKey) -> Ledger:
        return self._ledgers[1][key]

    def person(self, at: At) -> Person:
        return self.ledger(at.key).rows[at.row].person

    @property
    def in_time(self) -> list[BatchKey]:
        """Open to faults, ended before day 1, and not overdue on day 2."""
        return self.open_to(lambda led: led.batch.end < DAY_1 and led.batch.end + _DAYS_TO_ENTER >= DAY_2)

    @property
    def kept_offline_only(self) -> list[BatchKey]:
        """Those in time whose header no hand has entered, and whose leaders are right with some rows fewer too."""
        by_hand = {act.batch for act in self.before}
        certain = self.open_to(lambda led: not 0 < len(led.rows) % LEADER_FOR_EACH <= _ROWS_FEWER)
        return [key for key in self.in_time if key not in by_hand and key in certain]

    def open_to(self, fits: Callable[[Ledger], bool]) -> list[BatchKey]:
        return [key for key, ledger in self._ledgers[1].items() if key not in self._closed and fits(ledger)]

    def cast_batch(self, among: Iterable[BatchKey], prefer: Callable[[Ledger], bool]) -> BatchKey:
        """A batch for a role: a preferred one before others, then one with few roles."""
        key = min(among, key=lambda key: (not prefer(self.ledger(key)), self._roles[key]))
        self._roles[key] += 1
        return key

    def close(self, key: BatchKey) -> None:
        self._closed.add(key)

    def deal(self, count: int, among: Iterable[BatchKey], fits: Callable[[str], bool] = bool) -> list[At]:
        """Up to `count` untouched rows of residents whose id fits, spread over the batches."""
        free = [self._free(key, fits) for key in among]
        dealt: list[At] = []
        while len(dealt) < count and (free := [rows for rows in free if rows]):
            dealt.extend(rows.pop() for rows in sorted(free, key=len, reverse=True)[: count - len(dealt)])
        self._spent.update(dealt)
        return dealt

    def otherwise(self, person: Person, field: str) -> Person:
        """The same person with another phone, unit or name."""
        match field:
            case "phone":
                return replace(person, phone=self.cast.phone())
            case "unit":
                return replace(person, unit=f"{person.unit}第二分公司")
            case _:
                return replace(person, name=person.name[:2] + ("乙" if person.name[2] != "乙" else "丙"))

    def rewrite(self, ledger: Ledger, *, days: tuple[int, ...] = _DAYS) -> None:
        for day in days:
            self._ledgers[day][ledger.batch.key] = ledger

    def put(self, at: At, row: Row, *, days: tuple[int, ...] = _DAYS) -> None:
        for day in days:
            ledger = self._ledgers[day][at.key]
            rows = (*ledger.rows[: at.row], row, *ledger.rows[at.row + 1 :])
            self._ledgers[day][at.key] = replace(ledger, rows=rows)

    def append(self, key: BatchKey, row: Row) -> None:
        for day in _DAYS:
            ledger = self._ledgers[day][key]
            self._ledgers[day][key] = replace(ledger, rows=(*ledger.rows, row))

    def keep_back(self, key: BatchKey) -> None:
        """The ledger arrives on day 2."""
        del self._ledgers[1][key]

    def expect(
        self, code: Code, key: BatchKey, person: str = "", *, damaged: At | None = None, days: tuple[int, ...] = _DAYS
    ) -> None:
        for day in days:
            self._expected[day].append((code, key, person, damaged))

    def expect_not_entered(self, key: BatchKey, person: str = "") -> None:
        """D01 while its five days run, D02 after them."""
        due = self.ledger(key).batch.end + _DAYS_TO_ENTER
        for number, day in zip(_DAYS, (DAY_1, DAY_2), strict=True):
            self.expect(Code.OVERDUE if day > due else Code.DUE, key, person, days=(number,))

    def finished(self) -> Demo:
        day1, day2 = (replace(self.world, ledgers=tuple(self._ledgers[day].values())) for day in _DAYS)
        truth = DemoTruth(self._truth(1, day1), self._truth(2, day2))
        return Demo(day1, day2, tuple(self.before), self.weather, tuple(self.between), truth)

    def _free(self, key: BatchKey, fits: Callable[[str], bool]) -> list[At]:
        people = enumerate(self.world.ledger(key).people)
        rows = [At(key, row) for row, one in people if one.id_type is IdType.RESIDENT and fits(one.id_no)]
        return [at for at in rows if at not in self._spent]

    def _truth(self, day: int, world: World) -> frozenset[Expected]:
        where = places(world)

        def place(damaged: At | None) -> Place | None:
            return None if damaged is None else where[damaged]

        return frozenset(
            Expected(code, str(key), person, place(damaged)) for code, key, person, damaged in self._expected[day]
        )


def _phones(world: World) -> int:
    return sum(len(ledger.rows) + len(ledger.leaders) for ledger in world.ledgers)
