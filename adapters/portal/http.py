"""The portal over HTTP: what a dialect describes, spoken. It fits `bridge.ports.Portal`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import structlog

from adapters.portal.records import RecordForm, sealed_row
from adapters.portal.tickets import settled
from adapters.wire.answers import verdicts
from adapters.wire.calls import Reply
from adapters.wire.clients import Clients, open_clients
from adapters.wire.forms import decoded
from adapters.wire.line import Line
from adapters.wire.locks import OpenLock
from adapters.wire.pages import Pages, Row, drift, whole_listing
from adapters.wire.paths import member, steps, text
from adapters.wire.requests import Call, Credentials
from adapters.wire.ticks import Ticks
from adapters.wire.waiting import Retries
from schemas.dialect.request import Listing, Write
from schemas.portal import Answer, DeliveryClass, OnlineBatch, OnlinePerson, OnlineStatus, Operation, Payload, Record
from schemas.texts import T, Text

__all__ = ["Clients", "Credentials", "HttpPortal", "Line", "Retries", "Ticks", "open_clients"]

_OF_PEOPLE = {Operation.SAVE_PEOPLE, Operation.UPDATE_PERSON}

_log = structlog.get_logger()

Fields = Mapping[str, str]
Expected = Callable[[], Iterable[Fields]]


class HttpPortal:
    """One portal for one run, at the end of a line that all its threads share."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._dialect = line.dialect
        self._forms = {True: RecordForm.of_people(self._dialect), False: RecordForm.of_batches(self._dialect)}
        writes = {operation: self._dialect.operations.write(operation) for operation in Operation}
        self._needed = {operation: shape.names_in_templates() for operation, shape in writes.items() if shape}
        self._notes: dict[str, Text] = {}

    @property
    def delivery_class(self) -> DeliveryClass:
        return self._dialect.delivery_class

    @property
    def settle_window_s(self) -> float:
        return self._dialect.settle_window_s

    @property
    def concurrency(self) -> int:
        return self._dialect.limits.concurrency

    @property
    def shut_for_s(self) -> float:
        return self._line.shut_for_s

    def rows_at_once(self, operation: Operation) -> int:
        shape = self._dialect.operations.write(operation)
        return self._dialect.limits.rows_per_call if shape and shape.rows_at else 1

    def can(self, operation: Operation) -> bool:
        return self._dialect.operations.write(operation) is not None

    def notes(self) -> Sequence[Text]:
        """Fields in listings that the dialect does not know, each once."""
        return tuple(self._notes.values())

    def prepare(
        self, operation: Operation, records: Sequence[Record], *, parent: str = "", batch: Fields | None = None
    ) -> Payload:
        """Raises Unmappable for a field the portal has no name for, ValueError for what no caller may ask."""
        shape = self._shape(operation)
        self._may_be_asked(operation, records, parent)
        values = _values(operation, records, parent, batch or {})
        return Payload(
            operation,
            shape.path,
            self._content(operation, shape, records, values),
            serials=tuple(record.serial for record in records),
            names=tuple(record.fields["name"] for record in records) if operation is Operation.SAVE_PEOPLE else (),
            echoes=_echoes(shape, records),
            values=values,
        )

    def send(self, payload: Payload) -> Answer:
        started, shape = self._line.ticks.monotonic(), self._shape(payload.operation)
        written = self._line.write(Call(shape, payload.values, payload.body))
        reply, outcome = settled(self._line, shape, written)
        said = verdicts(payload, reply, outcome, shape, self._dialect)
        _log.info(
            "portal.sent",
            operation=payload.operation.value,
            outcome=",".join(sorted({verdict.outcome for verdict in said.of.values()})),
            seen=reply.cause,
            tries=written.tries,
            status=reply.seen.status,
            elapsed_ms=self._since_ms(started),
            rows=len(payload.serials),
        )
        shut = reply.page or self._line.closed
        return Answer(reply.cause, reply.seen.status, said.of, written.tries, said.drift, whole=said.whole, shut=shut)

    def batches(self, year: int, *, expected: Expected = tuple) -> Iterator[OnlineBatch]:
        operations = self._dialect.operations
        if operations.list_batches:
            rows = self._listing(operations.list_batches, {"year": str(year)}, _BATCHES)
        else:
            asked = ({"year": str(year), **_named("batch", fields)} for fields in expected())
            rows = self._queried(operations.query_batch, asked, _BATCHES)
        return (self._batch(row) for row in rows)

    def people(self, batch_online_id: str, *, expected: Expected = tuple) -> Iterator[OnlinePerson]:
        operations = self._dialect.operations
        if operations.list_people:
            rows = self._listing(operations.list_people, {"parent": batch_online_id}, _PEOPLE)
        else:
            asked = ({"parent": batch_online_id, **_named("person", fields)} for fields in expected())
            rows = self._queried(operations.query_person, asked, _PEOPLE)
        return (OnlinePerson(self._online_id(row), self._canonical(row, _PEOPLE)) for row in rows)

    def _shape(self, operation: Operation) -> Write:
        shape = self._dialect.operations.write(operation)
        if shape is None:
            raise ValueError(f"{self._dialect.name} has no {operation}")
        return shape

    def _may_be_asked(self, operation: Operation, records: Sequence[Record], parent: str) -> None:
        if not 0 < len(records) <= self.rows_at_once(operation):
            raise ValueError("no more records than the portal takes at once, and at least one")
        needed = self._needed[operation]
        if "parent" in needed and not parent:
            raise ValueError("people go into a known batch")
        if "online_id" in needed and not all(record.online_id for record in records):
            raise ValueError(f"{operation} needs the portal's own id")

    def _content(self, operation: Operation, shape: Write, records: Sequence[Record], values: Fields) -> bytes:
        maker, form = self._line.maker, self._forms[operation in _OF_PEOPLE]
        told = records if operation is not Operation.SUBMIT else ()

        def whole(record: Record) -> Mapping[str, object]:
            written = form.written(record, self._lock)
            if not shape.each:
                return written
            return maker.with_each(written, shape.each, {**values, **_of_one(operation, record)})

        return maker.content(shape, values, [whole(record) for record in told])

    def _listing(self, shape: Listing, values: Fields, of: _Kind) -> list[Row]:
        started, line = self._line.ticks.monotonic(), self._line
        paged = shape.paged(self._dialect.paging)

        def page(more: Fields, link: Fields) -> Reply:
            return line.read(line.maker.page_call(paged, {**values, **more}, link))

        rows = whole_listing(page, Pages.of(self._dialect, shape, self._opened_row))
        self._look_for_news(rows, of)
        _log.info("portal.listed", operation=of.operation, rows=len(rows), elapsed_ms=self._since_ms(started))
        return rows

    def _queried(self, shape: Listing | None, asked: Iterable[Fields], of: _Kind) -> list[Row]:
        """Rows of a portal that can only be asked for one thing at a time; what is found twice counts once."""
        if shape is None:
            return []
        found = (row for values in asked for row in self._listing(shape, values, of))
        return list({self._online_id(row): row for row in found}.values())

    def _opened_row(self, value: object) -> object:
        sealing = self._dialect.sealing
        if sealing is None or not sealing.rows:
            return value
        return sealed_row(value, self._lock, lambda plain: decoded(plain, self._dialect.answer))

    def _lock(self) -> OpenLock | None:
        return self._line.lock()

    def _batch(self, row: Row) -> OnlineBatch:
        names = self._dialect.fields.record
        fields = self._canonical(row, _BATCHES)
        change = text(member(row, steps(names.change))) if names.change else ""
        headcount = _count(fields.get("headcount", ""))
        return OnlineBatch(self._online_id(row), fields, self._status(row), headcount, change)

    def _status(self, row: Row) -> OnlineStatus:
        """A portal without a review has nothing but drafts."""
        name = self._dialect.fields.record.status
        if not name:
            return OnlineStatus.DRAFT
        status = self._dialect.words.read["status"].get(text(member(row, steps(name))))
        if status is None:
            raise drift(f"{self._dialect.paging.rows_at}[].{name}")
        return OnlineStatus(status)

    def _online_id(self, row: Row) -> str:
        return text(member(row, steps(self._dialect.fields.record.online_id)))

    def _canonical(self, row: Row, of: _Kind) -> dict[str, str]:
        sealing = self._dialect.sealing
        sealed = sealing is not None and sealing.listed
        return self._forms[of.people].read(row, self._dialect.paging.rows_at, self._lock, sealed=sealed)

    def _look_for_news(self, rows: Sequence[Row], of: _Kind) -> None:
        form = self._forms[of.people]
        for name in sorted({name for row in rows for name in form.unknown(row)}):
            self._notes[f"{of.operation}.{name}"] = T(
                "The portal lists a field the dialect does not know: {field} ({operation}).",
                field=name,
                operation=of.operation,
            )

    def _since_ms(self, started: float) -> int:
        return round((self._line.ticks.monotonic() - started) * 1000)


