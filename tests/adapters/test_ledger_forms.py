"""Ledgers as staff keep them: each form is understood, and nothing in it is lost."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from adapters.sources.folder import FolderSource
from schemas.batch import Batch, BatchKey, Level
from schemas.roster import Place
from tests.adapters.ledgers import HEADER, LINE, TITLE, ledger, name, people, row, write_csv, write_xlsx
from tests.adapters.readings import codes, names, one_roster, problems_of, read, read_rows

THIRD = Batch(
    BatchKey(2025, "荣成市总工会", "第三批"), Level.CITY, "石岛赤山疗养基地", date(2025, 5, 3), date(2025, 5, 7)
)
SECOND_TITLE = "第二批（2025年6月3日—6月7日，石岛赤山疗养基地，市级）"
FIRST_TITLE = "第一批（2025年5月30日—6月3日，刘公岛疗养院，区市级）"
ORGANISER = "主办单位：荣成市总工会"


def test_title_line_and_header_make_a_batch(tmp_path: Path) -> None:
    roster = one_roster(read_rows(tmp_path, ledger(*people(3)), merges=((0, 0, 0, 8), (1, 0, 1, 8))))
    assert roster.batch == THIRD
    assert roster.where == Place("rosters/台账.xlsx", "Sheet1", 4)
    assert names(roster) == [name(1), name(2), name(3)]


@pytest.mark.parametrize("above", [1, 2, 3, 4])
def test_the_header_is_found_on_rows_2_to_5(tmp_path: Path, above: int) -> None:
    rows = [[f"{TITLE[0]} 第三批"], LINE, [], [], []][:above]
    file = write_xlsx(tmp_path / "第三批 5.3-5.7 石岛疗养院.xlsx", [*rows, HEADER, *people(2)])
    roster = one_roster(read(file, organiser="荣成市总工会", level=Level.CITY, year=2025))
    assert [person.where.row for person in roster.people] == [above + 2, above + 3]


def test_header_cells_may_hold_blanks_breaks_and_remarks(tmp_path: Path) -> None:
    header = [
        "序 号",
        "姓  名 ",
        "性别",
        "身份证\n号码",
        "联系电话（手机）",
        "工作单位*",
        "职务/岗位",
        "人员类别：",
        "备 注",
    ]
    rows = [TITLE, LINE, ["批次：第三批"], header, row(1, id_no="bad")]
    [rejected] = one_roster(read_rows(tmp_path, rows)).rejections
    assert rejected.problems[0].where == Place("rosters/台账.xlsx", "Sheet1", 5, "身份证号码")


def test_a_header_of_two_levels_is_one_header(tmp_path: Path) -> None:
    upper = ["序号", "基本情况", "", "", "联系方式", "单位", "职务", "类别", "备注"]
    lower = ["", "姓名", "性别", "身份证号", "手机", "", "", "", ""]
    merges = ((3, 1, 3, 3), *((3, at, 4, at) for at in (0, 5, 6, 7, 8)))
    rows = [TITLE, LINE, ["批次：第三批"], upper, lower, *people(2)]
    assert names(one_roster(read_rows(tmp_path, rows, merges=merges))) == [name(1), name(2)]


def test_the_second_level_of_a_header_may_name_the_phone(tmp_path: Path) -> None:
    upper = [*HEADER[:4], "联系方式", *HEADER[5:]]
    rows = [TITLE, LINE, ["批次：第三批"], upper, ["", "", "", "", "手机"], *people(2)]
    roster = one_roster(read_rows(tmp_path, rows))
    assert [person.phone for person in roster.people] == ["19900000001", "19900000002"]


def test_a_table_need_not_begin_in_the_first_column(tmp_path: Path) -> None:
    rows = [["", "", *cells] for cells in ledger(*people(2))]
    assert names(one_roster(read_rows(tmp_path, rows))) == [name(1), name(2)]


def test_units_merged_downwards_reach_every_row(tmp_path: Path) -> None:
    rows = ledger(*people(1), *people(2, first=2, unit=""), *people(1, first=4, unit="文登区医院"))
    roster = one_roster(read_rows(tmp_path, rows, merges=((4, 5, 6, 5),)))
    assert [person.unit for person in roster.people] == ["荣成市渔业公司"] * 3 + ["文登区医院"]


def test_an_empty_unit_that_is_not_merged_is_missing(tmp_path: Path) -> None:
    assert problems_of(one_roster(read_rows(tmp_path, ledger(row(1), row(2, unit="")))).rejections) == [
        ["unit_missing"]
    ]


@pytest.mark.parametrize(
    "total",
    [
        ["合计 12人"],
        ["合计", "", 12],
        ["合  计", "12"],
        ["合计：共12人，其中男8人"],
        ["", "合计", "", "12人"],
        ["总计", 12.0],
    ],
)
def test_a_total_is_the_declared_head_count(tmp_path: Path, total: list[object]) -> None:
    roster = one_roster(read_rows(tmp_path, ledger(*people(2), total)))
    assert (roster.declared, len(roster.people), roster.rejections) == (12, 2, ())


def test_without_a_total_nothing_is_declared(tmp_path: Path) -> None:
    assert one_roster(read_rows(tmp_path, ledger(*people(2)))).declared is None


def test_tails_and_blank_lines_are_nobody(tmp_path: Path) -> None:
    tail = [
        [],
        ["小计", "", 2],
        ["合计", "", 2],
        ["备注：1.以上人员均已参保。"],
        ["2.名单已公示。"],
        ["填表人：测甲", "", "", "审核人：测乙", "2025年6月10日"],
        ["第1页 共1页"],
    ]
    reading = read_rows(tmp_path, ledger(*people(1), [], *people(1, first=2), *tail))
    assert (len(one_roster(reading).people), one_roster(reading).rejections, reading.notes) == (2, (), ())


def test_the_next_printed_page_repeats_title_line_and_header(tmp_path: Path) -> None:
    page = [TITLE, LINE, HEADER]
    reading = read_rows(tmp_path, ledger(*people(2), *page, *people(2, first=3), ["合计", "", 4]))
    roster = one_roster(reading)
    assert (len(roster.people), roster.declared, reading.notes) == (4, 4, ())


def test_rows_numbered_in_advance_are_nobody(tmp_path: Path) -> None:
    reading = read_rows(tmp_path, ledger(*people(2), [3], [4, "", "男"], [5]))
    assert (len(one_roster(reading).people), reading.notes) == (2, ())


def test_a_stray_remark_is_noted_with_its_row(tmp_path: Path) -> None:
    [note] = read_rows(tmp_path, ledger(*people(1), ["", "", "", "", "", "", "临时调整"], *people(1, first=2))).notes
    assert (note.code, note.where) == ("line_ignored", Place("rosters/台账.xlsx", "Sheet1", 6))


def test_sub_titles_part_a_sheet_into_batches(tmp_path: Path) -> None:
    rows = [
        TITLE,
        [ORGANISER],
        HEADER,
        [FIRST_TITLE],
        *people(2),
        ["小计", "", 2],
        [SECOND_TITLE],
        *people(3, first=3),
        ["小计", "", 3],
        ["合计", "", 5],
    ]
    reading = read_rows(tmp_path, rows)
    assert [
        (str(one.batch.key), one.batch.level, one.batch.base, len(one.people), one.declared) for one in reading.rosters
    ] == [
        ("2025/荣成市总工会/第一批", Level.DISTRICT, "刘公岛疗养院", 2, 2),
        ("2025/荣成市总工会/第二批", Level.CITY, "石岛赤山疗养基地", 3, 3),
    ]
    assert (reading.rejections, reading.notes) == ((), ())


def test_a_sub_title_inherits_nothing_from_the_one_before(tmp_path: Path) -> None:
    rows = [TITLE, [ORGANISER], HEADER, [FIRST_TITLE], *people(1), ["第二批（6月3日—6月7日）"], *people(1, first=2)]
    reading = read_rows(tmp_path, rows)
    assert [one.batch.key.name for one in reading.rosters] == ["第一批"]
    [rejected] = reading.rejections
    assert [(found.code, found.values) for found in rejected.problems] == [
        ("batch_incomplete", {"missing": "层级、基地"})
    ]


def test_a_sub_title_may_carry_labels_in_cells_of_their_own(tmp_path: Path) -> None:
    second = ["第二批", "", "时间：", "6月3日—6月7日", "地  点：刘公岛疗养院", "层级：市级"]
    roster = one_roster(read_rows(tmp_path, [TITLE, [ORGANISER], HEADER, second, *people(1)]))
    assert (roster.batch.key.name, roster.batch.base, roster.batch.end) == ("第二批", "刘公岛疗养院", date(2025, 6, 7))


def test_a_total_over_several_batches_is_compared_with_all_of_them(tmp_path: Path) -> None:
    rows = [TITLE, [ORGANISER], HEADER, [FIRST_TITLE], *people(2), [SECOND_TITLE], *people(3, first=3), ["合计", "", 6]]
    reading = read_rows(tmp_path, rows)
    assert [one.declared for one in reading.rosters] == [None, None]
    [note] = reading.notes
    assert (note.code, note.values) == ("total_differs", {"declared": 6, "listed": 5})


def test_the_column_of_batches_parts_the_rows_wherever_they_stand(tmp_path: Path) -> None:
    header = [*HEADER[:-1], "批次", "疗休养时间", "基地"]
    may, june = ["第一批", "5.3-5.7", "甲疗养院"], ["第二批", "2025年6月3日-7日", "乙疗养院"]
    rows = [TITLE, ["主办单位：荣成市总工会  层级：市级"], header]
    rows += [[*row(number)[:-1], *(june if number % 2 else may)] for number in range(1, 6)]
    reading = read_rows(tmp_path, rows)
    assert [(one.batch.key.name, one.batch.base, one.batch.start, len(one.people)) for one in reading.rosters] == [
        ("第二批", "乙疗养院", date(2025, 6, 3), 3),
        ("第一批", "甲疗养院", date(2025, 5, 3), 2),
    ]


def test_a_merged_batch_cell_holds_for_its_rows(tmp_path: Path) -> None:
    header = ["批次", *HEADER[1:]]
    rows = [TITLE, LINE, header, *([batch, *row(n)[1:]] for n, batch in ((1, "第一批"), (2, ""), (3, "第二批")))]
    reading = read_rows(tmp_path, rows, merges=((3, 0, 4, 0),))
    assert [(one.batch.key.name, len(one.people)) for one in reading.rosters] == [("第一批", 2), ("第二批", 1)]


@pytest.mark.parametrize(
    ("cell", "spoken"), [(2.0, "第2批"), ("二", "第二批"), ("2025年第二批", "第二批"), ("劳模专场", "劳模专场")]
)
def test_a_batch_cell_is_named_as_staff_name_it(tmp_path: Path, cell: object, spoken: str) -> None:
    rows = [TITLE, LINE, [*HEADER[:-1], "批次"], [*row(1)[:-1], cell]]
    assert one_roster(read_rows(tmp_path, rows)).batch.key.name == spoken


def test_start_and_end_may_be_columns_of_real_dates(tmp_path: Path) -> None:
    header = [*HEADER[:-1], "开始日期", "结束日期"]
    rows = [TITLE, LINE, ["批次：第三批"], header, [*row(1)[:-1], date(2025, 8, 1), 45874]]
    batch = one_roster(read_rows(tmp_path, rows)).batch
    assert (batch.start, batch.end) == (date(2025, 8, 1), date(2025, 8, 5))


def test_nearer_words_speak_before_farther_ones(tmp_path: Path) -> None:
    (tmp_path / "区市级").mkdir()
    file = tmp_path / "区市级" / "2024年第九批.xlsx"
    write_xlsx(file, {"第八批": [TITLE, LINE, HEADER, *people(1)]})
    batch = one_roster(read(file, organiser="威海市总工会", level=Level.GRASSROOTS, year=2023)).batch
    assert (batch.key, batch.level) == (BatchKey(2025, "荣成市总工会", "第八批"), Level.CITY)


def test_file_name_and_defaults_speak_where_the_ledger_is_silent(tmp_path: Path) -> None:
    file = tmp_path / "第03批(5.3-5.7 刘公岛疗养院).csv"
    write_csv(file, [HEADER, *people(1)])
    batch = one_roster(read(file, organiser="威海市总工会", level=Level.GRASSROOTS, year=2025)).batch
    assert batch == Batch(
        BatchKey(2025, "威海市总工会", "第03批"), Level.GRASSROOTS, "刘公岛疗养院", date(2025, 5, 3), date(2025, 5, 7)
    )


def test_a_unit_line_under_a_named_organiser_is_the_unit_of_its_people(tmp_path: Path) -> None:
    unit = HEADER.index("单位")
    rows = [[cell for at, cell in enumerate(cells) if at != unit] for cells in [HEADER, *people(2)]]
    line = ["主办单位：荣成市总工会 单位（盖章）：荣成市渔业公司 时间：5月3日-7日 地点：刘公岛 层级：市级 批次：第三批"]
    roster = one_roster(read_rows(tmp_path, [TITLE, line, *rows]))
    assert roster.batch.key.organiser == "荣成市总工会"
    assert {person.unit for person in roster.people} == {"荣成市渔业公司"}


def test_unit_lines_between_the_people_change_only_their_unit(tmp_path: Path) -> None:
    unit = HEADER.index("单位")
    rows = [[cell for at, cell in enumerate(cells) if at != unit] for cells in [HEADER, *people(2)]]
    line = [f"{ORGANISER} 时间：5月3日-7日 地点：刘公岛 层级：市级 批次：第三批"]
    reading = read_rows(tmp_path, [TITLE, line, rows[0], ["单位：甲公司"], rows[1], ["单位：乙公司"], rows[2]])
    assert [(str(one.batch.key), one.people[0].unit) for one in reading.rosters] == [
        ("2025/荣成市总工会/第三批", "甲公司"),
        ("2025/荣成市总工会/第三批", "乙公司"),
    ]


def test_people_of_an_incomplete_batch_stay_countable(tmp_path: Path) -> None:
    reading = read_rows(tmp_path, [["疗休养名单"], HEADER, row(1), row(2, id_no=""), row(3, remark="领队")])
    assert reading.rosters == ()
    assert problems_of(reading.rejections) == [
        ["batch_incomplete"],
        ["batch_incomplete", "id_missing"],
        ["batch_incomplete"],
    ]
    assert [rejected.where.row for rejected in reading.rejections] == [3, 4, 5]
    assert reading.rejections[0].problems[0].values == {"missing": "批次、主办单位、层级、基地、开始日期、结束日期"}


def test_a_date_nobody_understands_is_not_taken_from_farther_away(tmp_path: Path) -> None:
    rows = [TITLE, LINE, ["批次：第三批"], [*HEADER[:-1], "疗休养时间"], [*row(1)[:-1], "五月上旬"]]
    [rejected] = read_rows(tmp_path, rows).rejections
    assert rejected.problems[0].values == {"missing": "开始日期、结束日期"}


def test_a_level_nobody_understands_is_not_taken_from_farther_away(tmp_path: Path) -> None:
    rows = [TITLE, LINE, ["批次：第三批"], [*HEADER[:-1], "层级"], [*row(1)[:-1], "部级"]]
    [rejected] = read_rows(tmp_path, rows).rejections
    assert rejected.problems[0].values == {"missing": "层级"}


def test_the_level_of_a_title_is_not_that_of_an_honour(tmp_path: Path) -> None:
    line = [LINE[0].replace("层级：市级", "")]
    rows = [["2025年省级劳模疗休养名单"], line, ["批次：第三批"], HEADER, row(1)]
    assert read_rows(tmp_path, rows).rejections[0].problems[0].values == {"missing": "层级"}
    rows[0] = ["2025年区（市）级职工疗休养名单"]
    assert one_roster(read_rows(tmp_path, rows)).batch.level is Level.DISTRICT


def test_an_end_before_the_start_is_read_as_written(tmp_path: Path) -> None:
    rows = ledger(*people(1))
    rows[1] = [LINE[0].replace("5月3日-7日", "5月7日-3日")]
    batch = one_roster(read_rows(tmp_path, rows)).batch
    assert (batch.start, batch.end) == (date(2025, 5, 7), date(2025, 5, 3))


def test_each_sheet_may_be_a_batch_and_hidden_ones_are_noted(tmp_path: Path) -> None:
    sheets = {name: [TITLE, LINE, HEADER, *people(1)] for name in ("第一批", "第二批", "第三批")} | {
        "填表说明": [["请按实填写。"]],
        "Sheet5": [],
    }
    reading = read(write_xlsx(tmp_path / "a.xlsx", sheets, hidden=["第三批"]))
    assert [one.batch.key.name for one in reading.rosters] == ["第一批", "第二批"]
    assert [(note.code, note.where and note.where.sheet) for note in reading.notes] == [
        ("hidden_sheet", "第三批"),
        ("sheet_skipped", "填表说明"),
    ]


def test_no_header_is_said_of_the_sheet(tmp_path: Path) -> None:
    [rejected] = read_rows(tmp_path, [TITLE, ["张三", "李四"]]).rejections
    assert (rejected.where, codes(rejected.problems)) == (Place("rosters/台账.xlsx", "Sheet1"), ["header_not_found"])


def test_an_empty_workbook_has_no_header_either(tmp_path: Path) -> None:
    assert problems_of(read_rows(tmp_path, []).rejections) == [["header_not_found"]]


def test_a_form_nobody_filled_in_is_only_noted(tmp_path: Path) -> None:
    reading = read_rows(tmp_path, ledger())
    assert (reading.rosters, reading.rejections, codes(reading.notes)) == ((), (), ["no_rows"])


def test_every_row_with_a_name_or_an_id_ends_in_exactly_one_place(tmp_path: Path) -> None:
    rows = ledger(
        *people(5), row(6, id_no=""), row(7, name=""), row(8, remark="领队"), row(9, id_no=1.5e17), ["合计", "", 9]
    )
    roster = one_roster(read_rows(tmp_path, rows))
    places = [item.where.row for item in (*roster.people, *roster.leaders, *roster.rejections)]
    assert sorted(places) == list(range(5, 14))
    assert all(rejected.batch == roster.batch.key for rejected in roster.rejections)


def test_an_unknown_region_is_noted_once_a_batch_and_refuses_nobody(tmp_path: Path):
    file = write_xlsx(tmp_path / "台账.xlsx", ledger(*people(3)))
    source = FolderSource("rosters", tmp_path, file.name)
    [stamp] = source.look()
    reading = source.read(stamp, {})
    assert [len(roster.people) for roster in reading.rosters] == [3]
    assert codes(reading.notes) == ["unknown_region"]
