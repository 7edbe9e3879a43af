"""A federation whose ledgers lie in a database: from its rows to the portal, and what happens when it is away."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from adapters.practice.effects import EffectKind
from tests.adapters.ledgers import id_no, name
from tests.system.office import BASE, ORGANISER, Office, open_office

WORDS = "序号 INTEGER, 姓名, 身份证号, 联系电话, 单位, 类别, 备注, 批次, 组织单位, 层级, 基地, 疗休养时间"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """Three people and their leader, entered, read back equal and submitted by a first sync."""
    with open_office(tmp_path) as opened:
        opened.change(
            'path = "ledgers"', 'kind = "database"\nurl = "sqlite:///台账.db"\npeople = "SELECT * FROM people"'
        )
        tell(opened, f"CREATE TABLE people ({WORDS})")
        batch = ("1", "", "第三批", ORGANISER, "市级", BASE, "2025年5月3日-7日")
        for number in range(1, 5):
            leads = ("", "领队") if number == 4 else batch[:2]
            person = (number, name(number), id_no(number), f"1990000{number:04d}", "荣成市渔业公司")
            tell(opened, "INSERT INTO people VALUES (?,?,?,?,?,?,?,?,?,?,?,?)", *person, *leads, *batch[2:])
        first = opened.run("sync")
        assert first.code == 0, first.out + first.err
        yield opened


def tell(office: Office, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(office.folder / "台账.db")) as connection, connection:
        connection.execute(statement, values)


def created(office: Office) -> int:
    return [effect.effect for effect in office.portal.effects()].count(EffectKind.PERSON_CREATED)


def test_rows_are_entered_once_and_a_second_sync_sends_nothing(office: Office) -> None:
    effects = office.portal.effects()
    assert created(office) == 3
    assert office.run("sync").code == 0
    assert office.portal.effects() == effects


def test_one_changed_row_sends_one_write_request(office: Office) -> None:
    before = len(office.portal.effects())
    tell(office, "UPDATE people SET 单位 = '荣成市纺织公司' WHERE 序号 = 2")
    assert office.run("sync").code == 0
    [new] = office.portal.effects()[before:]
    assert (new.effect, new.content["laborName"]) == (EffectKind.PERSON_UPDATED, "荣成市纺织公司")


@pytest.mark.parametrize("away", ["gone", "emptied"])
def test_a_database_that_is_away_is_reported_and_changes_nothing(office: Office, away: str) -> None:
    effects = office.portal.effects()
    if away == "gone":
        (office.folder / "台账.db").rename(office.folder / "台账.away")
    else:
        tell(office, "DELETE FROM people")
    ran = office.run("sync")
    assert ran.code == 1
    assert "仍以上次读到的为准" in ran.out
    assert office.portal.effects() == effects


def test_check_counts_it_and_says_when_it_does_not_answer(office: Office) -> None:
    assert "1" in office.run("check").out
    (office.folder / "台账.db").unlink()
    checked = office.run("check")
    assert checked.code != 0
    assert "来源“ledgers”的数据库连不上（SQLITE_CANTOPEN）" in checked.out + checked.err
