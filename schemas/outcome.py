"""The one outcome table: from what was seen of a request to what is known of its records.

`known` is total: every `Seen` has an answer, and whatever is not listed is UNKNOWN. A record that the
portal may have stored is never called refused, and one it may not have stored is never called accepted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What is known of one record after one request."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    EXISTS = "exists"  # the portal had it already: contents decide when it is read back
    UNKNOWN = "unknown"
    NOT_SENT = "not_sent"  # never reached the portal: the same attempt may be tried again
    NOT_PROCESSED = "not_processed"  # reached it, and it says it did nothing: likewise
    IN_PARTS = "in_parts"  # reached it, it did nothing, and the same request will not do: its parts may
    EXPORTED = "exported"  # handed to a person as a file


class Transport(StrEnum):
    """How a request ended before anybody looked at what the answer says."""

    CONNECT_FAILED = "connect_failed"
    LOST = "lost"  # the answer did not arrive whole: time-out, reset, truncated, deadline
    NOT_OURS = "not_ours"  # an answer arrived that the portal's program did not write: HTML, no JSON, no code
    ANSWERED = "answered"


class Reaction(StrEnum):
    """What the dialect says an answer means, by HTTP status, code and message."""

    SUCCESS = "success"
    RETRY = "retry"
    THROTTLE = "throttle"
    AUTH = "auth"  # our grants or our signature: nothing was done
    CLOCK = "clock"  # the time we stamped the request with: nothing was done
    CLOSED = "closed"  # the portal is shut: nothing was done, and nothing more is asked for in this run
    TOO_LARGE = "too_large"  # so many records at once are too many (413): nothing was done
    EXISTS = "exists"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Seen:
    """All that was seen of one request. `code` and `message` are the portal's own, as text."""

    transport: Transport
    status: int | None = None
    code: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of a dialect's answer table; a field left out matches anything, `message` is a pattern."""

    reaction: Reaction
    status: int | None = None
    code: str | None = None
    message: str | None = None

    def matches(self, seen: Seen) -> bool:
        return (
            (self.status is None or self.status == seen.status)
            and (self.code is None or self.code == seen.code)
            and (self.message is None or re.search(self.message, seen.message) is not None)
        )


_OF_TRANSPORT = {
    Transport.CONNECT_FAILED: Outcome.NOT_SENT,
    Transport.LOST: Outcome.UNKNOWN,
    Transport.NOT_OURS: Outcome.UNKNOWN,
}

_OF_REACTION = {
    Reaction.SUCCESS: Outcome.ACCEPTED,
    Reaction.RETRY: Outcome.NOT_PROCESSED,
    Reaction.THROTTLE: Outcome.NOT_PROCESSED,
    Reaction.AUTH: Outcome.NOT_PROCESSED,
    Reaction.CLOCK: Outcome.NOT_PROCESSED,
    Reaction.CLOSED: Outcome.NOT_PROCESSED,
    Reaction.TOO_LARGE: Outcome.IN_PARTS,
    Reaction.EXISTS: Outcome.EXISTS,
    Reaction.REFUSED: Outcome.REFUSED,
    Reaction.UNKNOWN: Outcome.UNKNOWN,
}


def reaction(seen: Seen, rules: Sequence[Rule]) -> Reaction:
    """The first rule that matches decides; no rule matches: UNKNOWN."""
    return next((rule.reaction for rule in rules if rule.matches(seen)), Reaction.UNKNOWN)


def listed(seen: Seen, rules: Sequence[Rule]) -> bool:
    """Whether the dialect knows this answer at all."""
    return any(rule.matches(seen) for rule in rules)


def known(seen: Seen, rules: Sequence[Rule]) -> Outcome:
    """What is known of the records of a request that ended as `seen`. Total over every `Seen`."""
    if seen.transport is not Transport.ANSWERED:
        return _OF_TRANSPORT[seen.transport]
    return _OF_REACTION[reaction(seen, rules)]
