"""The people of the synthetic world: nobody real, and no two with the same id.

Ids start with 999, which is no region of GB/T 2260; phones are 1990000xxxx; every name begins with 演.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product
from random import Random

from schemas.identity import IdType, check_digit
from schemas.roster import Category

_GIVEN = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥春夏秋冬东南西北"
_FIRST_BIRTH = date(1965, 1, 1)
_BIRTH_DAYS = (date(2003, 12, 31) - _FIRST_BIRTH).days
_PHONES = 10_000
_SAME_NAME_EVERY = 60  # people of a batch, for one pair that shares a name


@dataclass(frozen=True, slots=True)
class Person:
    """One synthetic person as they really are: canonical values."""

    name: str
    id_no: str
    phone: str
    unit: str
    category: Category
    id_type: IdType = IdType.RESIDENT

    def __repr__(self) -> str:
        return "Person()"


class Cast:
    """Deals people. Up to 10,000 of them have a phone number of their own, `dealt` of which are gone already."""

    def __init__(self, rng: Random, *, taken: frozenset[str] = frozenset(), dealt: int = 0) -> None:
        self._rng = rng
        self._ids = set(taken)
        self._phones = dealt

    def people(self, units: list[str]) -> tuple[Person, ...]:
        """One person for each unit named; a few of a large group share their name."""
        names = self._names(len(units))
        return tuple(self.person(name, unit) for name, unit in zip(names, units, strict=True))

    def person(self, name: str, unit: str) -> Person:
        category = self._rng.choices(tuple(Category), weights=(40, 25, 15, 10, 10))[0]
        return Person(name, self._resident_id(), self.phone(), unit, category)

    def stranger(self, unit: str) -> Person:
        return self.person(self._names(1)[0], unit)

    def phone(self) -> str:
        self._phones += 1
        return f"1990000{self._phones % _PHONES:04d}"

    def _names(self, count: int) -> list[str]:
        pairs = [f"演{first}{second}" for first, second in product(_GIVEN, repeat=2)]
        names = self._rng.sample(pairs, count)
        for twin in range(1, count // _SAME_NAME_EVERY + 1):
            names[-twin] = names[twin - 1]
        return names

    def _resident_id(self) -> str:
        while True:
            born = _FIRST_BIRTH + timedelta(days=self._rng.randrange(_BIRTH_DAYS))
            digits = f"999{self._rng.randrange(1000):03d}{born:%Y%m%d}{self._rng.randrange(1, 1000):03d}"
            id_no = digits + check_digit(digits)
            if id_no not in self._ids:
                self._ids.add(id_no)
                return id_no
