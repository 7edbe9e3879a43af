"""The online side in canonical values: what the portal holds, and what it says to a write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from schemas.outcome import Outcome


class Operation(StrEnum):
    """What a portal can be asked to change; an attempt in the journal is always one of these."""

    SAVE_BATCH = "save_batch"
    UPDATE_BATCH = "update_batch"
    SAVE_PEOPLE = "save_people"
    UPDATE_PERSON = "update_person"
    SUBMIT = "submit"


class DeliveryClass(StrEnum):
    """What may be promised on this portal (design: the journal)."""

    K1 = "K1"  # enforces our serial per record
    K2 = "K2"  # honours an Idempotency-Key for a known life
    K3 = "K3"  # can be queried
    K4 = "K4"  # neither: never re-sent automatically


class OnlineStatus(StrEnum):
    """Where a batch stands in the portal's own review."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    REVIEWED = "reviewed"
    RETURNED = "returned"

    @property
    def locked(self) -> bool:
        """A reviewed batch is never changed: what differs is a finding (domain.md 3)."""
        return self is OnlineStatus.REVIEWED


@dataclass(frozen=True, slots=True)
class Record:
    """One record on its way to the portal: canonical field names, the dialect's words.

    `serial` is the idempotency key. `online_id` is the portal's own id where it has one already.
    """

    serial: str
    fields: Mapping[str, str]
    online_id: str = ""

    def __repr__(self) -> str:
        return f"Record({self.serial})"


@dataclass(frozen=True, slots=True)
class Payload:
    """One request, made before it is sent: `body` is what it says, journalled and then sent in exactly these bytes.

    (A dialect that wraps, stamps or encrypts a request does so around these bytes, at each try anew.) `values` fill what
    else of the request depends on its records. An answer names a record by its serial, or else by that of `echoes`;
    people it may name by their `names`. `beside` are files for the person who carries it, (name, content): not sent,
    and not journalled.
    """

    operation: Operation
    path: str
    body: bytes
    serials: tuple[str, ...]
    names: tuple[str, ...] = ()
    echoes: tuple[str, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    beside: tuple[tuple[str, bytes], ...] = ()

    def __repr__(self) -> str:
        return f"Payload({self.operation}, {len(self.serials)} records)"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of one record after a request. `words` are the portal's own, perhaps personal."""

    outcome: Outcome
    code: str = ""
    words: str = ""
    online_id: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one request, a verdict for each serial of its payload; `seen` names the cause.

    `whole`: the portal spoke of the request and not of its records one by one. `shut`: nothing more should go out now,
    for the portal is closed or something else answers in its place.
    """

    seen: str
    status: int | None
    verdicts: Mapping[str, Verdict]
    tries: int = 1
    drift: str = ""
    whole: bool = False
    shut: bool = False


@dataclass(frozen=True, slots=True)
class OnlineBatch:
    """One batch as the portal lists it: canonical field names, values still in the portal's words.

    `change` is its change mark: as long as it stays the same, so do the batch and its people. Empty: it has none.
    `as_of` is when the portal said so, where that is not now: the time of the export it stands in.
    """

    online_id: str
    fields: Mapping[str, str]
    status: OnlineStatus
    headcount: int | None = None
    change: str = ""
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class OnlinePerson:
    """One participant as the portal lists it; `id_no` and `phone` may be masked with `*`."""

    online_id: str
    fields: Mapping[str, str]

    def __repr__(self) -> str:
        return f"OnlinePerson({self.online_id})"


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """One row of the portal's error file: who was refused, in which batch, and why, all in the portal's words.

    `row` counts from 1 as Excel shows it; `batch` has canonical field names; `as_of` is the time of the file.
    """

    file: str
    row: int
    id_no: str
    name: str
    batch: Mapping[str, str]
    words: str
    as_of: datetime

    def __repr__(self) -> str:
        return f"RefusedRow({self.file}, {self.row})"
