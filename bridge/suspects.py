"""Suspects: leftovers of one batch that are probably the same person on both sides. A person decides, never the bridge."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bridge.matching import match
from bridge.ports import Journal
from schemas.batch import BatchKey
from schemas.journal import PersonFacts, Values
from schemas.matching import Candidate, Matches

Who = tuple[BatchKey, bytes]


@dataclass(frozen=True, slots=True)
class Suspects:
    """The matches of each batch that has leftovers on both sides; keys are person keys in hex."""

    of_batch: Mapping[BatchKey, Matches]

    @property
    def offline(self) -> frozenset[Who]:
        """People of the offline side who must not be entered before somebody decided."""
        pairs = {(batch, pair.offline) for batch, found in self.of_batch.items() for pair in found.pairs}
        groups = {
            (batch, key) for batch, found in self.of_batch.items() for group in found.ambiguous for key in group.offline
        }
        return frozenset((batch, bytes.fromhex(key)) for batch, key in pairs | groups)

    @property
    def online(self) -> frozenset[Who]:
        pairs = {(batch, pair.online) for batch, found in self.of_batch.items() for pair in found.pairs}
        groups = {
            (batch, key) for batch, found in self.of_batch.items() for group in found.ambiguous for key in group.online
        }
        return frozenset((batch, bytes.fromhex(key)) for batch, key in pairs | groups)


def suspects(journal: Journal, people: Sequence[PersonFacts]) -> Suspects:
    """Match the leftovers; people are opened only in batches where both sides have some."""
    leftovers: defaultdict[BatchKey, tuple[list[PersonFacts], list[PersonFacts]]] = defaultdict(lambda: ([], []))
    for fact in people:
        if fact.offline_only or fact.online_only:
            leftovers[fact.batch][fact.online_only].append(fact)
    both = {batch: sides for batch, sides in leftovers.items() if all(sides)}
    return Suspects({batch: _match(journal, *sides) for batch, sides in both.items()})


def _match(journal: Journal, offline: Sequence[PersonFacts], online: Sequence[PersonFacts]) -> Matches:
    opened = {key: person for (_, key), person in journal.people.open([*offline, *online]).items()}
    return match(
        [_candidate(fact, opened[fact.person].offline) for fact in offline],
        [_candidate(fact, opened[fact.person].online) for fact in online],
    )


def _candidate(fact: PersonFacts, values: Values | None) -> Candidate:
    known = values or {}
    return Candidate(
        key=fact.person.hex(),
        name=known.get("name", ""),
        id_no=known.get("id_no", ""),
        phone=known.get("phone", ""),
        unit=known.get("unit", ""),
    )
