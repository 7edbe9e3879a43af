"""How tables are laid out: titles, headers, batches, totals, tails, and sheets that belong elsewhere."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import openpyxl
import xlsxwriter
from openpyxl.styles import Font

from tests.adapters.corpus.shape import Case, batch, book, refuses, says
from tests.adapters.ledgers import HEADER, LINE, TITLE, ledger, people, row, write_xlsx

BATCH = ["批次：第三批"]
ORGANISER = ["主办单位：荣成市总工会"]
MAY = ["第一批（2025年5月30日—6月3日，刘公岛疗养院，区市级）"]
JUNE = ["第二批（2025年6月3日—6月7日，石岛赤山疗养基地，市级）"]
UNIT = HEADER.index("单位")
FIRST = 5  # the row of the first person


def headed(*heads: str) -> list[list[object]]:
    return [TITLE, LINE, BATCH, list(heads), *people(2)]


def without_unit(*rows: list[object]) -> list[list[object]]:
    return [[cell for at, cell in enumerate(cells) if at != UNIT] for cells in rows]


def dated(text: str) -> list[list[object]]:
    """A ledger whose line states its days like this."""
    return [TITLE, [LINE[0].replace("2025年5月3日-7日", text)], BATCH, HEADER, *people(2)]


def touched_up(path: Path, **font: object) -> None:
    """The second of three people is given this font."""
    book = openpyxl.load_workbook(write_xlsx(path, ledger(*people(3))))
    for cell in book.active[FIRST + 1]:
        cell.font = Font(**font)
    book.save(path)


def rows_hidden(path: Path) -> None:
    book = openpyxl.load_workbook(write_xlsx(path, ledger(*people(3))))
    book.active.row_dimensions[FIRST].hidden = True
    book.active.column_dimensions["D"].hidden = True
    book.save(path)


def very_hidden(path: Path) -> None:
    book = openpyxl.load_workbook(
        write_xlsx(path, {"名单": ledger(*people(1)), "底稿": ledger(*people(2), batch="第九批")})
    )
    book["底稿"].sheet_state = "veryHidden"
    book.save(path)


def of_1904(path: Path) -> None:
    """Days counted from another epoch, as on old Macs."""
    book = xlsxwriter.Workbook(str(path), {"date_1904": True})
    sheet, days = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd"})
    for index, cells in enumerate([TITLE, LINE, BATCH, [*HEADER[:-1], "开始日期", "结束日期"], row(1)[:-1]]):
        sheet.write_row(index, 0, [str(cell) for cell in cells])
    sheet.write_datetime(4, 8, date(2025, 8, 1), days)
    sheet.write_datetime(4, 9, date(2025, 8, 5), days)
    book.close()


def two(**more) -> dict:
    return says(batch(1, 2, **more))


LAYOUTS = [
    Case("plain", book(ledger(*people(3))), says(batch(1, 2, 3))),
    Case(
        "facts-in-file-name",
        book([["主办单位：荣成市总工会 层级：市级"], HEADER, *people(2)]),
        two(called="第03批", base="刘公岛疗养院"),
        "第03批 2025.5.3-5.7 刘公岛疗养院.xlsx",
    ),
    Case("header-row-7", book([TITLE, [], LINE, [], BATCH, [], HEADER, *people(2)]), two()),
    Case(
        "header-two-levels",
        book(
            [
                TITLE,
                LINE,
                BATCH,
                ["序号", "基本情况", "", "", "联系方式", "单位", "职务", "类别", "备注"],
                ["", "姓名", "性别", "身份证号", "手机", "", "", "", ""],
                *people(2),
            ],
            merges=((3, 1, 3, 3), *((3, at, 4, at) for at in (0, 5, 6, 7, 8))),
        ),
        two(),
    ),
    Case(
        "header-breaks",
        book(
            headed(
                "序 号",
                "姓  名 ",
                "性别",
                "身份证\n号码",
                "联系电话（手机）",
                "工作单位*",
                "职务/岗位",
                "类别：",
                "备 注",
            )
        ),
        two(),
    ),
    Case(
        "header-other-words",
        book(headed("编号", "人员姓名", "性别", "公民身份号码", "手机", "所在单位", "工种", "人员类型", "说明")),
        two(),
    ),
    Case(
        "header-yet-others",
        book(headed("序号", "职工姓名", "性别", "证件号码", "联系方式", "基层工会", "岗位", "职工类别", "备注")),
        two(),
    ),
    Case("shifted-right", book([["", "", *cells] for cells in ledger(*people(2))]), two()),
    Case(
        "units-merged",
        book(ledger(*people(1), *people(2, first=2, unit="")), merges=((4, UNIT, 6, UNIT),)),
        says(batch(1, 2, 3)),
    ),
    Case("unit-empty", book(ledger(row(1), row(2, unit=""))), says(batch(1, refused={6: ["unit_missing"]}))),
    Case(
        "unit-line",
        book(
            [
                TITLE,
                [f"{ORGANISER[0]} 单位：甲公司 时间：5月3日-7日 地点：石岛赤山疗养基地 层级：市级 批次：第三批"],
                *without_unit(HEADER, *people(2)),
            ]
        ),
        two(),
    ),
    Case("total-right", book(ledger(*people(2), ["合计", "", 2])), two(declared=2)),
    Case("total-wrong", book(ledger(*people(2), ["合计：共12人"])), two(declared=12)),
    Case(
        "tails",
        book(
            ledger(
                *people(2),
                [],
                ["合计", "", 2],
                ["备注：均已公示。"],
                ["填表人：测甲", "", "审核人：测乙"],
                ["第1页 共1页"],
            )
        ),
        two(declared=2),
    ),
    Case("pages", book(ledger(*people(2), TITLE, LINE, HEADER, *people(1, first=3))), says(batch(1, 2, 3))),
    Case(
        "people-below-a-remark",
        book(ledger(row(1), ["备注：以下为第二车人员"], row(3, id_no=""), row(2))),
        says(batch(1, 2, refused={7: ["id_missing"]})),
    ),
    Case("blank-lines", book(ledger(row(1), [], [], row(2))), two()),
    Case("numbered-ahead", book(ledger(*people(2), [3], [4, "", "男"], [5])), two()),
    Case(
        "stray-remark",
        book(ledger(row(1), ["", "", "", "", "", "", "调整"], row(2))),
        says(batch(1, 2), notes=["line_ignored"]),
    ),
    Case(
        "sub-titles",
        book([TITLE, ORGANISER, HEADER, MAY, *people(1), JUNE, *people(2, first=2)]),
        says(
            batch(1, called="第一批", level="district", base="刘公岛疗养院", days="2025-05-30 2025-06-03"),
            batch(2, 3, called="第二批", days="2025-06-03 2025-06-07"),
        ),
    ),
    *(
        Case(
            f"sub-title-{at}",
            book(
                [TITLE, [f"{ORGANISER[0]} 地点：石岛赤山疗养基地 层级：市级"], HEADER, MAY, *people(1), [words], row(2)]
            ),
            says(
                batch(1, called="第一批", level="district", base="刘公岛疗养院", days="2025-05-30 2025-06-03"),
                batch(2, called="第二批", days="2025-06-13 2025-06-17"),
            ),
        )
        for at, words in enumerate(
            (
                "二、第二批 6.13-6.17",
                "（二）第二批（6月13日—17日）",
                "2.第二批 6.13-17",
                "【第二批】6.13-6.17",
                "◆第二批（6.13-6.17）",
                "2025年6月第二批（6.13-6.17）",
                "测试市总工会2025年第二批（25.6.13-6.17）",
            )
        )
    ),
    Case(
        "sub-title-in-other-words",
        book(ledger(row(1), ["另有一车人员如下"], row(2))),
        says(batch(1, 2), notes=["line_ignored"]),
    ),
    Case(
        "batch-line-again",
        book(ledger(row(1), ["批次：第四批  时间：6.3-6.7"], row(2), ["批次：第三批 时间：5.3-5.7"], row(3))),
        says(batch(1), batch(2, called="第四批", days="2025-06-03 2025-06-07"), batch(3)),
    ),
    Case(
        "two-lists-side-by-side",
        book([TITLE, LINE, BATCH, [*HEADER, "", *HEADER], *([*row(n), "", *row(n + 5)] for n in (1, 2))]),
        says(batch(1, 2), refused={"Sheet1 5": ["second_list"]}),
    ),
    Case(
        "totals-of-pages",
        book(ledger(row(1), ["本页小计", "1人"], row(2), ["本页合计：1人"], ["总共2人"])),
        two(declared=2),
    ),
    Case(
        "year-of-two-digits",
        book(dated("26.1.5-1.9")),
        says(batch(1, 2, days="2026-01-05 2026-01-09"), notes=["other_year"]),
    ),
    Case(
        "total-of-all-wrong",
        book([TITLE, ORGANISER, HEADER, MAY, row(1), JUNE, row(2), ["总计", "", 9]]),
        says(
            batch(1, called="第一批", level="district", base="刘公岛疗养院", days="2025-05-30 2025-06-03"),
            batch(2, called="第二批", days="2025-06-03 2025-06-07"),
            notes=["total_differs"],
        ),
    ),
    Case(
        "batch-column",
        book([TITLE, LINE, [*HEADER[:-1], "批次"], *([*row(n)[:-1], f"第{'一二'[n % 2]}批"] for n in (2, 3, 4))]),
        says(batch(2, 4, called="第一批"), batch(3, called="第二批")),
    ),
    Case(
        "batch-column-merged",
        book(
            [TITLE, LINE, ["批次", *HEADER[1:]], ["一", *row(1)[1:]], ["", *row(2)[1:]], [2.0, *row(3)[1:]]],
            merges=((3, 0, 4, 0),),
        ),
        says(batch(1, 2, called="第一批"), batch(3, called="第2批")),
    ),
    Case(
        "sheet-a-batch",
        book(
            {"第一批": [TITLE, LINE, HEADER, row(1)], "第二批": [TITLE, LINE, HEADER, row(2)], "说明": [["请按实填写"]]}
        ),
        says(batch(1, called="第一批"), batch(2, called="第二批"), notes=["sheet_skipped"]),
    ),
    Case(
        "hidden-sheet",
        book({"名单": ledger(row(1)), "旧": ledger(row(2), batch="第九批")}, hidden=["旧"]),
        says(batch(1), notes=["hidden_sheet"]),
    ),
    Case("very-hidden-sheet", very_hidden, says(batch(1), notes=["hidden_sheet"])),
    Case("hidden-row-and-column", rows_hidden, says(batch(1, 2, 3), notes=["hidden_rows", "hidden_columns"])),
    Case("struck-row", lambda path: touched_up(path, strike=True), says(batch(1, 3, refused={6: ["row_struck"]}))),
    Case("red-row", lambda path: touched_up(path, color="FFFF0000"), says(batch(1, 2, 3), notes=["red_rows"])),
    Case(
        "struck-in-red",
        lambda path: touched_up(path, strike=True, color="FFC00000"),
        says(batch(1, 3, refused={6: ["row_struck"]}), notes=["red_rows"]),
    ),
    Case("period-written-out", book(dated("2025年5月3日至2025年5月7日")), two()),
    Case("period-with-points", book(dated("2025.5.3-5.7")), two()),
    Case("period-with-hours", book(dated("2025年5月3日上午9时起至5月7日下午止")), two()),
    Case("period-compact", book(dated("20250503-20250507")), two()),
    Case("period-with-slashes", book(dated("2025/5/3-2025/5/7")), two()),
    Case("period-year-from-title", book(dated("5月30日—6月3日")), two(days="2025-05-30 2025-06-03")),
    Case("period-over-new-year", book(dated("2025年12月30日—1月3日")), two(days="2025-12-30 2026-01-03")),
    Case(
        "period-nobody-knows",
        book(dated("五月上旬")),
        says(refused={"Sheet1 5": ["batch_unclear"], "Sheet1 6": ["batch_unclear"]}),
    ),
    Case(
        "days-in-columns",
        book([TITLE, LINE, BATCH, [*HEADER[:-1], "开始日期", "结束日期"], [*row(1)[:-1], date(2025, 8, 1), 45874]]),
        says(batch(1, days="2025-08-01 2025-08-05")),
    ),
    Case("days-of-1904", of_1904, says(batch(1, days="2025-08-01 2025-08-05"))),
    Case(
        "level-in-brackets",
        book([TITLE, [LINE[0].replace("市级", "区（市）级")], BATCH, HEADER, *people(2)]),
        two(level="district"),
    ),
    Case(
        "batch-incomplete",
        book([["疗休养名单"], HEADER, row(1), row(2, id_no="")]),
        says(refused={"Sheet1 3": ["batch_incomplete"], "Sheet1 4": ["batch_incomplete", "id_missing"]}),
    ),
    Case("no-header", book([TITLE, ["测甲", "测乙"]]), refuses("header_not_found", sheet="Sheet1")),
    Case("empty-workbook", book([]), refuses("header_not_found")),
    Case("empty-form", book(ledger()), says(notes=["no_rows"])),
    Case(
        "unit-summary",
        book([["情况表"], ["序号", "单位", "人数"], [1, "甲公司", 12]]),
        says(notes=["unit_summary"]),
    ),
    Case("quota-table", book([["计划"], ["单位", "分配名额"], ["甲公司", 12]]), says(notes=["quota_table"])),
    Case("base-list", book([["基地名录"], ["名称", "星级"], ["甲基地", "四星"]]), says(notes=["base_list"])),
    Case(
        "title-of-last-year",
        book([[TITLE[0].replace("2025", "2024")], LINE, BATCH, HEADER, *people(2)]),
        says(batch(1, 2), notes=["other_year"]),
    ),
    Case(
        "days-of-last-year",
        book(dated("2024年5月3日-7日")),
        says(batch(1, 2, days="2024-05-03 2024-05-07"), notes=["other_year"]),
    ),
]
