"""Read back: list what the portal really holds. Only this proves agreement, and only this settles the unknown."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bridge.matching import match
from bridge.ports import Clock, Journal, Portal, Watch
from schemas.batch import BatchKey
from schemas.identity import agrees_with_mask, is_masked
from schemas.journal import ListedBatch, ListedPerson, Values
from schemas.matching import Candidate, PairKind
from schemas.portal import OnlineBatch, OnlinePerson


@dataclass(frozen=True, slots=True)
class Reader:
    """How what the portal lists becomes canonical values, keys and marks."""

    batch_from_online: Callable[[OnlineBatch], tuple[BatchKey, Mapping[str, str]]]
    person_from_online: Callable[[Mapping[str, str]], Mapping[str, str]]
    mark_batch: Callable[[Values], bytes]
    mark_person: Callable[[Values], bytes]
    person_key: Callable[[str, str], bytes]
    ours: Callable[[BatchKey], bool]


def read_back(
    portal: Portal,
    journal: Journal,
    reader: Reader,
    *,
    year: int,
    clock: Clock,
    watch: Watch,
    only: Collection[BatchKey] | None = None,
) -> None:
    """List the year's batches, and the people of ours (of `only`, where given).

    Raises TransientError, AuthError, SchemaDrift; what was taken in before stays good.
    """
    started = clock.instant()
    listed = _distinct(_listed(batch, reader) for batch in portal.batches(year))
    gone = journal.online.listed(list(listed.values()), started=started)
    wanted = [batch for batch in listed.values() if batch.ours and (only is None or batch.key in only)]
    watch.step("read back", len(wanted))
    for batch in wanted:
        started = clock.instant()
        people = list(portal.people(batch.online_id))
        found = _people(batch.key, people, journal, reader)
        journal.online.people(batch.key, found, started=started, as_of=batch.as_of)
        watch.advance()
    never_there = [b.key for b in journal.deliveries.batches() if b.ours and b.key not in listed]
    for key in {*gone, *never_there}:
        journal.online.people(key, (), started=started)


def _listed(batch: OnlineBatch, reader: Reader) -> ListedBatch:
    key, values = reader.batch_from_online(batch)
    ours, mark = reader.ours(key), reader.mark_batch(values)
    return ListedBatch(key, batch.online_id, batch.status, ours, values, mark, batch.as_of)


def _distinct(batches: Iterable[ListedBatch]) -> dict[BatchKey, ListedBatch]:
    """The first batch of each natural key, as the portal orders them."""
    first: dict[BatchKey, ListedBatch] = {}
    for batch in batches:
        first.setdefault(batch.key, batch)
    return first


def _people(
    key: BatchKey, people: Sequence[OnlinePerson], journal: Journal, reader: Reader
) -> tuple[ListedPerson, ...]:
    canonical = {person.online_id: dict(reader.person_from_online(person.fields)) for person in people}
    masked = any(is_masked(values[field]) for values in canonical.values() for field in _MASKABLE)
    likely = journal.people.likely_of(key) if masked else {}
    partners = _partners(likely, canonical, reader)
    return tuple(
        _listed_person(person, canonical[person.online_id], likely.get(partners.get(person.online_id, b""), ()), reader)
        for person in people
    )


_MASKABLE = ("id_no", "phone")


def _listed_person(
    person: OnlinePerson, values: dict[str, str], likely: Sequence[Values], reader: Reader
) -> ListedPerson:
    """Masks are filled in from the likeliest values they agree with; a masked id without any is an identity of its own."""
    for field in _MASKABLE:
        fitting = (one[field] for one in likely if agrees_with_mask(values[field], one[field]))
        if is_masked(values[field]):
            values[field] = next(fitting, values[field])
    alone = is_masked(values["id_no"])
    identity = f"{values['id_no']} {values['name']} {person.online_id}" if alone else values["id_no"]
    return ListedPerson(
        online_id=person.online_id,
        person=reader.person_key(values["id_type"], identity),
        mark=reader.mark_person(values),
        values=values,
        raw=person.fields,
    )


def _partners(
    likely: Mapping[bytes, Sequence[Values]], online: Mapping[str, Values], reader: Reader
) -> dict[str, bytes]:
    """Online id → the one person it must be: by the id where it is in clear, else by name and visible digits."""
    masked = {online_id: values for online_id, values in online.items() if is_masked(values["id_no"])}
    found = match(
        [candidate(key.hex(), values[0]) for key, values in likely.items()],
        [candidate(online_id, values) for online_id, values in masked.items()],
    )
    clear = {
        online_id: reader.person_key(values["id_type"], values["id_no"])
        for online_id, values in online.items()
        if online_id not in masked
    }
    return clear | {pair.online: bytes.fromhex(pair.offline) for pair in found.pairs if pair.kind is PairKind.MASKED}


def candidate(key: str, values: Values) -> Candidate:
    return Candidate(key, values["name"], values["id_no"], values["phone"], values["unit"])
