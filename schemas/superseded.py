"""Of several files that speak of one batch: which stand, which are set aside, and how those differ from what stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from schemas.batch import BatchKey

Spot = tuple[str, int]
"""A row of a file: its sheet, and its number as Excel counts."""

Age = tuple[int, int]
"""(number of the content, minus the number of the file): greater is later.

Files are numbered as they are first seen. A copy counts as old as what it is a copy of, and gives way to it.
"""


@dataclass(frozen=True, slots=True)
class Listing:
    """One file's list of one batch, as the rule sees it: how old it is, and the keys of its people."""

    age: Age
    people: frozenset[bytes]


def superseded(lists: Mapping[str, Listing]) -> dict[str, str]:
    """File set aside → the file that stands in its place; `lists` are all files that speak of one batch.

    A list is set aside once a later one holds at least half of its people, and at least one. What stands in its place is
    the newest such list, or what has set that one aside in turn: a list of which nobody is left in the third edition is
    not good again for that.
    """
    heirs: dict[str, str] = {}
    later: list[str] = []
    for path in sorted(lists, key=lambda path: (lists[path].age, path), reverse=True):
        heir = next((one for one in later if _holds_half(lists[one].people, lists[path].people)), None)
        if heir is not None:
            heirs[path] = heirs.get(heir, heir)
        later.append(path)
    return heirs


def _holds_half(later: frozenset[bytes], earlier: frozenset[bytes]) -> bool:
    shared = len(later & earlier)
    return shared > 0 and 2 * shared >= len(earlier)


@dataclass(frozen=True, slots=True)
class Line:
    """One person's first row in a file, opened."""

    spot: Spot
    values: Mapping[str, str]

    def __repr__(self) -> str:
        return f"Line({self.spot})"


@dataclass(frozen=True, slots=True)
class Contents:
    """All one file says of one batch, opened: people by key, leaders, and what its blocks state of the batch itself."""

    people: Mapping[bytes, Line]
    leaders: Iterable[Mapping[str, str]] = ()
    facts: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Contents({len(self.people)} people)"


@dataclass(frozen=True, slots=True)
class Difference:
    """What the list that stands says otherwise, without a word of what it says; false where both say the same.

    `added` and `changed` (field → rows) are rows of the list that stands, `left_out` rows of the one set aside; `facts`
    names what else differs: facts of the batch, `leaders`.
    """

    added: tuple[Spot, ...] = ()
    left_out: tuple[Spot, ...] = ()
    changed: Mapping[str, tuple[Spot, ...]] = field(default_factory=dict)
    facts: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.left_out or self.changed or self.facts)


def difference(aside: Contents, stands: Contents) -> Difference:
    """From the list set aside to the one that stands."""
    both = [(aside.people[key], line) for key, line in stands.people.items() if key in aside.people]
    fields = dict.fromkeys(name for _, line in both for name in line.values)
    changed = {name: tuple(new.spot for old, new in both if old.values[name] != new.values[name]) for name in fields}
    facts = [name for name, said in stands.facts.items() if said != aside.facts[name]]
    if _in_order(aside.leaders) != _in_order(stands.leaders):
        facts.append("leaders")
    return Difference(
        added=tuple(line.spot for key, line in stands.people.items() if key not in aside.people),
        left_out=tuple(line.spot for key, line in aside.people.items() if key not in stands.people),
        changed={name: spots for name, spots in changed.items() if spots},
        facts=tuple(facts),
    )


def _in_order(leaders: Iterable[Mapping[str, str]]) -> list[list[tuple[str, str]]]:
    return sorted(sorted(leader.items()) for leader in leaders)


@dataclass(frozen=True, slots=True)
class SupersededList:
    """One file's list of one batch that is set aside, the file that stands in its place, and how they differ."""

    batch: BatchKey
    file: str
    by_file: str
    difference: Difference
