"""A reading says why it is what it is: its headers, who states each fact of a batch, and its total rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.batch import Level
from schemas.roster import Checksum, ColumnTaken, Origin, Place, Told
from tests.adapters.ledgers import HEADER, LINE, TITLE, ledger, people, row, write_csv, write_xlsx
from tests.adapters.readings import one_roster, read, read_rows

BASE, DAYS = "石岛赤山疗养基地", "2025年5月3日-7日"


def test_each_column_names_the_word_by_which_it_was_taken(tmp_path: Path) -> None:
    head = ["*姓 名（必填）", "公民身份号码", "民族", "联系\n电话", "单位", "类别"]
    [table] = read_rows(tmp_path, [*ledger()[:3], head, ["测一", "", "汉", "", "", "1"]]).tables
    assert (table.sheet, table.header_row, table.depth, table.unused) == ("Sheet1", 4, 1, (("C", "民族"),))
    assert table.columns[:3] == (
        ColumnTaken("A", "*姓 名（必填）", "name", "姓名"),
        ColumnTaken("B", "公民身份号码", "id_no", "公民身份号码"),
        ColumnTaken("D", "联系电话", "phone", "联系电话"),
    )


def test_a_header_of_two_levels_says_so(tmp_path: Path) -> None:
    upper = ["姓名", "身份证号", "单位", "联系信息", "", "类别"]
    lower = ["", "", "", "手机", "备注", ""]
    [table] = read_rows(tmp_path, [*ledger()[:3], upper, lower, ["测一", "", "甲厂", "", "", "1"]]).tables
    assert (table.header_row, table.depth) == (4, 2)
    assert [(one.letter, one.field) for one in table.columns][3:5] == [("D", "phone"), ("E", "remark")]


def test_the_header_repeated_on_a_printed_page_is_no_other_table(tmp_path: Path) -> None:
    assert len(read_rows(tmp_path, ledger(*people(2), HEADER, *people(2, first=5))).tables) == 1


def test_a_sheet_with_a_header_and_nobody_is_explained_too(tmp_path: Path) -> None:
    assert len(read_rows(tmp_path, ledger()).tables) == 1


def test_facts_are_stated_by_lines(tmp_path: Path) -> None:
    origins = one_roster(read_rows(tmp_path, ledger(row(1)))).origins
    line, batch = Origin(Told.LINE, 2), Origin(Told.LINE, 3)
    told = {name: origins[name] for name in ("name", "organiser", "level", "base", "start", "end")}
    assert told == {"name": batch, "organiser": line, "level": line, "base": line, "start": line, "end": line}


def test_facts_are_stated_by_cells_the_sheet_the_file_and_the_settings(tmp_path: Path) -> None:
    rows = [TITLE, [*HEADER, "疗休养时间"], [*row(1), DAYS]]
    file = write_xlsx(tmp_path / f"{BASE} 市级职工疗休养.xlsx", {"第二批": rows})
    origins = one_roster(read(file, organiser="荣成市总工会", level=Level.DISTRICT, year=2025)).origins
    assert origins["name"] == Origin(Told.SHEET)
    assert origins["organiser"] == Origin(Told.SETTINGS)
    assert origins["base"] == origins["level"] == Origin(Told.PATH)
    assert origins["start"] == origins["end"] == Origin(Told.CELL, 3, "J")


def test_the_nearest_that_states_a_fact_is_named(tmp_path: Path) -> None:
    rows = [TITLE, LINE, [*HEADER, "批次", "疗休养基地"], [*row(1), "3", BASE]]
    file = write_xlsx(tmp_path / "第一批.xlsx", {"第二批": rows})
    origins = one_roster(read(file)).origins
    assert (origins["name"], origins["base"]) == (Origin(Told.CELL, 4, "J"), Origin(Told.CELL, 4, "K"))


def test_a_subtitle_states_the_facts_of_its_own_batch(tmp_path: Path) -> None:
    second = [f"第二批（2025年6月3日—6月7日，{BASE}，市级）"]
    first, later = read_rows(tmp_path, [*ledger(row(1)), second, row(2)]).rosters
    assert (first.origins["start"], later.origins["start"]) == (Origin(Told.LINE, 2), Origin(Told.LINE, 6))
    assert later.origins["organiser"] == Origin(Told.LINE, 2)


def test_every_total_row_is_held_against_what_was_counted(tmp_path: Path) -> None:
    reading = read_rows(tmp_path, ledger(row(1), row(2, id_no="999"), row(3, remark="领队"), ["合计", "2人"]))
    [found] = reading.checksums
    assert found == Checksum(Place(reading.path, "Sheet1", 8), declared=2, counted=2, leaders=1)
    assert found.agrees


def test_a_total_over_several_batches_is_one_checksum_of_the_sheet(tmp_path: Path) -> None:
    second = ["第二批（2025年6月3日—6月7日）"]
    reading = read_rows(tmp_path, [*ledger(row(1)), second, row(2), ["合计", "3人"]])
    [found] = reading.checksums
    assert (found.where, found.declared, found.counted, found.agrees) == (Place(reading.path, "Sheet1", 8), 3, 2, False)


def test_a_text_file_is_explained_like_a_workbook(tmp_path: Path) -> None:
    reading = read(write_csv(tmp_path / "台账.csv", ledger(row(1))))
    assert [(table.sheet, table.header_row) for table in reading.tables] == [("", 4)]


@pytest.mark.parametrize(
    ("line", "letter"),
    [
        (["合计", "", 2], "C"),
        (["合计：共2人"], "A"),
        (["合计", "", "", "", "", "共 2 人"], "F"),
        ([2, "合计", "", "", "2人"], "A"),
        (["合计", 12, "", 2.0], "B"),
    ],
)
def test_a_total_is_found_in_the_cell_that_states_it(tmp_path: Path, line: list[object], letter: str) -> None:
    reading = read_rows(tmp_path, ledger(*people(2), line))
    assert [found.letter for found in reading.checksums] == [letter]


def test_a_total_of_a_form_is_found_under_the_heading_of_its_counts(tmp_path: Path) -> None:
    summary = [["单位汇总表"], ["序号", "单位", "人数"], [1, "甲厂", 2], [3, "合计", 3]]
    quotas = [["名额分配表"], ["单位", "市级", "基层"], ["甲厂", 2, 3], ["合计", 2, 3]]
    assert [read_rows(tmp_path, rows).checksums[0].letter for rows in (summary, quotas)] == ["C", "B"]
