"""The life of one revision of a record: the states of the journal and the edges between them.

A revision is one content of a person-in-batch, of a batch's header, or of a batch's submission for review.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from schemas.outcome import Outcome
from schemas.portal import DeliveryClass


class State(StrEnum):
    READY = "ready"
    INTENT = "intent"  # its bytes are durable, nothing was sent
    SENDING = "sending"  # the first byte may have left
    EXPORTED = "exported"  # its file is being written: a stop in between writes the same bytes again
    AWAITING_HUMAN = "awaiting_human"  # its file lies in the outbox, for somebody to upload
    ACCEPTED = "accepted"
    EXISTS = "exists"  # the portal says it has it already: reading back decides
    REFUSED = "refused"
    UNKNOWN = "unknown"
    QUARANTINED = "quarantined"  # nothing but a person can decide (K4)
    VOUCHED = "vouched"  # a person says that the portal has it; reading back may still prove it
    VOIDED = "voided"  # a person says that its file will never be uploaded, or that the portal has not got it
    AGREED = "agreed"  # read back, equal
    DIFFERS = "differs"  # read back, not equal


OUT = frozenset({State.EXPORTED, State.AWAITING_HUMAN})
"""In a file that nobody has uploaded yet."""

_UNDECIDED = OUT | {
    State.INTENT,
    State.SENDING,
    State.ACCEPTED,
    State.EXISTS,
    State.UNKNOWN,
    State.QUARANTINED,
    State.VOUCHED,
}

BY_WORD = frozenset({State.UNKNOWN, State.QUARANTINED, State.VOUCHED, State.VOIDED})
"""What a person's word may decide: what nothing has proven. A word given before may be taken back."""

HEADER = b""
"""Stands for the person in the revision of a batch's header."""

SUBMISSION = b"submission"
"""Stands for the person in the revision of a batch's submission for review."""

OF_THE_BATCH = frozenset({HEADER, SUBMISSION})
"""What stands in the place of a person for the batch itself."""


@dataclass(frozen=True, slots=True)
class Revision:
    """`serial` is the idempotency key; `mark` is the content it was made from."""

    serial: str
    number: int
    mark: bytes
    state: State

    @property
    def undecided(self) -> bool:
        """It may be online or not: only reading back may move it on."""
        return self.state in _UNDECIDED

    @property
    def out(self) -> bool:
        """It lies in a file that waits for somebody to upload it."""
        return self.state in OUT

    def carried(self, *, by_hand: bool) -> bool:
        """Somebody has it in hand: to upload it, or, where the portal is reached by hand, to bring back an export."""
        return self.out or (by_hand and self.state is State.ACCEPTED)


_AFTER_SENDING = {
    Outcome.ACCEPTED: State.ACCEPTED,
    Outcome.EXISTS: State.EXISTS,
    Outcome.REFUSED: State.REFUSED,
    Outcome.UNKNOWN: State.UNKNOWN,
    Outcome.NOT_SENT: State.READY,
    Outcome.NOT_PROCESSED: State.READY,
    Outcome.IN_PARTS: State.READY,
    Outcome.EXPORTED: State.AWAITING_HUMAN,
}


def after_sending(outcome: Outcome) -> State:
    """SENDING → what the answer made known."""
    return _AFTER_SENDING[outcome]


def after_a_stop(state: State) -> State:
    """What a state means to the process that finds it at its start."""
    return {State.INTENT: State.READY, State.SENDING: State.UNKNOWN}.get(state, state)


@dataclass(frozen=True, slots=True)
class ReadBack:
    """What reading back showed of one record; `before` is the content last agreed.

    `waited` says that absence is a proof: the settle window had passed when the reading began, or the export was made
    after the upload. `stale` says that the export is older than the upload: absence from it says nothing at all.
    """

    online: bytes | None
    before: bytes | None
    waited: bool
    stale: bool = False


def after_reading_back(revision: Revision, seen: ReadBack, kind: DeliveryClass) -> State:
    """Presence is a proof at any time, absence only after the settle window."""
    if seen.online == revision.mark:
        return State.AGREED
    untouched = seen.online is None or seen.online == seen.before
    match revision.state:
        case State.EXPORTED | State.AWAITING_HUMAN if untouched:
            return revision.state
        case State.ACCEPTED | State.UNKNOWN if untouched and seen.stale:
            return revision.state
        case State.ACCEPTED | State.UNKNOWN if untouched:
            return _unsettled(kind) if seen.waited else State.UNKNOWN
        case State.QUARANTINED if untouched:
            return State.QUARANTINED
        case State.VOUCHED if untouched:
            return State.QUARANTINED if seen.waited and kind is not DeliveryClass.K4 else State.VOUCHED
        case State.EXISTS if seen.online is None:
            return State.REFUSED
        case State.ACCEPTED | State.UNKNOWN | State.EXISTS | State.AGREED | State.QUARANTINED | State.VOUCHED:
            return State.DIFFERS
        case State.EXPORTED | State.AWAITING_HUMAN:
            return State.DIFFERS
        case _:
            return revision.state


def _unsettled(kind: DeliveryClass) -> State:
    return State.QUARANTINED if kind is DeliveryClass.K4 else State.READY
