"""The portal's names, words and spellings for what is ours."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from schemas.dialect.part import Filled, Part, Words
from schemas.errors import Wrong
from schemas.portal import OnlineStatus
from schemas.texts import T


class RecordFields(Part):
    """The portal's names for what every record carries, empty where it has no such thing.

    `change` is a batch's change mark: it moves whenever the batch or one of its people does.
    """

    online_id: Filled
    serial: str = ""
    status: str = ""
    change: str = ""
    row_code: str = ""
    row_message: str = ""


class Constants(Part):
    """What every record of a kind carries besides ours: dotted path → value."""

    batch: Mapping[str, str | int | bool] = Field(default_factory=dict)
    person: Mapping[str, str | int | bool] = Field(default_factory=dict)


class Fields(Part):
    """Canonical field → the portal's field, a dotted path. `numbers` are written as numbers, not as texts; they may
    name what bodies take from templates as well (`parent`, `online_id`, `page`, `size`, …).

    `date` is how days are written (strftime). `mask` is the character that hides digits in listings. `ignored` are
    fields of listings that are known and of no use to us.
    """

    batch: Words
    person: Words
    record: RecordFields
    constants: Constants = Constants()
    numbers: frozenset[str] = frozenset()
    date: Filled = "%Y-%m-%d"
    mask: Annotated[str, Field(min_length=1, max_length=1)] = "*"
    ignored: frozenset[str] = frozenset()


Spellings = Annotated[tuple[Filled, ...], BeforeValidator(lambda word: (word,) if isinstance(word, str) else word)]
"""A word of the portal, or several: the first is written, all are read (codes and words, padded or not)."""


class Dictionaries(Part):
    """Canonical word → the portal's."""

    level: Mapping[str, Spellings] = Field(default_factory=dict)
    category: Mapping[str, Spellings] = Field(default_factory=dict)
    id_type: Mapping[str, Spellings] = Field(default_factory=dict)
    status: Mapping[OnlineStatus, Spellings] = Field(default_factory=dict)

    @cached_property
    def batch(self) -> Mapping[str, Words]:
        """What is written for the fields of a batch. A field without a dictionary goes as it is."""
        return _written(level=self.level)

    @cached_property
    def person(self) -> Mapping[str, Words]:
        """What is written for the fields of a participant."""
        return _written(id_type=self.id_type, category=self.category)

    @cached_property
    def read(self) -> Mapping[str, Words]:
        """Field → the portal's word, in any of its spellings → ours."""
        return {name: _read(getattr(self, name)) for name in type(self).model_fields}

    @model_validator(mode="after")
    def _read_both_ways(self) -> Self:
        for name in type(self).model_fields:
            words = [word for spellings in getattr(self, name).values() for word in spellings]
            if len(set(words)) != len(words):
                raise Wrong(T("{key}.{name}: one word of the portal stands for two of ours.", name=name))
        return self


def _written(**dictionaries: Mapping[str, Spellings]) -> Mapping[str, Words]:
    return {
        name: {ours: spellings[0] for ours, spellings in words.items()} for name, words in dictionaries.items() if words
    }


def _read(words: Mapping[str, Spellings]) -> Words:
    return {word: str(ours) for ours, spellings in words.items() for word in spellings}
