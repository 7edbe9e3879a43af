"""Offline words into online words and back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.map import (
    batch_from_online,
    batch_values,
    nothing_wanted,
    person_from_online,
    person_values,
    to_online,
    wanted,
)
from schemas.batch import BatchKey, Level
from schemas.dialect import Dictionaries
from schemas.errors import Unmappable
from schemas.identity import IdType
from schemas.journal import Wanted
from schemas.portal import OnlineBatch, OnlineStatus
from schemas.roster import Category, Place, Problem, Severity
from tests.unit.cast import BATCH, GLOSSARY, SPRING, WORDS, A, B, block, in_words, key_of

HEADER = batch_values(block(A, B, leaders=1), headcount=2)
AT_A = Place("rosters/台账.xlsx", "名单", A.where.row)
WHOLE = Place("rosters/台账.xlsx", "名单", 1)


def listed(**changes: str) -> OnlineBatch:
    return OnlineBatch("7", to_online(HEADER, WORDS.batch) | changes, OnlineStatus.DRAFT)


def test_a_header_in_the_portal_s_words() -> None:
    assert to_online(HEADER, WORDS.batch) == {
        "year": "2025",
        "organiser": "测试工会",
        "name": "第一批",
        "level": "22",
        "base": "测试基地",
        "start": "2025-05-06",
        "end": "2025-05-10",
        "headcount": "2",
        "leaders": "1",
    }


def test_a_person_in_the_portal_s_words() -> None:
    assert in_words(A) == {
        "name": "甲测试",
        "id_type": "01",
        "id_no": A.id_no,
        "phone": A.phone,
        "unit": "测试单位",
        "category": "1",
    }


@given(id_type=st.sampled_from(IdType), category=st.sampled_from(Category))
def test_what_goes_over_in_the_portal_s_words_comes_back_the_same(id_type: IdType, category: Category) -> None:
    one = replace(A, id_type=id_type, category=category)
    assert person_from_online(in_words(one), WORDS) == person_values(one)


@given(level=st.sampled_from(Level), start=st.dates(date(2025, 1, 1)), leaders=st.integers(0, 9))
def test_a_header_comes_back_the_same(level: Level, start: date, leaders: int) -> None:
    batch = replace(BATCH, level=level, start=start, end=start)
    values = batch_values(block(A, batch=batch, leaders=leaders), headcount=1)
    back = OnlineBatch("7", to_online(values, WORDS.batch), OnlineStatus.DRAFT)
    assert batch_from_online(back, WORDS) == (SPRING, values)


def test_a_value_without_a_word_is_unmappable_and_the_field_is_named() -> None:
    poorer = Dictionaries(category={"commended": "2"}, id_type=WORDS.id_type, status=WORDS.status)
    with pytest.raises(Unmappable, match="field category"):
        to_online(person_values(A), poorer.person)


def test_spellings_of_the_portal_become_canonical() -> None:
    spelled = in_words(
        A, name="甲 测试", unit="测试　单位", id_no=A.id_no.lower(), phone="199-0000-1101", category=" 1 "
    )
    assert person_from_online(spelled, WORDS) == person_values(A)
    assert batch_from_online(listed(start="2025/5/6", end="20250510", base="测试 基地"), WORDS) == (SPRING, HEADER)


def test_a_word_the_dictionary_lacks_stands_as_the_portal_wrote_it() -> None:
    assert person_from_online(in_words(A, category="99"), WORDS)["category"] == "99"


def test_masks_stay_masks() -> None:
    masked = person_from_online(in_words(A, id_no="9990**********1101", phone="199****1101"), WORDS)
    assert (masked["id_no"], masked["phone"]) == ("9990**********1101", "199****1101")


def test_a_field_the_portal_leaves_out_is_empty() -> None:
    assert person_from_online({"name": "甲测试"}, WORDS)["unit"] == ""


def test_a_year_that_is_no_number_belongs_to_no_year() -> None:
    key, _ = batch_from_online(listed(year="?"), WORDS)
    assert key == BatchKey(0, "测试工会", "第一批")


def test_a_roster_wants_its_header_and_a_mark_for_each_person() -> None:
    assert wanted(block(A, B, leaders=1), (), GLOSSARY, ours=True) == Wanted(
        key=SPRING,
        ours=True,
        blocked=False,
        problems=(),
        values=HEADER,
        mark=GLOSSARY.mark_batch(HEADER),
        people={key_of(one): GLOSSARY.mark_person(person_values(one)) for one in (A, B)},
    )


def test_a_blocking_problem_of_one_person_holds_that_person_and_lowers_the_head_count() -> None:
    found = wanted(block(A, B), [Problem("category", Severity.BLOCK, AT_A)], GLOSSARY, ours=True)
    assert (found.held, found.blocked) == (frozenset({key_of(A)}), False)
    assert found.values
    assert found.values["headcount"] == "1"


@pytest.mark.parametrize("severity", [Severity.EXPLAIN, Severity.INFORM])
def test_a_problem_that_does_not_block_holds_nobody(severity: Severity) -> None:
    problems = [Problem("x", severity, AT_A), Problem("y", severity, WHOLE)]
    found = wanted(block(A, B), problems, GLOSSARY, ours=True)
    assert (found.held, found.blocked, found.problems) == (frozenset(), False, tuple(problems))


def test_a_blocking_problem_of_the_roster_blocks_the_batch() -> None:
    assert wanted(block(A), [Problem("end_before_start", Severity.BLOCK, WHOLE)], GLOSSARY, ours=True).blocked


def test_a_person_without_a_word_online_is_held_with_the_place() -> None:
    words = Dictionaries(level=WORDS.level, category={"commended": "2"}, id_type=WORDS.id_type)
    found = wanted(block(A), (), replace(GLOSSARY, words=words), ours=True)
    assert found.held == {key_of(A)}
    assert found.problems == (Problem("unmappable", Severity.BLOCK, AT_A, {"field": "category"}),)


def test_the_first_row_of_a_person_counts() -> None:
    again = replace(A, phone="19900000009", where=Place("", "名单", 30))
    assert wanted(block(A, again), (), GLOSSARY, ours=True).people == wanted(block(A), (), GLOSSARY, ours=True).people


def test_a_batch_no_ledger_holds_wants_nothing() -> None:
    assert nothing_wanted(SPRING, ours=True) == Wanted(
        SPRING, ours=True, blocked=False, problems=(), values=None, mark=None
    )


@pytest.mark.parametrize("organiser", ["市直机关/事业单位工会", "100%工会", "%2F/%25"])
def test_a_batch_key_survives_being_written_down(organiser: str) -> None:
    key = BatchKey(2025, organiser, "第一批/续")
    assert BatchKey.parse(str(key)) == key
