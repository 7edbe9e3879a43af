"""The province's template: filled in and otherwise left alone, and named where it is not what it was."""

import io
import re
import zipfile
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.worksheet.datavalidation import DataValidation

from adapters.ooxml.package import Package
from adapters.portal.workbook.fill import filled
from adapters.portal.workbook.grid import read_sheets
from schemas.errors import SchemaDrift
from schemas.texts import Language
from tests.adapters.workbook_rig import (
    HEADS,
    SHAPE,
    book_of,
    cells_of,
    desk,
    grid,
    participant,
    parts,
    shaped,
    template,
)

SHEET = "xl/worksheets/sheet1.xml"
MACROS = b"ms-excel.sheet.macroEnabled.main"
ROWS = re.compile(rb"<sheetData>.*</sheetData>", re.DOTALL)
WITH_EXAMPLE = shaped(example_rows=1)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "导入模板.xlsx"
    path.write_bytes(template())
    return path


def exported(folder: Path, template_file: Path, *records, shape=WITH_EXAMPLE) -> bytes:
    made = desk(folder, shape, template_file)
    made.export(*records)
    return next(made.outbox.glob("*人员导入*")).read_bytes()


def said(folder: Path, template_file: Path, shape=WITH_EXAMPLE) -> str:
    """In English, every sentence of it; and nothing was exported."""
    made = desk(folder, shape, template_file)
    with pytest.raises(SchemaDrift) as caught:
        made.export(participant(1))
    assert made.names == []
    assert caught.value.into(Language.ZH_CN) != caught.value.into(Language.EN)
    return caught.value.into(Language.EN)


def changed_after(folder: Path, template_file: Path, content: bytes) -> str:
    """What is said of a template that was right once and is now another."""
    desk(folder, WITH_EXAMPLE, template_file).portal.check_template()
    template_file.write_bytes(content)
    return said(folder, template_file)


def test_every_part_but_the_sheet_stays_byte_for_byte(tmp_path, file):
    before, after = parts(file.read_bytes()), parts(exported(tmp_path, file, participant(1), participant(2)))
    assert list(before) == list(after)
    assert {name for name in before if before[name] != after[name]} == {SHEET}


def test_the_sheet_stays_byte_for_byte_outside_its_rows_and_dimension(tmp_path, file):
    before, after = (parts(each)[SHEET] for each in (file.read_bytes(), exported(tmp_path, file, participant(1))))
    assert ROWS.sub(b"", before) == ROWS.sub(b"", after)
    untouched = re.compile(rb'<row r="(?:1|[3-9]|\d\d)"[ >].*?</row>', re.DOTALL)
    assert untouched.findall(before) == untouched.findall(after)


def test_the_dimension_grows_with_the_rows(tmp_path, file):
    after = parts(exported(tmp_path, file, *(participant(number) for number in range(1, 101))))[SHEET]
    assert re.search(rb'<dimension ref="([^"]*)"', after)[1] == b"A1:K101"


def test_people_stand_below_the_header_in_place_of_the_example(tmp_path, file):
    people = [participant(1), participant(2)]
    rows = grid(exported(tmp_path, file, *people), "人员导入")
    assert [row[: len(HEADS)] for row in rows[:3]] == [HEADS, *map(cells_of, people)]
    assert all(cell is None for row in rows[3:] for cell in row)


def test_example_rows_beyond_our_own_are_emptied(tmp_path, file):
    def two_more(book):
        for row in (3, 4):
            for column in range(1, len(HEADS) + 1):
                book["人员导入"].cell(row, column).value = "示例"
        book["人员导入"].cell(4, len(HEADS) + 1).value = "=A4"

    file.write_bytes(template(two_more))
    rows = grid(exported(tmp_path, file, participant(1), shape=shaped(example_rows=3)), "人员导入")
    assert [cell for row in rows[2:] for cell in row if cell is not None] == ["=A4"]


def test_example_rows_may_stay_and_ours_go_below(tmp_path, file):
    rows = grid(exported(tmp_path, file, participant(1), shape=shaped(example_rows=1, keep_examples=True)), "人员导入")
    assert rows[1][0] == "示例0"
    assert rows[2][: len(HEADS)] == cells_of(participant(1))


def test_cells_take_the_style_of_their_column_in_every_row(tmp_path, file):
    content = exported(tmp_path, file, *(participant(number) for number in range(1, 101)))
    sheet = openpyxl.load_workbook(io.BytesIO(content))["人员导入"]
    for row in (2, 59, 101):
        assert {sheet.cell(row, column).number_format for column in range(1, len(HEADS) + 1)} == {"@"}
        assert {sheet.cell(row, column).border.bottom.style for column in range(1, len(HEADS) + 1)} == {"thin"}
        assert {sheet.cell(row, column).data_type for column in range(1, len(HEADS) + 1)} == {"s"}


