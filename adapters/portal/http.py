"""The portal over HTTP: what a dialect describes, spoken. It fits `bridge.ports.Portal`."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache

import httpx
import orjson
import structlog

from adapters.wire.answers import verdicts
from adapters.wire.calls import Call
from adapters.wire.clocked import ClockedTransport
from adapters.wire.line import Line
from adapters.wire.pages import Row, drift, whole_listing
from adapters.wire.paths import text
from adapters.wire.token import Credentials
from adapters.wire.waiting import Retries
from schemas.dialect import Dialect, ListShape, WriteShape
from schemas.errors import ConfigError, Unmappable
from schemas.portal import Answer, DeliveryClass, OnlineBatch, OnlinePerson, Operation, Payload, Record
from schemas.texts import T

__all__ = ["Credentials", "HttpPortal", "Retries", "open_client"]

_CONNECTIONS = 8  # one client collapses above about a dozen at once: more workers get clients of their own
_KEEPALIVE_S = 2.0  # shorter than any server's: a write on a connection just closed has an unknown outcome

_log = structlog.get_logger()


def open_client(base_url: str, dialect: Dialect, *, ca_file: str | None = None) -> httpx.Client:
    """A client for one worker thread. `ca_file` replaces the public authorities. Raises ConfigError."""
    try:
        verify = _trusted(ca_file)
    except OSError:  # ssl.SSLError is one
        raise ConfigError(T("The portal's CA file cannot be used: {file}", file=ca_file)) from None
    wait = dialect.transport
    limits = httpx.Limits(
        max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS, keepalive_expiry=_KEEPALIVE_S
    )
    return httpx.Client(
        base_url=base_url,
        transport=ClockedTransport(verify=verify, limits=limits),
        timeout=httpx.Timeout(wait.deadline_s, connect=wait.connect_s, pool=wait.connect_s),
        trust_env=False,
        follow_redirects=False,
    )


@cache
def _trusted(ca_file: str | None) -> ssl.SSLContext:
    """Made once: reading all authorities takes longer than a request."""
    return ssl.create_default_context(cafile=ca_file) if ca_file else httpx.create_ssl_context(trust_env=False)


class HttpPortal:
    """One portal for one run; `retries` is shared by all that talk to it in this run."""

    def __init__(
        self,
        dialect: Dialect,
        client: httpx.Client,
        credentials: Credentials,
        retries: Retries,
        monotonic: Callable[[], float],
        sleep: Callable[[float], None],
        another: Callable[[], httpx.Client] | None = None,
    ) -> None:
        self._dialect = dialect
        self._monotonic = monotonic
        self._line = Line(dialect, client, credentials, retries, monotonic, sleep, another)
        self._status_of = {word: status for status, word in dialect.words.status.items()}

    @property
    def delivery_class(self) -> DeliveryClass:
        return self._dialect.delivery_class

    @property
    def settle_window_s(self) -> float:
        return self._dialect.settle_window_s

    @property
    def concurrency(self) -> int:
        return self._dialect.limits.concurrency

    def rows_at_once(self, operation: Operation) -> int:
        return self._dialect.limits.rows_per_call if operation is Operation.SAVE_PEOPLE else 1

    def can(self, operation: Operation) -> bool:
        return self._dialect.operations.write(operation) is not None

    def prepare(
        self,
        operation: Operation,
        records: Sequence[Record],
        *,
        parent: str = "",
        batch: Mapping[str, str] | None = None,  # noqa: ARG002  # the online id says which batch
    ) -> Payload:
        """Raises Unmappable for a field the portal has no name for, ValueError for what no caller may ask."""
        shape = self._shape(operation)
        people = operation is Operation.SAVE_PEOPLE
        body = self._rows(shape, records, parent) if people else self._single(operation, shape, *records)
        names = tuple(record.fields["name"] for record in records) if people else ()
        return Payload(operation, shape.path, orjson.dumps(body), tuple(record.serial for record in records), names)

    def send(self, payload: Payload) -> Answer:
        started = self._monotonic()
        call = Call(self._shape(payload.operation).method, payload.path, payload.body)
        written = self._line.write(call)
        said = verdicts(payload, written.reply, written.outcome, self._dialect)
        _log.info(
            "portal.sent",
            operation=payload.operation.value,
            outcome=",".join(sorted({verdict.outcome.value for verdict in said.of.values()})),
            seen=written.reply.cause,
            tries=written.tries,
            status=written.reply.seen.status,
            elapsed_ms=self._since_ms(started),
            rows=len(payload.serials),
        )
        return Answer(written.reply.cause, written.reply.seen.status, said.of, written.tries, said.drift)

    def batches(self, year: int) -> Iterator[OnlineBatch]:
        shape, names = self._dialect.operations.list_batches, self._dialect.fields
        for row in self._listing(shape, {shape.year_parameter: str(year)}, "list_batches"):
            fields = self._canonical(row, names.batch)
            status = self._status_of.get(text(row.get(names.record.status)))
            if status is None:
                raise drift(f"{self._dialect.paging.rows_at}[].{names.record.status}")
            yield OnlineBatch(text(row[names.record.online_id]), fields, status, _count(fields.get("headcount", "")))

    def people(self, batch_online_id: str) -> Iterator[OnlinePerson]:
        shape, names = self._dialect.operations.list_people, self._dialect.fields
        for row in self._listing(shape, {shape.parent_parameter: batch_online_id}, "list_people"):
            yield OnlinePerson(text(row[names.record.online_id]), self._canonical(row, names.person))

    def _shape(self, operation: Operation) -> WriteShape:
        shape = self._dialect.operations.write(operation)
        if shape is None:
            raise ValueError(f"{self._dialect.name} has no {operation}")
        return shape

    def _rows(self, shape: WriteShape, records: Sequence[Record], parent: str) -> dict[str, object]:
        if not parent or not 0 < len(records) <= self.rows_at_once(Operation.SAVE_PEOPLE):
            raise ValueError("people go into a known batch, and no more than the portal takes at once")
        rows = [self._named(record, self._dialect.fields.person) for record in records]
        return {shape.parent_field: parent, shape.rows_field: rows}

    def _single(self, operation: Operation, shape: WriteShape, record: Record) -> dict[str, str]:
        if shape.online_id_field and not record.online_id:
            raise ValueError(f"{operation} needs the portal's own id")
        own_id = {shape.online_id_field: record.online_id} if shape.online_id_field else {}
        if operation is Operation.SUBMIT:
            return own_id
        of_person = operation is Operation.UPDATE_PERSON
        return own_id | self._named(record, self._dialect.fields.person if of_person else self._dialect.fields.batch)

    def _named(self, record: Record, names: Mapping[str, str]) -> dict[str, str]:
        if unnamed := sorted(record.fields.keys() - names.keys()):
            raise Unmappable(T("The portal has no field for {field}.", field=unnamed[0]))
        fields = {names[ours]: value for ours, value in record.fields.items()}
        return fields | {self._dialect.fields.record.serial: record.serial}

    def _listing(self, shape: ListShape, query: Mapping[str, str], operation: str) -> list[Row]:
        started = self._monotonic()
        rows = whole_listing(
            lambda page: self._line.read(Call(shape.method, shape.path, query={**query, **page})),
            self._dialect.paging,
            page_size=self._dialect.limits.page_size,
            id_field=self._dialect.fields.record.online_id,
        )
        _log.info("portal.listed", operation=operation, rows=len(rows), elapsed_ms=self._since_ms(started))
        return rows

    def _canonical(self, row: Row, names: Mapping[str, str]) -> dict[str, str]:
        """A value may be null; a field that is not there at all has been renamed."""
        for theirs in names.values():
            if theirs not in row:
                raise drift(f"{self._dialect.paging.rows_at}[].{theirs}")
        return {ours: text(row[theirs]) for ours, theirs in names.items()}

    def _since_ms(self, started: float) -> int:
        return round((self._monotonic() - started) * 1000)


def _count(value: str) -> int | None:
    return int(value) if value.isascii() and value.isdecimal() else None
