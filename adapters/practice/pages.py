"""Ledgers as sheets of cells, in the forms staff keep them: what stands in which line, before any file is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import NamedTuple

from adapters.practice.cast import Person
from adapters.practice.world import Damage, Form, Ledger, Row, World
from schemas.batch import Batch, BatchKey, Level
from schemas.identity import IdType
from schemas.roster import Category

Cell = str | float | None
_LEVELS = {Level.DEMONSTRATION: "省级示范性", Level.CITY: "市级", Level.DISTRICT: "区市级", Level.GRASSROOTS: "基层"}
_CATEGORIES = {
    Category.SKILLED: "技能人才",
    Category.COMMENDED: "先进职工",
    Category.HARDSHIP: "艰苦岗位职工",
    Category.CONTRIBUTOR: "突出贡献职工",
    Category.NEW_EMPLOYMENT: "新就业形态劳动者",
}
_ID_TYPES = {IdType.RESIDENT: "居民身份证", IdType.PASSPORT: "护照"}
_HEADERS = (
    ("序号", "单位", "姓名", "证件类型", "身份证号", "联系电话", "人员类别", "备注"),
    ("序号 ", "工作单位", "职工姓名 ", "证件类型", "公民身份号码\n", "手机号 ", "人员\n类别", "备注"),
    ("序号", "所在单位 ", "人员姓名", "证件类型", "证件\n号码", "联系方式", "类别", "备注 "),
    ("序号", "基层工会", "姓名\n", "证件类型 ", "身份证\n号码", "手机", "人员类别 ", "备注"),
)
_WIDTH = len(_HEADERS[0])
_PAGE_LINES = 25  # people on one printed page, after which the header stands again


class Merge(NamedTuple):
    """Lines and columns counted from 0, both ends inclusive."""

    first_line: int
    first_column: int
    last_line: int
    last_column: int


class Spot(NamedTuple):
    """Where one row of a ledger came to stand; `line` counts from 1."""

    key: BatchKey
    row: int
    line: int


@dataclass(slots=True)
class Page:
    """One file with its one sheet, filled from the top. `style` picks among the spellings."""

    file: str
    style: int
    sheet: str = "实名制汇总表"
    lines: list[tuple[Cell, ...]] = field(default_factory=list)
    merges: list[Merge] = field(default_factory=list)
    spots: list[Spot] = field(default_factory=list)

    @property
    def header(self) -> tuple[str, ...]:
        return _HEADERS[self.style % len(_HEADERS)]

    def across(self, text: str) -> None:
        """One merged cell over the whole width."""
        self.merges.append(Merge(len(self.lines), 0, len(self.lines), _WIDTH - 1))
        self.lines.append((text,))


def pages(world: World) -> Iterator[Page]:
    """Every file of the world's ledgers."""
    for file, group in groupby(world.ledgers, key=lambda ledger: ledger.file):
        first, *others = group
        match first.form:
            case Form.STACKED:
                yield _stacked(f"{file}.xlsx", [first, *others])
            case Form.JOINT:
                yield from _joint(first)
            case Form.SINGLE:
                yield _single(f"{file}.xlsx", first, enumerate(first.rows))
            case Form.DELIMITED:
                yield _single(f"{file}.csv", first, enumerate(first.rows))


def id_as_written(row: Row) -> Cell:
    """The id cell of a line, with its damage."""
    id_no = row.person.id_no
    match row.damage:
        case Damage.NUMBER:
            return float(id_no)
        case Damage.E_NOTATION:
            return f"{float(id_no[:17] + '0'):.5E}"
        case Damage.CHECK_DIGIT:
            return id_no[:17] + ("1" if id_no[17] != "1" else "2")
        case None:
            return id_no


def _single(file: str, ledger: Ledger, rows: Iterable[tuple[int, Row]]) -> Page:
    page = Page(file, ledger.style)
    page.across(f"{ledger.batch.key.year}年职工疗休养实名制汇总表")
    page.across(_facts(ledger.batch))
    page.lines.append(page.header)
    _block(page, ledger, list(rows))
    _tail(page)
    return page


def _joint(ledger: Ledger) -> Iterator[Page]:
    """The same facts in the file of each unit, and only the unit's own people."""
    by_unit = sorted(enumerate(ledger.rows), key=lambda numbered: numbered[1].person.unit)
    for unit, rows in groupby(by_unit, key=lambda numbered: numbered[1].person.unit):
        yield _single(f"{ledger.file}-{unit}.xlsx", ledger, rows)


def _stacked(file: str, ledgers: list[Ledger]) -> Page:
    page = Page(file, ledgers[0].style)
    key = ledgers[0].batch.key
    page.across(f"{key.year}年职工疗休养实名制汇总表")
    page.across(f"单位：{key.organiser}    {key.year}年度")
    page.lines.append(page.header)
    for ledger in ledgers:
        page.across(_sub_title(ledger.batch))
        _block(page, ledger, list(enumerate(ledger.rows)))
        page.lines.append(())
    _tail(page)
    return page


def _facts(batch: Batch) -> str:
    days = (
        f"{_day(batch.start)}-{'' if batch.end.month == batch.start.month else f'{batch.end.month}月'}{batch.end.day}日"
    )
    return (
        f"单位：{batch.key.organiser}    疗休养时间：{days}    地点：{batch.base}    "
        f"层级：{_LEVELS[batch.level]}    批次：{batch.key.name}"
    )


def _sub_title(batch: Batch) -> str:
    days = f"{_day(batch.start)}—{batch.end.month}月{batch.end.day}日"
    return f"{batch.key.name}（{days}，{batch.base}，{_LEVELS[batch.level]}）"


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _block(page: Page, ledger: Ledger, rows: list[tuple[int, Row]]) -> None:
    """The people unit by unit, the leaders after them, and the 合计, which counts no leader."""
    units = {row.person.unit for _, row in rows}
    number = 0
    for unit, group in groupby(rows, key=lambda numbered: numbered[1].person.unit):
        first = len(page.lines)
        for at, row in group:
            if number and number % _PAGE_LINES == 0 and page.style % 2:
                _merge_unit(page, first)
                page.lines.append(page.header)
                first = len(page.lines)
            number += 1
            page.lines.append(_line(page, number, row, unit))
            page.spots.append(Spot(ledger.batch.key, at, len(page.lines)))
        _merge_unit(page, first)
    leaders = [leader for leader in ledger.leaders if leader.unit in units]
    page.lines.extend(_leader_line(page, leader) for leader in leaders)
    page.lines.append(("合计", None, f"{number + ledger.miscount}人"))


def _merge_unit(page: Page, first: int) -> None:
    last = len(page.lines) - 1
    if last > first:
        page.merges.append(Merge(first, 1, last, 1))


def _line(page: Page, number: int, row: Row, unit: str) -> tuple[Cell, ...]:
    person = row.person
    phone = float(person.phone) if page.style % 3 == 0 and page.file.endswith(".xlsx") else person.phone
    id_type = _ID_TYPES[person.id_type]
    return (float(number), unit, person.name, id_type, id_as_written(row), phone, _CATEGORIES[person.category], None)


def _leader_line(page: Page, leader: Person) -> tuple[Cell, ...]:
    name, remark = (f"{leader.name}（带队）", None) if page.style % 2 else (leader.name, "带队")
    return (None, leader.unit, name, _ID_TYPES[leader.id_type], leader.id_no, leader.phone, None, remark)


def _tail(page: Page) -> None:
    page.lines.append(())
    page.lines.append(("填表人：演示员", None, None, None, None, None, "审核人：演示员"))
