"""A ledger written back with marks: its wrong cells coloured and commented, every other byte its own."""

from __future__ import annotations

import io
import re
import subprocess
import zipfile
from pathlib import Path

import openpyxl
import pytest
import python_calamine
from openpyxl.comments import Comment
from openpyxl.styles import Font

from adapters.sources.grid import Unreadable
from adapters.sources.marking import has_macros, marked
from adapters.sources.understanding import understand
from schemas.mark import Mark
from tests.adapters.ledgers import HEADER, ledger, people, row, write_csv, write_xls, write_xlsx
from tests.adapters.test_apart import TASK

RED, YELLOW = "FFFFC7CE", "FFFFEB9C"
WRONG_ID = Mark("Sheet1", 5, 3, "证件号码位数不对。\n对照证件原件改正 <&>", refused=True)
ODD_PHONE = Mark("Sheet1", 6, 4, "The phone number is odd.", refused=False)


def xlsx(folder: Path, **about: object) -> bytes:
    return write_xlsx(folder / "台账.xlsx", ledger(*people(3)), **about).read_bytes()


def parts(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def cells(content: bytes) -> dict[str, list[list[object]]]:
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    return {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}


def opened(content: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(content))


def look(content: bytes, cell: str, sheet: str = "Sheet1") -> tuple[str, str]:
    """The ground of a cell and its comment."""
    found = opened(content)[sheet][cell]
    ground = found.fill.fgColor.rgb if found.fill.patternType else ""
    return ground, found.comment.text if found.comment else ""


def drawn_by_hand(folder: Path, change) -> bytes:
    """A workbook as another program writes it."""
    book = opened(xlsx(folder))
    change(book)
    book.save(folder / "改.xlsx")
    return (folder / "改.xlsx").read_bytes()


def test_wrong_cells_are_coloured_and_commented(tmp_path: Path) -> None:
    made = marked(xlsx(tmp_path), [ODD_PHONE, WRONG_ID])
    assert look(made, "D5") == (RED, WRONG_ID.text)
    assert look(made, "E6") == (YELLOW, ODD_PHONE.text)
    assert look(made, "D6") == ("", "")


def test_every_part_but_those_that_carry_marks_stays_byte_for_byte(tmp_path: Path) -> None:
    content = write_xlsx(tmp_path / "台账.xlsx", {"Sheet1": ledger(*people(2)), "第二": [HEADER]}).read_bytes()
    before, after = parts(content), parts(marked(content, [WRONG_ID]))
    changed = {name for name in after if before.get(name) != after[name]}
    assert before.keys() <= after.keys()
    assert changed == {
        "[Content_Types].xml",
        "xl/styles.xml",
        "xl/worksheets/sheet1.xml",
        "xl/worksheets/_rels/sheet1.xml.rels",
        "xl/comments1.xml",
        "xl/drawings/vmlDrawing1.vml",
    }


def test_of_the_marked_sheet_only_the_marked_cells_change(tmp_path: Path) -> None:
    content = xlsx(tmp_path)
    sheet = "xl/worksheets/sheet1.xml"
    before, after = parts(content)[sheet], parts(marked(content, [WRONG_ID]))[sheet]
    undone = after.replace(b'<c r="D5" t="s" s="1">', b'<c r="D5" t="s">')
    start = undone.index(b"<legacyDrawing")
    assert undone[:start] + undone[undone.index(b">", start) + 1 :] == before


def test_the_marked_ledger_reads_as_the_ledger_did(tmp_path: Path) -> None:
    content = write_xlsx(tmp_path / "台账.xlsx", ledger(row(1), row(2, id_no="999"), row(3, phone="1"))).read_bytes()
    made = marked(content, [WRONG_ID, ODD_PHONE, Mark("Sheet1", 40, 12, "below everything", refused=False)])
    assert cells(made) == cells(content)
    assert understand(TASK, made) == understand(TASK, content)


def test_a_style_stays_but_for_its_ground(tmp_path: Path) -> None:
    def bold(book: openpyxl.Workbook) -> None:
        book["Sheet1"]["D5"].font = Font(bold=True, name="宋体")
        book["Sheet1"]["D5"].number_format = "@"

    made = marked(drawn_by_hand(tmp_path, bold), [WRONG_ID])
    cell = opened(made)["Sheet1"]["D5"]
    assert (cell.font.b, cell.font.name, cell.number_format, look(made, "D5")[0]) == (True, "宋体", "@", RED)


def test_a_comment_that_was_there_keeps_its_words_and_others_stay(tmp_path: Path) -> None:
    def commented(book: openpyxl.Workbook) -> None:
        book["Sheet1"]["D5"].comment = Comment("请核对", "张工")
        book["Sheet1"]["B6"].comment = Comment("已联系", "张工")

    made = marked(drawn_by_hand(tmp_path, commented), [WRONG_ID, ODD_PHONE])
    assert look(made, "D5") == (RED, f"请核对\n{WRONG_ID.text}")
    assert look(made, "B6")[1] == "已联系"
    assert look(made, "E6") == (YELLOW, ODD_PHONE.text)
    assert [name for name in parts(made) if "omment" in name and name.endswith(".xml")] != []


@pytest.mark.parametrize(
    ("text", "rows"), [("号" * 15, 2), ("号" * 16, 3), ("x" * 31, 2), ("x" * 32, 3), ("号x\nx", 3)]
)
def test_a_box_is_as_high_as_its_words_need(tmp_path: Path, text: str, rows: int) -> None:
    made = parts(marked(xlsx(tmp_path), [Mark("Sheet1", 5, 3, text, refused=True)]))
    [anchor] = re.findall(rb"<x:Anchor>(.+?)</x:Anchor>", made["xl/drawings/vmlDrawing1.vml"])
    left, _, top, _, right, _, bottom, _ = map(int, anchor.split(b","))
    assert (right - left, bottom - top) == (4, rows)


def test_a_ledger_marked_twice_can_be_opened(tmp_path: Path) -> None:
    again = marked(marked(xlsx(tmp_path), [WRONG_ID]), [WRONG_ID, ODD_PHONE])
    assert look(again, "E6") == (YELLOW, ODD_PHONE.text)
    assert cells(again) == cells(xlsx(tmp_path))


def test_several_marks_on_a_cell_are_one_comment_and_the_worst_ground(tmp_path: Path) -> None:
    odd = Mark("Sheet1", 5, 3, "also odd", refused=False)
    assert look(marked(xlsx(tmp_path), [odd, WRONG_ID]), "D5") == (RED, f"also odd\n{WRONG_ID.text}")


def test_in_merged_cells_the_first_is_marked(tmp_path: Path) -> None:
    made = marked(xlsx(tmp_path, merges=((4, 5, 6, 5),)), [Mark("Sheet1", 6, 5, "unit", refused=True)])
    assert look(made, "F5") == (RED, "unit")


@pytest.mark.parametrize("cell", [(40, 0), (5, 20), (1, 7)])
def test_a_cell_that_was_not_there_is_marked_all_the_same(tmp_path: Path, cell: tuple[int, int]) -> None:
    row_no, column = cell
    made = marked(xlsx(tmp_path), [Mark("", row_no, column, "missing", refused=True)])
    assert look(made, f"{'ABCDEFGHIJKLMNOPQRSTU'[column]}{row_no}") == (RED, "missing")
    assert cells(made) == cells(xlsx(tmp_path))


def test_marks_on_two_sheets_have_comments_of_their_own(tmp_path: Path) -> None:
    content = write_xlsx(tmp_path / "台账.xlsx", {"甲": ledger(*people(2)), "乙": ledger(*people(2))}).read_bytes()
    made = marked(content, [Mark(sheet, 5, 3, f"in {sheet}", refused=True) for sheet in ("甲", "乙")])
    assert [look(made, "D5", sheet) for sheet in ("甲", "乙")] == [(RED, "in 甲"), (RED, "in 乙")]


def test_what_stands_behind_the_drawing_of_comments_still_does(tmp_path: Path) -> None:
    def with_table(book: openpyxl.Workbook) -> None:
        table = openpyxl.worksheet.table.Table(displayName="名册", ref="A4:I7")
        book["Sheet1"].add_table(table)

    sheet = parts(marked(drawn_by_hand(tmp_path, with_table), [WRONG_ID]))["xl/worksheets/sheet1.xml"]
    assert sheet.index(b"legacyDrawing") < sheet.index(b"tableParts")


def test_cells_of_a_form_button_are_no_cells_of_the_sheet(tmp_path: Path) -> None:
    """Its anchor has rows and columns of its own, in the sheet's own part."""
    anchor = b"<x:anchor xmlns:x='urn:x'><x:from><x:col>1</x:col><x:row>2</x:row></x:from></x:anchor>"
    with_button = io.BytesIO()
    with zipfile.ZipFile(with_button, "w") as archive:
        for name, part in parts(xlsx(tmp_path)).items():
            archive.writestr(name, part.replace(b"</sheetData>", b"</sheetData>" + anchor))
    made = marked(with_button.getvalue(), [WRONG_ID])
    assert look(made, "D5") == (RED, WRONG_ID.text)
    assert anchor in parts(made)["xl/worksheets/sheet1.xml"]


def without_the_end_of(part: str, content: bytes) -> bytes:
    broken = io.BytesIO()
    with zipfile.ZipFile(broken, "w") as archive:
        for name, own in parts(content).items():
            archive.writestr(name, own[:-20] if name == part else own)
    return broken.getvalue()


def test_a_workbook_that_reads_but_is_not_whole_is_written_anew(tmp_path: Path) -> None:
    made = marked(without_the_end_of("[Content_Types].xml", xlsx(tmp_path)), [WRONG_ID])
    assert look(made, "D5") == (RED, WRONG_ID.text)
    assert cells(made) == cells(xlsx(tmp_path))


@pytest.mark.parametrize("part", ["xl/styles.xml", "xl/worksheets/sheet1.xml"])
def test_a_workbook_that_does_not_read_cannot_be_marked(tmp_path: Path, part: str) -> None:
    with pytest.raises(Unreadable):
        marked(without_the_end_of(part, xlsx(tmp_path)), [WRONG_ID])


@pytest.mark.parametrize("form", ["xls", "csv"])
def test_a_ledger_of_another_form_becomes_a_workbook_that_reads_the_same(tmp_path: Path, form: str) -> None:
    rows = ledger(row(1), row(2, id_no="999"), row(3, id_no=9.99001199001e17))
    write = write_xls if form == "xls" else write_csv
    content = write(tmp_path / f"台账.{form}", rows).read_bytes()
    made = marked(content, [Mark("Sheet1" if form == "xls" else "", 6, 3, "too short", refused=True)])
    assert look(made, "D6") == (RED, "too short")
    before, after = (understand(TASK, one) for one in (content, made))
    assert (known(after), codes(after)) == (known(before), codes(before))
    assert codes(before) == ["id_length", "id_damaged"]


def known(reading) -> list[tuple[str, str, str, int]]:
    return [(one.name, one.id_no, one.phone, one.where.row) for roster in reading.rosters for one in roster.people]


def codes(reading) -> list[str]:
    return [one.code for roster in reading.rosters for refused in roster.rejections for one in refused.problems]


def test_what_is_no_table_cannot_be_marked() -> None:
    with pytest.raises(Unreadable):
        marked(b"%PDF-1.7 a scan", [WRONG_ID])


def test_a_workbook_with_macros_is_known(tmp_path: Path) -> None:
    content = xlsx(tmp_path)
    macros = io.BytesIO()
    with zipfile.ZipFile(macros, "w") as archive:
        for name, part in parts(content).items():
            kind = b"application/vnd.ms-excel.sheet.macroEnabled.main+xml"
            archive.writestr(
                name, part.replace(b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml", kind)
            )
    assert (has_macros(content), has_macros(macros.getvalue()), has_macros(b"a,b")) == (False, True, False)
    assert look(marked(macros.getvalue(), [WRONG_ID]), "D5")[0] == RED


def test_libreoffice_opens_it_and_shows_ground_and_comment(tmp_path: Path) -> None:
    (tmp_path / "marked.xlsx").write_bytes(marked(xlsx(tmp_path), [WRONG_ID, ODD_PHONE]))
    subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "html", "--outdir", tmp_path, tmp_path / "marked.xlsx"],
        check=True,
        capture_output=True,
    )  # fmt: skip
    shown = (tmp_path / "marked.html").read_text(encoding="utf-8")
    assert 'bgcolor="#FFC7CE"' in shown
    assert 'bgcolor="#FFEB9C"' in shown
    assert "证件号码位数不对。" in shown
