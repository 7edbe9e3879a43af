"""A portal without an interface, in memory: files go out, people upload them and bring its exports and error files back.

It fits `bridge.ports.Portal` and `bridge.ports.Desk`. The online side is a `FakePortal` that stores whatever is uploaded,
twice too, so a test can prove what was entered twice and who did it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson

from schemas.errors import SchemaDrift, TransientError
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
from schemas.texts import T, Text
from tests.adapters.fake_portal import FakePortal

Fields = Mapping[str, str]
_BATCH_KEY = ("year", "organiser", "name")


@dataclass(frozen=True, slots=True)
class Export:
    """The portal's list as somebody exported it at one moment."""

    as_of: datetime
    batches: tuple[tuple[OnlineBatch, tuple[OnlinePerson, ...]], ...]


class FakeWorkbookPortal:
    """`now` is when files are made; `updates` says whether an import overwrites who is there already."""

    delivery_class = DeliveryClass.K4
    settle_window_s = 0.0
    concurrency = 1
    shut_for_s = 0.0

    def __init__(self, now: Callable[[], datetime], *, rows_per_file: int = 100, updates: bool = True) -> None:
        self._now = now
        self._rows_per_file = rows_per_file
        self._updates = updates
        self.online = FakePortal(skips_existing=False)
        self.outbox: dict[str, Payload] = {}
        self.written: Counter[str] = Counter()
        self.writing: Callable[[Payload], object] = lambda _payload: None
        self.disk_full = False
        self.unreadable = False
        self.template_changed = False
        self.export_changed = False
        self.mask = False
        self.inbox: list[Export] = []
        self.errors: list[RefusedRow] = []
        self.faults: list[Text] = []

    # --- people

    def upload(self, path: str, *, refused: Collection[str] = (), masked: bool = False) -> None:
        """Somebody imports one file, or types in what a tick list says; people named in `refused` come back."""
        payload = self.outbox[path]
        body = orjson.loads(payload.body)
        batch_id = self._batch_id(body["batch"])
        if payload.operation in {Operation.SAVE_BATCH, Operation.UPDATE_BATCH}:
            self._type_in(batch_id, body["rows"][0]["fields"])
            return
        for number, row in enumerate(body["rows"], start=2):
            fields = row["fields"]
            if not batch_id or fields["name"] in refused:
                self.errors.append(self._error(path, number, fields, body["batch"], masked=masked))
            else:
                self._import(batch_id, fields)

    def upload_all(self) -> None:
        """Headers first, as the screen wants it; the files are put away afterwards."""
        for path in sorted(self.outbox, key=lambda path: self.outbox[path].operation is not Operation.SAVE_BATCH):
            self.upload(path)
        self.outbox.clear()

    def export(self) -> None:
        """Somebody exports the whole list and puts it into the inbox."""
        self.inbox.append(self.listed())

    def listed(self) -> Export:
        """The whole list as it is now."""
        batches = self.online.batches(2025)
        listed = tuple((batch, tuple(self.online.people(batch.online_id))) for batch in batches)
        return Export(self._now(), listed)

    # --- bridge.ports.Portal

    def rows_at_once(self, operation: Operation) -> int:
        return self._rows_per_file if operation in {Operation.SAVE_PEOPLE, Operation.UPDATE_PERSON} else 1

    def can(self, operation: Operation) -> bool:
        return operation is not Operation.SUBMIT and (self._updates or operation is not Operation.UPDATE_PERSON)

    def prepare(
        self, operation: Operation, records: Sequence[Record], *, parent: str = "", batch: Fields | None = None
    ) -> Payload:
        assert batch is not None
        rows = [{"serial": each.serial, "fields": dict(each.fields)} for each in records]
        serials = tuple(each.serial for each in records)
        path = f"{batch['name']}-{operation}-{min(serials)[:8]}.xlsx"
        return Payload(operation, path, orjson.dumps({"batch": dict(batch), "rows": rows}), serials)

    def send(self, payload: Payload) -> Answer:
        if self.disk_full:
            return _all(payload, Outcome.NOT_SENT, "not_written:OSError")
        self.writing(payload)
        self.outbox[payload.path] = payload
        self.written[payload.path] += 1
        return _all(payload, Outcome.EXPORTED, "written")

    def batches(self, year: int, *, expected: object = None) -> Iterator[OnlineBatch]:
        if self.unreadable:
            raise TransientError(T("The inbox cannot be read ({cause}).", cause="EACCES"))
        if self.export_changed:
            raise SchemaDrift(T("A column is missing: {head}", head="证件号码"))
        for batch, _ in self.inbox[-1].batches if self.inbox else ():
            yield OnlineBatch(
                batch.online_id, batch.fields, batch.status, batch.headcount, batch.change, self.inbox[-1].as_of
            )

    def people(self, batch_online_id: str, *, expected: object = None) -> Iterator[OnlinePerson]:
        found = {batch.online_id: people for batch, people in self.inbox[-1].batches}
        for one in found[batch_online_id]:
            id_no = one.fields["id_no"]
            fields = {**one.fields, "id_no": _masked(id_no)} if self.mask else one.fields
            yield OnlinePerson(one.online_id, fields)

    # --- bridge.ports.Desk

    def check_template(self) -> None:
        if self.template_changed:
            raise SchemaDrift(T("The import template has changed:"), T("The column {head} is gone.", head="证件号码"))

    def notes(self) -> tuple[Text, ...]:
        return ()

    def refusals(self) -> Iterator[RefusedRow]:
        yield from self.errors

    # --- inside

    def _batch_id(self, header: Fields) -> str:
        here = {name: header[name] for name in _BATCH_KEY}
        batches = self.online.batches(int(header["year"]))
        return next((one.online_id for one in batches if here.items() <= one.fields.items()), "")

    def _type_in(self, batch_id: str, fields: Fields) -> None:
        """Nobody types in a batch that they see on the screen: they correct it."""
        if batch_id:
            self.online.edit_batch(batch_id, **fields)
        else:
            self.online.add_batch(**fields)

    def _import(self, batch_id: str, fields: Fields) -> None:
        people = self.online.people(batch_id)
        there = next((one.online_id for one in people if one.fields["id_no"] == fields["id_no"]), "")
        if there and self._updates:
            self.online.edit(there, **fields)
        else:
            self.online.add(batch_id, **fields)

    def _error(self, path: str, number: int, fields: Fields, batch: Fields, *, masked: bool) -> RefusedRow:
        id_no = _masked(fields["id_no"]) if masked else fields["id_no"]
        named = {name: batch[name] for name in ("organiser", "name")}
        return RefusedRow(f"{path}-错误行.xlsx", number, id_no, fields["name"], named, "手机号码已被占用", self._now())


def _all(payload: Payload, outcome: Outcome, seen: str) -> Answer:
    return Answer(seen, None, dict.fromkeys(payload.serials, Verdict(outcome)))


def _masked(id_no: str) -> str:
    return id_no[:4] + "*" * (len(id_no) - 8) + id_no[-4:]
