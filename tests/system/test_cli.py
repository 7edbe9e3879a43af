"""The commands as an operator meets them: real processes in an office with a portal, a mailbox and ledgers."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
from rich.cells import cell_len

from adapters.journal.lock import hold
from bridge.__main__ import CRASHED, main
from bridge.cli.output import folded
from bridge.cli.words import chosen
from schemas.texts import Language
from tests.adapters.ledgers import HEADER, LINE, TITLE, id_no, people, row, write_xlsx
from tests.system.mapping_sheets import with_own_headings
from tests.system.office import BASE, ROOT, THIRD, Office, open_office, run

ID = re.compile(r"999001\d{11}[\dX]|1990000\d{4}")
LOOKING = [["read", "ledgers"], ["findings"], ["status"], ["explain", THIRD], ["report", "--print"], ["check"]]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A batch of three that was entered, and one with a damaged id and a person the portal refused."""
    with open_office(tmp_path_factory.mktemp("cli")) as opened:
        opened.keep_three()
        opened.keep("第四批.xlsx", *people(2, first=10), row(12, id_no=9.99001199001e17), batch="第四批")
        opened.portal.set_weather(refuse_ids=(id_no(10),))
        assert opened.run("sync").code == 1
        yield opened


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path) as opened:
        opened.keep_three()
        yield opened


def mark_of_the_refused(office: Office) -> str:
    items = office.run("findings", "--json").data["findings"]
    [mark] = {item["person"] for item in items if item["words"]}
    return mark


def test_init_makes_settings_keys_and_a_journal_and_names_the_next_step(tmp_path: Path) -> None:
    made = run("init", "office", folder=tmp_path)
    assert (made.code, made.err) == (0, "")
    assert sorted(file.name for file in (tmp_path / "office").iterdir()) == [
        "config.toml", "journal.db", "keys.toml"
    ]  # fmt: skip
    assert "lxy-bridge --config office/config.toml check" in made.out
    assert (tmp_path / "office" / "keys.toml").stat().st_mode & 0o077 == 0


def test_init_never_touches_a_folder_with_something_in_it(office: Office) -> None:
    before = office.settings.read_bytes()
    refused = run("init", "office", folder=office.folder.parent)
    assert refused.code == 2
    assert "office" in refused.err
    assert office.settings.read_bytes() == before


def test_check_looks_at_everything_a_run_needs(office: Office) -> None:
    seen = office.run("check")
    assert seen.code == 0, seen.out
    assert [line[0] for line in seen.out.splitlines()] == ["✓"] * 7


def test_read_shows_people_masked_and_refusals_with_their_place(office: Office) -> None:
    shown = office.run("read", "ledgers/第四批.xlsx")
    assert shown.code == 1
    assert "999***********0100" in shown.out
    assert "第四批.xlsx · Sheet1 · D7 · 身份证号 证件号码被当作数值存储" in shown.out
    assert not ID.search(shown.out)


def test_read_reveals_ids_only_when_asked(office: Office) -> None:
    assert id_no(10) in office.run("read", "ledgers/第四批.xlsx", "--reveal").out


def test_read_as_json_has_the_documented_shape(office: Office) -> None:
    [file] = office.run("read", "ledgers/第四批.xlsx", "--json").data["files"]
    assert list(file) == ["path", "tables", "batches", "checksums", "forms", "refused", "notes"]
    [batch] = file["batches"]
    assert list(batch) == ["name", "level", "organiser", "base", "start", "end", "stated", "leaders", "people"]
    assert (batch["name"], batch["level"], batch["start"]) == ("第四批", "city", "2025-05-03")
    person = ["name", "id_type", "id_no", "phone", "unit", "category", "sheet", "row"]
    assert [list(one) for one in batch["people"]] == [person] * 2
    assert list(batch["leaders"][0]) == ["name", "phone", "unit", "sheet", "row"]
    [refusal] = file["refused"]
    assert list(refusal) == ["sheet", "row", "column", "cell", "code", "message", "next_step"]
    assert (refusal["sheet"], refusal["cell"], refusal["code"]) == ("Sheet1", "D7", "id_damaged")
    [table] = file["tables"]
    assert (table["header_row"], table["columns"][3]) == (
        4, {"letter": "D", "heading": "身份证号", "field": "id_no", "word": "身份证号"}
    )  # fmt: skip
    assert batch["stated"]["organiser"] == {"by": "line", "cell": "2"}
    assert batch["stated"]["name"] == {"by": "line", "cell": "3"}


