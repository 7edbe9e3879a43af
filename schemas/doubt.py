"""What nobody can find out but a person: records whose outcome is not proven, and the word that decides them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from schemas.batch import BatchKey
from schemas.revision import BY_WORD, Revision


@dataclass(frozen=True, slots=True)
class Doubt:
    """The newest revision of one record: `person` is HEADER or SUBMISSION for a batch's own.

    `since` is when it came into its state. `may_come`: the settle window has not passed, the portal may still store it.
    """

    batch: BatchKey
    person: bytes
    revision: Revision
    since: datetime
    may_come: bool

    @property
    def open(self) -> bool:
        return self.revision.state in BY_WORD
