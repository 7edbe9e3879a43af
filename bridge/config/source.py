"""Where offline records come from, and what ledgers here call things."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from bridge.config.kinds import BaseUrl, DatabaseUrl, DialectPack, ExistingFile, Place, Seconds, SecretPlaces, Words
from bridge.config.secret import one_place, places_of
from bridge.config.section import Section
from schemas.batch import Level
from schemas.errors import Wrong
from schemas.header_words import Column, category_of, column_called, header_words, level_named, squeezed
from schemas.roster import Category
from schemas.texts import T

_KIND_OF = {"path": "workbook", "url": "database", "people": "database", "base_url": "http", "dialect": "http"}


class Source(Section):
    """One folder of ledgers (`path`), one database of them (`url`, `people`), or one local system (`base_url`, `dialect`).

    A file is read once it has been left alone for `quiet_s`.
    `organiser` and `level` hold where a ledger itself does not say. `people` is a query, a row a person; `watermark`
    one for a value that changes with them. `settings` and `secrets` are what else the dialect asks for.
    """

    name: Words
    kind: Literal["workbook", "database", "http"] = "workbook"
    path: Place | None = None
    glob: Words = "**/*"
    quiet_s: Seconds = 2
    url: DatabaseUrl | None = None
    password_file: Place | None = None
    password_env: Words | None = None
    people: Words | None = None
    watermark: Words | None = None
    overlap_s: Seconds = 300
    timeout_s: Annotated[float, Field(gt=0, le=3600)] = 60
    columns: Mapping[Column, Words] = Field(default_factory=dict)
    base_url: BaseUrl | None = None
    dialect: DialectPack | None = None
    app_id: Words | None = None
    app_secret_file: Place | None = None
    app_secret_env: Words | None = None
    ca_file: ExistingFile | None = None
    settings: Mapping[str, Words] = Field(default_factory=dict)
    secrets: SecretPlaces = Field(default_factory=dict)
    organiser: Words | None = None
    level: Level | None = None

    @field_validator("path", "url", "people", "base_url", "dialect")
    @classmethod
    def _of_its_kind(cls, value: object, info: ValidationInfo) -> object:
        kind = info.data.get("kind")
        its_own = _KIND_OF[str(info.field_name)]
        if kind == its_own and value is None:
            raise Wrong(T("{key}: is missing."))
        if kind and kind != its_own and value is not None:
            raise Wrong(T('{key}: belongs to kind = "{kind}".', kind=its_own))
        return value

    @field_validator("password_env")
    @classmethod
    def _password(cls, value: str | None, info: ValidationInfo) -> str | None:
        return one_place(value, info, file_field="password_file", needed=False)

    @field_validator("app_secret_env")
    @classmethod
    def _secret(cls, value: str | None, info: ValidationInfo) -> str | None:
        return one_place(value, info, file_field="app_secret_file", needed=False)

    @field_validator("secrets")
    @classmethod
    def _places(cls, value: Mapping[str, str], info: ValidationInfo) -> Mapping[str, str]:
        return places_of(value, info)


class Aliases(Section):
    """What ledgers here call things: a heading → the usual heading, a unit's short name → its full one.

    `levels` and `categories`: a word → the usual word. One that means something else already is refused.
    """

    columns: Mapping[Words, Words] = Field(default_factory=dict)
    units: Mapping[Words, Words] = Field(default_factory=dict)
    levels: Mapping[Words, Words] = Field(default_factory=dict)
    categories: Mapping[Words, Words] = Field(default_factory=dict)

    @field_validator("columns")
    @classmethod
    def _usual(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        if not all(map(column_called, value.values())):
            raise Wrong(
                T(
                    "{key}: on the right of = stands a usual heading, such as {examples}.",
                    examples="姓名、身份证号、联系电话、单位、类别",
                )
            )
        return value

    @field_validator("levels", "categories")
    @classmethod
    def _one_meaning(cls, value: Mapping[str, str], info: ValidationInfo) -> Mapping[str, str]:
        words = header_words()
        meaning: Callable[[str], Level | Category | None] = category_of
        usual = [said[0] for said in words.categories.values()]
        if info.field_name == "levels":
            meaning, usual = level_named, [said[0] for said in words.levels.values()]
        taken: dict[str, Level | Category] = {}
        for word, meant in value.items():
            means = meaning(meant)
            if means is None:
                raise Wrong(T("{key}: on the right of = stands a usual word, such as {words}.", words="、".join(usual)))
            if taken.setdefault(squeezed(word), meaning(word) or means) != means:
                raise Wrong(T("{key}: “{word}” means something else already; one word cannot mean two.", word=word))
        return value
