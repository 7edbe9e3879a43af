"""方言: a portal's wire format as data. One validated TOML file describes one portal."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Self

from pydantic import Field, model_validator

from schemas.dialect.access import Grant, Limits, Sealing, Signature, Stamp, Transport
from schemas.dialect.answer import AnswerShape
from schemas.dialect.part import Filled, Part, Seconds, Words
from schemas.dialect.request import Operations, Paging, Travel
from schemas.dialect.words import Dictionaries, Fields
from schemas.errors import Wrong
from schemas.outcome import Rule
from schemas.packs import parsed, shipped_text
from schemas.portal import DeliveryClass
from schemas.texts import T

__all__ = ["Dialect", "Dictionaries", "Words", "shipped_dialect"]


class Dialect(Part):
    """`settings` and `secrets` are what only the federation knows (name → what it is): templates name them, and
    `[portal.settings]` and `[portal.secrets]` of the settings file hold them. `app_id` and `app_secret` always are.
    `key_life_s`: so long the portal honours the key of a request (K2).
    """

    name: Filled
    version: Annotated[int, Field(ge=1)]
    delivery_class: DeliveryClass
    settle_window_s: Seconds
    key_life_s: Seconds | None = None
    settings: Words = Field(default_factory=dict)
    secrets: Words = Field(default_factory=dict)
    transport: Transport = Transport()
    limits: Limits = Limits()
    stamp: Stamp = Stamp()
    grants: tuple[Grant, ...] = ()
    signature: Signature | None = None
    sealing: Sealing | None = None
    travel: Travel = Travel()
    answer: AnswerShape
    operations: Operations
    paging: Paging
    fields: Fields
    words: Dictionaries

    @cached_property
    def answer_rules(self) -> tuple[Rule, ...]:
        return tuple(Rule(**rule.model_dump()) for rule in self.answer.rules)

    @model_validator(mode="after")
    def _keys_live(self) -> Self:
        if self.delivery_class is DeliveryClass.K2 and self.key_life_s is None:
            raise Wrong(T("key_life_s: K2 needs it: how many seconds the portal remembers the key of a request."))
        if self.delivery_class is not DeliveryClass.K2 and self.key_life_s is not None:
            raise Wrong(T("key_life_s: goes with K2 only."))
        return self

    @model_validator(mode="after")
    def _grants_differ(self) -> Self:
        names = [grant.name for grant in self.grants]
        if len(set(names)) != len(names):
            raise Wrong(T("grants: two of them have the same name; give each its own."))
        return self


def shipped_dialect(name: str) -> Dialect:
    """One of the dialects in the package. Raises FileNotFoundError, pydantic.ValidationError."""
    return parsed(Dialect, shipped_text("dialects", name))
