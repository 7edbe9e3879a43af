"""What the bridge needs from the world, as Protocols. Adapters fit them; `wiring` lets mypy prove it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from schemas.batch import BatchKey
from schemas.brake import Reason, Review
from schemas.doubt import Doubt
from schemas.epoch import Fence
from schemas.finding import Finding, Sighting
from schemas.journal import (
    Answered,
    BatchFacts,
    BatchTally,
    Carried,
    Dispatch,
    Duplicate,
    Event,
    Exported,
    Instant,
    Intake,
    KnownFile,
    LastRead,
    Letter,
    ListedBatch,
    ListedPerson,
    Person,
    PersonFacts,
    Rest,
    SetAside,
    Tally,
    Values,
    Wanted,
)
from schemas.plan import Marks
from schemas.portal import Answer, DeliveryClass, OnlineBatch, OnlinePerson, Operation, Payload, Record, RefusedRow
from schemas.report import Report, RunState
from schemas.revision import Revision
from schemas.roster import FileStamp, Problem, Reading, Roster
from schemas.superseded import SupersededList
from schemas.texts import Text

Expected = Callable[[], Iterable[Values]]
"""What may be looked for by name, in the portal's words; asked for only where it is needed."""


class Clock(Protocol):
    def instant(self) -> Instant: ...


class Stop(Protocol):
    """Whether somebody asked the process to end: polled between two requests, never within one."""

    @property
    def requested(self) -> bool: ...


class Watch(Protocol):
    """Who is told how far a run is: a progress bar, or nobody."""

    def step(self, name: str, total: int | None = None) -> None: ...
    def advance(self, count: int = 1) -> None: ...


class Source(Protocol):
    """Where offline records come from: one folder, one database."""

    @property
    def name(self) -> str: ...

    def look(self) -> Iterable[FileStamp]:
        """What is there now, without opening it. Raises SourceError when the source itself is gone."""

    def digest(self, stamp: FileStamp) -> bytes:
        """SHA-256 of the content: the second gate of intake. Raises SourceError when the source went away meanwhile."""

    def read(self, stamp: FileStamp, known: Mapping[str, str]) -> Reading:
        """One file, understood, but for the sheets whose mark is `known`. Bad content is part of the Reading.

        Raises SourceError when the source went away meanwhile.
        """


class Portal(Protocol):
    """The provincial online system, by whatever carrier."""

    @property
    def delivery_class(self) -> DeliveryClass: ...
    @property
    def settle_window_s(self) -> float: ...
    @property
    def concurrency(self) -> int:
        """So many requests may be on their way at once."""

    @property
    def shut_for_s(self) -> float:
        """So many seconds it wants no call; infinite: none any more in this run."""

    def rows_at_once(self, operation: Operation) -> int:
        """So many records one request may carry."""

    def can(self, operation: Operation) -> bool:
        """Whether the portal offers this operation at all."""

    def prepare(
        self, operation: Operation, records: Sequence[Record], *, parent: str = "", batch: Values | None = None
    ) -> Payload:
        """The exact bytes of one request. Sends nothing.

        People go into the batch whose online id is `parent`; `batch` is its header, in the portal's words.
        """

    def send(self, payload: Payload) -> Answer:
        """Send once prepared bytes; what may safely be tried again is, within the budget.

        Never raises for what became of the records: that is the Answer, total over `payload.serials`.
        Raises AuthError when the portal does not accept our credentials (nothing was processed).
        """

    def batches(self, year: int, *, expected: Expected = tuple) -> Iterator[OnlineBatch]:
        """Every batch the portal lists for a year, or of those `expected` where it can only be asked for one at a time.

        Raises TransientError, AuthError, SchemaDrift.
        """

    def people(self, batch_online_id: str, *, expected: Expected = tuple) -> Iterator[OnlinePerson]:
        """Every participant of one batch, or of those `expected`. Raises TransientError, AuthError, SchemaDrift."""

    def notes(self) -> Sequence[Text]:
        """What was noticed in the answers so far that stops nothing and staff should know once: a new field, say."""


class Desk(Protocol):
    """Where people carry files to the portal and back: what lies there beside the exports that are read back."""

    @property
    def faults(self) -> Sequence[Text]:
        """What of the files could not be used when they were last read."""

    def check_template(self) -> None:
        """Raises SchemaDrift for an import template that is old, wrong or changed: `texts` say in what."""

    def refusals(self) -> Iterator[RefusedRow]:
        """Every row of the portal's error files. Raises TransientError."""


