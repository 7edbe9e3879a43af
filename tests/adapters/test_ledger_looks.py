"""What a ledger says without words: struck-through, red and hidden rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
import xlwt
from openpyxl.styles import Font

from adapters.sources.ledger import Task
from adapters.sources.understanding import understand
from schemas.roster import Place, Reading
from tests.adapters.ledgers import HEADER, ledger, name, people, write_xlsx
from tests.adapters.readings import codes, names, one_roster, problems_of, read

NAME, ID_NO, UNIT = HEADER.index("姓名"), HEADER.index("身份证号"), HEADER.index("单位")
FIRST = 5  # the row of the first person, as a spreadsheet shows it


def touched_up(path: Path, count: int, *spots: tuple[int, int], **font: object) -> Path:
    """A ledger of `count` people; the cells at row (as shown) and column are given this font."""
    book = openpyxl.load_workbook(write_xlsx(path, ledger(*people(count))))
    for row, column in spots:
        book.active.cell(row, column + 1).font = Font(**font)
    book.save(path)
    return path


@pytest.mark.parametrize("column", [NAME, ID_NO])
def test_a_struck_row_is_asked_about(tmp_path: Path, column: int) -> None:
    reading = read(touched_up(tmp_path / "a.xlsx", 3, (FIRST + 1, column), strike=True))
    [roster] = reading.rosters
    assert names(roster) == [name(1), name(3)]
    [rejected] = roster.rejections
    assert (codes(rejected.problems), rejected.where) == (["row_struck"], Place("rosters/a.xlsx", "Sheet1", FIRST + 1))


def test_a_struck_unit_is_only_a_unit_that_was_corrected(tmp_path: Path) -> None:
    assert len(one_roster(read(touched_up(tmp_path / "a.xlsx", 2, (FIRST, UNIT), strike=True))).people) == 2


def test_a_font_that_says_it_does_not_strike_does_not(tmp_path: Path) -> None:
    assert len(one_roster(read(touched_up(tmp_path / "a.xlsx", 2, (FIRST, NAME), strike=False))).people) == 2


@pytest.mark.parametrize("red", ["FFFF0000", "FFC00000", "FFE02020"])
def test_red_names_are_told_of_and_read(tmp_path: Path, red: str) -> None:
    reading = read(touched_up(tmp_path / "a.xlsx", 3, (FIRST, NAME), (FIRST + 2, ID_NO), color=red))
    assert len(one_roster(reading).people) == 3
    [note] = reading.notes
    assert (note.code, note.values) == ("red_rows", {"count": 2, "rows": "5、7"})


def test_other_colours_say_nothing(tmp_path: Path) -> None:
    assert read(touched_up(tmp_path / "a.xlsx", 2, (FIRST, NAME), color="FF0000FF")).notes == ()


def test_a_ledger_all_in_red_sets_nobody_apart(tmp_path: Path) -> None:
    spots = [(FIRST + at, NAME) for at in range(3)]
    assert read(touched_up(tmp_path / "a.xlsx", 3, *spots, color="FFFF0000")).notes == ()


def test_hidden_rows_and_columns_are_read_and_counted(tmp_path: Path) -> None:
    file = write_xlsx(tmp_path / "a.xlsx", ledger(*people(20)))
    book = openpyxl.load_workbook(file)
    for row in (*range(FIRST, FIRST + 12), 900):
        book.active.row_dimensions[row].hidden = True
    book.active.column_dimensions["F"].hidden = True
    book.active.column_dimensions["Z"].hidden = True
    book.save(file)
    reading = read(file)
    assert len(one_roster(reading).people) == 20
    assert [(note.code, note.values) for note in reading.notes] == [
        ("hidden_rows", {"count": 12, "rows": "5、6、7、8、9、10、11、12、13、14…"}),
        ("hidden_columns", {"count": 1, "columns": "F"}),
    ]


def test_rows_that_a_filter_hides_are_hidden_rows(tmp_path: Path) -> None:
    file = tmp_path / "a.xlsx"
    book = xlsxwriter.Workbook(str(file))
    sheet = book.add_worksheet("名单")
    for index, cells in enumerate(ledger(*people(3))):
        sheet.write_row(index, 0, [str(cell) for cell in cells])
    sheet.autofilter(3, 0, 6, 8)
    sheet.filter_column(5, "x == 别处")
    sheet.set_row(5, None, None, {"hidden": True})
    book.close()
    reading = read(file)
    assert len(one_roster(reading).people) == 3
    [note] = reading.notes
    assert (note.where, note.values) == (Place("rosters/a.xlsx", "名单"), {"count": 1, "rows": "6"})


@pytest.mark.parametrize("font", [{"strike": True}, {"color": "FFFF0000"}])
def test_a_line_drawn_through_a_name_is_news_though_no_cell_changed(tmp_path: Path, font: dict[str, object]) -> None:
    def reading_of(file: Path, known: Reading) -> Reading:
        return understand(replace(TASK, known=known.marks), file.read_bytes())

    plain = reading_of(touched_up(tmp_path / "a.xlsx", 3), Reading(""))
    again = reading_of(touched_up(tmp_path / "a.xlsx", 3), plain)
    assert again.kept == {"Sheet1"}
    changed = reading_of(touched_up(tmp_path / "a.xlsx", 3, (FIRST, NAME), **font), plain)
    assert changed.kept == frozenset()


TASK = Task("rosters/a.xlsx", date(2025, 6, 1), key=b"k")


def test_a_struck_row_counts_as_listed_until_somebody_has_said(tmp_path: Path) -> None:
    [roster] = read(touched_up(tmp_path / "a.xlsx", 1, (FIRST, NAME), strike=True)).rosters
    assert problems_of(roster.rejections) == [["row_struck"]]
    assert roster.rejections[0].batch == roster.batch.key


def test_a_sheet_larger_than_one_piece_is_looked_at_to_its_end(tmp_path: Path) -> None:
    file = touched_up(tmp_path / "a.xlsx", 3_000, (FIRST + 1_500, NAME), (FIRST + 2_999, NAME), strike=True)
    [roster] = read(file).rosters
    assert [rejected.where.row for rejected in roster.rejections] == [FIRST + 1_500, FIRST + 2_999]


def test_an_old_workbook_says_the_same_without_words(tmp_path: Path) -> None:
    """Six fonts, so that the one whose number is never stored is passed."""
    book = xlwt.Workbook()
    sheet = book.add_sheet("名单")
    struck, red = (
        xlwt.easyxf(f"font: name F{number}, {said}") for number, said in ((1, "struck_out on"), (2, "color red"))
    )
    plain = [xlwt.easyxf(f"font: name P{number}") for number in range(6)]
    for index, cells in enumerate(ledger(*people(6))):
        style = {FIRST: struck, FIRST + 1: red}.get(index, plain[index % 6])
        for column, cell in enumerate(cells):
            sheet.write(index, column, cell, style)
    sheet.row(FIRST + 2).hidden = True
    sheet.col(5).hidden = True
    book.save(str(tmp_path / "a.xls"))
    reading = read(tmp_path / "a.xls")
    [roster] = reading.rosters
    assert [(rejected.where.row, codes(rejected.problems)) for rejected in roster.rejections] == [(6, ["row_struck"])]
    assert [(note.code, *note.values.values()) for note in reading.notes] == [
        ("hidden_rows", 1, "8"),
        ("hidden_columns", 1, "F"),
        ("red_rows", 1, "7"),
    ]
