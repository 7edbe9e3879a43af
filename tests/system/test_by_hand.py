"""The commands of those who carry files to the portal: uploaded and void, and what the others say of it."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.journal.lock import hold
from tests.adapters.ledgers import HEADER, people, write_xlsx
from tests.system import office
from tests.system.office import Ran, run
from tests.unit.by_hand import HandWorld
from tests.unit.cast import A, B

_SETTINGS = """\
[federation]
name = "测试总工会"
city = "测试市"
code = "999001"
year = 2025
policy = "weihai-2025"
language = "en"

[[federation.bases]]
name = "测试基地"
level = "city"

[[source]]
name = "ledgers"
path = "ledgers"
quiet_s = 0

[portal]
carrier = "workbook"
"""
TITLE = "测试工会 第一批"


@dataclass(frozen=True, slots=True)
class Desk:
    """An office whose journal a whole run by hand has filled: the commands find it as they would their own."""

    folder: Path
    world: HandWorld

    def run(self, *words: str) -> Ran:
        return run(*words, folder=self.folder)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A batch of two that was exported."""
    world = HandWorld(tmp_path)
    keys = {"seal": b"s", "match": b"m", "mark": b"k", "serial": b"n"}
    lines = [f'{name} = "{base64.b64encode(32 * key).decode()}"\n' for name, key in keys.items()]
    (tmp_path / "keys.toml").touch(mode=0o600)
    (tmp_path / "keys.toml").write_text("".join(lines), encoding="utf-8")
    (tmp_path / "config.toml").write_text(_SETTINGS, encoding="utf-8")
    world.ledger(A, B)
    world.sync()
    return Desk(tmp_path, world)


def write_ledger(folder: Path) -> None:
    """A batch of three people beside the one whose files are out."""
    folder.mkdir()
    facts = "组织单位：测试工会    疗休养时间：2025年5月3日-7日    地点：测试基地   层级：市级"
    rows = [["2025年职工疗休养实名制汇总表"], [facts], ["批次：第三批"], HEADER, *people(3)]
    write_xlsx(folder / "第三批.xlsx", rows)


def test_uploaded_says_who_how_many_which_files_the_undo_and_the_next_step(desk: Desk) -> None:
    ran = desk.run("uploaded", "第一批", "--by", "王上传")
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0] == f"{TITLE}：王上传登记已上传，2人。"
    assert [line.strip() for line in lines[1:3]] == sorted(desk.world.desk.outbox)
    assert lines[3].startswith(f'撤销：lxy-bridge void "{TITLE}" --why')
    assert "lxy-bridge sync" in lines[4]
    assert str(desk.folder / "线上导出") in lines[4]


def test_uploaded_twice_says_plainly_that_nothing_is_left_to_upload(desk: Desk) -> None:
    desk.run("uploaded", "第一批", "--by", "王上传")
    again = desk.run("uploaded", "第一批", "--by", "李上传")
    assert (again.code, again.err) == (1, "")
    assert again.out.startswith(f"{TITLE}：已于2")
    assert "李上传" not in desk.run("explain", "第一批").out


def test_void_says_what_is_given_up_that_there_is_no_undo_and_which_files_to_delete(desk: Desk) -> None:
    ran = desk.run("void", "第一批", "--why", "模板填错", "--by", "李作废")
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0] == f"{TITLE}：已作废，2人。"
    assert lines[3] == "此操作不能撤销。"
    assert str(desk.folder / "待上传") in lines[4]
    nothing = desk.run("void", "第一批", "--why", "再来一次")
    assert (nothing.code, nothing.out) == (1, f"{TITLE}：没有已导出的文件，无可作废。\n")


def test_void_of_what_was_said_to_be_uploaded_warns_of_doubles(desk: Desk) -> None:
    desk.run("uploaded", "第一批", "--by", "王上传")
    ran = desk.run("void", "第一批", "--why", "没有上传成功")
    assert ran.code == 0
    assert "以免重复录入" in ran.out


@pytest.mark.parametrize(
    "words",
    [
        ("uploaded", "第九十九批", "--by", "王上传"),
        ("void", "第九十九批", "--why", "模板填错"),
    ],
    ids=["uploaded", "void"],
)
def test_a_batch_nobody_knows_is_refused_with_the_nearest_names(desk: Desk, words: tuple[str, ...]) -> None:
    ran = desk.run(*words)
    assert ran.code == 2
    assert TITLE in ran.err
    assert desk.world.states() == {"awaiting_human": 3}


@pytest.mark.parametrize(
    "words",
    [
        ("uploaded", "第一批"),
        ("uploaded", "第一批", "--by", " "),
        ("void", "第一批"),
        ("void", "第一批", "--why", ""),
        ("uploaded", "--by", "王上传"),
    ],
    ids=["no by", "empty by", "no why", "empty why", "no batch"],
)
def test_who_and_why_must_be_said(desk: Desk, words: tuple[str, ...]) -> None:
    assert desk.run(*words).code == 2
    assert desk.world.states() == {"awaiting_human": 3}


