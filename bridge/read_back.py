"""Read back: list what the portal really holds. Only this proves agreement, and only this settles the unknown."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil

from bridge.matching import match
from bridge.ports import Clock, Journal, Portal, Watch
from schemas.batch import BatchKey
from schemas.errors import AuthError, SchemaDrift, TransientError, Unmappable
from schemas.identity import agrees_with_mask, is_masked
from schemas.journal import LastRead, ListedBatch, ListedPerson, Values
from schemas.matching import Candidate, PairKind
from schemas.portal import OnlineBatch, OnlinePerson


@dataclass(frozen=True, slots=True)
class Reader:
    """How what the portal lists becomes canonical values, keys and marks; and how ours are said in its words."""

    batch_from_online: Callable[[OnlineBatch], tuple[BatchKey, Mapping[str, str]]]
    person_from_online: Callable[[Mapping[str, str]], Mapping[str, str]]
    batch_to_online: Callable[[Values], Mapping[str, str]]
    person_to_online: Callable[[Values], Mapping[str, str]]
    mark_batch: Callable[[Values], bytes]
    mark_person: Callable[[Values], bytes]
    person_key: Callable[[str, str], bytes]
    ours: Callable[[BatchKey], bool]


SWEEP_AFTER_H = 20.0
"""Of a day with one run every run is the sweep; of a day with many, the first of the morning."""

SLICE, SLICE_AT_LEAST = 1 / 8, 50
"""So much of what nothing else asks for is listed in each run where the portal has no change mark."""

SILENT_AT_MOST = 3
"""After so many listings in a row without an answer the portal is taken to be down."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What one look came to.

    `read`: whose people are known as of now, or are known to be gone. `aside`: those that could not be listed; what was
    known of them stands. `ended_by`: what kept the portal from being read to the end.
    """

    read: frozenset[BatchKey]
    aside: Mapping[BatchKey, SchemaDrift | TransientError]
    ended_by: TransientError | AuthError | None = None


def due(
    batches: Iterable[ListedBatch],
    known: Mapping[BatchKey, LastRead],
    *,
    now: datetime,
    sweep_after_h: float,
    asked: Collection[BatchKey] = (),
) -> frozenset[BatchKey]:
    """Whose people are listed in this run; `asked`, in any case. The cost is that of the batches, not of their people.

    A batch whose change mark stands still waits for the sweep. Where there are no marks nobody can know, so a slice of
    those that may wait is listed each time, the ones listed longest ago first.
    """
    sweep = timedelta(hours=sweep_after_h)
    chosen, waiting = set[BatchKey](), list[tuple[datetime, BatchKey]]()
    for batch in batches:
        last = known.get(batch.key, _NEVER)
        if last.at is None or batch.key in asked or _has_moved(batch, last) or not _is_fresh(last.at, now, sweep):
            chosen.add(batch.key)
        elif not batch.change:
            waiting.append((last.at, batch.key))
    many = max(SLICE_AT_LEAST, ceil(len(waiting) * SLICE))
    return frozenset(chosen.union(key for _, key in sorted(waiting)[:many]))


_NEVER = LastRead(None, None, in_doubt=True)


def _has_moved(batch: ListedBatch, last: LastRead) -> bool:
    return last.in_doubt or last.change is None or last.change != batch.change


def _is_fresh(at: datetime, now: datetime, sweep: timedelta) -> bool:
    """Not so when the clock was set back either."""
    return timedelta(0) <= now - at < sweep


def read_back(
    portal: Portal,
    journal: Journal,
    reader: Reader,
    *,
    year: int,
    clock: Clock,
    watch: Watch,
    sweep_after_h: float = SWEEP_AFTER_H,
    asked: Collection[BatchKey] = (),
    only: Collection[BatchKey] | None = None,
) -> Seen:
    """List the year's batches, and the people of ours that are due (of exactly `only`, where given).

    Raises TransientError, AuthError, SchemaDrift while the batches themselves are listed: then nothing is known.
    """
    started = clock.instant()
    facts = [batch for batch in journal.deliveries.batches() if batch.ours and batch.key.year == year]
    found = portal.batches(year, expected=lambda: _said(reader.batch_to_online, (b.offline for b in facts)))
    listed = _by_key(_listed(batch, reader) for batch in found)
    gone = journal.online.listed(list(listed.values()), year=year, started=started)
    never_there = [batch.key for batch in facts if batch.key not in listed]
    for key in {*gone, *never_there}:
        journal.online.people(key, (), started=started, change=None)
    ours = [batch for batch in listed.values() if batch.ours]
    if only is None:
        known = journal.online.last_read()
        only = due(ours, known, now=started.at, sweep_after_h=sweep_after_h, asked=asked)
    wanted = [batch for batch in ours if batch.key in only]
    watch.step("read back", len(wanted))
    seen = _read_people(wanted, portal, journal, reader, clock, watch)
    return replace(seen, read=seen.read.union(gone, never_there))


def _read_people(
    wanted: Sequence[ListedBatch], portal: Portal, journal: Journal, reader: Reader, clock: Clock, watch: Watch
) -> Seen:
    """A batch that cannot be listed is set aside and the others go on, until the portal is silent or turns us away."""
    read, silent = set[BatchKey](), list[BatchKey]()
    aside: dict[BatchKey, SchemaDrift | TransientError] = {}
    for batch in wanted:
        started = clock.instant()
        try:
            listings = [_listing(portal, online_id, batch.key, journal, reader) for online_id in batch.online_ids]
        except SchemaDrift as error:
            aside[batch.key] = error
            silent.clear()
        except TransientError as error:
            aside[batch.key] = error
            silent.append(batch.key)
            if len(silent) == SILENT_AT_MOST:
                spoken = {key: why for key, why in aside.items() if key not in silent}
                return Seen(frozenset(read), spoken, ended_by=error)
        except AuthError as error:
            return Seen(frozenset(read), aside, ended_by=error)
        else:
            people = [one for listing in listings for one in _people(batch.key, listing, journal, reader)]
            journal.online.people(batch.key, people, started=started, change=batch.change, as_of=batch.as_of)
            read.add(batch.key)
            silent.clear()
        watch.advance()
    return Seen(frozenset(read), aside)


def _listing(portal: Portal, online_id: str, key: BatchKey, journal: Journal, reader: Reader) -> list[OnlinePerson]:
    """Everybody the portal lists; where it can only be asked for one at a time, of those we would look for."""

    def expected() -> Iterable[Values]:
        return _said(reader.person_to_online, (likely[0] for likely in journal.people.likely_of(key).values()))

    return list(portal.people(online_id, expected=expected))


def _said(into_words: Callable[[Values], Values], values: Iterable[Values | None]) -> Iterator[Values]:
    """In the portal's words; what has none cannot be there by us."""
    for one in values:
        with suppress(Unmappable):
            if one is not None:
                yield into_words(one)


def _listed(batch: OnlineBatch, reader: Reader) -> ListedBatch:
    key, values = reader.batch_from_online(batch)
    ours, mark = reader.ours(key), reader.mark_batch(values)
    return ListedBatch(key, batch.online_id, batch.status, ours, values, mark, batch.change, as_of=batch.as_of)


def _by_key(batches: Iterable[ListedBatch]) -> dict[BatchKey, ListedBatch]:
    """The first batch of each natural key, as the portal orders them; the people of the `others` belong to it too."""
    found: dict[BatchKey, ListedBatch] = {}
    for batch in batches:
        first = found.setdefault(batch.key, batch)
        if first is not batch:
            marks = (first.change, batch.change)
            both = "\n".join(marks) if all(marks) else ""
            found[batch.key] = replace(first, others=(*first.others, batch.online_id), change=both)
    return found


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
