"""What the journal tells the steps, and what they tell it: marks, states and canonical values.

Canonical values are `field → text` in the order of `PERSON_FIELDS` or `BATCH_FIELDS`; enums stand as their value, days
as YYYY-MM-DD. A mark (16 bytes) stands for one set of values; equal marks mean equal contents.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from schemas.batch import BatchKey
from schemas.portal import Answer, DeliveryClass, OnlineStatus, Operation, Payload
from schemas.revision import Revision
from schemas.roster import FileStamp, Place, Problem, Reading
from schemas.texts import Text

PERSON_FIELDS = ("name", "id_type", "id_no", "phone", "unit", "category")
BATCH_FIELDS = ("year", "organiser", "name", "level", "base", "start", "end", "headcount", "leaders")

Values = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Instant:
    """One moment on two clocks: `at` for people (Asia/Shanghai), `uptime_s` for waiting, good within one `boot`."""

    at: datetime
    uptime_s: float
    boot: str


@dataclass(frozen=True, slots=True)
class Settling:
    """How an unknown outcome may be decided on this portal. `by_hand`: what is sent is a file that a person uploads.

    `key_life_s`: so long the portal honours the key of a request (K2). As long as it does, the same request decides and
    absence proves nothing; after that the key is as good as none. A request that leaves in the key's last window might come
    when it is dead, and be stored anew.
    """

    delivery_class: DeliveryClass
    window_s: float
    by_hand: bool = False
    key_life_s: float | None = None

    def waited(self, since: Instant, now: Instant) -> bool:
        """Whether absence is a proof by now, by the clock that nobody can set."""
        return since.boot == now.boot and now.uptime_s - since.uptime_s >= max(self.window_s, self.key_life_s or 0.0)

    def repeatable(self, since: Instant, now: Instant) -> bool:
        """Whether a request that leaves now under a key first used then comes while it lives; after a reboot nobody knows."""
        if self.key_life_s is None or since.boot != now.boot:
            return False
        return now.uptime_s - since.uptime_s + self.window_s < self.key_life_s


@dataclass(frozen=True, slots=True)
class Rest:
    """How the last run left the portal: `silent`, not there or taking nothing; `until`, it wants no call before then."""

    silent: bool = False
    until: datetime | None = None

    def left_s(self, now: datetime) -> float:
        """So many seconds from now on it wants no call."""
        return 0.0 if self.until is None else max((self.until - now).total_seconds(), 0.0)


@dataclass(frozen=True, slots=True)
class KnownFile:
    """What the journal remembers of a file it has read.

    `holds_batches`: some batch would lose it. `marks`: sheet → what stands for all it shows.
    """

    stamp: FileStamp
    sha256: bytes
    holds_batches: bool = True
    marks: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Intake:
    """What a look at the sources brought: files read anew, saved again with the same content, and gone.

    `failures` speak of sources and files that could not be looked at.
    """

    read: list[tuple[KnownFile, Reading]] = field(default_factory=list)
    touched: list[FileStamp] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    failures: list[Text] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What offline wants online of one batch, after checking and mapping.

    `people` are the marks of all participants by person key; those in `held` must not be sent, nor must the whole
    batch when it is `blocked`. `values` is None when no source holds the batch any more.
    """

    key: BatchKey
    ours: bool
    blocked: bool
    problems: tuple[Problem, ...]
    values: Values | None
    mark: bytes | None
    people: Mapping[bytes, bytes] = field(default_factory=dict)
    held: frozenset[bytes] = frozenset()


@dataclass(frozen=True, slots=True)
class ListedBatch:
    """A batch as reading back found it, in canonical values.

    `change` is the portal's change mark, empty where it has none. `others` are the online ids of further batches that
    it lists under the same natural key. `as_of` is the time of the export it stands in, where it stands in one.
    """

    key: BatchKey
    online_id: str
    status: OnlineStatus
    ours: bool
    values: Values
    mark: bytes
    change: str = ""
    others: tuple[str, ...] = ()
    as_of: datetime | None = None

    @property
    def online_ids(self) -> tuple[str, ...]:
        return (self.online_id, *self.others)


@dataclass(frozen=True, slots=True)
class LastRead:
    """When a batch's people were last listed, and under which change mark of the batch.

    `change` None: whatever the mark says, they must be listed anew. `in_doubt`: something of the batch is not proven
    equal, or not decided yet.
    """

    at: datetime | None
    change: str | None
    in_doubt: bool


