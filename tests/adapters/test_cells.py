"""The single cell: what is normalised, what is refused, and that nothing is repaired."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from adapters.sources.dates import Period, day_of, period_of
from schemas.identity import IdType, id_fault
from schemas.roster import Category, Leader
from tests.adapters.ledgers import HEADER, Formula, id_no, ledger, people, row
from tests.adapters.readings import codes, one_roster, problems_of, read_row, read_rows

PASSING_000 = "999001199001028000"  # its check digit fits, as that of one damaged id in eleven does


@pytest.mark.parametrize("number", [float(PASSING_000), 999001199001011234.0])
def test_a_numeric_id_is_refused_whatever_its_check_digit(tmp_path: Path, number: float) -> None:
    assert id_fault(PASSING_000, on=date(2025, 5, 3)) is None
    assert read_row(tmp_path, row(1, id_no=number)) == (None, ["id_damaged"])


@pytest.mark.parametrize("text", ["9.99E+17", "9.99001E+17", "９.99e+17", "9E17", " 9.99001199001011E+17 "])
def test_e_notation_is_refused_and_never_repaired(tmp_path: Path, text: str) -> None:
    assert read_row(tmp_path, row(1, id_no=text)) == (None, ["id_damaged"])


def test_a_numeric_id_of_15_digits_is_whole(tmp_path: Path) -> None:
    person, found = read_row(tmp_path, row(1, id_no=999001900101123.0))
    assert person is not None
    assert (person.id_no[:17], found) == ("99900119900101123", [])


@pytest.mark.parametrize("spelling", ["'{}", " {}\u3000", "\u200b{}\xa0", "{}\n"])
def test_what_nobody_sees_in_an_id_is_dropped(tmp_path: Path, spelling: str) -> None:
    person, found = read_row(tmp_path, row(1, id_no=spelling.format(id_no(1))))
    assert person is not None
    assert (person.id_no, found) == (id_no(1), [])


def test_a_lower_case_x_and_full_width_digits_are_the_same_id(tmp_path: Path) -> None:
    with_x = next(id_no(number) for number in range(1, 99) if id_no(number).endswith("X"))
    wide = with_x.translate({ord(str(n)): chr(ord("０") + n) for n in range(10)})
    for spelling in (with_x.lower(), wide):
        person, _ = read_row(tmp_path, row(1, id_no=spelling))
        assert person is not None
        assert person.id_no == with_x


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "id_missing"),
        (id_no(1)[:-1], "id_length"),
        (id_no(1)[:-2] + "ZZ", "id_characters"),
        (id_no(1)[:-1] + ("0" if id_no(1)[-1] != "0" else "1"), "id_check_digit"),
    ],
)
def test_each_fault_of_an_id_has_its_code(tmp_path: Path, text: str, code: str) -> None:
    assert read_row(tmp_path, row(1, id_no=text)) == (None, [code])


def test_a_passport_is_a_document_and_no_mistake(tmp_path: Path) -> None:
    person, found = read_row(tmp_path, row(1, id_no="E12345678"))
    assert person is not None
    assert (person.id_type, found) == (IdType.PASSPORT, [])


@pytest.mark.parametrize(
    ("cell", "digits", "odd"),
    [
        (19900000001.0, "19900000001", False),
        ("199-0000-0001", "19900000001", False),
        ("+86 19900000001", "19900000001", False),
        ("0631-5200000、19900000001", "19900000001", True),
        ("19900000002/19900000003", "19900000002", True),
        ("1990000", "1990000", True),
        ("", "", True),
    ],
)
def test_an_odd_phone_is_remarked_on_and_holds_nobody_up(tmp_path: Path, cell: object, digits: str, odd: bool) -> None:  # noqa: FBT001
    person, found = read_row(tmp_path, row(1, phone=cell))
    assert person is not None
    assert (person.phone, found) == (digits, ["phone_format"] if odd else [])


@pytest.mark.parametrize("spelling", ["张 三", "张\u3000三", "张三\n", " 张三 "])
def test_a_padded_name_is_the_same_name(tmp_path: Path, spelling: str) -> None:
    person, _ = read_row(tmp_path, row(1, name=spelling))
    assert person is not None
    assert person.name == "张三"


def test_a_digit_in_a_name_is_refused(tmp_path: Path) -> None:
    assert read_row(tmp_path, row(1, name="测1")) == (None, ["name_format"])


@pytest.mark.parametrize(
    ("cell", "category"),
    [
        ("1", Category.SKILLED),
        (2.0, Category.COMMENDED),
        ("三", Category.HARDSHIP),
        ("④", Category.CONTRIBUTOR),
        ("第五类", Category.NEW_EMPLOYMENT),
        ("1.技能人才", Category.SKILLED),
        ("（二）先进模范", Category.COMMENDED),
        ("3类：苦脏累险毒岗位", Category.HARDSHIP),
        ("参与重点工程建设", Category.CONTRIBUTOR),
        ("快递员", Category.NEW_EMPLOYMENT),
    ],
)
def test_a_category_is_a_word_a_number_or_both(tmp_path: Path, cell: object, category: Category) -> None:
    person, found = read_row(tmp_path, row(1, category=cell))
    assert person is not None
    assert (person.category, found) == (category, [])


@pytest.mark.parametrize("cell", ["6", "其他", "先进快递员", "1、2"])
def test_a_category_that_is_none_or_two_at_once_is_refused(tmp_path: Path, cell: str) -> None:
    assert read_row(tmp_path, row(1, category=cell)) == (None, ["unknown_category"])


def test_words_about_health_go_no_farther_than_the_cell(tmp_path: Path) -> None:
    rows = ledger(row(1, category="慢性病（糖尿病）", remark="糖尿病"), row(2, category="糖尿病"))
    reading = read_rows(tmp_path, rows)
    assert one_roster(reading).people[0].category is Category.HARDSHIP
    everything = [*one_roster(reading).people, *one_roster(reading).rejections, *reading.notes]
    assert not any("糖尿病" in repr([getattr(thing, name) for name in thing.__slots__]) for thing in everything)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "测丁(领队)"},
        {"name": "测丁（带队）"},
        {"remark": "带队"},
        {"remark": "带队，不占名额"},
        {"category": "带队人员"},
        {"post": "工会主席（领队）"},
        {"post": "工作人员", "category": ""},
    ],
)
def test_who_leads_is_a_leader_and_needs_no_id(tmp_path: Path, changes: dict[str, object]) -> None:
    reading = read_rows(tmp_path, ledger(row(1, **({"id_no": ""} | changes)), *people(1, first=2)))
    roster = one_roster(reading)
    assert roster.leaders == (Leader("测丁", "19900000001", "荣成市渔业公司", roster.leaders[0].where),)
    assert (len(roster.people), roster.rejections) == (1, ())


def test_the_ordinary_post_of_a_worker_makes_no_leader(tmp_path: Path) -> None:
    person, _ = read_row(tmp_path, row(1, post="工作人员"))
    assert person is not None


@pytest.mark.parametrize("changes", [{"remark": "家属"}, {"name": "测丁（随行）"}, {"category": "职工家属"}])
def test_family_never_takes_part(tmp_path: Path, changes: dict[str, object]) -> None:
    assert read_row(tmp_path, row(1, **changes)) == (None, ["family_member"])


def test_without_family_is_no_family(tmp_path: Path) -> None:
    person, _ = read_row(tmp_path, row(1, remark="无家属"))
    assert person is not None


def test_a_row_carries_all_its_problems_each_with_its_column(tmp_path: Path) -> None:
    rows = ledger(row(1, name="", id_no="9.99E+17", phone="1", unit="", category="其他"))
    [rejected] = one_roster(read_rows(tmp_path, rows)).rejections
    assert [(found.code, found.where.column) for found in rejected.problems if found.where] == [
        ("name_missing", "姓名"),
        ("id_damaged", "身份证号"),
        ("unknown_category", "类别"),
        ("phone_format", "联系电话"),
        ("unit_missing", "单位"),
    ]
    assert {found.where.row for found in rejected.problems if found.where} == {5} == {rejected.where.row}


def test_no_problem_repeats_a_cell(tmp_path: Path) -> None:
    rows = ledger(row(1, id_no="9990011990010112345", phone="1990000", category="其他"))
    [rejected] = one_roster(read_rows(tmp_path, rows)).rejections
    assert all(not found.values for found in rejected.problems)


def test_a_formula_without_a_result_is_named_and_not_called_empty(tmp_path: Path) -> None:
    rows = ledger(row(1, id_no=Formula("=A1&B1")), row(2, unit=Formula("=1/0", "#DIV/0!")), row(3, unit=""))
    roster = one_roster(read_rows(tmp_path, rows))
    assert problems_of(roster.rejections) == [["formula_empty"], ["formula_empty"], ["unit_missing"]]


def test_a_formula_with_a_result_is_its_result(tmp_path: Path) -> None:
    person, found = read_row(tmp_path, row(1, unit=Formula("=A1", "荣成市渔业公司")))
    assert person is not None
    assert (person.unit, found) == ("荣成市渔业公司", [])


def test_a_ledger_without_phones_is_remarked_on_once(tmp_path: Path) -> None:
    phone = HEADER.index("联系电话")
    rows = [[cell for at, cell in enumerate(cells) if at != phone] for cells in ledger(*people(3))]
    reading = read_rows(tmp_path, rows)
    assert codes(reading.notes) == ["column_missing"]
    assert len(one_roster(reading).people) == 3


def test_a_ledger_without_ids_keeps_every_row_countable(tmp_path: Path) -> None:
    ids = HEADER.index("身份证号")
    rows = [[cell for at, cell in enumerate(cells) if at != ids] for cells in ledger(*people(3))]
    assert problems_of(one_roster(read_rows(tmp_path, rows)).rejections) == [["id_missing"]] * 3


MAY = Period(date(2025, 5, 3), date(2025, 5, 7))


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("2025年5月3日-7日", MAY),
        ("5月3日-7日", MAY),
        ("5.3-5.7", MAY),
        ("2025/5/3～7", MAY),
        ("2025.5.3—2025.5.7", MAY),
        ("2025-05-03至2025-05-07", MAY),
        ("20250503-20250507", MAY),
        ("25年5月3日——7日", MAY),
        ("５月３日（周六）到５月７日（周三）", MAY),
        ("5月30日—6月3日", Period(date(2025, 5, 30), date(2025, 6, 3))),
        ("12月30日-1月2日", Period(date(2025, 12, 30), date(2026, 1, 2))),
        ("2025年5月3日", Period(date(2025, 5, 3))),
        ("2月30日-3月2日", Period()),
        ("五月上旬", Period()),
    ],
)
def test_a_period_in_every_spelling_seen(text: str, period: Period) -> None:
    assert period_of(text, 2025) == period


@pytest.mark.parametrize("cell", [date(2025, 5, 3), 45780.0, 45780, "45780", 20250503.0, "2025.5.3", "5月3日"])
def test_a_day_in_every_form_a_cell_has(cell: object) -> None:
    assert day_of(cell, 2025) == date(2025, 5, 3)


def test_without_any_year_there_is_no_day() -> None:
    assert period_of("5月3日-7日", None) == Period()
