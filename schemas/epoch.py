"""Who writes the journal, and whether it is the journal it was: the shapes of lock, epoch and fence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from schemas.journal import Instant
from schemas.texts import T, Text


@dataclass(frozen=True, slots=True)
class Writer:
    """The process that holds the journal. `silent_s`: so long ago its lease ended; 0 while it is within its lease."""

    host: str
    pid: int
    work: str
    since: str
    silent_s: float = 0.0


class Why(StrEnum):
    """What shows that the journal may not know what was sent last."""

    RESTORED = "restored"
    OLDER = "older"
    ANOTHER = "another"
    COPIED = "copied"
    ALONE = "alone"


@dataclass(frozen=True, slots=True)
class Fence:
    """A fence that stands: why, since when, and whether all batches were listed after its window of `window_s` had passed."""

    why: Why
    since: Instant
    listed: bool
    epoch: int
    window_s: float


WHY: dict[Why, Text] = {
    Why.RESTORED: T("The journal was restored from a backup."),
    Why.OLDER: T("The journal is older than what it has sent: it was put back, or the machine was."),
    Why.ANOTHER: T("The journal is another one than the one that worked here before."),
    Why.COPIED: T("The journal was copied here from another machine or folder, or its folder was put back."),
    Why.ALONE: T("The file {name} beside the journal is missing, so nobody knows whether the journal is the newest."),
}


def why_in_words(why: Why, name: str) -> Text:
    """`name` is that of the journal's epoch file."""
    return WHY[why].filled(name=name)
