"""对账报告 as a frozen value: everything the page, the sheet and the mail show, already masked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from schemas.batch import BatchKey, Level
from schemas.finding import Bucket, Case, FieldDifference, Finding, Moved
from schemas.journal import BatchFacts
from schemas.portal import OnlineStatus
from schemas.roster import Place


class RunState(StrEnum):
    """A run with one unconfirmed row is never called complete."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    FAILED = "failed"
    MISSED = "missed"  # nobody ran on that day, or nobody came to the end: written off when the next run began


class ClockState(StrEnum):
    """Where a batch stands against its five days; only an agreement read back stops the clock."""

    NOT_YET = "not_yet"  # the batch has not ended
    IN_TIME = "in_time"
    DUE_SOON = "due_soon"
    DUE_TODAY = "due_today"
    OVERDUE = "overdue"
    MET = "met"
    MET_LATE = "met_late"


@dataclass(frozen=True, slots=True)
class Clock:
    """One statutory clock. `hours_left` runs to the end of the due day (negative: overdue), None once met.

    `arithmetic` shows how the day was found ("2025-05-10 + 5 = 2025-05-15"); `fallback` is set where the
    holiday calendar of that year is missing and natural days were used instead.
    """

    state: ClockState
    due: date
    arithmetic: str
    hours_left: float | None = None
    met_on: date | None = None
    fallback: bool = False


@dataclass(frozen=True, slots=True)
class Side:
    """One side's conservation line: the buckets add up to `rows`."""

    rows: int
    buckets: Mapping[Bucket, int]
    as_of: datetime | None

    @property
    def conserved(self) -> bool:
        return sum(self.buckets.values()) == self.rows


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Both sides' buckets and all findings open now; of which batches, and the entry clocks of ours."""

    offline: Side
    online: Side
    findings: tuple[Finding, ...]
    batches: tuple[BatchFacts, ...]
    clocks: Mapping[BatchKey, Clock]


@dataclass(frozen=True, slots=True)
class BatchLine:
    """One batch in the report. `offline` and `online` are head counts of participants."""

    batch: BatchKey
    level: Level | None
    base: str
    start: date | None
    end: date | None
    offline: int
    online: int | None
    agreed: int
    open_findings: int
    status: OnlineStatus | None
    entry: Clock | None
    review: Clock | None


@dataclass(frozen=True, slots=True)
class Item:
    """One finding as staff read it: what, where, why, who, what next — in the report's language."""

    id: str
    code: str
    title: str
    what: str
    batch: str
    person: str
    name: str
    unit: str
    where: Place | None
    moved: Moved | None
    differences: tuple[FieldDifference, ...]
    why: str
    owner: str
    next_step: str
    source: str
    words: str
    hours_left: float | None
    due: date | None
    first_seen: datetime
    is_new: bool
    returned: bool
    to_do: bool
    case: Case | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """Built once, rendered several ways. `items` are the open findings, those to do first, by hours left.

    `banners` are sentences above everything else (a missing holiday calendar, a source that failed).
    `written` counts the batches that the run, which ends with this report, wrote to.
    """

    federation: str
    business_date: date
    made_at: datetime
    state: RunState
    offline: Side
    online: Side
    batches: tuple[BatchLine, ...]
    items: tuple[Item, ...]
    settled: tuple[Item, ...]
    banners: tuple[str, ...]
    practice: bool = False
    written: int = field(default=0, compare=False)  # of the run, not of what the report says

    @property
    def held(self) -> tuple[Item, ...]:
        """Batches the brake keeps back."""
        return tuple(item for item in self.items if item.case is Case.BRAKE)

    @property
    def to_do(self) -> tuple[Item, ...]:
        return tuple(item for item in self.items if item.to_do)

    @property
    def due_soon(self) -> int:
        """Batches whose entry clock is due today or soon, not counting those overdue."""
        soon = {ClockState.DUE_SOON, ClockState.DUE_TODAY}
        return sum(line.entry is not None and line.entry.state in soon for line in self.batches)

    @property
    def overdue(self) -> int:
        return sum(line.entry is not None and line.entry.state is ClockState.OVERDUE for line in self.batches)
