"""A ledger that was shifted, emptied or misplaced between two syncs: its batch stops, the others go on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from tests.adapters.ledgers import name, people, row
from tests.system.office import ORGANISER, THIRD, Office, Ran, open_office

COUNT = 8
NOBODY_S = "0a" * 8
HASH = re.compile(r"--reviewed ([0-9a-f]{16})")
LANGUAGES = {
    "zh_CN": ("已停住", "改动异常", "本次放行", "仅可用一次"),
    "en": ("nothing of it was written", "The brake holds 1 batches", "let through, reviewed by", "it is good for once"),
}


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """A batch of eight and one of three, both entered and read back equal."""
    with open_office(tmp_path) as opened:
        opened.keep("第三批.xlsx", *people(COUNT))
        opened.keep("第四批.xlsx", *people(3, first=20), batch="第四批")
        assert opened.run("sync").code == 0
        yield opened


def shift_a_row(office: Office) -> None:
    """The column of the phones slipped down by one row."""
    office.keep("第三批.xlsx", *(row(n, phone=f"1990000{(n - 2) % COUNT + 1:04d}") for n in range(1, COUNT + 1)))


def shift_a_column(office: Office) -> None:
    """Names stand where the units were, and the units where the names were."""
    office.keep("第三批.xlsx", *(row(n, name="荣成市渔业公司", unit=name(n)) for n in range(1, COUNT + 1)))


def empty(office: Office) -> None:
    (office.ledgers / "第三批.xlsx").unlink()


def correct_the_other(office: Office) -> None:
    office.keep("第四批.xlsx", *people(2, first=20), row(22, unit="荣成市纺织公司"), batch="第四批")


def changed_online(office: Office, before: int) -> list[str]:
    """The units of whoever was written since."""
    return [str(effect.content.get("laborName", "")) for effect in office.portal.effects()[before:]]


def hash_of(ran: Ran) -> str:
    [found] = set(HASH.findall(ran.out))
    return str(found)


@pytest.mark.parametrize("change", [shift_a_row, shift_a_column, empty])
def test_a_batch_that_went_wrong_offline_is_held_and_the_other_goes_on(office: Office, change) -> None:
    before = len(office.portal.effects())
    change(office)
    correct_the_other(office)
    held = office.run("sync")
    assert held.code == 3, held.out
    assert f"“{THIRD}”已停住" in held.out
    assert changed_online(office, before) == ["荣成市纺织公司"]
    assert office.run("sync").code == 3
    assert len(office.portal.effects()) == before + 1
    office.keep("第三批.xlsx", *people(COUNT))
    assert office.run("sync").code == 0
    assert len(office.portal.effects()) == before + 1


@pytest.mark.parametrize("lang", sorted(LANGUAGES))
def test_a_review_proceeds_once_only_and_says_who(office: Office, lang: str) -> None:
    words = LANGUAGES[lang]
    before = len(office.portal.effects())
    shift_a_row(office)
    held = office.run_alone("--lang", lang, "sync")
    assert held.code == 3
    assert words[0] in held.out
    assert words[1] in held.err
    reviewed = hash_of(held)
    done = office.run_alone("--lang", lang, "sync", "--reviewed", reviewed, "--by", "张三")
    assert done.code == 0, done.out
    assert f"{THIRD}" in next(line for line in done.out.splitlines() if words[2] in line)
    assert len(office.portal.effects()) >= before + COUNT
    again = office.run_alone("--lang", lang, "sync", "--reviewed", reviewed)
    assert again.code == 2
    assert words[3] in again.err
    assert "张三" in again.err
    assert "张三" in office.run("explain", THIRD).out


def test_a_review_of_what_is_not_held_is_said_and_writes_nothing(office: Office) -> None:
    before = office.portal.effects()
    shift_a_row(office)
    told = office.run("sync", "--reviewed", NOBODY_S)
    assert told.code == 3
    assert f"{NOBODY_S}：没有以此校验码停住的改动" in told.out
    office.keep("第三批.xlsx", *people(COUNT))
    assert office.run("sync", "--reviewed", NOBODY_S).code == 1
    assert office.portal.effects() == before


def test_an_id_typed_for_a_hash_is_not_repeated(office: Office) -> None:
    typed = "99900119900101001X"
    told = office.run("sync", "--reviewed", typed)
    assert told.code == 1
    assert typed not in told.out + told.err


def test_a_dry_run_and_a_plan_tell_of_the_brake_and_end_with_3(office: Office) -> None:
    before = office.portal.effects()
    shift_a_row(office)
    for command in (["sync", "--dry-run"], ["plan", "--out", "p.json"]):
        told = office.run(*command)
        assert told.code == 3
        assert "改动异常，8条已停住" in told.out
        assert "某列现在的内容是该列其他行原来的内容 · 列：联系电话" in told.out
        assert hash_of(told)
    assert office.run("sync", "--dry-run", "--reviewed", NOBODY_S).code == 2
    assert office.portal.effects() == before


def test_a_held_batch_stands_in_the_report_and_in_the_mail_with_its_command(office: Office) -> None:
    shift_a_row(office)
    reviewed = hash_of(office.run("sync"))
    sent = office.run("report", "--send", "--out", "out")
    assert sent.code == 3
    letter = message_from_bytes(office.mailbox.messages()[-1].read_bytes(), policy=policy.default)
    body = letter.get_body(("plain",))
    assert body is not None
    for text in (body.get_content(), next((office.folder / "out").glob("*.html")).read_text(encoding="utf-8")):
        assert f"lxy-bridge sync --reviewed {reviewed}" in text
        assert "1个批次改动异常，已停住" in text


def test_thresholds_are_settings(office: Office) -> None:
    office.settings.write_text(office.settings.read_text(encoding="utf-8") + "\n[brake]\nleast_people = 9\n", "utf-8")
    shift_a_row(office)
    assert office.run("sync").code == 0


def test_a_ledger_of_last_year_in_the_folder_is_held(office: Office) -> None:
    before = office.portal.effects()
    line = f"组织单位：{ORGANISER}    疗休养时间：2024年5月3日-7日    地点：石岛赤山疗养基地   层级：市级"
    office.keep("旧.xlsx", *people(COUNT, first=40), batch="第五批", line=line)
    held = office.run("sync")
    assert held.code == 3, held.out
    assert "批次属2024年，配置为2025年" in held.out
    assert office.portal.effects() == before
