"""Unit summaries, quota tables and base lists: what is read of them, and what is held against what."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from adapters.sources.aliases import Aliases
from adapters.sources.apart import Apart
from adapters.sources.cells import count_cell
from adapters.sources.facts import Facts
from adapters.sources.ledger import Task
from adapters.sources.understanding import understand
from schemas.forms import BaseLine, BaseList, FormKind, QuotaLine, QuotaTable, UnitLine, UnitSummary
from schemas.roster import Checksum, Place, Reading
from tests.adapters.ledgers import TITLE, Rows, ledger, people, row, write_csv, write_xlsx
from tests.adapters.readings import codes, problems_of, read, read_rows, without_region_notes

FISHERY, PORT = "荣成市渔业公司", "石岛港务公司"
BASE = "石岛赤山疗养基地"
SUMMARY = [["威海市2025年职工疗休养单位汇总表"], ["填报单位：荣成市总工会"], ["序号", "单位", "人数", "备注"]]
QUOTAS = [["2025年职工疗休养名额分配表"], ["序号", "单位", "名额"]]
BASES = [["威海市职工疗休养基地名录"], ["序号", "名称", "级别", "所在省份", "地址", "有效期"]]
BOTH = [*SUMMARY, [1, FISHERY, 2], [2, PORT, "1人"]]
TASK = Task("rosters/台账.xlsx", date(2025, 6, 1), Facts(year=2025), key=b"k")


def by_openpyxl(path: Path, rows: Rows, *merged: str) -> Path:
    book = openpyxl.Workbook()
    for cells in rows:
        book.active.append(["" if cell is None else cell for cell in cells])
    for span in merged:
        book.active.merge_cells(span)
    book.save(path)
    return path


def test_a_unit_summary_gives_its_units_and_their_people(tmp_path: Path) -> None:
    reading = read(by_openpyxl(tmp_path / "a.xlsx", [*BOTH, ["合计", None, 3], ["填表人：", "某某"]], "A1:D1"))
    assert reading.forms == (UnitSummary("Sheet", (UnitLine(4, FISHERY, 2), UnitLine(5, PORT, 1))),)
    assert reading.checksums == (Checksum(Place(reading.path, "Sheet", 6), 3, 3),)
    assert [(note.code, note.values) for note in reading.notes] == [("unit_summary", {"units": 2, "people": 3})]
    [table] = reading.tables
    assert (table.header_row, [taken.letter for taken in table.columns]) == (3, ["A", "B", "C", "D"])


def test_a_line_of_a_summary_states_its_batch_its_base_and_its_days(tmp_path: Path) -> None:
    head = ["单位", "批次", "疗休养时间", "疗休养基地", "人数"]
    rows = [SUMMARY[0], head, [FISHERY, "1", "5月3日-7日", BASE, 12], [PORT, "第二批", date(2025, 6, 3), BASE, 4]]
    [form] = read_rows(tmp_path, rows).forms
    assert form.lines == (
        UnitLine(3, FISHERY, 12, "第1批", BASE, date(2025, 5, 3), date(2025, 5, 7)),
        UnitLine(4, PORT, 4, "第二批", BASE, date(2025, 6, 3)),
    )


def test_what_stands_above_the_lines_holds_for_them(tmp_path: Path) -> None:
    second = ["第二批（2025年6月3日—6月7日）"]
    rows = [
        SUMMARY[0],
        ["地点：" + BASE],
        ["第一批"],
        SUMMARY[2],
        [1, FISHERY, 2],
        ["小计", "", 2],
        second,
        [1, PORT, 3],
    ]
    [form] = read_rows(tmp_path, [*rows, ["小计", "", 3], ["合计", "", 5]]).forms
    assert form.lines == (
        UnitLine(5, FISHERY, 2, "第一批", BASE),
        UnitLine(8, PORT, 3, "第二批", BASE, date(2025, 6, 3), date(2025, 6, 7)),
    )


def test_of_a_heading_in_parts_its_subtotal_counts(tmp_path: Path) -> None:
    head = [["序号", "单位", "人数", None, None], [None, None, "男", "女", "小计"]]
    rows = [SUMMARY[0], *head, [1, FISHERY, 7, 5, 12], ["合计", None, 7, 5, 12]]
    reading = read(by_openpyxl(tmp_path / "a.xlsx", rows, "C2:E2", "A2:A3", "B2:B3"))
    [form] = reading.forms
    assert form.lines == (UnitLine(4, FISHERY, 12),)
    assert [(table.header_row, table.depth) for table in reading.tables] == [(2, 2)]
    assert [found.agrees for found in reading.checksums] == [True]


def test_a_heading_in_parts_without_a_sum_is_not_guessed_at(tmp_path: Path) -> None:
    rows = [SUMMARY[0], ["序号", "单位", "人数", ""], ["", "", "男", "女"], [1, FISHERY, 7, 5]]
    reading = read_rows(tmp_path, rows)
    assert (reading.forms, problems_of(reading.rejections)) == ((), [["form_unread"]])


def test_a_text_file_repeats_the_unit_that_was_merged_downwards(tmp_path: Path) -> None:
    rows = [SUMMARY[0], ["单位", "批次", "人数"], [FISHERY, "第一批", 2], ["", "第二批", 3], [PORT, "第二批", 1]]
    reading = read(write_csv(tmp_path / "a.csv", [*rows, ["合计", "", 6]]))
    [form] = reading.forms
    assert [(line.unit, line.batch, line.people) for line in form.lines] == [
        (FISHERY, "第一批", 2), (FISHERY, "第二批", 3), (PORT, "第二批", 1)
    ]  # fmt: skip
    assert codes(reading.notes) == ["filled_down", "unit_summary"]
    assert [found.agrees for found in reading.checksums] == [True]


def test_a_quota_table_gives_the_year_and_the_places(tmp_path: Path) -> None:
    rows = [*QUOTAS, ["合计", "", 10000], [1, "荣成市总工会", "1,200"], [2, "市直", 8800]]
    reading = read(by_openpyxl(tmp_path / "a.xlsx", rows))
    assert reading.forms == (
        QuotaTable("Sheet", (QuotaLine(4, 1200, "荣成市总工会"), QuotaLine(5, 8800, "市直")), 2025),
    )
    assert [(note.code, note.values) for note in reading.notes] == [("quota_table", {"lines": 2, "quota": 10000})]
    assert [found.agrees for found in reading.checksums] == [True]


def test_quotas_may_be_those_of_levels(tmp_path: Path) -> None:
    levels = [["省级示范性", 320], ["市级", 450], ["区市级", 950], ["基层", 8280]]
    reading = read(write_csv(tmp_path / "a.csv", [["名额计划"], ["层级", "名额"], *levels, ["合计", 10000]]))
    [form] = reading.forms
    assert [(line.level, line.unit, line.quota) for line in form.lines] == [(name, "", count) for name, count in levels]
    assert [found.agrees for found in reading.checksums] == [True]


LEVELS = ["省级示范性", "市级", "区市级", "基层"]


@pytest.mark.parametrize(
    ("heads", "depth"),
    [
        ([["单位", *LEVELS]], 1),
        ([["区市", "省级示范性（人）", "市级名额", "区市级计划数", "基层\n名额（人）", "备注"]], 1),
        ([["单位", "名额", "", "", ""], ["", *LEVELS]], 2),
    ],
    ids=["levels alone", "in other words", "below one heading"],
)
def test_a_quota_table_may_have_a_column_a_level(tmp_path: Path, heads: list[list[object]], depth: int) -> None:
    body = [["荣成市", 20, 30, 50, "1,000"], ["市直", "", 5, 0, ""], ["合计", 20, 35, 50, 1000]]
    reading = read_rows(tmp_path, [QUOTAS[0], *heads, *body])
    row = len(heads) + 2
    [form] = reading.forms
    assert form.lines == (
        *(QuotaLine(row, count, "荣成市", level) for count, level in zip((20, 30, 50, 1000), LEVELS, strict=True)),
        QuotaLine(row + 1, 5, "市直", "市级"),
        QuotaLine(row + 1, 0, "市直", "区市级"),
    )
    assert [(note.code, note.values) for note in reading.notes] == [("quota_table", {"lines": 2, "quota": 1105})]
    assert [(found.declared, found.agrees) for found in reading.checksums] == [(1105, True)]
    [table] = reading.tables
    assert ([taken.field for taken in table.columns][:5], table.depth) == (["unit", *["quota"] * 4], depth)


def test_a_count_under_a_level_that_nobody_understands_is_refused_at_its_cell(tmp_path: Path) -> None:
    reading = read_rows(tmp_path, [QUOTAS[0], ["单位", *LEVELS], ["荣成市", 20, "若干", 50, 9], ["", 1, "", "", ""]])
    assert [(one.where.row, one.where.column, codes(one.problems)) for one in reading.rejections] == [
        (3, "市级", ["count_unclear"]),
        (4, "省级示范性", ["count_unclear"]),
    ]
    assert [line.quota for line in reading.forms[0].lines] == [20, 50, 9]


def test_beside_a_column_for_all_levels_are_no_quotas(tmp_path: Path) -> None:
    rows = [QUOTAS[0], ["单位", "省级示范性", "市级", "合计"], ["荣成市", 20, 30, 50]]
    assert read_rows(tmp_path, rows).forms[0].lines == (QuotaLine(3, 50, "荣成市"),)


def test_levels_without_the_title_of_a_quota_table_are_none(tmp_path: Path) -> None:
    rows = [["情况表"], ["单位", *LEVELS], ["荣成市", 20, 30, 50, 9]]
    assert problems_of(read_rows(tmp_path, rows).rejections) == [["header_not_found"]]


def test_levels_may_be_called_by_words_of_the_settings(tmp_path: Path) -> None:
    content = write_xlsx(tmp_path / "a.xlsx", [QUOTAS[0], ["单位", "统筹", "街道级"], ["荣成市", 3, 4]]).read_bytes()
    own = Aliases.of({}, {}, {"统筹": "市级", "街道级": "基层"})
    [form] = understand(replace(TASK, aliases=own), content).forms
    assert [(line.level, line.quota) for line in form.lines] == [("市级", 3), ("基层", 4)]


def test_under_its_title_a_quota_table_may_use_rarer_words(tmp_path: Path) -> None:
    rows = [QUOTAS[0], ["各区市", "人数"], ["荣成市", 12], ["说明：", "按职工人数分配"]]
    [form] = read_rows(tmp_path, rows).forms
    assert form == QuotaTable("Sheet1", (QuotaLine(3, 12, "荣成市"),), 2025)


def test_a_base_list_gives_what_it_states_of_each_base(tmp_path: Path) -> None:
    rows = [
        *BASES,
        [1, BASE, "市级", "山东", "石岛", "2027年底"],
        [2, "昆嵛 疗养院", "", "", "文登", ""],
        ["", "圣水观基地"],
        ["注：以文件为准"],
    ]
    reading = read(by_openpyxl(tmp_path / "a.xlsx", rows, "A1:F1"))
    assert reading.forms == (
        BaseList(
            "Sheet",
            (
                BaseLine(3, BASE, "市级", "山东", "石岛", "2027年底"),
                BaseLine(4, "昆嵛疗养院", address="文登"),
                BaseLine(5, "圣水观基地"),
            ),
        ),
    )
    assert [(note.code, note.values) for note in reading.notes] == [("base_list", {"bases": 3})]


def test_a_base_list_is_also_known_by_its_columns(tmp_path: Path) -> None:
    [form] = read(write_csv(tmp_path / "a.csv", [["基地", "床位数"], [BASE, 80]])).forms
    assert form.lines == (BaseLine(2, BASE),)


@pytest.mark.parametrize(
    ("rows", "declared", "listed"), [(BOTH, 4, 3), ([*QUOTAS, [1, "荣成市", 12], [2, "乳山市", 8]], 21, 20)]
)
def test_a_total_that_is_not_the_sum_of_its_lines_is_told_at_its_row(
    tmp_path: Path, rows: list[list[object]], declared: int, listed: int
) -> None:
    reading = read_rows(tmp_path, [*rows, ["合计", "", declared]])
    [told] = [note for note in reading.notes if note.code == "form_total_differs"]
    assert (told.where, told.values) == (
        Place(reading.path, "Sheet1", len(rows) + 1), {"declared": declared, "listed": listed}
    )  # fmt: skip
    assert [found.agrees for found in reading.checksums] == [False]


@pytest.mark.parametrize("count", ["若干", "12-15", 1.5, -3, "十二"])
def test_a_count_nobody_understands_is_refused_at_its_cell_and_the_others_stand(tmp_path: Path, count: object) -> None:
    reading = read_rows(tmp_path, [*SUMMARY, [1, FISHERY, count], [2, PORT, 4], ["合计", "", 16]])
    [rejected] = reading.rejections
    assert (rejected.where, codes(rejected.problems)) == (Place(reading.path, "Sheet1", 4, "人数"), ["count_unclear"])
    assert [line.people for line in reading.forms[0].lines] == [4]
    assert codes(reading.notes) == ["unit_summary"]


def test_a_count_of_nobody_is_refused_and_a_unit_without_a_count_states_nothing(tmp_path: Path) -> None:
    reading = read_rows(tmp_path, [*SUMMARY, [1, "", 5], [2, PORT, "", "未组织"], [3, FISHERY, 4]])
    assert [(one.where.row, codes(one.problems)) for one in reading.rejections] == [(4, ["count_unclear"])]
    assert [line.unit for line in reading.forms[0].lines] == [FISHERY]


def test_a_formula_without_its_result_is_refused(tmp_path: Path) -> None:
    reading = read(by_openpyxl(tmp_path / "a.xlsx", [*SUMMARY, [1, FISHERY, "=5+7"], [2, PORT, 4]]))
    assert [(one.where.row, codes(one.problems)) for one in reading.rejections] == [(4, ["formula_empty"])]


@pytest.mark.parametrize(
    ("cell", "count"),
    [
        (12, 12),
        (12.0, 12),
        ("１２", 12),
        ("共12人", 12),
        ("1,200", 1200),
        (0, 0),
        (True, None),
        ("", None),
        (1e18, None),
    ],
)
def test_a_count_is_a_whole_number(cell: str | float, count: int | None) -> None:
    assert count_cell(cell) == count


def test_a_summary_of_last_year_is_told_of(tmp_path: Path) -> None:
    rows = [[SUMMARY[0][0].replace("2025", "2024")], *BOTH[1:]]
    assert codes(read(write_xlsx(tmp_path / "a.xlsx", rows), year=2025).notes) == ["unit_summary", "other_year"]


def test_the_header_of_the_next_printed_page_is_no_line(tmp_path: Path) -> None:
    [form] = read_rows(tmp_path, [*BOTH, ["第1页"], SUMMARY[2], [3, "文登区医院", 5]]).forms
    assert [line.row for line in form.lines] == [4, 5, 8]


def test_words_of_the_settings_are_understood_in_forms_too(tmp_path: Path) -> None:
    content = write_xlsx(tmp_path / "a.xlsx", [["派出方", "人数"], ["荣渔", 3]]).read_bytes()
    own = Aliases.of({"派出方": "单位"}, {"荣渔": FISHERY})
    assert [form.lines for form in understand(replace(TASK, aliases=own), content).forms] == [
        (UnitLine(2, FISHERY, 3),)
    ]


def test_forms_come_whole_out_of_the_process_that_reads(tmp_path: Path) -> None:
    sheets = {"汇总": BOTH, "名额": [*QUOTAS, [1, "荣成市", 12]], "基地": BASES, "空": SUMMARY}
    content = write_xlsx(tmp_path / "a.xlsx", sheets).read_bytes()
    with Apart() as apart:
        reading = apart(TASK, content)
    assert reading == understand(TASK, content)
    assert [form.kind for form in reading.forms] == [
        FormKind.UNIT_SUMMARY, FormKind.QUOTA_TABLE, FormKind.BASE_LIST, FormKind.UNIT_SUMMARY
    ]  # fmt: skip


def beside(folder: Path, summary: Rows, *others: list[object]) -> Reading:
    """A file with the roster of three people, one of them of the port, and of `others`, and this summary."""
    body = [*people(2), row(3, unit=PORT), *others]
    return read(write_xlsx(folder / "台账.xlsx", {"名单": ledger(*body), "汇总": summary}))


def test_a_summary_that_agrees_with_the_roster_of_its_file_says_nothing_of_it(tmp_path: Path) -> None:
    reading = beside(tmp_path, BOTH)
    assert (len(reading.rosters), codes(reading.notes), reading.rejections) == (1, ["unit_summary"], ())


def test_a_summary_may_count_the_leaders(tmp_path: Path) -> None:
    assert codes(beside(tmp_path, [*SUMMARY, [1, FISHERY, 3], [2, PORT, 1]], row(4, remark="领队")).notes) == [
        "unit_summary"
    ]


def test_a_unit_that_is_counted_otherwise_is_told_at_the_cell_of_the_summary(tmp_path: Path) -> None:
    reading = beside(tmp_path, [*SUMMARY, [1, FISHERY, 2], [2, PORT, 4]])
    told = reading.notes[-1]
    assert (told.code, told.where) == ("summary_differs", Place(reading.path, "汇总", 5, "人数"))
    assert told.values == {"unit": PORT, "declared": 4, "listed": 1}


def test_a_unit_the_summary_lacks_is_told_and_so_is_one_without_people(tmp_path: Path) -> None:
    told = beside(tmp_path, [*SUMMARY, [1, FISHERY, 2], [2, "文登区医院", 4]]).notes[1:]
    assert [(note.code, note.values) for note in told] == [
        ("summary_differs", {"unit": "文登区医院", "declared": 4, "listed": 0}),
        ("summary_lacks", {"units": PORT}),
    ]


def test_lines_of_a_unit_are_added_up_batch_by_batch_and_other_batches_are_left_alone(tmp_path: Path) -> None:
    head = [SUMMARY[0], ["单位", "批次", "人数"]]
    lines = [[FISHERY, "第三批", 1], [FISHERY, "第三批", 1], [PORT, "第三批", 1], [PORT, "第九批", 40]]
    assert codes(beside(tmp_path, [*head, *lines]).notes) == ["unit_summary"]


def test_while_a_row_of_the_roster_is_refused_nothing_is_compared(tmp_path: Path) -> None:
    reading = beside(tmp_path, [*SUMMARY, [1, FISHERY, 9]], row(4, id_no="999"))
    assert codes(reading.notes) == ["unit_summary"]


def test_a_summary_is_compared_with_sheets_that_did_not_change_too(tmp_path: Path) -> None:
    def content(count: int) -> bytes:
        sheets = {"名单": ledger(*people(2)), "汇总": [*SUMMARY, [1, FISHERY, count]]}
        return write_xlsx(tmp_path / "a.xlsx", sheets).read_bytes()

    first = understand(TASK, content(2))
    again = without_region_notes(understand(replace(TASK, known=first.marks), content(5)))
    assert (codes(again.notes), again.kept) == (["unit_summary", "summary_differs"], frozenset())


def test_a_roster_with_a_heading_of_counts_is_a_roster(tmp_path: Path) -> None:
    rows = ledger(*people(1))
    rows[3] = [*rows[3], "人数"]
    reading = read_rows(tmp_path, [TITLE, *rows[1:]])
    assert (len(reading.rosters), reading.forms) == (1, ())
