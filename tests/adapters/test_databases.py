"""Ledgers in a database: the same contract on SQLite, PostgreSQL and MariaDB."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from adapters.sources.aliases import NO_ALIASES, Aliases
from adapters.sources.database import DatabaseSource, Queries
from adapters.sources.engines import open_database
from adapters.sources.facts import Facts
from adapters.sources.folder import FolderSource
from bridge.read import read
from bridge.wiring.service import NobodyWatches
from schemas.batch import BatchKey, Level
from schemas.errors import SourceError
from schemas.header_words import Column
from schemas.journal import Intake
from schemas.roster import Category, Place, Reading
from tests.adapters.database_servers import (
    SERVERS,
    MariaDb,
    Postgres,
    Server,
    execute,
    frozen,
    started,
    wait_until_running,
)
from tests.adapters.ledgers import id_no, name, write_xlsx

NOW = datetime(2025, 6, 10, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
TOMORROW = NOW + timedelta(days=1)
FIELDS = ["no", "xm", "sfzh", "phone", "unit", "category", "remark", "batch", "organiser", "level", "base", "d1", "d2"]
WORDS = [
    "序号",
    "姓名",
    "身份证号",
    "联系电话",
    "单位",
    "类别",
    "备注",
    "批次",
    "组织单位",
    "层级",
    "基地",
    "开始日期",
    "结束日期",
]
ALL = "SELECT {} FROM people ORDER BY batch, no"
PEOPLE = ALL.format(", ".join(f"{field} AS {word}" for field, word in zip(FIELDS, WORDS, strict=True)))
PATH = "系统/people"


@pytest.fixture(scope="module", params=SERVERS)
def running(request: pytest.FixtureRequest) -> Iterator[Server]:
    with started(request.param) as server:
        yield server


@pytest.fixture
def server(running: Server) -> Server:
    """With an empty table of people."""
    texts = ", ".join(f"{field} {running.text}" for field in FIELDS[1:-2])
    execute(
        running.writer,
        "DROP TABLE IF EXISTS people",
        f"CREATE TABLE people (no INTEGER, {texts}, d1 DATE, d2 DATE, changed {running.moment})",
    )
    return running


def row(number: int, **changes: object) -> list[object]:
    cells: dict[str, object] = {
        "no": number,
        "xm": name(number),
        "sfzh": id_no(number),
        "phone": f"1990000{number:04d}",
        "unit": "荣成市渔业公司",
        "category": "1",
        "remark": "",
        "batch": "第三批",
        "organiser": "荣成市总工会",
        "level": "市级",
        "base": "石岛赤山疗养基地",
        "d1": "2025-05-03",
        "d2": "2025-05-07",
    }
    return list((cells | changes).values())


def fill(server: Server, *rows: Sequence[object]) -> None:
    def literal(value: object) -> str:
        return str(value) if isinstance(value, int) else f"'{value}'"

    values = (f"({', '.join(map(literal, cells))})" for cells in rows)
    execute(server.writer, f"INSERT INTO people ({', '.join(FIELDS)}) VALUES {', '.join(values)}")


def source_of(
    server: Server, people: str = PEOPLE, *, timeout_s: float = 60, now=NOW, aliases: Aliases = NO_ALIASES, **more
) -> DatabaseSource:
    database = open_database("系统", server.url, server.password, timeout_s=timeout_s)
    return DatabaseSource(database, Queries(people, **more), Facts(), aliases, now=lambda: now, key=b"key")


def take_in(source: DatabaseSource, before: Intake | None = None) -> Intake:
    """A look by a run that remembers the one before."""
    known = (
        {one.stamp.path: replace(one, marks=reading.marks, holds_batches=True) for one, reading in before.read}
        if before
        else {}
    )
    return read([source], known, NobodyWatches())


def reading_of(source: DatabaseSource) -> Reading:
    [stamp] = source.look()
    source.digest(stamp)
    return source.read(stamp, {})


def refusals(reading: Reading) -> list[tuple[int, list[str]]]:
    """Row and codes of everybody set aside with their batch."""
    return [
        (one.where.row, [problem.code for problem in one.problems])
        for roster in reading.rosters
        for one in roster.rejections
    ]


def said_of_batches(reading: Reading) -> dict[BatchKey, tuple[object, ...]]:
    """People, leaders and the codes of those set aside, a batch each, without their places."""
    nowhere = Place("")
    return {
        roster.batch.key: (
            [replace(person, where=nowhere) for person in roster.people],
            [replace(leader, where=nowhere) for leader in roster.leaders],
            [[problem.code for problem in rejection.problems] for rejection in roster.rejections],
        )
        for roster in reading.rosters
    }


def failure(source: DatabaseSource) -> str:
    with pytest.raises(SourceError) as caught:
        reading_of(source)
    shown = "".join(traceback.format_exception(caught.value))
    assert "CANARY" not in shown
    assert id_no(1) not in shown
    return str(caught.value)


@dataclass
class Asked:
    """Every statement a source sends."""

    said: list[str]

    @classmethod
    def of(cls, source: DatabaseSource) -> Asked:
        asked = cls([])
        event.listen(source._database.engine, "before_cursor_execute", lambda _1, _2, said, *_: asked.said.append(said))
        return asked

    @property
    def people(self) -> int:
        return self.said.count(PEOPLE)


def test_a_table_says_what_the_same_rows_say_in_a_workbook(server: Server, tmp_path: Path) -> None:
    rows = [
        row(1),
        row(2, sfzh=id_no(2).lower(), phone="199-0000-0002", xm="测 二(领队)"),
        row(3, category="七类"),
        row(4, sfzh=""),
        row(5, sfzh=id_no(5)[:17] + ("1" if id_no(5)[17] != "1" else "2")),
        row(6, remark="家属"),
        row(7, batch="2", d1="2025-06-03", d2="2025-06-07", level="区市级", category="2"),
        row(8, batch="第二批", d1="2025-06-03", d2="2025-06-07", level="区市级", sfzh="4.3E+17"),
    ]
    fill(server, *rows)
    write_xlsx(tmp_path / "台账.xlsx", [WORDS, *rows])
    folder = FolderSource("文件", tmp_path, "*.xlsx")
    [stamp] = folder.look()
    said = reading_of(source_of(server))
    assert said_of_batches(said) == said_of_batches(folder.read(stamp, {}))
    assert {key.name: len(people) for key, (people, _, _) in said_of_batches(said).items()} == {
        "第三批": 1,
        "第2批": 1,
        "第二批": 0,
    }


def test_an_id_kept_exactly_is_whole_and_one_kept_as_a_float_is_damaged(server: Server) -> None:
    number = next(id_no(n) for n in range(1, 99) if not id_no(n).endswith("X"))
    execute(
        server.writer,
        "DROP TABLE IF EXISTS kept",
        f"CREATE TABLE kept (b BIGINT, d {server.exact}, f {server.inexact})",
        f"INSERT INTO kept VALUES ({number}, {number}, {number})",
    )
    said = {}
    for column in "bdf":
        facts = (
            "'测一' AS name, '甲单位' AS unit, 1 AS category, '第一批' AS batch, '市总' AS organiser, '市级' AS level"
        )
        query = f"SELECT {column} AS id_no, {facts}, '石岛基地' AS base, '2025-05-03' AS 开始日期, '2025-05-07' AS 结束日期 FROM kept"
        [roster] = reading_of(source_of(server, query)).rosters
        said[column] = [p.id_no for p in roster.people] or [p.code for r in roster.rejections for p in r.problems]
    assert said == {"b": [number], "d": [number], "f": ["id_damaged"]}


def test_columns_of_any_name_are_named_in_the_settings(server: Server) -> None:
    fill(server, row(1))
    columns = {Column.NAME: "xm", Column.ID_NO: "sfzh", Column.SERIAL: "no", Column.START: "d1", Column.END: "d2"}
    [roster] = reading_of(source_of(server, "SELECT * FROM people WHERE unit LIKE '荣成%'", columns=columns)).rosters
    assert [person.id_no for person in roster.people] == [id_no(1)]


def test_the_federation_s_own_words_hold_for_a_database_too_and_new_ones_are_news(server: Server) -> None:
    fill(server, row(1, unit="渔业", level="市里", category="骨干"))
    people, watermark = PEOPLE.replace("AS 姓名", "AS 参训对象"), "SELECT 1"
    before = take_in(source_of(server, PEOPLE, watermark=watermark, now=TOMORROW))
    own = Aliases.of({"参训对象": "姓名"}, {"渔业": "荣成市渔业公司"}, {"市里": "市级"}, {"骨干": "技能人才"})
    [(_, reading)] = take_in(source_of(server, people, watermark=watermark, now=TOMORROW, aliases=own), before).read
    [roster] = reading.rosters
    said = [(one.unit, one.category) for one in roster.people]
    assert (said, roster.batch.level) == ([("荣成市渔业公司", Category.SKILLED)], Level.CITY)


def test_other_settings_of_a_source_are_news_though_no_row_has_changed(server: Server) -> None:
    fill(server, row(1))
    query = "SELECT * FROM people"
    columns = {Column.NAME: "xm", Column.ID_NO: "sfzh", Column.START: "d1", Column.END: "d2"}
    before = take_in(source_of(server, query, columns=columns | {Column.UNIT: "remark"}))
    [(_, reading)] = take_in(source_of(server, query, columns=columns), before).read
    assert [person.unit for roster in reading.rosters for person in roster.people] == ["荣成市渔业公司"]


def test_a_column_that_is_not_there_is_named_with_those_that_are(server: Server) -> None:
    fill(server, row(1))
    said = failure(source_of(server, "SELECT no, xm FROM people", columns={Column.NAME: "xingming"}))
    assert "answers no column xingming; it answers no、xm." in said


def test_a_place_is_the_batch_and_the_serial_number(server: Server) -> None:
    fill(server, row(17, sfzh=""), row(4))
    [roster] = reading_of(source_of(server)).rosters
    assert refusals(reading_of(source_of(server))) == [(17, ["id_missing"])]
    assert roster.rejections[0].where == Place(PATH, "第三批 荣成市总工会 2025-05-03", 17)
    assert roster.where.row == 0


def test_without_serial_numbers_rows_are_counted_in_each_batch(server: Server) -> None:
    fill(server, row(17), row(40, sfzh=""), row(50, batch="第四批", sfzh=""))
    assert refusals(reading_of(source_of(server, PEOPLE.replace("no AS 序号, ", "")))) == [
        (2, ["id_missing"]),
        (1, ["id_missing"]),
    ]


def test_rows_without_a_batch_are_set_aside_alone(server: Server) -> None:
    fill(server, row(1), row(2, batch=""))
    reading = reading_of(source_of(server))
    assert [len(roster.people) for roster in reading.rosters] == [1]
    assert [(one.where.row, one.problems[0].code) for one in reading.rejections] == [(2, "batch_incomplete")]


@pytest.mark.parametrize("query", ["DELETE FROM people", "COMMIT; DELETE FROM people"])
def test_nothing_can_be_written(server: Server, query: str) -> None:
    fill(server, row(1))
    assert "refuses the query" in failure(source_of(server, query))
    assert len(reading_of(source_of(server)).rosters) == 1


def test_a_writer_meanwhile_is_seen_wholly_or_not_at_all(server: Server) -> None:
    fill(server, *(row(number) for number in range(1, 60)))
    enough, seen = threading.Event(), set()

    def change() -> None:
        while not enough.is_set():
            for unit in ("甲单位", "乙单位"):
                execute(server.writer, f"UPDATE people SET unit = '{unit}', remark = '{unit}'")

    writer = threading.Thread(target=change)
    writer.start()
    try:
        for _ in range(200):
            [roster] = reading_of(source_of(server)).rosters
            units = {person.unit for person in roster.people}
            assert len(units) == 1
            seen |= units
            if {"甲单位", "乙单位"} <= seen:
                break
    finally:
        enough.set()
        writer.join()
    assert {"甲单位", "乙单位"} <= seen


def test_two_statements_of_one_snapshot_see_the_same(server: Server) -> None:
    fill(server, row(1))
    with source_of(server)._database._snapshot() as connection:
        before = connection.exec_driver_sql("SELECT unit FROM people").all()
        try:
            with server.writer.begin() as writer:
                if server.kind == "sqlite":
                    writer.exec_driver_sql("PRAGMA busy_timeout = 0")
                writer.exec_driver_sql("UPDATE people SET unit = '乙单位'")
        except OperationalError:
            assert server.kind == "sqlite"  # a file: the writer waits for its readers
        assert connection.exec_driver_sql("SELECT unit FROM people").all() == before


def test_a_statement_is_stopped_when_it_takes_too_long(server: Server) -> None:
    assert "took longer than 0.5 seconds" in failure(source_of(server, server.endless, timeout_s=0.5))


def test_a_query_with_a_mistake_is_told_by_its_code(server: Server) -> None:
    fill(server, row(1))
    codes = {"sqlite": "SQLITE_ERROR", "postgresql": "42703", "mariadb": "1054"}
    assert f"refuses the query ({codes[server.kind]})" in failure(
        source_of(server, f"SELECT CANARY, '{id_no(1)}' FROM people")
    )


def test_a_database_that_is_gone_is_a_failure_and_its_batches_are_not_gone(server: Server) -> None:
    fill(server, row(1))
    before = take_in(source_of(server))
    server.die()
    try:
        after = take_in(source_of(server), before)
        failure(source_of(server))
    finally:
        server.come_back()
    assert [text.values["name"] for text in after.failures] == ["系统"]
    assert (after.gone, after.read, after.touched) == ([], [], [])


@pytest.mark.parametrize("running", ["postgresql", "mariadb"], indirect=True)
def test_a_server_killed_while_it_answers_is_a_failure_and_nothing_is_gone(server: Postgres | MariaDb) -> None:
    fill(server, row(1))
    before = take_in(source_of(server))
    told: list[Intake] = []
    reader = threading.Thread(
        target=lambda: told.append(take_in(source_of(server, server.endless, now=TOMORROW), before))
    )
    reader.start()
    wait_until_running(server)
    server.die()
    reader.join()
    server.come_back()
    [after] = told
    assert ["does not answer" in str(text) for text in after.failures] == [True]
    assert (after.gone, after.read, after.touched) == ([], [], [])


@pytest.mark.parametrize("running", ["postgresql", "mariadb"], indirect=True)
def test_a_server_that_froze_is_hung_up_on(server: Postgres | MariaDb) -> None:
    told: list[str] = []
    reader = threading.Thread(target=lambda: told.append(failure(source_of(server, server.endless, timeout_s=1))))
    reader.start()
    with frozen(server):
        reader.join()
    assert ["does not answer" in text for text in told] == [True]


@pytest.mark.parametrize("running", ["mariadb"], indirect=True)
def test_a_wrong_password_is_told_without_it(server: MariaDb) -> None:
    database = open_database("系统", server.url, "CANARY", timeout_s=60)
    source = DatabaseSource(database, Queries(PEOPLE), Facts(), now=lambda: NOW)
    assert "does not answer (1045)" in failure(source)


def test_with_the_watermark_of_last_time_nobody_is_read(server: Server) -> None:
    fill(server, row(1))
    source = source_of(server, watermark="SELECT count(*) FROM people", overlap_s=300)
    asked = Asked.of(source)
    before = take_in(source)
    assert asked.people == 1
    after = take_in(source, before)
    assert (asked.people, after) == (1, Intake())
    fill(server, row(2))
    assert [len(reading.rosters[0].people) for _, reading in take_in(source, before).read] == [2]
    assert asked.people == 2


def test_a_watermark_that_is_not_over_yet_proves_nothing(server: Server) -> None:
    fill(server, row(1))
    execute(
        server.writer,
        f"UPDATE people SET changed = '{NOW - timedelta(seconds=100):%Y-%m-%d %H:%M:%S%z}'".replace(
            "+0800", "+08:00" if server.kind != "mariadb" else ""
        ),
    )

    def look(now: datetime) -> int:
        source = source_of(server, watermark="SELECT max(changed) FROM people", overlap_s=300, now=now)
        [stamp] = source.look()
        return stamp.mtime_ns

    assert look(NOW) != look(NOW + timedelta(seconds=60))
    assert look(NOW + timedelta(seconds=200)) == look(TOMORROW)


def test_a_watermark_of_nothing_is_no_mistake_and_proves_nothing(server: Server) -> None:
    source = source_of(server, watermark="SELECT max(changed) FROM people")
    assert reading_of(source).notes[0].code == "no_rows"


def test_a_watermark_is_one_value(server: Server) -> None:
    assert "must answer one value" in failure(source_of(server, watermark="SELECT no FROM people"))


def test_without_a_watermark_the_same_rows_in_another_order_are_no_news(server: Server) -> None:
    fill(server, row(1), row(2))
    before = take_in(source_of(server))
    after = take_in(source_of(server, PEOPLE + " DESC", now=TOMORROW), before)
    assert ([stamp.path for stamp in after.touched], after.read) == ([PATH], [])


def test_only_the_batch_that_changed_is_read_again(server: Server) -> None:
    fill(server, row(1), row(2, batch="第四批"))
    before = take_in(source_of(server))
    execute(server.writer, "UPDATE people SET unit = '甲单位' WHERE no = 2")
    [(_, reading)] = take_in(source_of(server, now=TOMORROW), before).read
    assert [roster.batch.key.name for roster in reading.rosters] == ["第四批"]
    assert reading.kept == {"第三批 荣成市总工会 2025-05-03"}
    assert reading.marks.keys() == {"第三批 荣成市总工会 2025-05-03", "第四批 荣成市总工会 2025-05-03"}


def test_a_table_that_was_emptied_takes_nobody_back(server: Server) -> None:
    fill(server, row(1))
    before = take_in(source_of(server))
    execute(server.writer, "DELETE FROM people")
    after = take_in(source_of(server, now=TOMORROW), before)
    assert ["answers no row any more" in str(text) for text in after.failures] == [True]
    assert (after.gone, after.read) == ([], [])


@pytest.mark.parametrize("running", ["postgresql"], indirect=True)
def test_a_moment_with_a_zone_is_a_day_in_shanghai(server: Postgres) -> None:
    fill(server, row(1))
    start = "TIMESTAMPTZ '2025-05-02 16:30:00+00'"
    [roster] = reading_of(source_of(server, PEOPLE.replace("d1 AS", f"{start} AS"))).rosters
    assert roster.batch.start.isoformat() == "2025-05-03"
