"""HTML saved as .xls, as web systems export it."""

from __future__ import annotations

from html import escape
from pathlib import Path

import pytest

from schemas.roster import Place, Reading
from tests.adapters.ledgers import HEADER, LINE, TITLE, id_no, name, people, row
from tests.adapters.readings import codes, names, one_roster, problems_of, read

BATCH = ["批次：第三批"]


def line(*cells: object, attributes: str = "") -> str:
    return f"<tr {attributes}>{''.join(f'<td>{escape(str(cell))}</td>' for cell in cells)}</tr>"


def wide(text: str) -> str:
    return f'<tr><td colspan="9">{text}</td></tr>'


def page(*lines: str, above: str = "") -> str:
    head = "<head><meta charset='gb2312'><title>导出</title><style>td{color:red}</style></head>"
    return f"<html>{head}<body>{above}<table border=1>{''.join(lines)}</table></body></html>"


def saved(folder: Path, text: str, encoding: str = "gb18030") -> Reading:
    file = folder / "台账.xls"
    file.write_bytes(text.encode(encoding))
    return read(file)


def whole(*lines: str) -> str:
    return page(wide(TITLE[0]), wide(LINE[0]), wide(BATCH[0]), line(*HEADER), *lines)


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-8-sig", "utf-16"])
def test_a_table_in_html_reads_like_a_workbook(tmp_path: Path, encoding: str) -> None:
    roster = one_roster(saved(tmp_path, whole(*(line(*cells) for cells in people(2))), encoding))
    assert names(roster) == [name(1), name(2)]
    assert [person.where for person in roster.people] == [Place("rosters/台账.xls", "", at) for at in (5, 6)]


def test_words_above_the_table_are_lines_of_it(tmp_path: Path) -> None:
    above = f"<h2>{TITLE[0]}</h2><p>{LINE[0]}<br>{BATCH[0]}</p>"
    assert names(one_roster(saved(tmp_path, page(line(*HEADER), line(*row(1)), above=above)))) == [name(1)]


def test_a_cell_that_spans_rows_reaches_all_of_them(tmp_path: Path) -> None:
    unit = HEADER.index("单位")
    first, second = row(1), row(2)
    del second[unit]
    spanning = line(*first).replace("<td>荣成市渔业公司</td>", '<td rowspan="2">荣成市渔业公司</td>')
    roster = one_roster(saved(tmp_path, whole(spanning, line(*second), line(*row(3, unit="文登区医院")))))
    assert [person.unit for person in roster.people] == ["荣成市渔业公司", "荣成市渔业公司", "文登区医院"]


def test_tags_nobody_closed_are_closed_by_what_follows(tmp_path: Path) -> None:
    cells = "".join(f"<td>{cell}" for cell in row(1))
    assert names(one_roster(saved(tmp_path, whole(f"<tr>{cells}", f"<tr>{cells}").replace(id_no(1), id_no(2), 1)))) == [
        name(1),
        name(1),
    ]


@pytest.mark.parametrize(
    "drawn", ["<s>{}</s>", "<del>{}</del>", '<span style="text-decoration: line-through">{}</span>']
)
def test_a_struck_name_is_asked_about(tmp_path: Path, drawn: str) -> None:
    struck = line(*row(1)).replace(name(1), drawn.format(name(1)))
    [roster] = saved(tmp_path, whole(struck, line(*row(2)))).rosters
    assert (names(roster), problems_of(roster.rejections)) == ([name(2)], [["row_struck"]])


def test_a_row_that_is_not_shown_is_read_and_told_of(tmp_path: Path) -> None:
    reading = saved(tmp_path, whole(line(*row(1)), line(*row(2), attributes='style="display:none"')))
    assert (len(one_roster(reading).people), codes(reading.notes)) == (2, ["hidden_rows"])


def test_a_number_that_excel_wrote_into_html_is_a_number(tmp_path: Path) -> None:
    cell = f'<td x:num="{id_no(1)}">{id_no(1)}</td>'
    [roster] = saved(tmp_path, whole(line(*row(1)).replace(f"<td>{id_no(1)}</td>", cell))).rosters
    assert problems_of(roster.rejections) == [["id_damaged"]]


def test_each_table_of_a_page_is_a_sheet(tmp_path: Path) -> None:
    second = whole(line(*row(2))).replace("第三批", "第四批")
    reading = saved(tmp_path, whole(line(*row(1))) + second)
    assert [(one.batch.key.name, one.where.sheet) for one in reading.rosters] == [("第三批", "1"), ("第四批", "2")]


def test_spans_beyond_any_sheet_are_cut_short(tmp_path: Path) -> None:
    reading = saved(tmp_path, page(wide("x").replace('"9"', '"99999999999"'), line(*HEADER), line(*row(1))))
    assert problems_of(reading.rejections) == [["batch_incomplete"]]