def test_columns_are_found_by_their_heads_wherever_they_stand(tmp_path, file):
    file.write_bytes(template(heads=["序号", *reversed(HEADS)]))
    rows = grid(exported(tmp_path, file, participant(1)), "人员导入")
    assert rows[1][1 : 1 + len(HEADS)] == list(reversed(cells_of(participant(1))))


@pytest.mark.parametrize("value", ["=1+1", "+1", "-1", "@x", "<张&三>", "_x0041_", "a\nb", "'1", " x ", "𠮷𡃁", '"'])
def test_any_text_stays_that_text_and_is_no_formula(tmp_path, file, value):
    content = exported(tmp_path, file, participant(1, unit=value))
    sheet = openpyxl.load_workbook(io.BytesIO(content))["人员导入"]
    cell = sheet.cell(2, HEADS.index("所在单位") + 1)
    assert cell.data_type == "s"
    assert openpyxl.utils.escape.unescape(cell.value) == value


CELL = st.text(
    st.sampled_from("_x0041F<&>\"' \t\n张𠮷=") | st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]),
    min_size=1,
)
TEMPLATE = template()


@given(st.lists(CELL.filter(lambda text: not {"\ufffe", "\uffff"} & set(text)), min_size=1, max_size=3))
def test_whatever_a_cell_can_hold_is_read_back_as_it_was(values):
    package = Package.open(TEMPLATE, file="template.xlsx")
    lines = [{3: value} for value in values]
    sheet = read_sheets(filled(package, SHEET, lines, first_row=2, examples=range(2, 3)))[0]
    assert [row[3] for row in sheet.rows[1 : 1 + len(values)]] == values


def test_without_a_template_one_is_made_from_the_dialect(tmp_path):
    made = desk(tmp_path)
    made.export(participant(1))
    (content,) = (path.read_bytes() for path in made.outbox.glob("*人员导入*"))
    assert grid(content, "人员导入") == [HEADS, cells_of(participant(1))]
    sheet = openpyxl.load_workbook(io.BytesIO(content))["人员导入"]
    assert {cell.number_format for cell in sheet[2]} == {"@"}


def test_the_same_people_are_the_same_bytes(tmp_path, file):
    first, second = (exported(tmp_path / name, file, participant(1)) for name in ("one", "two"))
    assert first == second
    made = [desk(tmp_path / name) for name in ("three", "four")]
    for each in made:
        each.export(participant(1))
    assert [path.read_bytes() for path in sorted(made[0].outbox.iterdir())] == [
        path.read_bytes() for path in sorted(made[1].outbox.iterdir())
    ]


def test_a_template_written_with_prefixes_is_filled_too(tmp_path, file):
    with_prefix = re.sub(rb"<(/?)(?!\?)", rb"<\1x:", parts(template())[SHEET]).replace(b"xmlns=", b"xmlns:x=")
    file.write_bytes(replaced(template(), SHEET, with_prefix))
    made = desk(tmp_path, WITH_EXAMPLE, file)
    made.export(participant(1))
    (content,) = (path.read_bytes() for path in made.outbox.glob("*人员导入*"))
    assert grid(content, "人员导入")[1][: len(HEADS)] == cells_of(participant(1))


def test_a_template_with_macros_keeps_its_suffix(tmp_path, file):
    file.write_bytes(with_macros())
    made = desk(tmp_path, shaped(example_rows=1, file_name="{batch}-{part}.xlsm"), file)
    made.export(participant(1))
    assert made.names[1] == "第一批-1.xlsm"


def test_a_template_with_no_rows_but_the_header_is_filled(tmp_path, file):
    file.write_bytes(book_of([HEADS], "人员导入"))
    assert grid(exported(tmp_path, file, participant(1), shape=SHAPE), "人员导入") == [HEADS, cells_of(participant(1))]


def test_a_template_unchanged_is_accepted_again_and_again(tmp_path, file):
    for number in (1, 2):
        exported(tmp_path, file, participant(number))


def rename(book):
    book["人员导入"].cell(1, HEADS.index("证件号码") + 1).value = "身份证号"


def move(book):
    sheet = book["人员导入"]
    sheet["D1"].value, sheet["E1"].value = sheet["E1"].value, sheet["D1"].value


def more_words(book):
    book["字典"]["A2"].value = "表彰奖励"


def other_rule(book):
    rule = DataValidation(type="textLength", operator="equal", formula1="18")
    book["人员导入"].add_data_validation(rule)
    rule.add("F2:F999")


def as_number(book):
    book["人员导入"]["F2"].number_format = "0"


def show(book):
    book["字典"].sheet_state = "visible"


