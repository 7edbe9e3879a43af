"""方言: a portal's wire format as data. One validated TOML file describes one portal."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from schemas.outcome import Reaction, Rule
from schemas.portal import DeliveryClass, OnlineStatus, Operation

Seconds = Annotated[float, Field(ge=0)]
Words = Mapping[str, str]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Transport(_Part):
    """`deadline_s` bounds one whole call; httpx itself has no total time-out."""

    deadline_s: Seconds
    connect_s: Seconds
    max_answer_bytes: int


class Auth(_Part):
    """A token call. `body` values may name `{app_id}` and `{app_secret}`."""

    method: str
    path: str
    body: Words
    token_at: str
    life_at: str
    refresh_early_s: Seconds
    header: str
    template: str


class AnswerRule(_Part):
    reaction: Reaction
    status: int | None = None
    code: str | None = None
    message: str | None = None


class AnswerShape(_Part):
    """Where code and message lie (dotted paths), and the table that reads them."""

    code_at: str
    message_at: str
    rules: tuple[AnswerRule, ...]


class Limits(_Part):
    rows_per_call: Annotated[int, Field(ge=1)]
    page_size: Annotated[int, Field(ge=1)]


class WriteShape(_Part):
    """One writing operation. The `..._at` are dotted paths in the answer, the `..._field` go into the body."""

    method: str
    path: str
    online_id_at: str = ""
    online_id_field: str = ""
    parent_field: str = ""
    rows_field: str = ""
    accepted_at: str = ""
    refused_at: str = ""
    skipped_names_at: str = ""


class ListShape(_Part):
    method: str
    path: str
    year_parameter: str = ""
    parent_parameter: str = ""


class Operations(_Part):
    save_batch: WriteShape
    update_batch: WriteShape | None = None
    save_people: WriteShape
    update_person: WriteShape | None = None
    submit: WriteShape | None = None
    list_batches: ListShape
    list_people: ListShape

    def write(self, operation: Operation) -> WriteShape | None:
        shape: WriteShape | None = getattr(self, operation.value)
        return shape


class Paging(_Part):
    page_parameter: str
    size_parameter: str
    first_page: int
    rows_at: str
    total_at: str


class RecordFields(_Part):
    """The portal's names for what every record carries."""

    online_id: str
    serial: str
    status: str
    row_code: str
    row_message: str


class Fields(_Part):
    """Canonical field → the portal's field."""

    batch: Words
    person: Words
    record: RecordFields


class Dictionaries(_Part):
    """Canonical word → the portal's word."""

    level: Words
    category: Words
    id_type: Words
    status: Mapping[OnlineStatus, str]


class Dialect(_Part):
    name: str
    version: int
    delivery_class: DeliveryClass
    settle_window_s: Seconds
    transport: Transport
    auth: Auth
    answer: AnswerShape
    limits: Limits
    operations: Operations
    paging: Paging
    fields: Fields
    words: Dictionaries

    @property
    def answer_rules(self) -> tuple[Rule, ...]:
        return tuple(Rule(**rule.model_dump()) for rule in self.answer.rules)


def shipped_dialect(name: str) -> Dialect:
    """One of the dialects in the package. Raises FileNotFoundError, pydantic.ValidationError."""
    text = (files("schemas") / "dialects" / f"{name}.toml").read_text(encoding="utf-8")
    return Dialect.model_validate(tomllib.loads(text))
