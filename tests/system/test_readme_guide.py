"""The README's guide, carried out: its blocks make the dialect, its commands say what it says, its portal agrees."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.adapters.ledgers import HEADER, people, row, write_xlsx
from tests.system.guide_portal import APP_ID, guide_portal, sign
from tests.system.office import BASE, ORGANISER, ROOT, Ran, run

GUIDE = (
    (ROOT / "README.md").read_text(encoding="utf-8").partition("## From an interface document")[2].partition("\n## ")[0]
)
BLOCKS = re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)
DIALECT = "\n".join(block for block in BLOCKS if "[portal]" not in block)
PORTAL = next(block for block in BLOCKS if "[portal]" in block)
COMMANDS = re.findall(r"^    lxy-bridge (.*?)(?:  +#.*)?$", GUIDE, re.MULTILINE)
SECRET = re.search(r"appSecret 为 (\S+?)，", GUIDE)[1]
SIGNATURE = re.search(r"X-Sign 为\n> ([0-9a-f]{64})。", GUIDE)[1]

OFFICE = f"""
[federation]
name = "演练市总工会"
city = "演练市"
code = "999900"
year = 2025
policy = "weihai-2025"

[[federation.bases]]
name = "{BASE}"
level = "city"

[[source]]
name = "ledgers"
path = "ledgers"
quiet_s = 0
"""


@pytest.fixture
def office(tmp_path: Path) -> Path:
    """A folder as the guide leaves it: settings with its block, its dialect, the document's secret, one ledger."""
    assert run("init", "office", folder=tmp_path).code == 0
    folder = tmp_path / "office"
    (folder / "config.toml").write_text(OFFICE + PORTAL, encoding="utf-8")
    (folder / "demo-portal.toml").write_text(DIALECT, encoding="utf-8")
    keep_secret(folder, SECRET)
    facts = f"组织单位：{ORGANISER}    疗休养时间：2025年5月3日-7日    地点：{BASE}   层级：市级"
    head = [["2025年职工疗休养实名制汇总表"], [facts], ["批次：第三批"], HEADER]
    (folder / "ledgers").mkdir()
    write_xlsx(folder / "ledgers" / "第三批.xlsx", [*head, *people(3), row(900, remark="领队")])
    return folder


def keep_secret(folder: Path, secret: str) -> None:
    (folder / "portal.secret").touch(mode=0o600)
    (folder / "portal.secret").write_text(secret, encoding="utf-8")


def at(folder: Path, address: str) -> None:
    """The same dialect at another address."""
    text = (folder / "demo-portal.toml").read_text(encoding="utf-8")
    (folder / "demo-portal.toml").write_text(
        re.sub(r'base_url = ".*"', f'base_url = "{address}"', text), encoding="utf-8"
    )


def command(start: str, folder: Path) -> Ran:
    """The guide's own command that begins so."""
    [words] = [words for words in COMMANDS if words.startswith(start)]
    return run(*words.split(), folder=folder)


def test_the_documents_example_is_signed_by_its_own_rule():
    query = "year=2025&pageNo=1&pageSize=50"
    assert sign(SECRET, query, "1746345600000", "5f3a9c1e7b2d4086", "") == SIGNATURE


def test_the_blocks_put_together_pass_the_check(office: Path):
    checked = command("dialect check", office)
    assert checked.code == 0, checked.out
    assert "✓ 错误0处 · 提示0处" in checked.out


def test_show_reproduces_the_documents_signature_and_hides_the_secret(office: Path):
    shown = command("dialect show", office)
    assert shown.code == 0, shown.err
    assert f"X-Sign: {SIGNATURE}" in shown.out
    assert "GET https://portal.example.cn/open/batches?year=2025&pageNo=1&pageSize=50" in shown.out
    assert SECRET not in shown.out


def test_probe_tries_the_portal_and_writes_nothing(office: Path):
    with guide_portal(SECRET) as (address, held):
        at(office, address)
        tried = command("dialect probe", office)
    assert tried.code == 0, tried.out
    assert [line.strip()[0] for line in tried.out.splitlines()[1:-2]] == ["✓"] * 6
    assert held.calls == ["POST /open/token", "GET /open/batches"]


def test_probe_names_a_wrong_secret_as_the_portal_does(office: Path):
    with guide_portal("another secret") as (address, _):
        at(office, address)
        tried = command("dialect probe", office)
    assert tried.code == 1
    assert "✗ 获取 token: 答复 200 4001：未受理" in tried.out
    assert SECRET not in tried.out + tried.err


def test_sync_enters_the_batch_and_reads_it_back_equal(office: Path):
    with guide_portal(SECRET) as (address, held):
        at(office, address)
        planned = command("sync --dry-run", office)
        assert (planned.code, held.batches) == (1, {})
        done = run("sync", folder=office)
        assert done.code == 0, done.out + done.err
        assert "1批3人全部一致" in done.out
        assert [len(rows) for rows in held.people.values()] == [3]
        assert run("dialect", "probe", "demo-portal.toml", folder=office).code == 0
        before = len(held.calls)
        run("sync", folder=office)
        assert {call for call in held.calls[before:] if call.startswith("POST")} == {"POST /open/token"}


def test_the_guide_names_every_step_and_its_example(office: Path):
    assert [words.split()[:2] for words in COMMANDS] == [
        ["dialect", "new"], ["dialect", "check"], ["dialect", "show"], ["dialect", "probe"], ["sync", "--dry-run"], ["sync"],
    ]  # fmt: skip
    assert APP_ID in PORTAL