WORDS_CHANGED = (
    "The values the column 人员类别 takes were list 技能人才、先进模范、苦脏累险毒岗位职工 "
    "and are list 技能人才、表彰奖励、苦脏累险毒岗位职工."
)
CHANGES = {
    "renamed": (template(rename), "The column 证件号码 is now called 身份证号."),
    "moved": (template(move), "The columns are in another order, from 姓名 on: there now stands 证件类型."),
    "gone": (template(heads=[head for head in HEADS if head != "手机号码"]), "The column 手机号码 is gone."),
    "new": (template(heads=[*HEADS, "银行卡号"]), "The column 银行卡号 is new."),
    "words": (template(more_words), WORDS_CHANGED),
    "rule": (template(other_rule), "The values the column 证件号码 takes were - and are textLength equal 18."),
    "format": (template(as_number), "The cell format of the column 证件号码 was @ and is 0."),
    "shown": (template(show), "The sheet 字典 was veryHidden and is visible."),
    "a sheet gone": (template(lambda book: book.remove(book["填表说明"])), "The sheet 填表说明 is gone."),
    "a sheet more": (template(lambda book: book.create_sheet("新表")), "The sheet 新表 is new."),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_has_changed_is_named(tmp_path, file, what):
    content, sentence = CHANGES[what]
    told = changed_after(tmp_path, file, content).splitlines()
    assert sentence in told
    assert sum(line.startswith(("The column", "The values", "The cell", "The sheet")) for line in told) == 1


def test_a_changed_template_says_what_to_do(tmp_path, file):
    told = changed_after(tmp_path, file, CHANGES["new"][0])
    assert "adapt the dialect to it and delete" in told
    (tmp_path / "state" / "template.json").unlink()
    assert exported(tmp_path, file, participant(1))


def test_heads_the_dialect_fills_and_the_template_lacks_are_named(tmp_path, file):
    file.write_bytes(template(rename))
    assert (
        said(tmp_path, file) == "Row 1 of the import template 导入模板.xlsx lacks what the dialect fills in: 证件号码."
    )
    assert not (tmp_path / "state").exists()


def replaced(content: bytes, part: str, by: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, old in parts(content).items():
            archive.writestr(name, by if name == part else old)
    return out.getvalue()


def with_macros() -> bytes:
    """As Excel saves a workbook that has some."""
    kinds = parts(template())["[Content_Types].xml"]
    return replaced(
        template(),
        "[Content_Types].xml",
        kinds.replace(b"openxmlformats-officedocument.spreadsheetml.sheet.main", MACROS),
    )


def in_utf16() -> bytes:
    xml = parts(template())[SHEET].decode().partition("<worksheet")
    return replaced(template(), SHEET, f'<?xml version="1.0" encoding="UTF-16"?><worksheet{xml[2]}'.encode("utf-16"))


WRONG = {
    "another suffix": (b"\xd0\xcf\x11\xe0old", "cannot be read as an .xlsx workbook"),
    "a page": (b"<html></html>", "cannot be read as an .xlsx workbook"),
    "half a file": (template()[:2000], "cannot be read as an .xlsx workbook"),
    "another sheet": (book_of([HEADS], "Sheet1"), "has no sheet 人员导入, only Sheet1"),
    "the unit summary": (
        book_of([["2025年单位汇总表"], HEADS], "人员导入"),
        "looks like another table: it says 单位汇总表",
    ),
    "macros": (with_macros(), "is a .xlsm file: file_name must end so"),
    "a sheet in UTF-16": (in_utf16(), "cannot be read as an .xlsx workbook"),
    "a rule for no cell": (
        replaced(template(), SHEET, re.sub(rb'sqref="I2:I999"', b'sqref="everywhere"', parts(template())[SHEET])),
        "cannot be filled in",
    ),
    "a head twice": (template(heads=[*HEADS, "姓名"]), "has 姓名 twice"),
    "rows in the way": (
        template(lambda book: book["人员导入"].cell(9, 4, "张")),
        "Row 9 of the import template 导入模板.xlsx is not empty",
    ),
    "merged cells in the way": (
        template(lambda book: book["人员导入"].merge_cells("A20:C21")),
        "Row 20 of the import template 导入模板.xlsx is not empty",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_template_is_named(tmp_path, file, what):
    content, sentence = WRONG[what]
    file.write_bytes(content)
    assert sentence in said(tmp_path, file)


def test_a_template_that_is_not_there_is_named(tmp_path):
    assert "cannot be read" in said(tmp_path, tmp_path / "nowhere.xlsx")


def test_a_part_with_a_dtd_is_never_parsed(tmp_path, file):
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa">]>' + parts(template())["xl/workbook.xml"]
    file.write_bytes(replaced(template(), "xl/workbook.xml", bomb))
    assert "cannot be read as an .xlsx workbook" in said(tmp_path, file)


def test_a_memory_that_cannot_be_read_says_which_file_to_look_at(tmp_path, file):
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "template.json").write_text("{}")
    assert "then delete that file" in said(tmp_path, file)