def test_a_number_that_may_be_somebody_s_is_masked_before_it_is_kept(desk: Desk) -> None:
    desk.run("void", "第一批", "--why", f"证件{A.id_no}录错", "--by", B.phone)
    told = desk.run("explain", "第一批").out
    assert "录错" in told
    assert A.id_no not in told
    assert B.phone not in told


@pytest.mark.parametrize(
    "words", [("uploaded", "第一批", "--by", "王"), ("void", "第一批", "--why", "错")], ids=["up", "void"]
)
def test_both_wait_for_nobody_who_is_at_work(desk: Desk, words: tuple[str, ...]) -> None:
    with hold(desk.folder / "journal.db.lock", now=datetime.now(UTC), work="sync"):
        ran = desk.run(*words)
    assert ran.code == 1
    assert desk.world.states() == {"awaiting_human": 3}


def test_the_story_of_a_batch_tells_who_uploaded_it_and_who_gave_it_up_and_why(desk: Desk) -> None:
    desk.run("uploaded", "第一批", "--by", "王上传")
    desk.run("void", "第一批", "--why", "模板填错", "--by", "李作废")
    told = desk.run("explain", "第一批").out
    for line in ("已导出到待上传文件夹，等待人工上传", "王上传登记已上传，以回读为准", "李作废作废：模板填错"):
        assert line in told


def test_status_and_findings_show_what_waits_for_people(desk: Desk) -> None:
    status = desk.run("status", "--json").data
    assert (status["to_upload"], status["to_read_back"], status["undecided"]) == (2, 0, 0)
    assert "已导出待上传\t2" in desk.run("status").out
    found = desk.run("findings")
    assert (found.code, "已导出待上传" in found.out) == (1, True)
    desk.run("uploaded", "第一批", "--by", "王上传")
    desk.world.open_again()
    desk.world.sync()
    status = desk.run("status", "--json").data
    assert (status["to_upload"], status["to_read_back"]) == (0, 2)
    assert "已上传待回读" in desk.run("findings").out


def test_check_looks_at_both_folders_the_template_and_what_lies_there(desk: Desk) -> None:
    without = desk.run("check")
    assert f"portal.inbox：文件夹 {desk.folder / '线上导出'} 不存在" in without.out
    (desk.folder / "线上导出").mkdir()
    (desk.folder / "待上传").mkdir()
    (desk.folder / "待上传" / "人员导入.xlsx").touch()
    (desk.folder / "待上传" / "~$人员导入.xlsx").touch()
    ready = desk.run("check").out
    assert f"{desk.folder / '待上传'} 中有1个文件，{desk.folder / '线上导出'} 中有0个，共列出0个批次" in ready


def test_check_names_a_template_that_is_none(desk: Desk) -> None:
    (desk.folder / "线上导出").mkdir()
    (desk.folder / "模板.xlsx").write_bytes(b"no workbook")
    settings = desk.folder / "config.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + 'template = "模板.xlsx"\n', encoding="utf-8")
    ran = desk.run("check")
    assert ran.code in {1, 2}
    assert "模板.xlsx" in ran.out


def test_a_sync_by_hand_exports_into_the_outbox_and_says_what_to_do(desk: Desk) -> None:
    """The real carrier, from the command: its files lie there, and a second run writes none."""
    (desk.folder / "线上导出").mkdir()
    write_ledger(desk.folder / "ledgers")
    first = desk.run("sync")
    assert first.code == 1
    lie = sorted(path.name for path in (desk.folder / "待上传").iterdir())
    assert [name for name in lie if "人员导入" in name]
    assert "已导出待上传3" in first.out.replace(" ", "")
    desk.run("sync")
    assert sorted(path.name for path in (desk.folder / "待上传").iterdir()) == lie


@pytest.mark.parametrize(
    ("lang", "line"),
    [
        ("zh_CN", '线上未写入任何内容。撤销：lxy-bridge void "BATCH" --why 原因；下次运行将重新导出。'),
        (
            "en",
            'Nothing was written online. Undo: lxy-bridge void "BATCH" --why WHY; the next run then exports it anew.',
        ),
    ],
)
def test_a_sync_that_only_exported_files_is_undone_by_void(desk: Desk, lang: str, line: str) -> None:
    (desk.folder / "线上导出").mkdir()
    write_ledger(desk.folder / "ledgers")
    assert line in office.Desk(desk.folder).run_alone("--lang", lang, "sync").out.splitlines()
    assert desk.run("void", "第三批", "--why", "模板填错").code == 0