@pytest.mark.parametrize(
    ("lang", "header", "column", "told"),
    [
        ("zh_CN", "Sheet1：表头为第4行", "D\t身份证号\t证件号码\t身份证号", "第3行（批次）"),
        ("en", "Sheet1: the header is row 4", "D\t身份证号\tId number\t身份证号", "row 3 (batch)"),
    ],
)
def test_read_explains_which_row_and_column_was_taken_for_what(
    office: Office, lang: str, header: str, column: str, told: str
) -> None:
    shown = office.run_alone("--lang", lang, "read", "ledgers/第四批.xlsx").out
    assert header in shown
    assert column in shown
    assert told in shown


SUMMARY = [["2025年单位汇总表"], ["单位", "人数"], ["甲厂", 12], ["乙厂", 3], ["合计", 16]]
FORMS = {
    "汇总": SUMMARY,
    "名额": [["2025年名额分配表"], ["单位", "层级", "名额"], ["荣成市", "市级", 40]],
    "基地": [["基地名录"], ["名称", "地址", "有效期"], [BASE, "石岛", "2027年"], ["无名山庄", "某县", ""]],
}
FORMS_IN_WORDS = {
    "zh_CN": [
        "汇总：表头为第2行", "汇总：单位汇总表，2行、15人", "行\t单位\t人数", "3\t甲厂\t12",
        "✗ 汇总 · 第5行：合计写的是16，各行相加为15", "名额：2025年名额分配表，名额40个", "3\t40\t荣成市\t市级",
        "基地：基地名录，2处基地", f"3\t{BASE}\t\t\t石岛\t2027年", "设置文件的基地名录中没有：无名山庄",
        "· 汇总 这是单位汇总表，不是实名制汇总表：已读取2个单位、15人，不据此录入任何人。",
    ],
    "en": [
        "汇总: the header is row 2", "汇总: unit summary, lines: 2, people: 15", "row\tUnit\tHead count", "3\t甲厂\t12",
        "✗ 汇总 · row 5: the total row states 16; the lines add up to 15", "名额: quotas of 2025, places: 40",
        "3\t40\t荣成市\t市级", "基地: base list, bases: 2", "not in the base list of the settings: 无名山庄",
        "· 汇总 This is a unit summary, not the roster of people: read (units: 2, people: 15); nothing is entered from it.",
    ],
}  # fmt: skip


@pytest.mark.parametrize("lang", FORMS_IN_WORDS)
def test_read_shows_forms_that_hold_no_people(office: Office, tmp_path: Path, lang: str) -> None:
    file = write_xlsx(tmp_path / "各表.xlsx", FORMS)
    shown = office.run_alone("--lang", lang, "read", str(file))
    assert shown.code == 0
    assert [line for line in FORMS_IN_WORDS[lang] if line not in shown.out] == []


@pytest.mark.parametrize("lang", FORMS_IN_WORDS)
def test_read_as_json_gives_forms_as_data_in_either_language(office: Office, tmp_path: Path, lang: str) -> None:
    file = write_xlsx(tmp_path / "各表.xlsx", FORMS)
    [said] = json.loads(office.run_alone("--lang", lang, "read", str(file), "--json").out)["files"]
    summary, quotas, bases = said["forms"]
    assert summary["lines"][0] == {
        "row": 3, "unit": "甲厂", "people": 12, "batch": "", "base": "", "start": None, "end": None
    }  # fmt: skip
    assert quotas == {
        "kind": "quota_table", "sheet": "名额", "year": 2025,
        "lines": [{"row": 3, "quota": 40, "unit": "荣成市", "level": "市级"}],
    }  # fmt: skip
    assert (bases["kind"], bases["not_in_settings"]) == ("base_list", ["无名山庄"])
    assert list(bases["lines"][0]) == ["row", "base", "level", "province", "address", "validity"]
    assert [found["agrees"] for found in said["checksums"]] == [False]
    assert (said["refused"], any("单位汇总表" in note for note in said["notes"])) == ([], lang == "zh_CN")


def test_read_compares_bases_only_with_settings_at_hand(tmp_path: Path) -> None:
    file = write_xlsx(tmp_path / "基地.xlsx", {"基地": FORMS["基地"]})
    [said] = json.loads(run("read", str(file), "--json", folder=tmp_path).out)["files"]
    assert said["forms"][0]["not_in_settings"] is None


