"""The portal without an interface: a person carries the files. It fits `bridge.ports.Portal`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from adapters.portal.workbook.inbox import Inbox, refused_rows
from adapters.portal.workbook.listing import Listing, Mark, listing
from adapters.portal.workbook.names import file_name
from adapters.portal.workbook.outbox import free_for, put
from adapters.portal.workbook.template import Template
from adapters.portal.workbook.tick_list import TickLists
from schemas.errors import TransientError, Unmappable
from schemas.outcome import Outcome
from schemas.portal import (
    Answer,
    DeliveryClass,
    OnlineBatch,
    OnlinePerson,
    Operation,
    Payload,
    Record,
    RefusedRow,
    Verdict,
)
from schemas.texts import Language, T, Text
from schemas.workbook import SERIAL, Column, Workbook

_CELL_MAX = 32_767
_PARTS = range(1, 10_000)
_NO_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PEOPLE = {Operation.SAVE_PEOPLE, Operation.UPDATE_PERSON}
_CORRECTIONS = {Operation.UPDATE_BATCH, Operation.UPDATE_PERSON}


class WorkbookPortal:
    """One portal for one run. `template` is the province's own import template, None where the dialect makes it.

    `accepted` is the file that remembers the template's fingerprint. `mark` makes ids where an export has none.
    """

    def __init__(
        self,
        shape: Workbook,
        *,
        outbox: Path,
        inbox: Path,
        accepted: Path,
        mark: Mark,
        template: Path | None = None,
        language: Language = Language.ZH_CN,
    ) -> None:
        self._shape = shape
        self._outbox = outbox
        self._inbox = Inbox(inbox, shape)
        self._mark = mark
        self._template = Template(shape.import_sheet, template, accepted)
        self._tick_lists = TickLists(shape.tick_list, language)
        self._listed = Listing({}, ())

    @property
    def delivery_class(self) -> DeliveryClass:
        return DeliveryClass.K4

    @property
    def settle_window_s(self) -> float:
        return 0.0

    @property
    def concurrency(self) -> int:
        return 1

    @property
    def shut_for_s(self) -> float:
        return 0.0

    def rows_at_once(self, operation: Operation) -> int:
        return self._shape.import_sheet.rows_per_file if operation in _PEOPLE else 1

    def can(self, operation: Operation) -> bool:
        match operation:
            case Operation.SUBMIT:
                return False
            case Operation.UPDATE_PERSON:
                return self._shape.import_sheet.updates
            case _:
                return True

    def check_template(self) -> None:
        """Raises SchemaDrift for a template that is old, wrong or changed: `texts` say in what."""
        self._template.check()

    def prepare(
        self,
        operation: Operation,
        records: Sequence[Record],
        *,
        parent: str = "",  # noqa: ARG002  # a person finds the batch by its name
        batch: Mapping[str, str] | None = None,
    ) -> Payload:
        """The files of one request: the import workbook with its tick list, or the tick list of the batch's facts.

        Raises Unmappable, SchemaDrift, and ValueError for what no caller may ask.
        """
        if not self.can(operation):
            raise ValueError(f"this portal has no {operation}")
        if not 0 < len(records) <= self.rows_at_once(operation):
            raise ValueError("no more records than a file may hold, and at least one")
        for record in records:
            _refuse_what_no_cell_takes(record.fields)
        return self._people(operation, records, batch) if operation in _PEOPLE else self._batch(operation, *records)

    def send(self, payload: Payload) -> Answer:
        """Into the outbox. A full disk is an answer too: nothing has been handed to anybody then."""
        try:
            put(self._outbox, ((payload.path, payload.body), *payload.beside))
        except OSError:
            return _same_for_all(payload, Outcome.NOT_SENT, "outbox_not_writable")
        return _same_for_all(payload, Outcome.EXPORTED, "exported")

    def batches(self, year: int, *, expected: object = None) -> Iterator[OnlineBatch]:  # noqa: ARG002  # an export tells all
        """Looks into the inbox; what it says of people and faults from then on is what stood there now."""
        self._listed = listing(self._inbox.look(), self._shape.export, self._mark)
        return (found.batch for found in self._listed.batches.values() if found.year == year)

    def people(self, batch_online_id: str, *, expected: object = None) -> Iterator[OnlinePerson]:  # noqa: ARG002
        found = self._listed.batches.get(batch_online_id)
        if found is None:
            raise TransientError(T("No export in the inbox mentions the batch {batch}.", batch=batch_online_id))
        return iter(found.people)

    def notes(self) -> tuple[Text, ...]:
        """Nothing: what is odd about a file is one of its `faults`."""
        return ()

    @property
    def faults(self) -> tuple[Text, ...]:
        """The files in the inbox that say nothing, and why: the others still speak. As of the last look at batches."""
        return self._listed.faults

    def refusals(self) -> Iterator[RefusedRow]:
        """The rows the portal did not import, by its error files, the oldest first. Raises TransientError."""
        for file, row, fields in refused_rows(self._inbox.look(), self._shape.errors):
            batch = {name.partition(".")[2]: text for name, text in fields.items() if name.startswith("batch.")}
            yield RefusedRow(
                file=file.file,
                row=row.number,
                id_no=fields["person.id_no"],
                name=fields.get("person.name", ""),
                batch=batch,
                words=row.cells[self._shape.errors.reason],
                as_of=file.as_of,
            )

    def _people(self, operation: Operation, records: Sequence[Record], batch: Mapping[str, str] | None) -> Payload:
        if batch is None:
            raise ValueError("people go into a known batch")
        _refuse_what_no_cell_takes(batch)
        sheet, correction = self._shape.import_sheet, operation in _CORRECTIONS
        body = self._template.filled(
            [[_value(column, record, batch) for column in sheet.columns] for record in records]
        )
        pattern = sheet.corrections_file_name if correction and sheet.corrections_file_name else sheet.file_name
        people = [record.fields for record in records]
        for part in _PARTS:
            name = file_name(pattern, batch, part=part)
            if not free_for(self._outbox / name, body):
                continue
            paper = self._tick_lists.of_people(batch, people, correction=correction, file=name)
            companion = file_name(self._shape.tick_list.people_file_name, batch, part=part)
            if free_for(self._outbox / companion, paper):
                break
        serials, names = zip(*((record.serial, record.fields["name"]) for record in records), strict=True)
        return Payload(operation, name, body, serials, names, beside=((companion, paper),))

    def _batch(self, operation: Operation, record: Record) -> Payload:
        body = self._tick_lists.of_batch(record.fields, correction=operation in _CORRECTIONS)
        names = (file_name(self._shape.tick_list.batch_file_name, record.fields, part=part) for part in _PARTS)
        name = next(name for name in names if free_for(self._outbox / name, body))
        return Payload(operation, name, body, (record.serial,))


def _value(column: Column, record: Record, batch: Mapping[str, str]) -> str:
    """What stands in one cell. Raises Unmappable for a required one that would be empty."""
    if column.field is None:
        return column.constant or ""
    of, _, name = column.field.partition(".")
    value = record.serial if column.field == SERIAL else (batch if of == "batch" else record.fields).get(name, "")
    if column.required and not value:
        raise Unmappable(T("The portal's import wants {field}, and it is empty.", field=column.head))
    return value


def _refuse_what_no_cell_takes(fields: Mapping[str, str]) -> None:
    for name, value in fields.items():
        if len(value) > _CELL_MAX or _NO_XML.search(value):
            raise Unmappable(T("A workbook cannot hold what stands in field {field}.", field=name))


def _same_for_all(payload: Payload, outcome: Outcome, seen: str) -> Answer:
    return Answer(seen, None, dict.fromkeys(payload.serials, Verdict(outcome)))
