"""Two sides of one record, field by field."""

from __future__ import annotations

import pytest

from bridge.compare import differences, rule_of, shown, who_moved
from bridge.map import person_from_online, person_values
from schemas.finding import FieldDifference, Moved, Rule
from schemas.journal import PERSON_FIELDS
from tests.unit.cast import WORDS, A, in_words

OURS = person_values(A)
ONE, OTHER, THIRD = b"1" * 16, b"2" * 16, b"3" * 16


def compared(**spelled: str) -> tuple[FieldDifference, ...]:
    """A as offline has it against a portal that spells some fields its own way."""
    raw = in_words(A, **spelled)
    found = differences(PERSON_FIELDS, OURS, person_from_online(raw, WORDS), raw=raw)
    return tuple(one for one in found if one.rule is not Rule.DICTIONARY)


@pytest.mark.parametrize(
    ("field", "canonical", "spelled", "rule"),
    [
        ("name", "测试甲", "测 试 甲", Rule.BLANKS),
        ("unit", "测试单位", "测试\n单位", Rule.BLANKS),
        ("name", "测试·甲", "测试•甲", Rule.SPELLING),
        ("id_no", "99900119800101001X", "99900119800101001x", Rule.LETTER_CASE),
        ("id_no", "99900119800101001X", "９９９００１１９８００１０１００１Ｘ", Rule.WIDTH),
        ("phone", "19900000001", "１９９００００ ０００１", Rule.WIDTH),
        ("unit", "测试(东)单位", "测试（东）单位", Rule.WIDTH),
        ("id_no", "99900119800101001X", "9990**********001X", Rule.MASK),
        ("phone", "19900000001", "199****0001", Rule.MASK),
        ("start", "2025-05-03", "2025/5/3", Rule.DATE_FORM),
        ("end", "2025-05-03", "20250503", Rule.DATE_FORM),
        ("end", "2025-05-03", "2025-05-03 00:00:00", Rule.DATE_FORM),
        ("category", "skilled", "1", Rule.DICTIONARY),
        ("level", "city", "22", Rule.DICTIONARY),
        ("id_type", "resident", "01", Rule.DICTIONARY),
        ("phone", "19900000001", "199-0000-0001", Rule.SPELLING),
    ],
)
def test_the_rule_by_which_two_spellings_are_equal_is_named(
    field: str, canonical: str, spelled: str, rule: Rule
) -> None:
    assert rule_of(field, canonical, spelled) is rule


@pytest.mark.parametrize(
    ("spelled", "rule"),
    [
        ({"name": f" {A.name[0]} {A.name[1:]}"}, Rule.BLANKS),
        ({"phone": f"+86 {A.phone}"}, Rule.SPELLING),
        ({"unit": "测试　单位"}, Rule.BLANKS),
    ],
)
def test_a_spelling_that_reads_the_same_is_shown_with_its_rule_and_is_no_difference(
    spelled: dict[str, str], rule: Rule
) -> None:
    [found] = compared(**spelled)
    assert (found.field, found.rule, found.offline) == (*spelled, rule, found.online)


def test_equal_fields_are_not_listed() -> None:
    assert compared() == ()


def test_a_field_that_differs_shows_both_sides_masked() -> None:
    assert compared(phone="19900000009") == (FieldDifference("phone", "199****1101", "199****0009"),)


def test_what_was_agreed_is_shown_where_the_sides_differ() -> None:
    online = {**OURS, "unit": "别的单位"}
    [found] = differences(PERSON_FIELDS, OURS, online, raw=online, agreed={**OURS, "unit": "原单位"})
    assert found == FieldDifference("unit", "测试单位", "别的单位", "原单位")


def test_masked_values_that_look_alike_say_where_they_differ() -> None:
    online = {**OURS, "id_no": A.id_no[:7] + "55" + A.id_no[9:]}
    [found] = differences(PERSON_FIELDS, OURS, online, raw=online)
    assert (found.offline == found.online, found.positions) == (True, (8, 9))


def test_names_ids_and_phones_are_never_shown_whole() -> None:
    assert [shown(field, OURS[field]) for field in PERSON_FIELDS] == [
        "甲*",
        "resident",
        f"999***********{A.id_no[-4:]}",
        "199****1101",
        "测试单位",
        "skilled",
    ]


@pytest.mark.parametrize(
    ("offline", "online", "agreed", "moved"),
    [
        (ONE, OTHER, None, Moved.NEVER_AGREED),
        (OTHER, ONE, ONE, Moved.OFFLINE),
        (ONE, OTHER, ONE, Moved.ONLINE),
        (OTHER, THIRD, ONE, Moved.BOTH),
        (None, ONE, ONE, Moved.OFFLINE),
        (ONE, None, ONE, Moved.ONLINE),
        (OTHER, None, ONE, Moved.BOTH),
        (None, OTHER, ONE, Moved.BOTH),
    ],
)
def test_who_moved_is_told_by_the_last_agreement(
    offline: bytes | None, online: bytes | None, agreed: bytes | None, moved: Moved
) -> None:
    assert who_moved(offline, online, agreed) is moved