def test_a_form_among_the_ledgers_is_told_and_nothing_is_entered_from_it(small: Office) -> None:
    write_xlsx(small.ledgers / "汇总.xlsx", SUMMARY[:-1])
    ran = small.run("sync")
    assert (ran.code, "线下4 = 一致3 + 带队1" in ran.out) == (0, True)
    told = [item for item in small.run("findings", "--json").data["findings"] if item["code"] == "D18"]
    assert [(item["case"], item["to_do"], item["where"]["file"]) for item in told] == [
        ("form", False, "ledgers/汇总.xlsx")
    ]


def test_a_summary_that_differs_from_the_roster_beside_it_is_a_finding_at_its_cell(small: Office) -> None:
    file = small.keep_three()
    book = openpyxl.load_workbook(file)
    sheet = book.create_sheet("汇总")
    for cells in ["单位汇总表"], ["单位", "人数"], ["荣成市渔业公司", 7]:
        sheet.append(cells)
    book.save(file)
    assert small.run("sync").code == 1
    [told] = [item for item in small.run("findings", "--json").data["findings"] if item["code"] == "D13"]
    assert told["where"] == {"file": "ledgers/第三批.xlsx", "sheet": "汇总", "row": 3, "column": "人数"}
    assert (told["case"], told["unit"]) == ("form_sums", "荣成市渔业公司")


def test_read_needs_no_settings(office: Office, tmp_path: Path) -> None:
    shown = run("read", str(office.ledgers / "第三批.xlsx"), folder=tmp_path)
    assert shown.code == 0
    assert "未找到配置文件" in shown.out


@pytest.mark.parametrize(
    ("lang", "comment", "undone"),
    [
        ("zh_CN", "证件号码被当作数值存储", "撤销：删除{}"),
        ("en", "The id number was stored as a number", "Undo: delete {};"),
    ],
)
def test_read_marks_the_wrong_cells_in_a_copy_that_can_be_dropped_in_again(
    office: Office, tmp_path: Path, lang: str, comment: str, undone: str
) -> None:
    ledger, out = office.ledgers / "第四批.xlsx", tmp_path / "marked.xlsx"
    before = ledger.read_bytes()
    told = office.run_alone("--lang", lang, "read", "--mark", str(out), str(ledger))
    assert (told.code, ledger.read_bytes() == before) == (1, True)
    assert undone.format(out) in told.out
    with zipfile.ZipFile(out) as archive:
        assert comment in archive.read("xl/comments1.xml").decode()
    again = office.run("read", str(out), "--json").data["files"][0]
    assert {**again, "path": ""} == {**office.run("read", str(ledger), "--json").data["files"][0], "path": ""}
    refused = office.run("read", "--mark", str(out), str(ledger))
    assert (refused.code, str(out) in refused.err) == (2, True)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--mark", "new.xlsx", "ledgers"], "请指定一份可以读取的台账"),
        (["--mark", "new.xls", "ledgers/第四批.xlsx"], ".xlsx"),
        (["--mark", "new.xlsx", "ledgers/第三批.xlsx", "ledgers/第四批.xlsx"], "--mark"),
        (["--mark", "new.xlsx", "journal.db"], "无法标注"),
    ],
    ids=["a folder", "another suffix", "two ledgers", "no ledger"],
)
def test_what_cannot_be_marked_is_a_mistake_of_usage(office: Office, words: list[str], told: str) -> None:
    done = office.run("read", *words)
    assert (done.code, told in done.err) == (2, True), done
    assert not list(office.folder.glob("new.*"))


@pytest.mark.parametrize(("lang", "head"), [("zh_CN", "线下列名或用词"), ("en", "offline column or words")])
def test_the_mapping_is_written_as_a_sheet_and_a_column_a_ledger_lacks_is_told(
    office: Office, tmp_path: Path, lang: str, head: str
) -> None:
    out, lacking = tmp_path / "mapping.xlsx", tmp_path / "缺列.xlsx"
    done = office.run_alone("--lang", lang, "mapping", "export", str(out))
    assert (done.code, done.err) == (0, ""), done
    [fields, words] = openpyxl.load_workbook(out).worksheets
    assert (fields["A1"].value, fields["E4"].value, words.max_row) == (head, "idCard", 14)
    write_xlsx(lacking, [TITLE, LINE, ["批次：第九批"], ["姓名", "身份证号", "单位"], ["测一", id_no(1), "渔业公司"]])
    told = office.run_alone("--lang", lang, "mapping", "export", str(tmp_path / "second.xlsx"), str(lacking))
    assert told.code == 1
    assert f"{lacking} · Sheet1" in told.out
    assert office.run("mapping", "export", str(out)).code == 2


