"""What the bridge needs from the world, as Protocols. Adapters fit them; `wiring` lets mypy prove it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from schemas.portal import Answer, DeliveryClass, OnlineBatch, OnlinePerson, Operation, Payload, Record
from schemas.report import Report
from schemas.roster import FileStamp, Reading


class Clock(Protocol):
    """`now` is aware and in Asia/Shanghai; `uptime_s` never runs backwards while `boot` stays the same."""

    def now(self) -> datetime: ...
    def uptime_s(self) -> float: ...
    @property
    def boot(self) -> str: ...


class Source(Protocol):
    """Where offline records come from: one folder, one database."""

    @property
    def name(self) -> str: ...

    def look(self) -> Iterable[FileStamp]:
        """What is there now, without opening it. Raises SourceError when the source itself is gone."""

    def read(self, stamp: FileStamp) -> Reading:
        """One file, understood. Bad content is part of the Reading, never an exception."""


class Portal(Protocol):
    """The provincial online system, by whatever carrier."""

    @property
    def delivery_class(self) -> DeliveryClass: ...
    @property
    def settle_window_s(self) -> float: ...
    @property
    def rows_per_call(self) -> int: ...

    def can(self, operation: Operation) -> bool:
        """Whether the portal offers this operation at all."""

    def prepare(self, operation: Operation, records: Sequence[Record], *, parent: str = "") -> Payload:
        """The exact bytes of one request. Sends nothing."""

    def send(self, payload: Payload) -> Answer:
        """Send once prepared bytes; what may safely be tried again is, within the budget.

        Never raises for what became of the records: that is the Answer, total over `payload.serials`.
        Raises AuthError when the portal does not accept our credentials (nothing was processed).
        """

    def batches(self, year: int) -> Iterator[OnlineBatch]:
        """Every batch the portal lists for a year. Raises TransientError, AuthError, SchemaDrift."""

    def people(self, batch_online_id: str) -> Iterator[OnlinePerson]:
        """Every participant of one batch. Raises TransientError, AuthError, SchemaDrift."""


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
