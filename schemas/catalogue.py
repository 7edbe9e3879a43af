"""The catalogue of findings and of problems: what staff read, in both languages, as data in the package."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints

from schemas.finding import Case, Code
from schemas.roster import Severity
from schemas.texts import Language

Sentence = Annotated[str, StringConstraints(min_length=1)]


class Owner(StrEnum):
    """Who settles a finding."""

    UNIT = "unit"
    ORGANISER = "organiser"
    FEDERATION = "federation"
    OPERATOR = "operator"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FindingEntry(_Part):
    """One code in one language. `say` is a `str.format` template over a finding's `values`."""

    title: Sentence
    say: Sentence
    why: Sentence
    next_step: Sentence
    owner: Owner
    source: Sentence
    to_do: bool


class ProblemEntry(_Part):
    """One problem code in one language. `say` is a `str.format` template over a problem's `values`."""

    say: Sentence
    next_step: Sentence
    source: str
    severity: Severity


class Values(dict[str, object]):
    """The values of a sentence; one that is not stated shows as a dash, never as an error in a report."""

    def __init__(self, values: Mapping[str, object], **more: object) -> None:
        super().__init__(values, **more)

    def __missing__(self, key: str) -> str:
        return "-"


def finding(code: Code, language: Language, case: Case | None = None) -> FindingEntry:
    return _findings()[f"{code}_{case}" if case else code, language]


def cases() -> tuple[tuple[Code, Case], ...]:
    """Every case a code has beside its ordinary one."""
    split = (key.split("_", 1) for key, _ in _findings() if "_" in key)
    return tuple(sorted({(Code(code), Case(case)) for code, case in split}))


def problem(code: str, language: Language) -> ProblemEntry:
    """Raises KeyError for a code no catalogue file holds: policy rules speak for themselves."""
    return _problems()[code, language]


def severity(code: str) -> Severity:
    return problem(code, Language.EN).severity


def problem_codes() -> frozenset[str]:
    return frozenset(code for code, _ in _problems())


def owner_name(owner: Owner, language: Language) -> str:
    """The owner as staff know them."""
    names: Mapping[str, str] = _tables("findings")["owners"][language]
    return names[owner]


@cache
def _findings() -> Mapping[tuple[str, Language], FindingEntry]:
    tables = {key: table for key, table in _tables("findings").items() if key != "owners"}
    return {
        (code, language): FindingEntry.model_validate(_in_language(table, language))
        for code, table in tables.items()
        for language in Language
    }


@cache
def _problems() -> Mapping[tuple[str, Language], ProblemEntry]:
    return {
        (code, language): ProblemEntry.model_validate(_in_language(table, language))
        for code, table in _tables("problems").items()
        for language in Language
    }


def _in_language(table: Mapping[str, Any], language: Language) -> dict[str, Any]:
    """One entry flattened: what holds for all languages, and the words of this one."""
    shared = {key: value for key, value in table.items() if key not in set(Language)}
    words = {"next_step" if key == "next" else key: text for key, text in table[language].items()}
    return {**shared, **words}


@cache
def _tables(prefix: str) -> dict[str, Any]:
    """Every `prefix*.toml` of the package, merged. Raises ValueError when two files hold one code."""
    merged: dict[str, Any] = {}
    folder = files("schemas") / "catalogue_data"
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if file.name.startswith(prefix) and file.name.endswith(".toml"):
            tables = tomllib.loads(file.read_text(encoding="utf-8"))
            if twice := merged.keys() & tables.keys():
                raise ValueError(f"{file.name} repeats {sorted(twice)}")
            merged |= tables
    return merged
