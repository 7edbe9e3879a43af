"""Plans as files: made, looked at, applied once and exactly; and how every command says that it is undone."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from bridge.cli.undo import COMPARES, LOOKS, UNDO
from schemas.texts import Language
from tests.adapters.ledgers import people, row
from tests.system.mapping_sheets import with_own_headings
from tests.system.office import THIRD, Office, open_office

PERSONAL = re.compile(r"999001\d{11}[\dX]|1990000\d{4}|测[一-龥]|荣成市渔业公司")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path) as opened:
        opened.keep_three()
        yield opened


def planned(office: Office, *words: str) -> Path:
    made = office.run("plan", *words)
    assert made.code == 1, made.err
    return office.folder / words[-1]


def test_a_plan_is_written_and_shown_as_a_dry_run_shows_it(office: Office) -> None:
    made = office.run("plan")
    assert made.code == 1
    [file] = office.folder.glob("plan-*.json")
    content = file.read_text(encoding="utf-8")
    assert not PERSONAL.search(content)
    assert json.loads(content)["hash"].startswith(file.stem.removeprefix("plan-"))
    table = f"2025-05-07\t新录\t3\t0\t-\t{THIRD}"
    assert table in made.out
    assert table in office.run("sync", "--dry-run").out
    assert made.out.splitlines()[-1] == f"下一步：运行 lxy-bridge apply {file.name}，严格按此执行。"
    assert office.portal.effects() == []


def test_a_plan_is_applied_and_then_there_is_nothing_left_of_it(office: Office) -> None:
    """Handing in was not planned: it comes with the next sync, and until then not all is done."""
    file = planned(office, "--out", "p.json")
    done = office.run("apply", file.name)
    assert done.code == 1
    assert "尚未提交复核，下次同步自动提交" in done.out
    effects = office.portal.effects()
    assert len(effects) == 4
    again = office.run("apply", file.name)
    assert office.portal.effects() == effects
    assert "计划中的4条线上已有。" in again.out
    assert office.run("sync").code == 0
    assert office.portal.effects()[4:] != []


def test_with_nothing_to_write_no_plan_is_made(office: Office) -> None:
    office.run("sync")
    assert office.run("plan", "--out", "p.json").code == 0
    assert not (office.folder / "p.json").exists()


def test_a_plan_never_overwrites_a_file(office: Office) -> None:
    file = planned(office, "--out", "p.json")
    content = file.read_bytes()
    refused = office.run("plan", "--out", "p.json")
    assert (refused.code, file.read_bytes()) == (2, content)
    assert "p.json 已存在" in refused.err


@pytest.mark.parametrize("lang", ["zh_CN", "en"])
def test_a_row_that_moved_is_left_out_and_named_and_the_others_are_done(office: Office, lang: str) -> None:
    file = planned(office, "--out", "p.json")
    office.keep("第三批.xlsx", *people(2), row(3, unit="荣成市纺织公司"))
    done = office.run_alone("--lang", lang, "apply", file.name)
    assert done.code == 1
    assert {"zh_CN": "计划之后有变化", "en": "changed since the plan"}[lang] in done.out
    assert {"zh_CN": "下一步：运行 lxy-bridge plan", "en": "Next: lxy-bridge plan"}[lang] in done.out
    left = [line.split("\t")[1] for line in done.out.splitlines() if line.strip().startswith(THIRD)]
    assert len(left) == 1
    assert len(left[0]) == 10
    assert [effect.effect for effect in office.portal.effects()].count("person_created") == 2
    assert office.run("sync").code == 0


def test_a_plan_that_was_changed_or_is_none_is_refused_and_nothing_is_written(office: Office) -> None:
    file = planned(office, "--out", "p.json")
    content = file.read_text(encoding="utf-8")
    for other, said in ((content.replace("save_people", "update_person", 1), "被改动过"), ("{}", "不是本程序的计划")):
        file.write_text(other, encoding="utf-8")
        refused = office.run("apply", file.name)
        assert refused.code == 2
        assert said in refused.err
    assert office.run("apply", "none.json").code == 2
    assert office.portal.effects() == []


def test_a_plan_of_another_journal_is_refused(office: Office, tmp_path: Path) -> None:
    file = planned(office, "--out", "p.json")
    (tmp_path / "other").mkdir()
    with open_office(tmp_path / "other") as other:
        other.keep_three()
        refused = other.run("apply", str(file))
        assert refused.code == 2
        assert "另一个记录库" in refused.err
        assert other.portal.effects() == []


Act = Callable[[Office], str]
"""Runs a command that changes something, and returns what it printed."""


def _apply(office: Office) -> str:
    return office.run("apply", planned(office, "--out", "p.json").name).out


def _resync(office: Office) -> str:
    office.run("sync", "--dry-run")  # it takes the batch in
    return office.run("resync", "第三批").out


def _read_marking(office: Office) -> str:
    office.keep("坏.xlsx", row(1, id_no="999"))
    return office.run("read", "--mark", "marked.xlsx", "ledgers/坏.xlsx").out


def _mapping_import(office: Office) -> str:
    with_own_headings(office, "m.xlsx", {"person.name": "参训对象"})
    return office.run("mapping", "import", "m.xlsx").out


ACTS: Mapping[str, Act] = {
    "init": lambda office: office.run("init", "new").out,
    "read": _read_marking,
    "sync": lambda office: office.run("sync").out,
    "plan": lambda office: office.run("plan", "--out", "p.json").out,
    "apply": _apply,
    "resync": _resync,
    "report": lambda office: office.run("report", "--send").out,
    "practice": lambda office: office.run_alone("practice", "--dir", "own", "--port", "0").out,
    "mapping export": lambda office: office.run("mapping", "export", "m.xlsx").out,
    "mapping import": _mapping_import,
    "dialect new": lambda office: office.run("dialect", "new", "own.toml").out,
}
"""Each command that changes something in an office with an interface."""

ELSEWHERE = {"uploaded", "void", "settle", "new-journal", "backup", "restore", "takeover", "run", "demo"}
"""They need an office without an interface, a doubt, a loss, a silence, a signal or a minute: they have tests of their own."""


def test_every_command_that_changes_something_is_run_for_its_line() -> None:
    assert {name for name, text in UNDO.items() if text not in (LOOKS, COMPARES)} == set(ACTS) | ELSEWHERE


@pytest.mark.parametrize("name", sorted(ACTS))
def test_a_command_that_changed_something_prints_how_that_is_undone(office: Office, name: str) -> None:
    said = UNDO[name].into(Language.ZH_CN)[:4]
    assert said in {"撤销：删", "撤销：尚", "不能撤销"}
    assert sum(line.startswith(said) for line in ACTS[name](office).splitlines()) == 1


def test_a_command_that_changed_nothing_says_nothing_of_undoing(office: Office) -> None:
    office.run("sync")
    for command in (["sync"], ["reconcile"], ["resync", "--refused"], ["findings"], ["status"], ["plan"], ["check"]):
        assert "撤销" not in office.run(*command).out
