"""settle: what people say of records the bridge cannot find out about, and what follows from it."""

from __future__ import annotations

import base64
import shlex
from dataclasses import dataclass
from pathlib import Path

import pytest

from bridge.wiring.service import SystemClock
from schemas.finding import Case
from schemas.portal import DeliveryClass, Operation
from schemas.revision import State
from tests.system.office import Desk, Ran, run
from tests.unit.cast import SPRING, A, B, another, in_words, key_of
from tests.unit.world import World

SETTINGS = """\
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
base_url = "https://portal.example.cn"
app_id = "test"
app_secret_file = "portal.secret"
"""
MARK = key_of(A).hex()[:10]
TITLE = SPRING.title


@dataclass(frozen=True, slots=True)
class Office:
    """An office whose journal the runs of a world have filled; the commands find it as they would their own."""

    folder: Path
    world: World

    def settle(self, *words: str) -> Ran:
        return run("settle", *words, folder=self.folder)

    def state(self) -> State | None:
        facts = self.world.journal.deliveries.disagreeing()
        return next(f.revision.state for f in facts if f.person == key_of(A) and f.revision)


def furnished(folder: Path, kind: DeliveryClass, lost: Operation = Operation.SAVE_PEOPLE) -> Office:
    """One batch of two of which one request, by default that for the people, was never answered and never stored."""
    world = World(folder, delivery_class=kind)
    keys = {"seal": b"s", "match": b"m", "mark": b"k", "serial": b"n"}
    lines = [f'{name} = "{base64.b64encode(32 * key).decode()}"\n' for name, key in keys.items()]
    (folder / "keys.toml").touch(mode=0o600)
    (folder / "keys.toml").write_text("".join(lines), encoding="utf-8")
    (folder / "config.toml").write_text(SETTINGS, encoding="utf-8")
    world.ledger(A, B)
    world.when_sent(lost, lambda _: world.portal.store_late(1, seconds=10**9))
    world.sync()
    return Office(folder, world)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """A portal that cannot be asked: the outcome is left to a person."""
    office = furnished(tmp_path, DeliveryClass.K4)
    office.world.settle()
    office.world.sync()
    assert office.state() is State.QUARANTINED
    return office


@pytest.mark.parametrize(("lost", "whom"), [(Operation.SAVE_PEOPLE, MARK), (Operation.SAVE_BATCH, f'"{TITLE}"')])
def test_the_report_says_whom_to_ask_and_which_command_takes_the_answer(
    tmp_path: Path, lost: Operation, whom: str
) -> None:
    office = furnished(tmp_path, DeliveryClass.K4, lost)
    office.world.settle()
    first, *_ = (item for item in office.world.sync().to_do if item.case is Case.ASK)
    assert "Ask whoever can log in to the portal" in first.next_step
    assert f"lxy-bridge settle {whom} --stored --by WHO" in first.next_step


def test_what_is_stored_is_not_sent_again_and_stays_open_until_it_is_read_back(office: Office) -> None:
    ran = office.settle(MARK, "--stored", "--by", "王查询")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[0] == f"{TITLE}：王查询确认线上已有（1条）。"
    assert f"撤销：lxy-bridge settle {MARK} --absent --by 经办人" in ran.out
    office.world.open_again()
    with office.world.written() as calls:
        report = office.world.sync()
    assert (calls, office.state(), report.state) == ({}, State.VOUCHED, "partial")
    [item] = [item for item in report.items if item.person == key_of(A).hex()[:10]]
    assert (item.title, item.to_do) == ("Online by a person's word, not read back", False)
    office.world.portal.add(office.world.batch_id(), **in_words(A))
    office.world.sync()
    assert [f.person for f in office.world.journal.deliveries.disagreeing()] == [key_of(B)]


def test_what_is_absent_goes_out_anew_under_a_new_serial(office: Office) -> None:
    assert office.settle(MARK, "--absent", "--by", "王查询").code == 0
    office.world.open_again()
    with office.world.written() as calls:
        office.world.sync()
    assert calls == {Operation.SAVE_PEOPLE: 1}
    assert len(office.world.stored()) == 1
    with office.world.journal.store.read() as connection:
        numbers = connection.exec_driver_sql(
            "SELECT number, state FROM revision WHERE person=? ORDER BY number", (key_of(A),)
        ).all()
    assert [tuple(row) for row in numbers] == [(1, "voided"), (2, "agreed")]


