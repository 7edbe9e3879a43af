"""政策包: a year's rules of one city as data. Every rule cites its clause and speaks in its own words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, StringConstraints, model_validator

from schemas import catalogue
from schemas.batch import Level
from schemas.errors import Wrong
from schemas.packs import parsed, shipped_text
from schemas.roster import Category, Problem, Severity
from schemas.texts import Language, T

Sentence = Annotated[str, StringConstraints(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(_Part):
    """One text in both languages."""

    zh_CN: Sentence  # noqa: N815  the language's own name
    en: Sentence

    def into(self, language: Language) -> str:
        return self.zh_CN if language is Language.ZH_CN else self.en


class Clause(_Part):
    """Where a rule stands: the notice by its Chinese name, its year, its section."""

    notice: Sentence
    year: PositiveInt
    section: Sentence

    def __str__(self) -> str:
        return f"{self.notice}〔{self.year}〕{self.section}"


class _Rule(_Part):
    """`text` is a `str.format` template over the values of the problem the rule finds."""

    id: Sentence
    severity: Severity
    clause: Clause
    text: Words


class DayLimits(_Part):
    in_province: PositiveInt
    across: PositiveInt


class MaxDays(_Rule):
    """Days of a batch, travel included. Values: days, limit."""

    kind: Literal["max_days"]
    params: DayLimits


class DayOfYear(_Part):
    month: Annotated[int, Field(ge=1, le=12)]
    day: Annotated[int, Field(ge=1, le=31)]

    def in_year(self, year: int) -> date:
        return date(year, self.month, self.day)


class SeasonEnd(_Rule):
    """The last day a batch may end on. Values: due."""

    kind: Literal["season_end"]
    params: DayOfYear


class LeaderRatio(_Part):
    people_per_leader: PositiveInt


class Leaders(_Rule):
    """One leader for each begun `people_per_leader`. Values: count, limit."""

    kind: Literal["leaders"]
    params: LeaderRatio


class BaseListed(_Rule):
    """The base stands in the base list. No values."""

    kind: Literal["base_listed"]


class BaseLevels(_Part):
    allowed: Annotated[frozenset[Level], Field(min_length=1)]


class BaseLevel(_Rule):
    """The base has one of the allowed levels. No values."""

    kind: Literal["base_level"]
    params: BaseLevels


class Groups(_Part):
    allowed: Annotated[frozenset[Category], Field(min_length=1)]


class Participants(_Rule):
    """Each participant belongs to an admitted group. No values."""

    kind: Literal["category"]
    params: Groups


Rule = MaxDays | SeasonEnd | Leaders | BaseListed | BaseLevel | Participants


class Quotas(_Part):
    """名额 of the year, in people; the levels add up to the total."""

    total: PositiveInt
    levels: Mapping[Level, PositiveInt]

    @model_validator(mode="after")
    def _adds_up(self) -> Quotas:
        if sum(self.levels.values()) != self.total:
            raise Wrong(T("{key}: the levels do not add up to the total."))
        return self


class Policy(_Part):
    """`once_per_year` makes a second batch of one person in the year a finding (D09)."""

    name: Sentence
    title: Words
    year: PositiveInt
    city: Words
    once_per_year: bool
    quotas: Quotas
    rules: tuple[Annotated[Rule, Field(discriminator="kind")], ...]

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Policy:
        if len({rule.id for rule in self.rules}) != len(self.rules):
            raise Wrong(T("rules: two of them have the same id; give each its own."))
        return self

    def rule(self, id_: str) -> Rule | None:
        return next((rule for rule in self.rules if rule.id == id_), None)


def policy_text(policy: Policy, problem: Problem, language: Language) -> str:
    """A policy problem as staff read it, with its clause. Raises KeyError for a code that is no rule's id."""
    rule = policy.rule(problem.code)
    if rule is None:
        raise KeyError(problem.code)
    said = rule.text.into(language).format(**problem.values)
    return f"{said}（依据：{rule.clause}）" if language is Language.ZH_CN else f"{said} ({rule.clause})"


def said(problem: Problem, policy: Policy | None, language: Language) -> tuple[str, str]:
    """Any problem as staff read it, and what to do about it: a policy rule speaks for itself, the catalogue for the rest."""
    if policy is not None and policy.rule(problem.code) is not None:
        return policy_text(policy, problem, language), ""
    entry = catalogue.problem(problem.code, language)
    return entry.say.format_map(catalogue.Values(problem.values)), entry.next_step


def shipped_policy(name: str) -> Policy:
    """One of the packs in the package. Raises FileNotFoundError, pydantic.ValidationError."""
    return parsed(Policy, shipped_text("policies", name))