def test_headings_written_into_the_mapping_go_into_the_settings_and_are_understood(small: Office) -> None:
    with_own_headings(small, "m.xlsx", {"person.name": "参训对象", "person.unit": "身份证号"})
    before = (small.folder / "config.toml").read_text("utf-8")
    done = small.run("mapping", "import", "m.xlsx")
    assert (done.code, "参训对象 → 姓名" in done.out) == (1, True), done
    assert "“身份证号”已表示身份证号" in done.out
    after = (small.folder / "config.toml").read_text("utf-8")
    assert set(after.splitlines()) - set(before.splitlines()) == {"[aliases]", 'columns = { "参训对象" = "姓名" }'}
    write_xlsx(
        small.folder / "ledgers" / "别名.xlsx",
        [
            TITLE,
            LINE,
            ["批次：第九批"],
            ["参训对象", "身份证号", "单位", "类别"],
            ["测一", id_no(1), "渔业公司", "技能人才"],
        ],
    )
    [read] = small.run("read", "--json", "ledgers/别名.xlsx").data["files"]
    assert [len(batch["people"]) for batch in read["batches"]] == [1]
    again = small.run("mapping", "import", "m.xlsx")
    assert (again.code, "→" in again.out) == (1, False)


def test_words_for_levels_and_categories_written_into_the_mapping_are_understood(small: Office) -> None:
    own = {
        "words.level.city": "市总统筹",
        "words.category.skilled": "一线骨干、2类",
        "words.id_type.resident": "身份证",
    }
    with_own_headings(small, "m.xlsx", own)
    done = small.run("mapping", "import", "m.xlsx")
    assert (done.code, "市总统筹 → 市级" in done.out, "一线骨干 → 技能人才" in done.out) == (1, True, True), done
    assert ("用词 · 第6行" in done.out, "“2类”已表示先进" in done.out, "“身份证”" in done.out) == (True, True, True), (
        done
    )
    ledger = [TITLE, [LINE[0].replace("市级", "市总统筹")], ["批次：第九批"], HEADER, row(1, category="一线骨干")]
    write_xlsx(small.folder / "ledgers" / "别名.xlsx", ledger)
    [read] = small.run("read", "--json", "ledgers/别名.xlsx").data["files"]
    [batch] = read["batches"]
    assert (batch["level"], [person["category"] for person in batch["people"]]) == ("city", ["skilled"])


def test_what_is_no_mapping_sheet_is_a_mistake_of_usage(small: Office) -> None:
    small.keep("名单.xlsx", row(1))
    for name, told in (
        ("ledgers/名单.xlsx", "mapping export"),
        ("config.toml", "无法作为工作簿读取"),
        ("没有.xlsx", "无法"),
    ):
        done = small.run("mapping", "import", name)
        assert (done.code, told in done.err) == (2, True), done


def test_a_sync_that_leaves_nothing_to_do_ends_with_0(small: Office) -> None:
    done = small.run("sync")
    assert done.code == 0, done.out
    assert "1批3人全部一致" in done.out
    *_, offline, online, undo = done.out.splitlines()
    assert (offline, online) == ("线下4 = 一致3 + 带队1", "线上3 = 一致3")
    assert undo.startswith("不能撤销")


def test_a_second_sync_sends_no_write(small: Office) -> None:
    small.run("sync")
    before = small.portal.effects()
    assert small.run("sync").code == 0
    assert small.portal.effects() == before


def test_a_dry_run_says_what_it_would_write_and_writes_nothing(small: Office) -> None:
    shown = small.run("sync", "--dry-run")
    assert shown.code == 1
    assert f"2025-05-07\t新录\t3\t0\t-\t{THIRD}" in shown.out
    assert small.portal.effects() == []
    small.run("sync")
    assert small.run("sync", "--dry-run").code == 0


def test_a_run_with_something_to_do_says_the_verdict_both_sums_and_the_next_step(office: Office) -> None:
    done = office.run("reconcile")
    assert done.code == 1
    assert "今日要办" in done.out.splitlines()[0]
    *_, offline, online, step = done.out.splitlines()
    assert (offline, online) == ("线下8 = 一致4 + 被拒1 + 损坏行1 + 带队2", "线上4 = 一致4")
    assert step.startswith("下一步：运行 lxy-bridge findings")


