"""The brake: why a batch is held back before its first write, and what somebody has reviewed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from schemas.batch import BatchKey
from schemas.texts import Text


class Reason(StrEnum):
    """What makes a change look like a mistake of the ledger's, and not like work to be entered."""

    EMPTIED = "emptied"  # it had people, and has none
    FEWER = "fewer"  # it has lost more of its people than was said to be usual
    CHANGED = "changed"  # most of its people are not what was agreed
    SHIFTED = "shifted"  # one column holds what stood in another column or row, or nothing like what stood there
    YEAR = "year"  # its days, its title or its people are those of another year


@dataclass(frozen=True, slots=True)
class Sign:
    """One reason, with its figures in words. `texts` hold no personal data."""

    reason: Reason
    texts: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """One batch that is held back. `review` stands for exactly this work: who has looked lets it through by it, once.

    `records` is how many are not written; an emptied ledger has none to write, and is told of all the same.
    """

    batch: BatchKey
    signs: tuple[Sign, ...]
    records: int
    review: str


@dataclass(frozen=True, slots=True)
class Review:
    """Somebody has looked at what was held, and let it through.

    `people` is how many the ledger had then, `header` the mark of its header, `agreed` that of the header last agreed.
    """

    hash: str
    batch: BatchKey
    by: str
    at: datetime
    people: int
    header: bytes | None
    agreed: bytes | None


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What is let through in this run, and who says so."""

    hashes: frozenset[str] = frozenset()
    by: str = ""
