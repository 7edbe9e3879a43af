"""The demo: two days on the practice portal find everything that was injected, and nothing else."""

from __future__ import annotations

import email
import email.policy
import json
import logging
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest
import structlog

from bridge import jobs
from bridge.config import Config
from bridge.demo.folder import clear
from bridge.demo.judge import Sign, score
from bridge.demo.stage import Played, Stage, staged
from bridge.demo.table import aligned
from bridge.wiring.service import NeverStops, NobodyWatches, Ways
from schemas.errors import ConfigError
from schemas.finding import Code
from schemas.texts import Language

ROOT = Path(__file__).parents[2]
DAYS = ("2025-05-19", "2025-05-20")


@dataclass(frozen=True)
class Told:
    """A demo in a process of its own: what it printed, and what it left."""

    exit_code: int
    text: str
    folder: Path
    portal_answered: bool


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """The whole demo, kept open until its portal was called."""
    folder = tmp_path_factory.mktemp("full") / "demo"
    command = [sys.executable, "-m", "bridge", "demo", "--lang", "en", "--keep-open", "--dir", str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        text = ""
        while (line := process.stdout.readline()) and not line.startswith("The portal stays open"):
            text += line
        address = re.search(r"http://127\.0\.0\.1:\d+", line)
        status = httpx.get(f"{address[0]}/nothing", trust_env=False).status_code if address else 0
        process.stdin.write("\n")
        process.stdin.close()
        text += process.stdout.read()
    return Told(process.returncode, text, folder, portal_answered=status == 404)


@dataclass(frozen=True)
class Small:
    """A small world after both its days; `untold` is a sign of day 2 that its truth did not tell."""

    stage: Stage
    first: Played
    second: Played
    untold: Sign


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Small]:
    """The process gets its own logging back afterwards."""
    root = logging.root
    before = root.handlers, root.level, logging.raiseExceptions
    folder = tmp_path_factory.mktemp("small")
    with staged(folder, people=60, batches=6, language=Language.ZH_CN) as stage:
        first, second = stage.practice.days
        told = stage.truth[second.date]
        untold = next(sign for sign in told if sign.code is Code.CHANGED_ONLINE)
        knowing_less = replace(stage, truth={second.date: told - {untold}})
        yield Small(stage, stage.play(first, NobodyWatches()), knowing_less.play(second, NobodyWatches()), untold)
    structlog.reset_defaults()
    logging.captureWarnings(capture=False)
    root.handlers, root.level, logging.raiseExceptions = before


def attempts(config: Config) -> int:
    with closing(sqlite3.connect(config.journal.path)) as journal:
        return journal.execute("SELECT count(*) FROM attempt").fetchone()[0]


def test_the_full_demo_finds_all_that_was_injected_and_nothing_else(full: Told):
    assert full.exit_code == 0, full.text
    sums = re.findall(r"in all +(\d+) +(\d+) +(\d+) +(\d+)", full.text)
    assert [(injected == found, missed, false) for injected, found, missed, false in sums] == [(True, "0", "0")] * 2


def test_both_conservation_lines_of_each_day_add_up(full: Told):
    lines = re.findall(r"^(?:Offline|Online) (\d+) = (.*)$", full.text, re.MULTILINE)
    assert len(lines) == 4
    assert all(int(rows) == sum(map(int, re.findall(r"\d+", buckets))) for rows, buckets in lines)


def test_every_file_the_demo_names_is_there(full: Told):
    named = [Path(path) for path in re.findall(r"^[A-Z]\w+: (/.*)$", full.text, re.MULTILINE)]
    kinds = sorted(path.suffix for path in named)
    assert kinds == [".db", ".eml", ".eml", ".html", ".html", ".json", ".xlsx", ".xlsx"]
    assert all(path.stat().st_size > 0 for path in named)


def test_each_day_has_gone_out_as_a_mail_marked_as_practice_with_the_workbook(full: Told):
    mails = [
        email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        for path in sorted((full.folder / "mail").glob("*.eml"))
    ]
    assert [mail["Date"].datetime.date().isoformat() for mail in mails] == list(DAYS)
    assert all(mail["Subject"].startswith("[PRACTICE]") for mail in mails)
    assert all(any(True for part in mail.iter_attachments()) for mail in mails)


def test_the_demo_says_how_it_is_undone(full: Told):
    assert f"Undo: delete the folder {full.folder}.\n" in full.text


def test_the_portal_answers_until_enter_is_pressed(full: Told):
    assert full.portal_answered


