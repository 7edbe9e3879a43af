"""Sheets that belong elsewhere, forms of another year, and what a federation calls things its own way."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from adapters.sources.aliases import Aliases
from adapters.sources.facts import Facts
from adapters.sources.ledger import Task
from adapters.sources.understanding import understand
from schemas.batch import Level
from schemas.roster import Category, Place, Reading, Severity
from tests.adapters.ledgers import HEADER, LINE, TITLE, id_no, ledger, name, people, row, write_xlsx
from tests.adapters.readings import names, one_roster, problems_of, read, without_region_notes

OWN = Aliases.of({"参训 对象": "姓名", "身份标识": "公民身份号码"}, {"荣渔": "荣成市渔业公司", "荣工": "荣成市总工会"})
TASK = Task("rosters/台账.xlsx", date(2025, 6, 1), Facts(year=2025), key=b"k")


def understood(folder: Path, rows: list[list[object]], aliases: Aliases = OWN) -> Reading:
    content = write_xlsx(folder / "台账.xlsx", rows).read_bytes()
    return without_region_notes(understand(replace(TASK, aliases=aliases), content))


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([["疗休养情况"], ["序号", "单位", "人数"], [1, "荣成市渔业公司", 12]], "unit_summary"),
        ([["2025年名额分配表"], ["各区市", "数量"], ["荣成市", 12]], "quota_table"),
        ([["疗休养计划"], ["序号", "单位", "分配名额"], [1, "荣成市总工会", 40]], "quota_table"),
        ([["疗休养基地名录"], ["名称", "星级"], ["石岛赤山疗养基地", "四星"]], "base_list"),
        ([["一览"], ["序号", "基地名称", "详细地址", "联系电话"], [1, "石岛赤山疗养基地", "石岛"]], "base_list"),
    ],
)
def test_a_form_without_people_is_told_by_its_name_and_refuses_nothing(
    tmp_path: Path, rows: list[list[object]], code: str
) -> None:
    reading = read(write_xlsx(tmp_path / "a.xlsx", rows))
    [note] = reading.notes
    assert (note.code, note.where, note.severity) == (code, Place("rosters/a.xlsx", "Sheet1"), Severity.INFORM)
    assert ([form.kind for form in reading.forms], reading.rejections, reading.rosters) == ([code], (), ())


def test_a_roster_that_also_names_a_base_and_its_address_is_a_roster(tmp_path: Path) -> None:
    rows = [TITLE, LINE, ["批次：第三批"], [*HEADER, "基地", "地址"], [*row(1), "石岛赤山疗养基地", "石岛"]]
    assert names(one_roster(read(write_xlsx(tmp_path / "a.xlsx", rows)))) == [name(1)]


def test_a_form_of_last_year_is_told_of(tmp_path: Path) -> None:
    rows = ledger(*people(2))
    rows[0] = [TITLE[0].replace("2025", "2024")]
    [note] = read(write_xlsx(tmp_path / "a.xlsx", rows), year=2025).notes
    assert (note.code, note.values) == ("other_year", {"stated": 2024, "season": 2025})


def test_days_of_last_year_under_a_title_of_this_one_are_told_of(tmp_path: Path) -> None:
    rows = ledger(*people(2))
    rows[1] = [LINE[0].replace("2025年5月3日", "2024年5月3日")]
    [note] = read(write_xlsx(tmp_path / "a.xlsx", rows), year=2025).notes
    assert (note.code, note.where) == ("other_year", Place("rosters/a.xlsx", "Sheet1"))


def test_a_form_of_this_year_is_not(tmp_path: Path) -> None:
    assert read(write_xlsx(tmp_path / "a.xlsx", ledger(*people(2))), year=2025).notes == ()


def test_a_heading_the_settings_explain_is_understood(tmp_path: Path) -> None:
    header = ["参训对象" if cell == "姓名" else "身份\n标识" if cell == "身份证号" else cell for cell in HEADER]
    rows = [TITLE, LINE, ["批次：第三批"], header, row(1), row(2, id_no="999")]
    [roster] = understood(tmp_path, rows).rosters
    assert names(roster) == [name(1)]
    assert roster.rejections[0].problems[0].where == Place("rosters/台账.xlsx", "Sheet1", 6, "身份标识")
    assert problems_of(understood(tmp_path, rows, Aliases()).rejections) == [["header_not_found"]]


def test_what_the_settings_explain_goes_before_the_usual_word(tmp_path: Path) -> None:
    rows = [TITLE, LINE, ["批次：第三批"], ["疗休养人员", *HEADER], ["甲", *row(1)], ["乙", *row(2)]]
    assert names(one_roster(understood(tmp_path, rows))) == [name(1), name(2)]
    told = Aliases.of({"疗休养人员": "姓名"}, {})
    assert names(one_roster(understood(tmp_path, rows, told))) == ["甲", "乙"]


def test_short_names_of_units_and_organisers_become_full_ones(tmp_path: Path) -> None:
    rows = [TITLE, [LINE[0].replace("荣成市总工会", "荣工")], ["批次：第三批"], HEADER, row(1, unit=" 荣 渔 ")]
    roster = one_roster(understood(tmp_path, rows))
    assert (roster.batch.key.organiser, roster.people[0].unit) == ("荣成市总工会", "荣成市渔业公司")


def test_another_alias_reads_a_sheet_anew(tmp_path: Path) -> None:
    content = write_xlsx(tmp_path / "台账.xlsx", ledger(row(1, unit="荣渔"))).read_bytes()
    known = understand(TASK, content).marks
    assert understand(replace(TASK, known=known), content).kept == {"Sheet1"}
    assert understand(replace(TASK, known=known, aliases=OWN), content).kept == frozenset()


def two_sheets(folder: Path, damaged: object, *others: list[object]) -> Reading:
    """The reading of a file whose first sheet holds a damaged id and whose second these people."""
    sheets = {"第三批": ledger(row(1, id_no=damaged)), "第四批": ledger(*others, batch="第四批")}
    return read(write_xlsx(folder / "a.xlsx", sheets))


def test_a_damaged_id_points_to_the_one_person_it_fits(tmp_path: Path) -> None:
    reading = two_sheets(tmp_path, float(id_no(1)[:17] + "0"), row(2), row(1))
    [found] = reading.rosters[0].rejections[0].problems
    assert (found.code, found.values) == ("id_damaged_likely", {"sheet": "第四批", "row": 6})
    assert found.where == Place("rosters/a.xlsx", "第三批", 5, "身份证号")


@pytest.mark.parametrize(
    ("damaged", "others"),
    [
        (float(id_no(1)[:17] + "0"), [row(2)]),
        (float(id_no(1)[:17] + "0"), [row(1, name="测乙")]),
        (float(id_no(1)[:17] + "0"), [row(1), row(1, id_no=id_no(1 + 28 * 5))]),
        ("9.99E+17", [row(1)]),
    ],
)
def test_where_nobody_or_more_than_one_fits_nothing_is_said_of_it(
    tmp_path: Path, damaged: object, others: list[list[object]]
) -> None:
    reading = two_sheets(tmp_path, damaged, *others)
    assert problems_of(reading.rosters[0].rejections) == [["id_damaged"]]


WORDS = Aliases.of({}, {}, {"市总 统筹": "市级", "街道级": "基层"}, {"一线骨干": "1", "两新先进": "新就业形态"})


@pytest.mark.parametrize(
    "above",
    [
        [[LINE[0].replace("市级", "市总统筹")], ["批次：第三批"]],
        [[LINE[0].replace("层级：市级", "")], ["第三批（市总统筹）"]],
    ],
    ids=["in a line", "in a sub-title"],
)
def test_a_level_may_be_called_by_a_word_of_the_settings(tmp_path: Path, above: list[list[object]]) -> None:
    rows = [TITLE, *above, HEADER, row(1)]
    assert one_roster(understood(tmp_path, rows, WORDS)).batch.level is Level.CITY
    assert not understood(tmp_path, rows).rosters


def test_a_column_of_levels_may_use_words_of_the_settings(tmp_path: Path) -> None:
    rows = [TITLE, LINE, ["批次：第三批"], [*HEADER[:-1], "层级"], [*row(1)[:-1], "街道级"], [*row(2)[:-1], "市总统筹"]]
    rosters = understood(tmp_path, rows, WORDS).rosters
    assert [roster.batch.level for roster in rosters] == [Level.GRASSROOTS, Level.CITY]


def test_a_category_may_be_called_by_a_word_of_the_settings(tmp_path: Path) -> None:
    """Also where its parts are words of another."""
    rows = ledger(row(1, category=" 一线 骨干"), row(2, category="两新先进"), row(3, category="劳模"))
    people = one_roster(understood(tmp_path, rows, WORDS)).people
    assert [one.category for one in people] == [Category.SKILLED, Category.NEW_EMPLOYMENT, Category.COMMENDED]


def test_other_words_in_the_settings_read_a_sheet_again(tmp_path: Path) -> None:
    content = write_xlsx(tmp_path / "a.xlsx", ledger(row(1))).read_bytes()
    known = understand(replace(TASK, aliases=WORDS), content).marks
    assert understand(replace(TASK, aliases=WORDS, known=known), content).kept
    fewer = replace(WORDS, categories={})
    assert not understand(replace(TASK, aliases=fewer, known=known), content).kept
