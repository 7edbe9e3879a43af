"""Findings and their lives, the ledger of runs, and the outbox."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from adapters.journal.journal import Journal
from schemas.finding import Code, FieldDifference, Finding, FindingState, Moved, Rule, Sighting
from schemas.journal import Letter
from schemas.report import RunState
from schemas.roster import Place, Problem, Severity
from schemas.texts import T
from tests.unit.cast import MORNING_AFTER, SPRING, A, key_of
from tests.unit.world import new_journal

DAY = timedelta(days=1)
RICH = Finding(
    id="f1",
    code=Code.FIELD_DIFFERS,
    batch=SPRING,
    person=key_of(A).hex(),
    name="甲*",
    where=Place("a.xlsx", "名单", 4, "电话"),
    moved=Moved.ONLINE,
    differences=(FieldDifference("phone", "199****0001", "199****0002", "", Rule.MASK, (3, 4)),),
    values={"count": 1, "batch": "测试"},
    problems=(Problem("x", Severity.BLOCK, Place("a.xlsx"), {"days": 3}),),
    evidence=(T("the names differ"),),
    words="参数错误",
    unit="测试单位",
)
BARE = Finding(id="f2", code=Code.SILENCE)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = new_journal(tmp_path)
    yield journal
    journal.close()


def see(journal: Journal, *findings: Finding, day: int = 0) -> None:
    journal.findings.see(findings, at=MORNING_AFTER + day * DAY)


def at(day: int) -> datetime:
    return MORNING_AFTER + day * DAY


def test_a_finding_comes_back_whole(journal: Journal) -> None:
    see(journal, RICH, BARE)
    assert journal.findings.open() == (
        Sighting(RICH, at(0), at(0), FindingState.OPEN),
        Sighting(BARE, at(0), at(0), FindingState.OPEN),
    )


def test_a_finding_seen_again_is_the_same_one(journal: Journal) -> None:
    see(journal, RICH)
    see(journal, RICH, day=1)
    assert journal.findings.open() == (Sighting(RICH, at(0), at(1), FindingState.OPEN),)


def test_a_finding_that_is_not_seen_any_more_is_settled_on_that_day(journal: Journal) -> None:
    see(journal, RICH, BARE)
    see(journal, BARE, day=1)
    settled = (Sighting(RICH, at(0), at(1), FindingState.SETTLED),)
    assert (journal.findings.settled_since(at(0)), journal.findings.settled_since(None)) == (settled, settled)
    assert journal.findings.settled_since(at(1)) == ()


def test_a_finding_that_comes_back_keeps_its_first_day_and_says_that_it_returned(journal: Journal) -> None:
    for day, findings in enumerate([[RICH], [], [RICH], [RICH]]):
        see(journal, *findings, day=day)
    assert journal.findings.open() == (Sighting(RICH, at(0), at(3), FindingState.OPEN, returned=True),)


def test_runs_are_known_by_kind_and_business_day(journal: Journal) -> None:
    day = MORNING_AFTER.date()
    run = journal.runs.begin("sync", day, at=MORNING_AFTER)
    assert (journal.runs.days("sync"), journal.runs.last("sync")) == ({day: None}, None)
    journal.runs.finish(run, RunState.PARTIAL, {"agreed": 3}, at=at(0) + timedelta(minutes=1))
    assert (journal.runs.days("sync"), journal.runs.days("report")) == ({day: MORNING_AFTER}, {})
    assert journal.runs.last("sync") == (RunState.PARTIAL, at(0) + timedelta(minutes=1))


def test_a_failed_run_has_not_done_its_day_s_work(journal: Journal) -> None:
    run = journal.runs.begin("sync", MORNING_AFTER.date(), at=MORNING_AFTER)
    journal.runs.finish(run, RunState.FAILED, {}, at=MORNING_AFTER)
    assert journal.runs.days("sync") == {MORNING_AFTER.date(): None}


def letter(number: int, made_at: datetime = MORNING_AFTER) -> Letter:
    message = f"mail {number}".encode()
    return Letter(f"<{number}@example.org>", "a@example.org", ("b@example.org",), message, made_at)


def test_mails_wait_oldest_first_and_whole(journal: Journal) -> None:
    journal.outbox.put(letter(1, at(1)))
    journal.outbox.put(letter(2, at(0)))
    assert journal.outbox.waiting() == (letter(2, at(0)), letter(1, at(1)))


def test_the_same_message_id_again_is_the_same_mail(journal: Journal) -> None:
    journal.outbox.put(letter(1))
    journal.outbox.put(letter(1, at(1)))
    assert journal.outbox.waiting() == (letter(1),)


def test_a_mail_that_failed_waits_on_with_its_tries_counted(journal: Journal) -> None:
    journal.outbox.put(letter(1))
    journal.outbox.failed(letter(1), "busy")
    [waiting] = journal.outbox.waiting()
    assert (waiting.message_id, waiting.tries) == ("<1@example.org>", 1)


def test_a_mail_that_was_taken_waits_no_more(journal: Journal) -> None:
    journal.outbox.put(letter(1))
    journal.outbox.sent(letter(1), "", at=MORNING_AFTER)
    assert journal.outbox.waiting() == ()
