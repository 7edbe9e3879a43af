"""Resync: what a person asks for again by hand. It asks for new revisions; the run itself is the ordinary one."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date

from bridge.ports import Journal
from bridge.revisions import Numbering, Subject
from schemas.batch import BatchKey
from schemas.journal import BatchFacts, PersonFacts
from schemas.portal import OnlineStatus, Operation
from schemas.revision import HEADER, SUBMISSION, Revision, State

_ASKED_AGAIN = {State.REFUSED, State.DIFFERS, State.AGREED, State.QUARANTINED}
_BY_HAND_ONLY_VOID = {State.QUARANTINED}
"""What people carry is exported again only after they have given up the file before it."""

_NOT_SETTLED = {State.UNKNOWN, State.ACCEPTED, State.EXISTS, State.READY}  # READY: just read back as absent


@dataclass(frozen=True, slots=True)
class Wish:
    """What to bring up again; exactly one of them is set."""

    batches: frozenset[BatchKey] = frozenset()
    person: bytes | None = None
    since: date | None = None
    refused: bool = False
    unknown: bool = False


@dataclass(frozen=True, slots=True)
class Chosen:
    """`batches` is what the run is limited to, `again` the new revisions it may send."""

    batches: frozenset[BatchKey]
    again: tuple[tuple[BatchKey, bytes, Revision], ...]


def spoken_of(journal: Journal, wish: Wish) -> frozenset[BatchKey] | None:
    """Whose people must be listed to know what the wish comes to; None: all, for somebody may stand in any of them."""
    if wish.person is not None:
        return None
    batches = [batch for batch in journal.deliveries.batches() if batch.ours]
    return frozenset(_keys(wish, batches, journal.deliveries.disagreeing()))


def choose(journal: Journal, wish: Wish, numbering: Numbering, *, by_hand: bool = False) -> Chosen:
    """Find what the wish names. Asked for again is what online lacks, and a refused change to what was agreed.

    An unknown outcome is not: it is settled by reading back, once its window has passed.
    """
    batches = {batch.key: batch for batch in journal.deliveries.batches() if batch.ours}
    people = [fact for fact in journal.deliveries.disagreeing() if fact.batch in batches]
    keys = frozenset(_keys(wish, batches.values(), people))
    again = [*_headers(wish, [batches[key] for key in keys], numbering)]
    again += [_again(fact, numbering) for fact in people if fact.batch in keys and _wanted_again(fact, wish)]
    if by_hand:
        kept = {(batch.key, HEADER) for batch in batches.values() if _state(batch.header) in _BY_HAND_ONLY_VOID}
        kept |= {(fact.batch, fact.person) for fact in people if _state(fact.revision) in _BY_HAND_ONLY_VOID}
        again = [one for one in again if one[:2] not in kept]
    return Chosen(keys, tuple(again))


def _keys(wish: Wish, batches: Collection[BatchFacts], people: Collection[PersonFacts]) -> Iterator[BatchKey]:
    if wish.refused or wish.unknown:
        states = {State.REFUSED} if wish.refused else _NOT_SETTLED
        yield from (
            batch.key for batch in batches if _state(batch.header) in states or _state(batch.submission) in states
        )
        yield from (fact.batch for fact in people if _state(fact.revision) in states)
    elif wish.person is not None:
        yield from (fact.batch for fact in people if fact.person == wish.person)
    elif wish.since is not None:
        yield from (batch.key for batch in batches if batch.end is not None and batch.end >= wish.since)
    else:
        yield from (batch.key for batch in batches if batch.key in wish.batches)


def _headers(
    wish: Wish, batches: Collection[BatchFacts], numbering: Numbering
) -> Iterator[tuple[BatchKey, bytes, Revision]]:
    if wish.unknown or wish.person is not None:
        return
    for batch in batches:
        mark = batch.mark_offline
        if mark is None:
            continue
        if mark != batch.mark_online and _again_is_due(batch.header, batch.mark_online, batch.mark_agreed, wish):
            operation = Operation.UPDATE_BATCH if batch.mark_online else Operation.SAVE_BATCH
            subject = Subject(batch.key, HEADER, mark, operation)
            yield batch.key, HEADER, numbering.next(batch.header, subject)
        if batch.submission is not None and _submission_is_due(batch, wish):
            subject = Subject(batch.key, SUBMISSION, mark, Operation.SUBMIT)
            yield batch.key, SUBMISSION, numbering.next(batch.submission, subject)


def _submission_is_due(batch: BatchFacts, wish: Wish) -> bool:
    """Online lacks it while the batch is a draft, or gone: it is sent once the batch is whole."""
    taken = batch.status is not None and batch.status is not OnlineStatus.DRAFT
    return not taken and _again_is_due(batch.submission, None, None, wish)


def _wanted_again(fact: PersonFacts, wish: Wish) -> bool:
    if wish.unknown or fact.offline is None or fact.held:
        return False
    if wish.person is not None and fact.person != wish.person:
        return False
    return _again_is_due(fact.revision, fact.online, fact.agreed, wish)


def _again_is_due(revision: Revision | None, online: bytes | None, agreed: bytes | None, wish: Wish) -> bool:
    state = _state(revision)
    if online is None:
        return state in ({State.REFUSED} if wish.refused else _ASKED_AGAIN)
    return state is State.REFUSED and online == agreed


def _again(fact: PersonFacts, numbering: Numbering) -> tuple[BatchKey, bytes, Revision]:
    operation = Operation.UPDATE_PERSON if fact.online else Operation.SAVE_PEOPLE
    subject = Subject(fact.batch, fact.person, fact.offline or b"", operation)
    return fact.batch, fact.person, numbering.next(fact.revision, subject)


def _state(revision: Revision | None) -> State | None:
    return revision.state if revision else None
