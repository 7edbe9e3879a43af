"""What one run will do to the online side, decided before the first byte is sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from schemas.batch import BatchKey
from schemas.brake import Held
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
    """Ordered by the batches' ends: what is due first goes first. `held`: what the brake keeps back, or would."""

    work: tuple[BatchWork, ...] = ()
    held: tuple[Held, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.work)


class Marks(NamedTuple):
    """Where one record stands: what offline wants, what online holds, what was last agreed."""

    offline: bytes | None
    online: bytes | None
    agreed: bytes | None


@dataclass(frozen=True, slots=True)
class Row:
    """One record of a frozen plan; `person` is HEADER or SUBMISSION for a batch's own. It holds while the marks do."""

    batch: BatchKey
    person: bytes
    operation: Operation
    marks: Marks


class Why(StrEnum):
    """Why a row of a frozen plan is left out."""

    DONE = "done"  # online is as the plan would make it
    CHANGED = "changed"  # one of the sides has changed since the plan
    UNSEEN = "unseen"  # the batch could not be read back in this run


@dataclass(frozen=True, slots=True)
class Left:
    """One row of a frozen plan that was left out."""

    row: Row
    why: Why