def test_resync_sends_again_what_was_refused_once_the_portal_takes_it(small: Office) -> None:
    small.portal.set_weather(refuse_ids=(id_no(2),))
    assert small.run("sync").code == 1
    mark = mark_of_the_refused(small)
    assert small.run("sync").code == 1
    small.portal.set_weather(refuse_ids=())
    assert "1\t0\t" in small.run("resync", "--refused", "--dry-run").out
    done = small.run("resync", "--person", mark)
    assert done.code == 0, done.out


@pytest.mark.parametrize("wish", [["第三批"], ["--since", "2025-05-01"], ["--refused"], ["--unknown"]])
def test_every_wish_of_resync_is_understood(office: Office, wish: list[str]) -> None:
    assert office.run("resync", *wish, "--dry-run").code in {0, 1}


@pytest.mark.parametrize("wish", [[], ["第三批", "--refused"], ["--since", "5月7日"], ["--person", "abc"]])
def test_a_wish_nobody_can_understand_is_a_mistake_of_usage(office: Office, wish: list[str]) -> None:
    told = office.run("resync", *wish)
    assert (told.code, told.out) == (2, "")
    assert told.err


@pytest.mark.parametrize("command", ["resync", "explain"])
def test_an_unknown_batch_is_answered_with_the_nearest_names(office: Office, command: str) -> None:
    told = office.run(command, "荣成市总工会 第三十批")
    assert told.code == 2
    assert THIRD in told.err


def test_an_id_typed_as_a_name_is_not_repeated(office: Office) -> None:
    for typed in ("99900119900101001X", id_no(10), "19900000010"):
        told = office.run("explain", typed)
        assert told.code == 2
        assert typed not in told.err


def test_report_is_written_where_asked_and_mailed(office: Office, tmp_path: Path) -> None:
    before = len(office.mailbox.messages())
    done = office.run("report", "--send", "--out", str(tmp_path / "out"))
    assert sorted(file.suffix for file in (tmp_path / "out").iterdir()) == [".html", ".xlsx"]
    assert "已发送1封邮件" in done.out
    assert len(office.mailbox.messages()) == before + 1


def test_findings_as_json_has_the_documented_shape(office: Office) -> None:
    shown = office.run("findings", "--json")
    assert shown.code == 1
    items = shown.data["findings"]
    assert {item["code"] for item in items} == {"D02", "D22"}
    assert list(items[0]) == [
        "id", "code", "title", "what", "batch", "person", "name", "unit", "where", "moved", "differences", "why",
        "owner", "next_step", "source", "words", "hours_left", "due", "first_seen", "is_new", "returned", "to_do", "case",
    ]  # fmt: skip


def test_status_as_json_has_the_documented_shape(office: Office) -> None:
    shown = office.run("status", "--json")
    assert list(shown.data) == [
        "offline_rows", "online_rows", "agreed", "disagreeing", "batches", "batches_entered", "open_findings", "to_do",
        "undecided", "to_upload", "to_read_back", "carried_days", "mails_waiting", "read_at", "read_back_at", "last_sync", "last_report",
        "days_without_sync", "last_backup", "last_drill", "fence", "writer",
    ]  # fmt: skip
    assert list(shown.data["last_sync"]) == ["state", "ended_at"]
    assert (shown.data["offline_rows"], shown.data["agreed"], shown.code) == (8, 4, 1)


def test_explain_tells_a_batch_from_the_ledger_to_the_read_back(office: Office) -> None:
    told = office.run("explain", "第三批")
    steps = [line.split("\t")[1] for line in told.out.splitlines() if "\t" in line]
    assert steps[1:] == ["台账", "检查", "录入批次", "录入人员", "回读", "回读", "提交复核", "回读"]
    assert told.code == 0


def test_explain_tells_a_person_from_the_cell_to_the_words_of_the_portal(office: Office) -> None:
    told = office.run("explain", mark_of_the_refused(office))
    assert "ledgers/第四批.xlsx · Sheet1 · 第5行" in told.out
    assert re.search(r"录入人员\t平台退回 \(S20006\) 平台原话：\S+", told.out)
    assert "D02" in told.out
    assert told.code == 1


@pytest.mark.parametrize("command", LOOKING)
def test_nothing_printed_holds_an_id_or_a_phone(office: Office, command: list[str]) -> None:
    shown = office.run(*command)
    assert shown.out
    assert not ID.search(shown.out + shown.err)