def test_the_command_that_the_finding_of_a_submission_names_settles_it(tmp_path: Path) -> None:
    office = furnished(tmp_path, DeliveryClass.K4, lost=Operation.SUBMIT)
    office.world.settle()
    [item] = office.world.sync().to_do
    named = item.next_step.partition("lxy-bridge settle ")[2].partition(";")[0]
    title, stored, *by = shlex.split(named.replace("WHO", "王查询"))
    assert (title, stored) == (TITLE, "--stored")
    assert office.settle(title, "--absent", *by).code == 0
    office.world.open_again()
    with office.world.written() as calls:
        assert office.world.sync().state == "complete"
    assert calls == {Operation.SUBMIT: 1}


def test_who_said_it_stands_in_the_story(office: Office) -> None:
    office.settle(MARK, "--stored", "--by", "王查询")
    office.settle(MARK, "--absent", "--by", "李复核")
    story = run("explain", MARK, folder=office.folder).out
    assert "王查询确认线上已有" in story
    assert "李复核确认线上没有：将重新报送" in story


def test_a_word_may_be_taken_back_before_anything_follows_from_it(office: Office) -> None:
    for word, state in (("--absent", State.VOIDED), ("--stored", State.VOUCHED), ("--absent", State.VOIDED)):
        assert office.settle(MARK, word, "--by", "王").code == 0
        assert office.state() is state


@pytest.mark.parametrize("word", ["--stored", "--absent"])
def test_a_dry_run_says_what_would_follow_and_changes_nothing(office: Office, word: str) -> None:
    desk = Desk(office.folder)
    for language, follows, unchanged in (
        ("zh_CN", "后果：", "未作任何改动。"),
        ("en", "What follows:", "Nothing was changed."),
    ):
        ran = desk.run_alone("--lang", language, "settle", MARK, word, "--by", "王", "--dry-run")
        assert (ran.code, ran.err, follows in ran.out) == (0, "", True)
        assert ran.out.rstrip().endswith(unchanged)
    assert office.state() is State.QUARANTINED


def test_absent_is_not_believed_while_the_portal_may_still_store_it(tmp_path: Path) -> None:
    """Whoever looks too early sees nothing, and the record would stand there twice."""
    office = furnished(tmp_path, DeliveryClass.K3)
    with office.world.journal.store.write() as connection:  # sent just now, by this machine's own clock
        now = SystemClock().instant()
        connection.exec_driver_sql("UPDATE revision SET since_uptime_s=?, since_boot=?", (now.uptime_s, now.boot))
    refused = office.settle(MARK, "--absent", "--by", "王")
    assert (refused.code, "等待期过后再查" in refused.err) == (2, True)
    assert office.state() is State.UNKNOWN
    assert office.settle(MARK, "--stored", "--by", "王").code == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((TITLE, "--stored", "--by", "王"), "结果并无疑问（agreed），无须了结"),
        ((MARK, "--by", "王"), "须二选一"),
        ((MARK, "--stored", "--absent", "--by", "王"), "须二选一"),
        ((MARK, "--stored", "--by", " "), "--by 不得为空"),
        (("0123456789", "--stored", "--by", "王"), "符合此标记"),
        (("第九批", "--stored", "--by", "王"), "第九批"),
    ],
)
def test_what_is_not_in_doubt_or_not_said_clearly_is_refused_with_the_reason(
    office: Office, words: tuple[str, ...], says: str
) -> None:
    ran = office.settle(*words)
    assert ran.code == 2
    assert says in ran.err
    assert office.state() is State.QUARANTINED


def test_a_person_in_doubt_in_two_batches_is_asked_about_by_name(office: Office) -> None:
    summer = another("第二批")
    office.world.ledger(A, batch=summer)
    office.world.when_sent(Operation.SAVE_PEOPLE, lambda _: office.world.portal.store_late(1, seconds=10**9))
    office.world.sync()
    ran = office.settle(MARK, "--stored", "--by", "王")
    assert (ran.code, TITLE in ran.err, summer.key.title in ran.err) == (2, True, True)
    assert office.settle(MARK, "--stored", "--by", "王", "--batch", "第二批").code == 0
    assert office.state() is State.QUARANTINED


def test_all_people_of_a_batch_may_be_settled_by_one_word(office: Office) -> None:
    ran = office.settle(TITLE, "--people", "--stored", "--by", "王")
    assert ran.out.splitlines()[0] == f"{TITLE}：王确认线上已有（2条）。"
    assert f"settle {TITLE} --people --absent --by 经办人" in ran.out
    facts = office.world.journal.deliveries.disagreeing()
    assert {fact.revision.state for fact in facts if fact.revision} == {State.VOUCHED}
