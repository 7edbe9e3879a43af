"""The catalogue files: complete, in both languages, with the same values in both."""

from __future__ import annotations

from string import Formatter

import pytest

from schemas.catalogue import Owner, cases, finding, owner_name, problem, problem_codes, severity
from schemas.finding import Case, Code
from schemas.policy import shipped_policy
from schemas.roster import Severity
from schemas.texts import Language

FINDING_VALUES = set(
    "batch name unit days due fields count other rows offline online declared listed text".split()  # noqa: SIM905
)


def named(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}


@pytest.mark.parametrize("code", list(Code))
def test_every_finding_says_the_same_in_both_languages(code: Code) -> None:
    chinese, english = finding(code, Language.ZH_CN), finding(code, Language.EN)
    assert named(chinese.say) == named(english.say) <= FINDING_VALUES
    assert (chinese.owner, chinese.to_do) == (english.owner, english.to_do)


@pytest.mark.parametrize(("code", "case"), cases())
def test_every_case_of_a_finding_says_the_same_in_both_languages_and_most_ask_for_something(
    code: Code, case: Case
) -> None:
    chinese, english = finding(code, Language.ZH_CN, case), finding(code, Language.EN, case)
    assert named(chinese.say) == named(english.say) <= FINDING_VALUES | {"waited", "old", "new"}
    assert chinese.owner is english.owner
    assert chinese.to_do == english.to_do == (case not in {Case.FORM, Case.SUPERSEDED})
    assert chinese.title != finding(code, Language.ZH_CN).title
    for entry, stop in ((chinese, "。"), (english, ".")):
        assert entry.say.endswith((stop, "{text}"))
        assert entry.why.endswith(stop)
        assert entry.next_step.endswith(stop)


def test_every_case_belongs_to_some_code() -> None:
    assert {case for _, case in cases()} == set(Case)


def test_only_three_findings_ask_nothing_of_anybody() -> None:
    assert {code for code in Code if not finding(code, Language.EN).to_do} == {
        Code.DUE,
        Code.NOT_OURS,
        Code.REVIEW_OUTSTANDING,
    }


@pytest.mark.parametrize("code", sorted(problem_codes()))
def test_every_problem_says_the_same_in_both_languages(code: str) -> None:
    chinese, english = problem(code, Language.ZH_CN), problem(code, Language.EN)
    assert named(chinese.say) == named(english.say)
    assert chinese.severity is english.severity is severity(code)


@pytest.mark.parametrize("code", list(Code))
def test_a_sentence_is_a_sentence_and_a_title_is_none(code: Code) -> None:
    for language, stop in ((Language.ZH_CN, "。"), (Language.EN, ".")):
        entry = finding(code, language)
        assert entry.why.endswith(stop)
        assert entry.next_step.endswith(stop)
        assert entry.say.endswith((stop, "{text}"))
        assert not entry.title.endswith(stop)


def test_every_owner_has_a_name_in_both_languages() -> None:
    assert len({owner_name(owner, language) for owner in Owner for language in Language}) == 8


def test_an_id_fault_blocks_and_a_warning_informs() -> None:
    faults = {"id_length", "id_characters", "id_check_digit", "id_birth_date"}
    assert {severity(code) for code in faults} == {Severity.BLOCK}
    assert {severity("unknown_region"), severity("phone_format")} == {Severity.INFORM}


def test_a_problem_is_either_in_the_catalogue_or_a_policy_rule_never_both() -> None:
    assert not problem_codes() & {rule.id for rule in shipped_policy("weihai-2025").rules}


def test_an_unknown_problem_code_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        problem("no_such_problem", Language.EN)