@pytest.mark.parametrize("command", [["findings"], ["status"], ["explain", THIRD], ["read", "ledgers"]])
def test_looking_works_while_a_run_holds_the_journal(office: Office, command: list[str]) -> None:
    free = office.run(*command)
    with hold(office.folder / "journal.db.lock", now=datetime(2025, 5, 12).astimezone(), work="sync"):
        busy = office.run(*command)
    at_work = [line for line in busy.out.splitlines() if line.startswith("正在运行\tsync")]
    assert [line for line in busy.out.splitlines() if line not in at_work] == free.out.splitlines()
    assert (busy.code, len(at_work)) == (free.code, command == ["status"])


def test_looking_needs_no_secret_of_the_portal(office: Office) -> None:
    secret = office.folder / "portal.secret"
    secret.rename(secret.with_suffix(".away"))
    try:
        assert office.run("findings").code == 1
        assert office.run("explain", THIRD).code == 0
    finally:
        secret.with_suffix(".away").rename(secret)


def test_the_log_never_mixes_with_what_a_command_prints(office: Office) -> None:
    done = office.run_alone("sync", "--dry-run")
    lines = done.err.splitlines()
    assert lines
    assert all("event" in json.loads(line) for line in lines)
    assert '{"' not in done.out


def test_the_language_is_chinese_unless_another_is_asked_for(office: Office) -> None:
    assert "最近一次对接" in office.run("status").out
    assert "Last sync" in office.run_alone("--lang", "en", "status").out
    assert chosen(["status"], {"LXY_BRIDGE_LANG": "en"}) is Language.EN
    assert chosen(["--lang=zh_CN", "status"], {"LXY_BRIDGE_LANG": "en"}) is Language.ZH_CN


def test_help_loads_nothing_a_command_needs_to_run(tmp_path: Path) -> None:
    asked = (
        "import sys; from bridge.cli import app\n"
        "try: app(['--help'], prog_name='lxy-bridge')\n"
        "finally: print(sorted({'httpx', 'sqlalchemy', 'pydantic', 'rich', 'structlog', 'orjson'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", asked],
        cwd=ROOT,
        env=os.environ | {"LXY_BRIDGE_LANG": "en"},
        capture_output=True,
        check=True,
    )
    *usage, loaded = done.stdout.decode().splitlines()
    assert loaded == "[]"
    commands = [line.split()[0] for line in usage[usage.index("Commands:") + 1 :] if line[2:3].strip()]
    assert commands == [
        "init", "new-journal", "check", "read", "sync", "plan", "apply", "resync", "uploaded", "void", "settle", "reconcile",
        "report", "findings", "explain", "status", "backup", "drill", "restore", "takeover", "run",
        "practice", "demo", "dialect", "mapping",
    ]  # fmt: skip


@pytest.mark.parametrize("command", [["report", "--print"], ["explain", "第四批"], ["read", "ledgers"]])
def test_no_line_is_wider_than_the_terminal(office: Office, command: list[str]) -> None:
    shown = on_a_terminal(office, *command, columns=80)
    assert shown
    assert [line for line in shown.splitlines() if cell_len(line) > 80] == []


def on_a_terminal(office: Office, *words: str, columns: int) -> str:
    """What a person would see, without the colours."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "bridge", *words],
        cwd=office.folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": str(columns), "TERM": "xterm"},
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.DEVNULL,
    ):
        os.close(theirs)
        return re.sub(r"\x1b\[[0-9;]*m", "", _everything(ours).decode()).replace("\r\n", "\n")


def _everything(descriptor: int) -> bytes:
    """Until the other end is closed: Linux says so with an error."""
    read = b""
    try:
        while part := os.read(descriptor, 65536):
            read += part
    except OSError:
        pass
    os.close(descriptor)
    return read


def test_a_line_is_never_broken_before_a_closing_mark() -> None:
    assert folded("甲乙丙丁，戊己", 8) == ["甲乙丙", "丁，戊己"]
    assert folded("one two three", 7) == ["one two", "three"]
    assert folded("甲 two（乙）", 6) == ["甲 two", "（乙）"]


def test_a_fault_of_the_program_is_told_whole_then_in_words_and_is_no_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("bridge.cli.app", lambda: 1 / 0)
    with pytest.raises(SystemExit) as end:
        main()
    said = capsys.readouterr().err
    assert end.value.code == CRASHED
    assert said.startswith("Traceback")
    assert "ZeroDivisionError" in said
    assert said.splitlines()[-1].startswith("程序本身出错")
