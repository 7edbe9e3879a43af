"""What bad input gets: a message with place and next step, while everything else goes on and nothing is lost."""

from __future__ import annotations

import itertools
import socket
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest

from adapters.journal.lock import hold
from adapters.vault import create_keys
from tests.adapters.ledgers import id_no, people, row, write_xlsx
from tests.system.office import BASE, ORGANISER, Office, furnish, open_office, run

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with open_office(tmp_path_factory.mktemp("bad")) as office:
        yield office


@pytest.fixture
def office(opened: Office) -> Iterator[Office]:
    """One office for all: each test brings its own ledgers and leaves none."""
    yield opened
    furnish(opened)
    for ledger in opened.ledgers.iterdir():
        ledger.unlink()


def a_good_batch(office: Office) -> str:
    number = next(_NUMBERS)
    office.keep(f"好{number}.xlsx", *people(1, first=100 + number), batch=f"好{number}批")
    return f"好{number}批"


def online(office: Office) -> dict[str, int]:
    """How many people the portal holds of each batch."""
    return {str(batch["batchName"]): int(batch["realNum"]) for batch in office.portal.admin.batches()}


def facts(days: str = "2025年5月3日-7日", base: str = BASE) -> str:
    return f"组织单位：{ORGANISER}    疗休养时间：{days}    地点：{base}   层级：市级"


def unreadable(office: Office, name: str) -> None:
    (office.ledgers / name).write_bytes(b"PK\x03\x04 this is no workbook")


def a_picture(office: Office, name: str) -> None:
    (office.ledgers / name).write_bytes(b"%PDF-1.7 a scan")


def no_header(office: Office, name: str) -> None:
    write_xlsx(office.ledgers / name, [["疗休养名单"], ["张三", "李四"], ["王五"]])


def a_wrong_sheet(office: Office, name: str) -> None:
    write_xlsx(office.ledgers / name, {"费用": [["项目", "金额"], ["车费", 100]]})


def a_damaged_id(office: Office, name: str) -> None:
    office.keep(name, row(50), row(51, id_no=9.99001199001e17), batch=name)


def a_person_twice(office: Office, name: str) -> None:
    office.keep(name, row(52), row(53), row(52), batch=name)


def an_unknown_category(office: Office, name: str) -> None:
    office.keep(name, row(54), row(55, category="外星人"), batch=name)


def an_unknown_base(office: Office, name: str) -> None:
    office.keep(name, row(56), batch=name, line=facts(base="无名山庄"))


def an_end_before_its_start(office: Office, name: str) -> None:
    office.keep(name, row(57), batch=name, line=facts(days="2025年5月7日-2025年5月3日"))


LEDGERS: list[tuple[Callable[[Office, str], None], str, str]] = [
    (unreadable, "", "另存为.xlsx"),
    (a_picture, "", "另存为.xlsx"),
    (no_header, "", "表头"),
    (a_wrong_sheet, "", "表头"),
    (a_damaged_id, " · Sheet1 · 第6行 · 身份证号", "设为文本格式"),
    (a_person_twice, " · Sheet1 · 第7行", "删去重复的行"),
    (an_unknown_category, " · Sheet1 · 第6行 · 类别", "请只填一类"),
    (an_unknown_base, " · Sheet1 · 第4行", "基地名录"),
    (an_end_before_its_start, " · Sheet1 · 第4行", "日期"),
]


@pytest.mark.parametrize(("bad", "place", "step"), LEDGERS, ids=[bad.__name__ for bad, _, _ in LEDGERS])
def test_a_bad_ledger_is_told_with_place_and_next_step_and_the_others_go_on(
    office: Office, bad: Callable[[Office, str], None], place: str, step: str
) -> None:
    good = a_good_batch(office)
    name = f"坏{next(_NUMBERS)}.xlsx"
    bad(office, name)
    done = office.run("sync")
    assert done.code == 1, done.err
    assert online(office)[good] == 1
    told = office.run("findings").out
    assert name + place in told
    assert step in told


def test_people_beside_a_damaged_one_are_entered(office: Office) -> None:
    a_damaged_id(office, "半批.xlsx")
    office.run("sync")
    assert online(office)["半批.xlsx"] == 1


def test_a_missing_folder_is_told_and_takes_nothing_back(office: Office) -> None:
    good = a_good_batch(office)
    office.run("sync")
    before = office.portal.effects()
    office.change('path = "ledgers"', 'path = "elsewhere"')
    done = office.run("sync")
    assert done.code == 1
    assert str(office.folder / "elsewhere") in done.out
    assert office.portal.effects() == before
    told = office.run("findings").out
    assert str(office.folder / "elsewhere") in told
    assert f"{ORGANISER} {good}" not in told