@dataclass(frozen=True, slots=True)
class ListedPerson:
    """A participant as reading back found them. `raw` are the portal's own spellings, masks filled in where unambiguous."""

    online_id: str
    person: bytes
    mark: bytes
    values: Values
    raw: Values

    def __repr__(self) -> str:
        return f"ListedPerson({self.online_id})"


@dataclass(frozen=True, slots=True)
class BatchFacts:
    """All the journal knows of one batch's header. `times_online`: so often the portal lists it."""

    key: BatchKey
    ours: bool
    blocked: bool
    problems: tuple[Problem, ...]
    offline: Values | None
    online: Values | None
    agreed: Values | None
    online_id: str
    status: OnlineStatus | None
    mark_offline: bytes | None
    mark_online: bytes | None
    mark_agreed: bytes | None
    header: Revision | None
    submission: Revision | None
    read_back_at: datetime | None
    entered_on: date | None
    reviewed_on: date | None
    times_online: int = 1

    @property
    def end(self) -> date | None:
        known = self.offline or self.online
        return None if known is None else date.fromisoformat(known["end"])


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """One person whose two sides disagree, or are equal while something else may be on its way.

    `code` is the portal's to the last request.
    """

    batch: BatchKey
    person: bytes
    offline: bytes | None
    online: bytes | None
    agreed: bytes | None
    revision: Revision | None
    held: bool
    code: str = ""

    @property
    def offline_only(self) -> bool:
        return self.online is None and self.offline is not None

    @property
    def online_only(self) -> bool:
        return self.offline is None and self.online is not None


@dataclass(frozen=True, slots=True)
class Person:
    """One person opened from the journal, to be compared, matched or shown masked."""

    person: bytes
    offline: Values | None
    online: Values | None
    raw: Values | None
    agreed: Values | None
    where: Place | None
    words: str = ""
    online_id: str = ""

    def __repr__(self) -> str:
        return f"Person({self.person.hex()[:10]})"


@dataclass(frozen=True, slots=True)
class SetAside:
    """One offline row, sheet or file that could not become a participant."""

    where: Place
    problems: tuple[Problem, ...]
    batch: BatchKey | None


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The same person again in one batch: offline the later row, online the later record."""

    batch: BatchKey
    person: bytes
    where: Place | None


@dataclass(frozen=True, slots=True)
class Tally:
    """Head counts straight from the journal's tables: the input of conservation, and its agreed part."""

    offline_rows: int
    online_rows: int
    leaders: int
    damaged: int
    duplicates_offline: int
    duplicates_online: int
    superseded: int
    not_ours_offline: int
    not_ours_online: int
    agreed: int


@dataclass(frozen=True, slots=True)
class BatchTally:
    """Head counts of one batch: rows offline, people in `pair` on each side, agreed ones, damaged rows.

    `known` are those who agreed once, and still stand on a side.
    """

    offline: int = 0
    online: int = 0
    agreed: int = 0
    damaged: int = 0
    held: int = 0
    known: int = 0


@dataclass(frozen=True, slots=True)
class Dispatch:
    """One request about to be made: its revisions (person key → mark), its payload, its operation."""

    batch: BatchKey
    operation: Operation
    revisions: Mapping[bytes, Revision]
    payload: Payload


@dataclass(frozen=True, slots=True)
class Carried:
    """What of one batch people carry by hand: in files that lie in the outbox, or uploaded and not read back.

    `since` is when the oldest of it was exported or uploaded. `stale` counts what offline wants otherwise by now;
    `header` says that the batch's own facts are among it. `files` are names in the outbox, without personal data.
    """

    batch: BatchKey
    uploaded: bool
    since: datetime
    people: int
    stale: int
    header: bool
    files: tuple[str, ...] = ()

    def days(self, now: datetime) -> int:
        """Whole days since then."""
        return max((now - self.since).days, 0)


@dataclass(frozen=True, slots=True)
class Exported:
    """The newest revision of one person in one batch, and when its file was made."""

    batch: BatchKey
    person: bytes
    revision: Revision
    exported_at: datetime


@dataclass(frozen=True, slots=True)
class Answered:
    """One request that has come to an end; `attempt` is the number under which the journal keeps it."""

    dispatch: Dispatch
    attempt: int
    answer: Answer


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a timeline. `detail` is never personal data."""

    at: datetime
    batch: str
    person: bytes | None
    what: str
    detail: Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail in the outbox, as the bytes it is sent as."""

    message_id: str
    sender: str
    recipients: tuple[str, ...]
    message: bytes
    made_at: datetime
    tries: int = 0
