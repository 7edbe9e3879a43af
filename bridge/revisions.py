"""Revisions: when the contents to be sent are the same as before, and when they are new ones with a serial of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from schemas.batch import BatchKey
from schemas.portal import Operation
from schemas.revision import Revision, State


@dataclass(frozen=True, slots=True)
class Subject:
    """What a revision is of: `person` is HEADER or SUBMISSION for a batch's own, `mark` the contents."""

    batch: BatchKey
    person: bytes
    mark: bytes
    operation: Operation


@lru_cache(maxsize=64)
def _key(batch: BatchKey) -> str:
    """Asked for each of a batch's people in turn."""
    return str(batch)


@dataclass(frozen=True, slots=True)
class Numbering:
    """Makes serials. `organisation` is the federation's own code, `serial` the vault's keyed hash."""

    organisation: str
    serial: Callable[[Sequence[str]], str]

    def to_send(self, latest: Revision | None, subject: Subject) -> Revision:
        """The latest revision again while its contents are the same and nobody has decided on it; else the next."""
        if latest is not None and latest.mark == subject.mark and latest.state is State.READY:
            return latest
        return self.next(latest, subject)

    def next(self, latest: Revision | None, subject: Subject) -> Revision:
        """A new revision. The number is part of the serial: contents that go from A to B and back to A are three."""
        number = latest.number + 1 if latest else 1
        identity = (self.organisation, _key(subject.batch), subject.person.hex(), str(number))
        serial = self.serial((*identity, subject.mark.hex(), subject.operation))
        return Revision(serial, number, subject.mark, State.READY)
