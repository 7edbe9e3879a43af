"""The policy pack as data: its golden numbers, its clauses, and what a wrong pack gets."""

from __future__ import annotations

from string import Formatter
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.batch import Level
from schemas.policy import Policy, policy_text, shipped_policy
from schemas.roster import Problem, Severity
from schemas.texts import Language

WEIHAI = shipped_policy("weihai-2025")


def changed(**changes: Any) -> dict[str, Any]:
    return WEIHAI.model_dump(mode="json") | changes


def named(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}


def test_the_quotas_of_weihai_2025_are_the_golden_numbers() -> None:
    assert WEIHAI.quotas.levels == {
        Level.DEMONSTRATION: 320,
        Level.CITY: 450,
        Level.DISTRICT: 950,
        Level.GRASSROOTS: 8280,
    }
    assert WEIHAI.quotas.total == 10000


def test_every_rule_cites_its_clause() -> None:
    assert {rule.id: rule.clause.section for rule in WEIHAI.rules} == {
        "category": "二",
        "max_days": "四1",
        "season_end": "四1",
        "base_listed": "四2",
        "base_level": "四2",
        "leaders": "六（二）",
    }
    assert {rule.clause.year for rule in WEIHAI.rules} == {2025}


def test_only_what_admits_no_exception_blocks() -> None:
    assert {rule.id for rule in WEIHAI.rules if rule.severity is Severity.BLOCK} == {"category", "base_listed"}


def test_every_rule_says_the_same_in_both_languages() -> None:
    assert all(named(rule.text.zh_CN) == named(rule.text.en) for rule in WEIHAI.rules)


def test_the_shipped_pack_lets_a_person_take_part_more_than_once() -> None:
    assert not WEIHAI.once_per_year


def test_a_policy_problem_is_told_with_its_clause() -> None:
    problem = Problem("max_days", Severity.EXPLAIN, values={"days": 8, "limit": 7})
    assert (
        policy_text(WEIHAI, problem, Language.ZH_CN)
        == "含往返共8天，超过7天。（依据：威海市总工会职工疗休养通知〔2025〕四1）"
    )
    assert policy_text(WEIHAI, problem, Language.EN).startswith("8 days with travel, more than 7. (")


def test_a_problem_that_is_no_policy_rule_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        policy_text(WEIHAI, Problem("end_before_start", Severity.BLOCK), Language.EN)


def test_a_pack_survives_being_written_and_read() -> None:
    assert Policy.model_validate(changed()) == WEIHAI


@pytest.mark.parametrize(
    "mistake",
    [
        {"quotas": {"total": 9999, "levels": {"city": 9998}}},
        {"rules": [WEIHAI.rules[0].model_dump(mode="json")] * 2},
        {"rules": [WEIHAI.rules[0].model_dump(mode="json") | {"kind": "no_such_kind"}]},
        {
            "rules": [
                WEIHAI.rules[0].model_dump(mode="json") | {"clause": {"notice": "", "year": 2025, "section": "二"}}
            ]
        },
        {"once_a_year": True},
        {"year": "later"},
    ],
    ids=["sum of quotas", "rule id twice", "unknown kind", "empty citation", "unknown key", "year in words"],
)
def test_a_mistake_in_a_pack_is_refused(mistake: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Policy.model_validate(changed(**mistake))


def test_a_pack_nobody_ships_is_not_found() -> None:
    with pytest.raises(FileNotFoundError):
        shipped_policy("nowhere-1999")