def test_a_portal_that_is_down_ends_nothing_but_the_run(office: Office) -> None:
    good = a_good_batch(office)
    office.change(office.portal.base_url, f"http://127.0.0.1:{_a_free_port()}")
    done = office.run("sync")
    assert done.code == 1
    assert "✗ 数据量异常：线上系统无法连接或正忙" in done.out
    assert "portal.base_url" in office.run("check").out
    assert online(office).get(good) is None
    furnish(office)
    assert office.run("sync").code in {0, 1}
    assert online(office)[good] == 1


def test_a_wrong_secret_is_told_and_nothing_is_written(office: Office) -> None:
    a_good_batch(office)
    (office.folder / "portal.secret").write_text("not the secret")
    before = office.portal.effects()
    assert office.run("sync").code == 1
    assert office.portal.effects() == before
    assert "app_secret" in office.run("findings").out
    told = office.run("check")
    assert told.code == 1
    assert "✗ 线上系统" in told.out


def test_a_mail_server_that_is_down_keeps_the_mail(office: Office) -> None:
    office.run("sync")
    office.change(f"port = {office.mailbox.port}", f"port = {_a_free_port()}")
    done = office.run("report", "--send")
    assert done.code == 1
    assert "邮件服务器" in done.out
    assert "邮件已留存" in done.out
    assert office.run("status", "--json").data["mails_waiting"] == 1
    furnish(office)
    before = len(office.mailbox.messages())
    office.run("report", "--send")
    assert len(office.mailbox.messages()) == before + 2
    assert office.run("status", "--json").data["mails_waiting"] == 0


def test_a_missing_secret_file_is_told_with_its_path(office: Office) -> None:
    (office.folder / "portal.secret").unlink()
    told = office.run("sync")
    assert told.code == 2
    assert str(office.folder / "portal.secret") in told.err


@pytest.mark.parametrize("command", ["sync", "status", "check"])
def test_a_wrong_key_file_never_starts(office: Office, command: str) -> None:
    keys = office.folder / "keys.toml"
    ours = keys.read_bytes()
    keys.unlink()
    create_keys(keys)
    try:
        told = office.run(command)
    finally:
        keys.write_bytes(ours)
    assert told.code == 2
    assert str(office.folder / "journal.db") in told.out + told.err


@pytest.mark.parametrize("command", ["sync", "findings", "check", "run"])
def test_a_missing_journal_is_told_and_none_is_made(office: Office, command: str) -> None:
    journal = office.folder / "journal.db"
    away = journal.rename(journal.with_suffix(".away"))
    try:
        told = office.run(command)
        assert not journal.exists()
    finally:
        away.rename(journal)
    assert told.code == 2
    assert str(journal) in told.out + told.err
    assert "备份" in told.out + told.err


@pytest.mark.parametrize("command", ["sync", "check"])
def test_every_mistake_in_the_settings_is_told_at_once_with_its_path(office: Office, command: str) -> None:
    office.change("year = 2025", 'year = "2025"')
    office.change("[portal]", "[portal]\nbase_ulr = 1")
    office.change('security = "starttls"', 'security = "none"')
    told = office.run(command)
    assert told.code == 2
    for path in ("federation.year", "portal.base_ulr", "portal.base_url", "mail.security"):
        assert path in told.out + told.err


def test_settings_that_are_not_there_are_told_with_their_path(tmp_path: Path) -> None:
    told = run("sync", folder=tmp_path)
    assert told.code == 2
    assert "config.toml" in told.err
    assert "lxy-bridge init" in told.err


def test_a_second_writer_is_told_who_works_and_since_when(office: Office) -> None:
    since = datetime(2025, 5, 12, 6, 30).astimezone()
    with hold(office.folder / "journal.db.lock", now=since, work="sync"):
        told = office.run("reconcile")
    assert told.code == 1
    assert "sync" in told.err
    assert since.isoformat(timespec="seconds") in told.err


def test_a_ledger_that_is_not_there_is_a_mistake_of_usage(office: Office) -> None:
    told = office.run("read", "ledgers/没有.xlsx")
    assert told.code == 2
    assert "没有.xlsx" in told.err


def test_a_log_file_nobody_can_write_is_told(office: Office) -> None:
    with office.settings.open("a", encoding="utf-8") as settings:
        settings.write('\n[log]\nfile = "no/such/folder/bridge.log"\n')
    told = office.run("sync")
    assert told.code == 2
    assert "log.file" in told.err


def test_nothing_told_of_bad_ledgers_names_a_person(office: Office) -> None:
    a_damaged_id(office, "甲.xlsx")
    a_person_twice(office, "乙.xlsx")
    done = office.run("sync")
    for told in (done, office.run("findings"), office.run("report", "--print")):
        for number in (51, 52, 53):
            assert id_no(number) not in told.out + told.err


def _a_free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
