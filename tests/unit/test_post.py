"""A report is durable before anybody tries to mail it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from bridge.conclusion import report_now
from bridge.post import Envelope, Posted, hand_out
from schemas.report import Report, RunState
from schemas.texts import T
from tests.unit.cast import MORNING_AFTER
from tests.unit.world import FakeMailer, World

FROM, TO = "bridge@example.org", ("one@example.org", "two@example.org")


class PlainRenderer:
    def page(self, report: Report) -> str:
        return ""

    def sheet(self, report: Report) -> bytes:
        return b""

    def message(self, report: Report, *, message_id: str, sender: str, recipients: Sequence[str]) -> bytes:
        return f"{message_id} {sender} {','.join(recipients)} {report.business_date}".encode()


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def mailer() -> FakeMailer:
    return FakeMailer()


def handed_out(world: World, mailer: FakeMailer | None) -> Posted:
    envelope = Envelope(mailer, FROM, TO) if mailer else None
    return hand_out(report_now(world.house), world.journal, PlainRenderer(), envelope, world.clock)


def test_a_report_is_mailed_under_an_id_of_its_own(world: World, mailer: FakeMailer) -> None:
    assert handed_out(world, mailer) == Posted(1, (), ())
    assert mailer.taken == [b"<20250511.1@example.org> bridge@example.org one@example.org,two@example.org 2025-05-11"]
    assert world.journal.runs.last("report") == (RunState.COMPLETE, MORNING_AFTER)


def test_a_mail_that_was_taken_is_not_sent_again(world: World, mailer: FakeMailer) -> None:
    handed_out(world, mailer)
    handed_out(world, mailer)
    assert [message.split()[0] for message in mailer.taken] == [
        b"<20250511.1@example.org>",
        b"<20250511.2@example.org>",
    ]


def test_a_mail_server_that_is_down_loses_nothing(world: World, mailer: FakeMailer) -> None:
    mailer.down = True
    assert handed_out(world, mailer) == Posted(0, (), (T("The mail server is down."),))
    assert world.journal.runs.last("report") == (RunState.PARTIAL, MORNING_AFTER)
    assert len(world.journal.outbox.waiting()) == 1
    mailer.down = False
    assert handed_out(world, mailer) == Posted(2, (), ())
    assert world.journal.outbox.waiting() == ()


def test_a_report_tells_how_many_mails_still_wait(world: World, mailer: FakeMailer) -> None:
    mailer.down = True
    handed_out(world, mailer)
    assert len(report_now(world.house).banners) == 1
    mailer.down = False
    handed_out(world, mailer)
    assert report_now(world.house).banners == ()


def test_a_refused_recipient_is_named_and_the_others_have_the_mail(world: World, mailer: FakeMailer) -> None:
    mailer.refused = {TO[1]: "550 no such user"}
    assert handed_out(world, mailer) == Posted(1, (TO[1],), ())
    assert world.journal.runs.last("report") == (RunState.PARTIAL, MORNING_AFTER)


def test_without_mail_the_ledger_still_knows_that_staff_got_the_report(world: World) -> None:
    assert handed_out(world, None) == Posted(0, (), ())
    assert world.journal.runs.days("report")[MORNING_AFTER.date()]
