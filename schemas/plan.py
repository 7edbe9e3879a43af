"""What one run will do to the online side, decided before the first byte is sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from schemas.batch import BatchKey
from schemas.portal import Operation


@dataclass(frozen=True, slots=True)
class PersonWork:
    """One person to be created or updated, by the person key."""

    person: bytes
    operation: Operation


@dataclass(frozen=True, slots=True)
class BatchWork:
    """All work on one batch: the header first, then its people, or the submission for review."""

    batch: BatchKey
    end: date
    header: Operation | None = None
    people: tuple[PersonWork, ...] = ()
    submit: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """Ordered by the batches' ends: what is due first goes first."""

    work: tuple[BatchWork, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.work)
