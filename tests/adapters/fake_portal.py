"""A portal in memory that really stores, in the manner of qilu: it fits `bridge.ports.Portal`.

It can be down, lose its reply after storing, store late, refuse, and say "saved" without storing. Whatever it
stores is in `effects`, so a test can prove that nothing was stored twice. It can list the people of single batches in
another shape, or not at all, and list a field nobody has heard of.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from schemas.errors import SchemaDrift, TransientError, Unmappable
from schemas.outcome import Outcome
from schemas.portal import (
    Answer,
    DeliveryClass,
    OnlineBatch,
    OnlinePerson,
    OnlineStatus,
    Operation,
    Payload,
    Record,
    Verdict,
)
from schemas.texts import T, Text

Fields = Mapping[str, str]

_BATCH_KEY = ("year", "organiser", "name")
_PERSON_KEY = ("id_type", "id_no")


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing stored. `serial` is empty where a hand did it; `fields` are those written."""

    operation: Operation
    online_id: str
    serial: str
    fields: Fields


@dataclass(frozen=True, slots=True)
class _Batch:
    fields: Fields
    status: OnlineStatus = OnlineStatus.DRAFT
    change: int = 0


class FakePortal:
    """`uptime_s` is only looked at for stores that come late. `skips_existing=False` stores doubles.

    `change_marks`: every batch is listed with a mark that is another one after each change of it or of its people.
    """

    def __init__(
        self,
        *,
        delivery_class: DeliveryClass = DeliveryClass.K3,
        settle_window_s: float = 1800.0,
        rows_per_call: int = 100,
        concurrency: int = 1,
        skips_existing: bool = True,
        change_marks: bool = False,
        uptime_s: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self.delivery_class = delivery_class
        self.settle_window_s = settle_window_s
        self.concurrency = concurrency
        self._rows_per_call = rows_per_call
        self.shut_for_s = 0.0
        self._answers: dict[str, dict[str, Verdict]] = {}  # by the key of the request, where keys are honoured (K2)
        self.down = False
        self.mask = False
        self.poison: set[str] = set()  # names of people for whom a whole request is refused
        self.takes_at_most = 1000  # rows; a larger request is too large
        self.no_room_for: set[str] = set()  # names of people whose request cannot be made
        self.lists_nobody = False  # it has no listing of people at all
        self.asked_by_name = False  # it lists nothing: it can only be asked for one thing at a time
        self.drifting: set[str] = set()  # online ids of batches whose people are listed in another shape
        self.silent: set[str] = set()  # of batches whose people are not listed: no answer comes
        self.new_field = ""  # a field that batches are listed with from now on, and nobody has heard of
        self.calls: Counter[str] = Counter()
        self.effects: list[Effect] = []
        self._skips_existing = skips_existing
        self.change_marks = change_marks
        self._changes = 0
        self._noticed: dict[str, Text] = {}
        self._uptime_s = uptime_s
        self._batches: dict[str, _Batch] = {}
        self._people: dict[str, dict[str, Fields]] = {}  # of each batch
        self._batch_of: dict[str, str] = {}
        self._ids = 0
        self._lost = self._dropped = self._refused = self._late = 0
        self._late_s = 0.0
        self._waiting: list[tuple[float, Payload]] = []

    # --- weather

    def lose_replies(self, count: int = 1) -> None:
        """The next writes are stored, and their answers never arrive."""
        self._lost = count

    def drop(self, count: int = 1) -> None:
        """The next people are said to be saved, and are not."""
        self._dropped = count

    def refuse(self, count: int = 1) -> None:
        """The next records are refused."""
        self._refused = count

    def store_late(self, count: int = 1, *, seconds: float) -> None:
        """The next writes time out for the client, and are stored only after so many seconds."""
        self._late, self._late_s = count, seconds

    # --- hands

    def add(self, batch: str, **fields: str) -> str:
        return self._store_person(batch, fields, "")

    def edit(self, person: str, **fields: str) -> None:
        self._update_person(person, fields, "")

    def delete(self, person: str) -> None:
        batch = self._batch_of.pop(person)
        del self._people[batch][person]
        self._touch(batch)

    def add_batch(self, **fields: str) -> str:
        return self._store_batch(fields, "")

    def edit_batch(self, batch: str, **fields: str) -> None:
        self._update_batch(batch, fields, "")

    def delete_batch(self, batch: str) -> None:
        del self._batches[batch]
        for person in self._people.pop(batch):
            del self._batch_of[person]

    def review(self, batch: str) -> None:
        self._touch(batch, status=OnlineStatus.REVIEWED)

    def give_back(self, batch: str) -> None:
        self._touch(batch, status=OnlineStatus.RETURNED)

    def hand_in(self, batch: str) -> None:
        self._touch(batch, status=OnlineStatus.SUBMITTED)

    def take_back(self, batch: str) -> None:
        self._touch(batch, status=OnlineStatus.DRAFT)

    def is_draft(self, batch: str) -> bool:
        return self._batches[batch].status is OnlineStatus.DRAFT

    def stored_twice(self) -> list[str]:
        """Online ids of the people and batches of which the portal holds more than one."""
        batches = {
            key: tuple(batch.fields.get(name, "") for name in _BATCH_KEY) for key, batch in self._batches.items()
        }
        people = {
            key: (batches[batch], *_identity(fields))
            for batch, members in self._people.items()
            for key, fields in members.items()
        }
        times = Counter((batches | people).values())
        return [key for key, same in (batches | people).items() if times[same] > 1]

    # --- bridge.ports.Portal

    def rows_at_once(self, operation: Operation) -> int:
        return self._rows_per_call if operation is Operation.SAVE_PEOPLE else 1

    def can(self, operation: Operation) -> bool:
        return operation in Operation

    def prepare(
        self, operation: Operation, records: Sequence[Record], *, parent: str = "", batch: Fields | None = None
    ) -> Payload:
        if any(each.fields.get("name") in self.no_room_for for each in records):
            raise Unmappable(T("The portal has no field for {field}.", field="name"))
        rows = [{"serial": each.serial, "id": each.online_id, "fields": dict(each.fields)} for each in records]
        body = orjson.dumps({"parent": parent, "rows": rows})
        names = tuple(each.fields["name"] for each in records) if operation is Operation.SAVE_PEOPLE else ()
        serials = tuple(each.serial for each in records)
        values = {"request_key": "+".join(serials)}
        return Payload(operation, f"/{operation}", body, serials, names, values=values)

    def send(self, payload: Payload) -> Answer:
        self.calls[payload.operation] += 1
        if self.down:
            return _all(payload, Outcome.NOT_SENT, "connect_failed:ConnectError")
        self._catch_up()
        if self._late > 0:
            self._late -= 1
            self._waiting.append((self._uptime_s() + self._late_s, payload))
            return _all(payload, Outcome.UNKNOWN, "lost:ReadTimeout")
        if len(payload.serials) > self.takes_at_most:
            return replace(_all(payload, Outcome.IN_PARTS, "answered:413"), status=413, whole=True)
        if self.poison & set(payload.names):
            return replace(_all(payload, Outcome.REFUSED, "answered:S20006", "S20006", "参数错误"), whole=True)
        key = payload.values["request_key"] if self.delivery_class is DeliveryClass.K2 else ""
        verdicts = self._answers[key] if key in self._answers else self._stored(payload)
        if key:
            self._answers[key] = verdicts
            self._waiting = [one for one in self._waiting if one[1].values["request_key"] != key]
        if self._lost > 0:
            self._lost -= 1
            return _all(payload, Outcome.UNKNOWN, "lost:RemoteProtocolError")
        return Answer("answered:P00000", 200, verdicts)

    def batches(self, year: int, *, expected: Callable[[], Iterable[Fields]] = tuple) -> Iterator[OnlineBatch]:
        self._read("list_batches")
        for key, batch in list(self._batches.items()):
            if batch.fields.get("year") == str(year) and self._found(batch.fields, _BATCH_KEY, expected):
                headcount = batch.fields.get("headcount", "")
                fields, count = dict(batch.fields), int(headcount) if headcount.isdecimal() else None
                change = str(batch.change) if self.change_marks else ""
                yield OnlineBatch(key, fields, batch.status, count, change)
                if self.new_field:
                    said = T("the portal lists a new field {field} in batches", field=self.new_field)
                    self._noticed[self.new_field] = said

    def notes(self) -> Sequence[Text]:
        return tuple(self._noticed.values())

    def people(
        self, batch_online_id: str, *, expected: Callable[[], Iterable[Fields]] = tuple
    ) -> Iterator[OnlinePerson]:
        self._read("list_people")
        if batch_online_id in self.silent:
            raise TransientError(T("The portal cannot be reached or is busy ({cause}).", cause="silent"))
        if batch_online_id in self.drifting:
            raise SchemaDrift(T("The portal's answer is not what the dialect describes at {path}.", path="rows[].name"))
        people = {} if self.lists_nobody else self._people.get(batch_online_id, {})
        for key, fields in list(people.items()):
            if self._found(fields, _PERSON_KEY, expected):
                yield OnlinePerson(key, _masked(fields) if self.mask else dict(fields))

    # --- inside

    def _found(self, fields: Fields, key: Sequence[str], expected: Callable[[], Iterable[Fields]]) -> bool:
        return not self.asked_by_name or any(all(one[n] == fields[n] for n in key) for one in expected())

    def _read(self, operation: str) -> None:
        self.calls[operation] += 1
        if self.down:
            raise TransientError(T("The portal cannot be reached or is busy ({cause}).", cause="down"))
        self._catch_up()

    def _catch_up(self) -> None:
        """What was to be stored late and is due by now."""
        due = [payload for when, payload in self._waiting if when <= self._uptime_s()]
        self._waiting = [(when, payload) for when, payload in self._waiting if when > self._uptime_s()]
        for payload in due:
            self._stored(payload)

    def _stored(self, payload: Payload) -> dict[str, Verdict]:
        body = orjson.loads(payload.body)
        do = {
            Operation.SAVE_BATCH: self._save_batch,
            Operation.UPDATE_BATCH: self._change_batch,
            Operation.SAVE_PEOPLE: self._save_person,
            Operation.UPDATE_PERSON: self._change_person,
            Operation.SUBMIT: self._submit,
        }[payload.operation]
        return {row["serial"]: self._one(do, body["parent"], row) for row in body["rows"]}

    def _one(self, do: Callable[[str, str, str, Fields], Verdict], parent: str, row: dict[str, object]) -> Verdict:
        if self._refused > 0:
            self._refused -= 1
            return _no("S20006")
        fields = row["fields"]
        assert isinstance(fields, dict)
        return do(parent, str(row["serial"]), str(row["id"]), fields)

    def _save_batch(self, _parent: str, serial: str, _id: str, fields: Fields) -> Verdict:
        same = [key for key, batch in self._batches.items() if all(batch.fields[n] == fields[n] for n in _BATCH_KEY)]
        if same and self._skips_existing:
            return Verdict(Outcome.EXISTS, "S10019")
        return Verdict(Outcome.ACCEPTED, online_id=self._store_batch(fields, serial))

    def _save_person(self, parent: str, serial: str, _id: str, fields: Fields) -> Verdict:
        if parent not in self._batches:
            return _no("S20011")
        if self._locked(parent):
            return _no("S20022")
        if self._skips_existing and any(_identity(has) == _identity(fields) for has in self._people[parent].values()):
            return Verdict(Outcome.EXISTS)
        if self._dropped > 0:
            self._dropped -= 1
            return Verdict(Outcome.ACCEPTED, online_id=self._next_id())
        return Verdict(Outcome.ACCEPTED, online_id=self._store_person(parent, fields, serial))

    def _change_batch(self, _parent: str, serial: str, online_id: str, fields: Fields) -> Verdict:
        if online_id not in self._batches:
            return _no("S20011")
        if self._locked(online_id):
            return _no("S20022")
        self._update_batch(online_id, fields, serial)
        return Verdict(Outcome.ACCEPTED)

    def _change_person(self, _parent: str, serial: str, online_id: str, fields: Fields) -> Verdict:
        if online_id not in self._batch_of:
            return _no("S20011")
        if self._locked(self._batch_of[online_id]):
            return _no("S20022")
        self._update_person(online_id, fields, serial)
        return Verdict(Outcome.ACCEPTED)

    def _submit(self, _parent: str, serial: str, online_id: str, _fields: Fields) -> Verdict:
        if online_id not in self._batches:
            return _no("S20011")
        if self._batches[online_id].status in {OnlineStatus.SUBMITTED, OnlineStatus.REVIEWED}:
            return Verdict(Outcome.EXISTS, "S20024")
        self._touch(online_id, status=OnlineStatus.SUBMITTED)
        self.effects.append(Effect(Operation.SUBMIT, online_id, serial, {}))
        return Verdict(Outcome.ACCEPTED)

    def _store_batch(self, fields: Fields, serial: str) -> str:
        online_id = self._next_id()
        self._batches[online_id] = _Batch(dict(fields))
        self._touch(online_id)
        self._people[online_id] = {}
        self.effects.append(Effect(Operation.SAVE_BATCH, online_id, serial, dict(fields)))
        return online_id

    def _store_person(self, batch: str, fields: Fields, serial: str) -> str:
        online_id = self._next_id()
        self._people[batch][online_id] = dict(fields)
        self._batch_of[online_id] = batch
        self._touch(batch)
        self.effects.append(Effect(Operation.SAVE_PEOPLE, online_id, serial, dict(fields)))
        return online_id

    def _update_batch(self, online_id: str, fields: Fields, serial: str) -> None:
        self._touch(online_id, fields={**self._batches[online_id].fields, **fields})
        self.effects.append(Effect(Operation.UPDATE_BATCH, online_id, serial, dict(fields)))

    def _update_person(self, online_id: str, fields: Fields, serial: str) -> None:
        members = self._people[self._batch_of[online_id]]
        members[online_id] = {**members[online_id], **fields}
        self._touch(self._batch_of[online_id])
        self.effects.append(Effect(Operation.UPDATE_PERSON, online_id, serial, dict(fields)))

    def _touch(self, batch: str, **changes: Any) -> None:
        self._changes += 1
        self._batches[batch] = replace(self._batches[batch], change=self._changes, **changes)

    def _locked(self, batch: str) -> bool:
        return self._batches[batch].status.locked

    def _next_id(self) -> str:
        self._ids += 1
        return str(self._ids)


def _identity(fields: Fields) -> tuple[str, ...]:
    return tuple(fields.get(name, "") for name in _PERSON_KEY)


def _masked(fields: Fields) -> dict[str, str]:
    return {**fields, "id_no": _stars(fields.get("id_no", ""), 4), "phone": _stars(fields.get("phone", ""), 3)}


def _all(payload: Payload, outcome: Outcome, seen: str, code: str = "", words: str = "") -> Answer:
    return Answer(seen, None, dict.fromkeys(payload.serials, Verdict(outcome, code, words)))


def _no(code: str) -> Verdict:
    return Verdict(Outcome.REFUSED, code, "参数错误")


def _stars(text: str, head: int) -> str:
    return text[:head] + "*" * (len(text) - head - 4) + text[-4:] if len(text) > head + 4 else text
