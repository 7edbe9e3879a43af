"""Any sheet at all: reading never raises, and no row that holds a whole person goes missing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.sources.facts import Facts
from adapters.sources.grid import Cell, Grid, Row, Sheets, squared
from adapters.sources.ledger import Task, read_ledger
from schemas.roster import Reading
from tests.adapters.ledgers import HEADER, LINE, TITLE, id_no, name, row

ODD_CELLS = [
    "",
    " ",
    "合计",
    "小计 3人",
    "第二批（2025年6月3日—6月7日，石岛赤山疗养基地，市级）",
    "单位：甲公司",
    "时间：",
    "备注：无",
    "姓名",
    "名单",
    "9.9E+17",
    "领队",
    "家属",
    "第",
    "（",
    "：",
    "2025年13月40日-99日",
    1e300,
    float("inf"),
    float("nan"),
    -1.0,
    0,
    True,
    date(1900, 1, 1),
    datetime(2025, 5, 3, 8),
    time(8),
    timedelta(days=1),
]
WHOLE = [row(number) for number in range(1, 40)]
LINES = st.one_of(
    st.sampled_from(
        [TITLE, LINE, HEADER, [*HEADER[:-1], "批次"], [*HEADER[:-1], "疗休养时间"], ["第一批"], [], ["单位：乙公司"]]
    ),
    st.sampled_from(WHOLE),
    st.lists(st.sampled_from(ODD_CELLS), max_size=9),
)


@given(lines=st.lists(LINES, max_size=12), knows_merges=st.booleans())
@settings(max_examples=300)
def test_no_sheet_raises_and_no_whole_person_goes_missing(*, lines: list[list[Cell]], knows_merges: bool) -> None:
    rows = squared([list(HEADER), *([*line] for line in lines)])
    whole = [index + 1 for index, cells in enumerate(rows) if is_whole(cells)]
    reading = read_ledger(
        Task("rosters/a.xlsx", date(2025, 6, 1), Facts(year=2025)), Sheets((Grid("s", rows, knows_merges),))
    )
    places = sorted(rows_of(reading))
    assert len(places) == len(set(places))
    assert set(whole) <= set(places)


def is_whole(cells: Row) -> bool:
    return cells[1:2] + cells[3:4] in [[name(number), id_no(number)] for number in range(1, 40)]


def rows_of(reading: Reading) -> Iterable[int]:
    for roster in reading.rosters:
        for item in (*roster.people, *roster.leaders, *roster.rejections):
            yield item.where.row
    yield from (rejected.where.row for rejected in reading.rejections)