def test_nothing_the_demo_prints_logs_or_mails_holds_an_id_or_a_phone(full: Told):
    texts = [full.text, (full.folder / "truth.json").read_text(), (full.folder / "bridge.log").read_text()]
    texts += [path.read_text() for path in (full.folder / "reports").glob("*.html")]
    assert not any(re.search(r"999\d{14}[\dXx]|1990000\d{4}", text) for text in texts)


def test_the_truth_file_tells_each_day_by_marks(full: Told):
    truth = json.loads((full.folder / "truth.json").read_text(encoding="utf-8"))
    assert tuple(truth) == DAYS
    assert {"D03", "D04", "D15", "D22"} <= {sign["code"] for sign in truth[DAYS[0]]}
    assert {"D02", "D05", "D08", "D16", "D17"} <= {sign["code"] for sign in truth[DAYS[1]]}


def test_a_small_demo_finds_all_that_was_injected(small: Small):
    assert small.first.flawless
    assert not any(one.missed for one in small.second.scores)


def test_what_is_open_beyond_the_truth_is_falsely_reported_and_no_success(small: Small):
    assert {sign for one in small.second.scores for sign in one.false} == {small.untold}
    assert not small.second.flawless


def test_a_second_sync_with_nothing_changed_sends_no_write_request(small: Small):
    stage = small.stage
    effects, sent = stage.practice.portal.effects(), attempts(stage.config)
    assert effects
    assert sent
    jobs.sync(stage.config, Ways(stage.clock, NobodyWatches(), NeverStops()))
    assert stage.practice.portal.effects() == effects
    assert attempts(stage.config) == sent


def test_a_finding_that_is_not_open_is_missed():
    sign = Sign(Code.DUPLICATE_ONLINE, "2025/甲/第一批", "ab")
    (one,) = score({sign}, set())
    assert (one.found, one.missed, one.false) == (0, {sign}, frozenset())


def test_information_beside_the_truth_is_not_falsely_reported():
    assert score(set(), {Sign(Code.DUE, "2025/甲/第一批"), Sign(Code.NOT_OURS, "2025/乙/第一批")}) == ()


def test_a_folder_with_anything_else_in_it_is_left_alone(tmp_path: Path):
    (tmp_path / "truth.json").touch()
    other = tmp_path / "thesis.docx"
    other.write_text("mine")
    with pytest.raises(ConfigError, match="not empty"):
        clear(tmp_path)
    assert other.read_text() == "mine"


def test_the_folder_of_an_earlier_demo_is_made_fresh(tmp_path: Path):
    clear(tmp_path / "demo")
    (tmp_path / "demo" / "ledgers").mkdir()
    (tmp_path / "demo" / "ledgers" / "a.xlsx").touch()
    clear(tmp_path / "demo")
    assert [path.name for path in (tmp_path / "demo").iterdir()] == ["truth.json"]


def test_a_file_where_the_folder_should_be_is_told(tmp_path: Path):
    (tmp_path / "demo").touch()
    with pytest.raises(ConfigError, match="cannot be used"):
        clear(tmp_path / "demo")


@pytest.mark.parametrize(("people", "batches"), [(60, 5), (60, 10), (6000, 6)])
def test_a_world_of_the_wrong_size_is_told_before_anything_starts(tmp_path: Path, people: int, batches: int):
    ready = staged(tmp_path, people=people, batches=batches, language=Language.EN)
    with pytest.raises(ConfigError, match="at least 6 batches"), ready:
        pass


def test_a_chinese_character_takes_two_columns_of_the_table():
    assert list(aligned([["代码", "数"], ["D01", "12"]], left=1)) == ["代码  数", "D01   12"]


def test_the_demo_by_files_carried_by_hand_finds_the_same_and_agrees_on_the_same_as_by_the_interface(
    full: Told, tmp_path: Path
):
    folder = tmp_path / "by hand"
    command = [sys.executable, "-m", "bridge", "demo", "--lang", "en", "--carrier", "workbook", "--dir", str(folder)]
    ran = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert told(ran.stdout) == told(full.text)
    with closing(sqlite3.connect(folder / "journal.db")) as journal:
        states = {state for (state,) in journal.execute("SELECT DISTINCT state FROM revision")}
        most = journal.execute("SELECT max(number) FROM revision WHERE state='voided'").fetchone()[0]
    assert states == {"agreed", "differs", "refused", "voided"}  # nothing is out, nothing waits to be read back
    assert most == 1
    assert list((folder / "待上传").iterdir()) == []


def told(text: str) -> list[str]:
    """Where every row went on both days, and the reckoning code by code."""
    return [line for line in text.splitlines() if re.match(r"(Offline|Online) \d|D\d\d ", line)]