class Vault(Protocol):
    """Seals personal data and makes the keyed marks that stand for it in plain columns."""

    def seal(self, plain: bytes, *, bound_to: str) -> bytes: ...
    def open(self, sealed: bytes, *, bound_to: str) -> bytes: ...
    def person_key(self, id_type: str, id_no: str) -> bytes: ...
    def mark(self, values: Sequence[str]) -> bytes: ...
    def serial(self, parts: Sequence[str]) -> str: ...


class Renderer(Protocol):
    """Puts a report into the forms people read, in the language it was built for."""

    def page(self, report: Report) -> str:
        """One self-contained HTML page."""

    def sheet(self, report: Report) -> bytes:
        """The xlsx workbook."""

    def message(self, report: Report, *, message_id: str, sender: str, recipients: Sequence[str]) -> bytes:
        """The whole mail: text, HTML and the workbook, as RFC 5322 bytes."""


class Mailer(Protocol):
    def send(self, message: bytes, *, sender: str, recipients: Sequence[str]) -> Mapping[str, str]:
        """Hand one message to the mail server; returns the refused recipients with the server's words.

        Raises TransientError when the whole message may be tried again later.
        """


class Offline(Protocol):
    """The journal's memory of the offline side."""

    def files(self) -> dict[str, KnownFile]: ...
    def stage(self, intake: Intake, *, basis: str, at: datetime) -> None: ...
    def touched(self) -> tuple[BatchKey, ...]: ...
    def rosters(self, key: BatchKey) -> tuple[Roster, ...]: ...
    def want(self, wanted: Iterable[Wanted], *, at: datetime) -> None: ...
    def set_aside(self) -> tuple[SetAside, ...]: ...
    def noted(self) -> tuple[Problem, ...]: ...
    def superseded(self) -> tuple[SupersededList, ...]: ...


class Online(Protocol):
    """The journal's memory of the online side."""

    def listed(self, batches: Sequence[ListedBatch], *, year: int, started: Instant) -> frozenset[BatchKey]: ...
    def last_read(self) -> dict[BatchKey, LastRead]: ...
    def people(
        self,
        key: BatchKey,
        people: Sequence[ListedPerson],
        *,
        started: Instant,
        change: str | None = "",
        as_of: datetime | None = None,
    ) -> None: ...


class Deliveries(Protocol):
    """The journal's memory of what was sent."""

    def recover(self, now: Instant) -> int: ...
    def batches(self) -> tuple[BatchFacts, ...]: ...
    def disagreeing(self, *, only: BatchKey | None = None) -> tuple[PersonFacts, ...]: ...
    def tallies(self) -> dict[BatchKey, BatchTally]: ...
    def keep(
        self, answered: Sequence[Answered], leaving: Sequence[Dispatch], *, run: int, now: Instant
    ) -> tuple[int, ...]:
        """In one transaction what has ended and what leaves next; returns the attempt numbers of what leaves."""

    def reopen(self, targets: Iterable[tuple[BatchKey, bytes, Revision]], *, now: Instant) -> None: ...


class Outgoing(Protocol):
    """The journal's memory of what people carry by hand."""

    def carried(self) -> tuple[Carried, ...]: ...
    def unfinished(self) -> tuple[tuple[int, Dispatch], ...]: ...
    def of_person(self, person: bytes) -> tuple[Exported, ...]: ...
    def uploaded(self, key: BatchKey, *, by: str, now: Instant) -> tuple[Carried, ...]: ...
    def void(self, key: BatchKey, *, by: str, why: str, now: Instant) -> tuple[Carried, ...]: ...
    def refuse(self, refused: Iterable[tuple[Exported, str]], *, now: Instant) -> None: ...


class People(Protocol):
    """People opened from the journal."""

    def offline_of(self, key: BatchKey) -> dict[bytes, Values]: ...
    def likely_of(self, key: BatchKey) -> dict[bytes, tuple[Values, ...]]: ...
    def open(self, facts: Iterable[PersonFacts]) -> dict[tuple[BatchKey, bytes], Person]: ...
    def header_words(self, key: BatchKey, serial: str) -> str: ...
    def twice_in_year(self) -> dict[bytes, tuple[BatchKey, ...]]: ...
    def duplicates_offline(self) -> tuple[Duplicate, ...]: ...
    def duplicates_online(self) -> tuple[Duplicate, ...]: ...
    def tally(self) -> Tally: ...