@dataclass(frozen=True, slots=True)
class _Kind:
    operation: str
    people: bool


_BATCHES, _PEOPLE = _Kind("list_batches", people=False), _Kind("list_people", people=True)


def _values(operation: Operation, records: Sequence[Record], parent: str, batch: Fields) -> dict[str, str]:
    """What the templates of a writing operation may name: its batch, its one record, its key."""
    serials = [record.serial for record in records]
    key = serials[0] if len(serials) == 1 else hashlib.sha256("\n".join(serials).encode()).hexdigest()[:32]
    values = {"parent": parent, "request_key": key, **_named("batch", batch)}
    return values if len(records) > 1 else values | _of_one(operation, *records)


def _of_one(operation: Operation, record: Record) -> dict[str, str]:
    """What a template may name of one record."""
    kind = "person" if operation in _OF_PEOPLE else "batch"
    return {"serial": record.serial, "online_id": record.online_id, **_named(kind, record.fields)}


def _named(kind: str, fields: Fields) -> dict[str, str]:
    return {f"{kind}.{name}": value for name, value in fields.items()}


def _echoes(shape: Write, records: Sequence[Record]) -> tuple[str, ...]:
    match shape.echo:
        case "serial":
            return ()
        case "id_no":
            return tuple(record.fields.get("id_no", "") for record in records)
        case "position":
            return tuple(map(str, range(len(records))))


def _count(value: str) -> int | None:
    return int(value) if value.isascii() and value.isdecimal() else None
