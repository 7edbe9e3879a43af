"""Hands in the portal: what people change there without the bridge, and the weather."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import asdict

from adapters.practice.access import Tokens
from adapters.practice.counter import Counter
from adapters.practice.effects import By
from adapters.practice.forms import BATCH_FIELDS, PERSON_FIELDS, Body, Code, Refusal, Row, Status, number_of, text_of
from adapters.practice.store import Store
from adapters.practice.weather import Sky

_BY_HAND = By(hand=True)
_REVIEWED: Row = {"releaseStatus": Status.REVIEWED.value}
_PERSON: Row = dict.fromkeys(PERSON_FIELDS, "")
_BATCH: Row = {**dict.fromkeys(BATCH_FIELDS, ""), "personNum": 0, "leaderNum": 0, "releaseStatus": Status.DRAFT.value}


class Hands:
    """Nothing is checked but the names of the fields: a hand may write nonsense, and in reviewed batches too."""

    def __init__(self, store: Store, sky: Sky, tokens: Tokens, counter: Counter) -> None:
        self._store = store
        self._counter = counter
        self._sky = sky
        self._tokens = tokens

    @property
    def acts(self) -> Mapping[str, Callable[[Body], object]]:
        return {
            "weather": self._weather,
            "batches": lambda _body: self._store.batches()[1],
            "people": lambda body: self._store.people(number_of(body, "batchId"))[1],
            "add_batch": lambda body: self._store.save_batch(_BATCH | _columns(body, _BATCH), _BY_HAND),
            "edit_batch": lambda body: self._store.update_batch(
                number_of(body, "id"), _columns(body, _BATCH), _BY_HAND
            ),
            "review": lambda body: self._store.update_batch(number_of(body, "id"), _REVIEWED, _BY_HAND),
            "add_person": self._add_person,
            "edit_person": lambda body: self._store.update_person(
                number_of(body, "id"), _columns(body, _PERSON), _BY_HAND
            ),
            "delete_person": lambda body: self._store.delete_person(number_of(body, "id"), _BY_HAND),
            "import_workbook": lambda body: _packed(self._counter.take(_unpacked(body))),
            "type_in": lambda body: self._counter.type_in(_unpacked(body)),
            "export_workbook": lambda body: _packed(self._counter.export(number_of(body, "year"))),
        }

    def _weather(self, body: Body) -> object:
        try:
            asked = self._sky.change(_fields_of(body))
        except ValueError as error:
            raise Refusal(Code.FORMAT, str(error)) from None
        if asked.expire_tokens:
            self._tokens.forget()
        return asdict(self._sky.now)

    def _add_person(self, body: Body) -> int:
        person = (_PERSON | _columns(body, _PERSON), "")
        (online_id,) = self._store.save_people(number_of(body, "batchId"), [person], hand=True)
        if online_id is None:
            raise Refusal(Code.EXISTS, "the batch has this person already")
        return online_id


def _unpacked(body: Body) -> bytes:
    try:
        return b64decode(text_of(body, "content"), validate=True)
    except ValueError:
        raise Refusal(Code.FORMAT, "content is base64") from None


def _packed(content: bytes | None) -> str | None:
    return None if content is None else b64encode(content).decode()


def _fields_of(body: Body) -> Mapping[str, object]:
    fields = body.get("fields", {})
    if not isinstance(fields, dict):
        raise Refusal(Code.FORMAT, "fields is an object")
    return fields


def _columns(body: Body, columns: Row) -> Row:
    fields = _fields_of(body)
    if unknown := fields.keys() - columns.keys():
        raise Refusal(Code.FORMAT, f"no such field: {', '.join(sorted(unknown))}")
    return {name: value if isinstance(value, int) else str(value) for name, value in fields.items()}