class Reviews(Protocol):
    """The journal's memory of what the brake held and somebody let through; and whose memory it is."""

    def identity(self) -> str: ...
    def last(self) -> Mapping[BatchKey, tuple[int, Review]]: ...
    def find(self, reviewed: str) -> Review | None: ...
    def use(self, reviews: Mapping[Review, Collection[Reason]], *, run: int) -> None: ...
    def of_last_year(self, key: BatchKey) -> int: ...
    def marks(self, key: BatchKey) -> dict[bytes, Marks]: ...


class Findings(Protocol):
    """The journal's memory of findings."""

    def see(self, findings: Sequence[Finding], *, at: datetime) -> None: ...
    def open(self) -> tuple[Sighting, ...]: ...
    def settled_since(self, since: datetime | None) -> tuple[Sighting, ...]: ...


class Runs(Protocol):
    """The run ledger."""

    def begin(self, kind: str, business_date: date, *, at: datetime) -> int: ...
    def finish(self, run: int, state: RunState, numbers: Mapping[str, int], *, at: datetime) -> None: ...
    def miss(self, kind: str, days: Sequence[date], *, at: datetime) -> None: ...
    def missed(self, kind: str, *, since: datetime | None) -> tuple[date, ...]: ...
    def days(self, kind: str) -> dict[date, datetime | None]: ...
    def last(self, kind: str) -> tuple[RunState, datetime] | None: ...
    def read_at(self) -> datetime | None: ...
    def rest(self) -> Rest: ...
    def read_back_at(self) -> datetime | None: ...
    def began_at(self) -> datetime | None: ...
    def note(self, notes: Sequence[Text], *, basis: str, at: datetime) -> None: ...
    def notes(self) -> tuple[Text, ...]: ...


class Outbox(Protocol):
    """Mails that are durable until the mail server has taken them."""

    def put(self, letter: Letter) -> None: ...
    def waiting(self) -> tuple[Letter, ...]: ...
    def sent(self, letter: Letter, words: str, *, at: datetime) -> None: ...
    def failed(self, letter: Letter, words: str) -> None: ...


class Timeline(Protocol):
    """What happened to a batch or a person, in order."""

    def of_batch(self, key: BatchKey) -> tuple[Event, ...]: ...
    def of_person(self, person: bytes) -> tuple[Event, ...]: ...
    def people_like(self, prefix: str) -> tuple[bytes, ...]: ...


class Keyed(Protocol):
    """Requests under a key that the portal honours (K2)."""

    def repeatable(self, now: Instant) -> tuple[tuple[int, Dispatch], ...]: ...
    def sending(self, attempt: int, dispatch: Dispatch, now: Instant) -> bool: ...


class Word(Protocol):
    """What a person says of records that nothing has proven."""

    def of_person(self, person: bytes, *, now: Instant) -> tuple[Doubt, ...]: ...
    def of_batch(self, key: BatchKey, *, people: bool, now: Instant) -> tuple[Doubt, ...]: ...
    def decide(self, doubts: Iterable[Doubt], *, stored: bool, by: str, now: Instant) -> None: ...


class Fences(Protocol):
    """Whether the journal is the one that sent last; where it may not be, a fence stands until it has caught up."""

    def standing(self) -> Fence | None: ...
    def passed(self) -> frozenset[BatchKey]: ...
    def lift(self, *, year: int) -> bool: ...
    def quarantine(self, records: Iterable[tuple[BatchKey, bytes, Revision]], *, now: Instant) -> None: ...


class Journal(Protocol):
    """The bridge's own memory: what may never be lost."""

    @property
    def offline(self) -> Offline: ...
    @property
    def online(self) -> Online: ...
    @property
    def deliveries(self) -> Deliveries: ...
    @property
    def outgoing(self) -> Outgoing: ...
    @property
    def people(self) -> People: ...
    @property
    def reviews(self) -> Reviews: ...
    @property
    def findings(self) -> Findings: ...
    @property
    def runs(self) -> Runs: ...
    @property
    def outbox(self) -> Outbox: ...
    @property
    def timeline(self) -> Timeline: ...
    @property
    def word(self) -> Word: ...
    @property
    def keyed(self) -> Keyed: ...
    @property
    def fences(self) -> Fences: ...
    def close(self) -> None: ...
