"""方言: a portal's wire format as data. One validated TOML file describes one portal."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

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


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"no pattern: {error}") from None
    return text


class AnswerRule(_Part):
    """One line of the table. What names no condition would match everything, so a line must have one."""

    reaction: Reaction
    status: int | None = None
    code: Annotated[str, Field(min_length=1)] | None = None
    message: Annotated[str, Field(min_length=1), AfterValidator(_pattern)] | None = None

    @model_validator(mode="after")
    def _says_when(self) -> Self:
        if (self.status, self.code, self.message) == (None, None, None):
            raise ValueError("a rule needs a status, a code or a message")
        if self.reaction is Reaction.SUCCESS and self.code is None:
            raise ValueError("only a code of the portal's own makes a success")
        return self


class AnswerShape(_Part):
    """Where code and message lie (dotted paths), and the table that reads them."""

    code_at: str
    message_at: str
    rules: tuple[AnswerRule, ...]


class Limits(_Part):
    rows_per_call: Annotated[int, Field(ge=1)]
    concurrency: Annotated[int, Field(ge=1)] = 1
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

    @model_validator(mode="after")
    def _are_whole(self) -> Self:
        needed = {
            "save_batch": ("online_id_at",),
            "update_batch": ("online_id_field",),
            "save_people": ("parent_field", "rows_field", "accepted_at"),
            "update_person": ("online_id_field",),
            "submit": ("online_id_field",),
            "list_batches": ("year_parameter",),
            "list_people": ("parent_parameter",),
        }
        for operation, names in needed.items():
            shape = getattr(self, operation)
            if missing := [name for name in names if shape is not None and not getattr(shape, name)]:
                raise ValueError(f"{operation} needs {', '.join(missing)}")
        return self

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

    @property
    def batch(self) -> Mapping[str, Words]:
        """The dictionaries of a batch's fields."""
        return {"level": self.level}

    @property
    def person(self) -> Mapping[str, Words]:
        """The dictionaries of a participant's fields."""
        return {"id_type": self.id_type, "category": self.category}

    @model_validator(mode="after")
    def _read_both_ways(self) -> Self:
        for name in type(self).model_fields:
            words = getattr(self, name).values()
            if len(set(words)) != len(words):
                raise ValueError(f"{name}: one word of the portal stands for two of ours")
        return self


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
