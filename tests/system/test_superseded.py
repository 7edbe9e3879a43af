"""A list that is issued again beside the old one: online follows the newer, and the report says in what it differs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.practice.effects import EffectKind
from tests.adapters.ledgers import HEADER, people, row, write_csv
from tests.system.office import BASE, ORGANISER, THIRD, Office, open_office

OLD, NEW, COPY = "第三批.csv", "第三批最终版2.csv", "第三批最终版2 副本.csv"
FACTS = f"组织单位：{ORGANISER}    疗休养时间：2025年5月3日-7日    地点：{BASE}   层级：市级"
SENTENCE = (
    f"“{THIRD}”现以“ledgers/{NEW}”为准，“ledgers/{OLD}”不再采用。新名单的不同："
    "新增1人（新名单行号8）；去掉1人（旧名单行号8）；1人单位改动（新名单行号6）。"
)


def keep(office: Office, name: str, *rows: list[object]) -> None:
    head = [["2025年职工疗休养实名制汇总表"], [FACTS], ["批次：第三批"], HEADER]
    write_csv(office.ledgers / name, [*head, *rows])


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """A list of four, entered and read back equal."""
    with open_office(tmp_path) as opened:
        keep(opened, OLD, *people(4))
        assert opened.run("sync").code == 0
        yield opened


def told(office: Office) -> set[tuple[str, str, bool]]:
    """What is open: code, batch or person, and whether it asks for anything."""
    found = office.run("findings", "--json").data["findings"]
    return {(one["code"], one["person"] and "person", one["to_do"]) for one in found}


def test_a_corrected_list_beside_the_old_one_is_carried_online_and_its_difference_told(office: Office) -> None:
    before = len(office.portal.effects())
    keep(office, NEW, row(1), row(2, unit="荣成市纺织公司"), row(3), row(30))
    ran = office.run("sync")
    assert {(one.effect, one.content["laborName"]) for one in office.portal.effects()[before:]} == {
        (EffectKind.PERSON_CREATED, "荣成市渔业公司"),
        (EffectKind.PERSON_UPDATED, "荣成市纺织公司"),
    }
    assert "线下8 = 一致4 + 被新名单取代4" in ran.out
    assert "线上5 = 一致4 + 仅线上1" in ran.out
    assert told(office) == {("D17", "", False), ("D17", "person", True)}
    office.run("report", "--out", "out")
    [page] = (office.folder / "out").glob("*.html")
    assert SENTENCE in page.read_text(encoding="utf-8")


def test_a_copy_under_another_name_is_no_news(office: Office) -> None:
    effects = office.portal.effects()
    shutil.copyfile(office.ledgers / OLD, office.ledgers / COPY)
    ran = office.run("sync")
    assert (ran.code, told(office), office.portal.effects()) == (0, set(), effects)
    assert "线下8 = 一致4 + 被新名单取代4" in ran.out


def test_neither_a_copy_of_the_old_list_nor_its_saving_again_brings_it_back(office: Office) -> None:
    keep(office, NEW, row(1), row(2), row(3), row(4, unit="荣成市纺织公司"))
    assert office.run("sync").code == 0
    effects = office.portal.effects()
    shutil.copyfile(office.ledgers / OLD, office.ledgers / COPY)
    keep(office, OLD, *people(3), row(4, phone="19900005555"))
    assert office.run("sync").code == 0
    assert (office.portal.effects(), told(office)) == (effects, {("D17", "", False)})
    assert "不再采用" in office.run("findings").out


def test_the_old_list_stands_again_when_the_newer_is_taken_out_of_the_folder(office: Office) -> None:
    keep(office, NEW, *people(4, unit="荣成市纺织公司")[:1], *people(3, first=2))
    assert office.run("sync").code == 0
    before = len(office.portal.effects())
    (office.ledgers / NEW).unlink()
    assert office.run("sync").code == 0
    assert [one.content["laborName"] for one in office.portal.effects()[before:]] == ["荣成市渔业公司"]
    assert told(office) == set()
