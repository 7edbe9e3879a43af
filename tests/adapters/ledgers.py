"""Small writers of ledgers as staff keep them. All people are synthetic: region 999001, phones 1990000xxxx."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import xlsxwriter
import xlwt

from schemas.identity import check_digit

Rows = Sequence[Sequence[object]]
Merge = tuple[int, int, int, int]  # first row, first column, last row, last column, counted from 0

TITLE = ["威海市2025年职工疗休养实名制汇总表"]
LINE = [
    "单位：荣成市总工会    疗休养时间：2025年5月3日-7日    地点：石岛赤山疗养基地   层级：市级   填表日期：2025年6月10日"
]
HEADER = ["序号", "姓名", "性别", "身份证号", "联系电话", "单位", "职务", "类别", "备注"]


@dataclass(frozen=True, slots=True)
class Formula:
    """`value` None: a formula without a saved result."""

    text: str
    value: str | float | None = None


def id_no(number: int) -> str:
    digits = f"999001199001{number % 28 + 1:02d}{number % 1000:03d}"
    return digits + check_digit(digits)


def name(number: int) -> str:
    return f"测{chr(0x4E00 + number)}"


def row(number: int, **changes: object) -> list[object]:
    """One person under HEADER; `changes` are by field."""
    cells: dict[str, object] = {
        "serial": number,
        "name": name(number),
        "sex": "男",
        "id_no": id_no(number),
        "phone": f"1990000{number:04d}",
        "unit": "荣成市渔业公司",
        "post": "技师",
        "category": "1",
        "remark": "",
    }
    return list((cells | changes).values())


def people(count: int, *, first: int = 1, **changes: object) -> list[list[object]]:
    return [row(number, **changes) for number in range(first, first + count)]


def ledger(*body: Sequence[object], batch: str = "第三批") -> list[Sequence[object]]:
    """Title, unit-and-date line, header on row 4, then `body`."""
    return [TITLE, LINE, [f"批次：{batch}"], HEADER, *body]


def write_xlsx(
    path: Path,
    sheets: Mapping[str, Rows] | Rows,
    *,
    merges: Sequence[Merge] = (),
    hidden: Sequence[str] = (),
) -> Path:
    """`merges` are made in every sheet; a merged cell keeps the value of its first cell."""
    book = xlsxwriter.Workbook(str(path))
    days = book.add_format({"num_format": "yyyy-mm-dd"})
    for title, rows in (sheets if isinstance(sheets, Mapping) else {"Sheet1": sheets}).items():
        sheet = book.add_worksheet(title)
        if title in hidden:
            sheet.hide()
        for top, left, bottom, right in merges:
            sheet.merge_range(top, left, bottom, right, "")
        for index, cells in enumerate(rows):
            for column, value in enumerate(cells):
                _write(sheet, index, column, value, days)
    book.close()
    return path


def _write(sheet, index: int, column: int, value: object, days) -> None:
    if isinstance(value, Formula):
        sheet.write_formula(index, column, value.text, None, "" if value.value is None else value.value)
    elif isinstance(value, date):
        sheet.write_datetime(index, column, value, days)
    elif isinstance(value, (int, float)):
        sheet.write_number(index, column, value)
    elif value not in ("", None):
        sheet.write_string(index, column, str(value))


def write_xls(path: Path, rows: Rows, *, merges: Sequence[Merge] = ()) -> Path:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Sheet1", cell_overwrite_ok=True)
    for top, left, bottom, right in merges:
        sheet.write_merge(top, bottom, left, right, rows[top][left])
    for index, cells in enumerate(rows):
        for column, value in enumerate(cells):
            if value not in ("", None):
                sheet.write(index, column, value)
    book.save(str(path))
    return path


def write_csv(path: Path, rows: Rows, *, encoding: str = "gb18030", delimiter: str = ",") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    return path
