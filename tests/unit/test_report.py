"""What staff read: clocks, order, wording, and when a report may call itself complete."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from bridge.conclusion import report_now
from bridge.deadlines import DeadlineRule
from bridge.pipeline import compare
from bridge.post import hand_out
from bridge.report import Wording
from schemas.batch import Level
from schemas.finding import Bucket, FieldDifference, Moved
from schemas.portal import OnlineStatus
from schemas.report import BatchLine, Clock, ClockState, Report, RunState, Side
from schemas.roster import Place
from schemas.texts import Language
from tests.unit.cast import BATCH, MORNING_AFTER, POLICY, SPRING, A, B, C, another, damaged, in_words
from tests.unit.world import World, picture

DAY_S = 86400
DUE = date(2025, 5, 15)


class NoRenderer:
    """Nobody looks at these pages."""

    def page(self, report: Report) -> str:
        return ""

    def sheet(self, report: Report) -> bytes:
        return b""

    def message(self, report: Report, **_: object) -> bytes:
        return b""


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def handed_out(world: World, report: Report) -> None:
    hand_out(report, world.journal, NoRenderer(), None, world.clock)


def states(report: Report) -> tuple[ClockState | None, ClockState | None]:
    [line] = report.batches
    return (line.entry.state if line.entry else None, line.review.state if line.review else None)


def test_a_batch_line_says_all_of_its_batch(world: World) -> None:
    world.ledger(A, B, leaders=1)
    met = Clock(ClockState.MET, DUE, "2025-05-10 + 5 = 2025-05-15", None, date(2025, 5, 11))
    assert world.sync().batches == (
        BatchLine(
            batch=SPRING,
            level=Level.CITY,
            base="测试基地",
            start=date(2025, 5, 6),
            end=date(2025, 5, 10),
            offline=2,
            online=2,
            agreed=2,
            open_findings=0,
            status=OnlineStatus.SUBMITTED,
            entry=met,
            review=met,
        ),
    )


def test_a_report_names_its_federation_its_day_and_the_age_of_both_sides(world: World) -> None:
    world.ledger(A)
    report = world.sync()
    assert (report.federation, report.business_date, report.made_at, report.banners, report.practice) == (
        "测试总工会",
        date(2025, 5, 11),
        MORNING_AFTER,
        (),
        False,
    )
    assert report.offline == Side(1, {Bucket.AGREED: 1}, MORNING_AFTER)
    assert report.online == Side(1, {Bucket.AGREED: 1}, MORNING_AFTER)


@pytest.mark.parametrize(
    ("days", "state", "code"),
    [
        (0, ClockState.IN_TIME, "D01"),
        (2, ClockState.DUE_SOON, "D01"),
        (4, ClockState.DUE_TODAY, "D01"),
        (5, ClockState.OVERDUE, "D02"),
    ],
)
def test_the_clocks_of_a_batch_that_is_not_entered_run_from_its_end(
    world: World, days: int, state: ClockState, code: str
) -> None:
    world.ledger(A)
    world.clock.pass_s(days * DAY_S)
    report = compare(world.house)
    assert (states(report), [item.code for item in report.items]) == ((state, state), [code])


def test_an_item_carries_the_hours_left_of_its_batch(world: World) -> None:
    world.ledger(A)
    [item] = compare(world.house).items
    assert (item.due, item.hours_left, item.to_do) == (DUE, 4 * 24 + 15, False)


@pytest.mark.parametrize(("days", "state"), [(4, ClockState.MET), (5, ClockState.MET_LATE)])
def test_only_an_agreement_read_back_stops_the_clock(world: World, days: int, state: ClockState) -> None:
    world.ledger(A, B)
    world.portal.drop(1)
    assert states(world.sync())[0] is ClockState.IN_TIME
    world.clock.pass_s(days * DAY_S)
    assert states(world.sync())[0] is state


def test_a_damaged_row_keeps_the_clock_running_until_it_is_put_right(world: World) -> None:
    world.ledger(A, rejections=[damaged()])
    assert states(world.sync())[0] is ClockState.IN_TIME
    world.ledger(A)
    assert states(world.sync())[0] is ClockState.MET


def test_a_later_difference_does_not_start_the_clock_again(world: World) -> None:
    world.ledger(A)
    world.sync()
    world.portal.edit(world.online_id(A), unit="手改单位")
    world.clock.pass_s(9 * DAY_S)
    assert states(world.sync())[0] is ClockState.MET


def test_where_the_portal_reviews_the_review_has_a_clock_of_its_own(world: World) -> None:
    world.house = replace(world.house, rules=replace(world.house.rules, reviewed_online=True))
    world.ledger(A)
    assert states(world.sync()) == (ClockState.MET, ClockState.IN_TIME)
    world.portal.review(world.batch_id())
    world.clock.pass_s(DAY_S)
    assert states(world.sync()) == (ClockState.MET, ClockState.MET)


def test_a_missing_holiday_calendar_is_a_banner(world: World) -> None:
    rules = replace(world.house.rules, deadline=DeadlineRule(working_days=True))
    world.house = replace(world.house, rules=rules)
    world.ledger(A, batch=replace(another("远年"), start=date(2025, 12, 30), end=date(2199, 1, 1)))
    assert compare(world.house).banners == ("No holiday calendar for 2199: due days are counted in natural days.",)


def test_batches_come_by_their_ends(world: World) -> None:
    for name, end in {"丙": date(2025, 5, 9), "甲": date(2025, 5, 20), "乙": date(2025, 5, 8)}.items():
        world.ledger(A, batch=another(name, end=end))
    assert [line.batch.name for line in compare(world.house).batches] == ["乙", "丙", "甲"]


def test_what_is_to_be_done_comes_first_by_hours_left_then_the_rest(world: World) -> None:
    world.ledger(A, batch=another("早", end=date(2025, 5, 2)))
    world.ledger(B, batch=another("晚", end=date(2025, 5, 10)))
    late = another("中", end=date(2025, 5, 8))
    world.enter_by_hand(replace(C, unit="别的单位"), batch=late)
    world.ledger(C, batch=late)
    items = compare(world.house).items
    assert [(item.code, item.batch, item.to_do) for item in items] == [
        ("D02", "测试工会 早", True),
        ("D04", "测试工会 中", True),
        ("D01", "测试工会 晚", False),
    ]


def test_an_item_says_what_where_who_why_and_what_next(world: World) -> None:
    world.ledger(A, B)
    world.sync()
    world.portal.edit(world.online_id(A), phone="19900000009")
    [item] = world.sync().items
    assert (item.title, item.what, item.batch, item.name, item.unit, item.owner) == (
        "Changed online after agreement",
        "“测试工会 第一批” agreed once; since then it was changed online.",
        "测试工会 第一批",
        "甲*",
        "测试单位",
        "the unit",
    )
    assert (item.where, item.moved) == (Place("rosters/第一批.xlsx", "名单", 4), Moved.ONLINE)
    assert FieldDifference("phone", "199****1101", "199****0009", "199****1101") in item.differences
    assert all((item.why, item.next_step, item.source, item.person))


def test_the_same_report_in_chinese(world: World) -> None:
    world.house = replace(world.house, wording=Wording(Language.ZH_CN, POLICY, "测试总工会"))
    world.ledger(A, B, batch=replace(BATCH, base="名录外基地"))
    [rule, due] = world.sync().items
    assert rule.title == "与政策不符"
    assert rule.what.startswith("“测试工会 第一批”：疗休养基地不在基地名录内。（依据：")
    assert due.title == "待录入"


def test_nothing_personal_stands_in_a_report(world: World) -> None:
    world.ledger(A, B)
    world.sync()
    world.portal.edit(world.online_id(A), id_no=B.id_no[:10] + A.id_no[10:], phone=B.phone, name="测试某某")
    text = repr(world.sync())
    assert [secret for one in (A, B) for secret in (one.name, one.id_no, one.phone) if secret in text] == []
    assert "测试某某" not in text


def test_a_finding_is_new_until_staff_had_a_report_of_it(world: World) -> None:
    world.ledger(A, B)
    handed_out(world, world.sync())
    world.clock.pass_s(DAY_S)
    world.portal.edit(world.online_id(A), unit="手改单位")
    report = world.sync()
    assert [item.is_new for item in report.items] == [True]
    handed_out(world, report)
    world.clock.pass_s(DAY_S)
    assert [item.is_new for item in world.sync().items] == [False]


def test_what_was_settled_since_the_last_report_is_told_once(world: World) -> None:
    world.ledger(A, B)
    world.sync()
    world.portal.edit(world.online_id(A), unit="手改单位")
    handed_out(world, world.sync())
    world.clock.pass_s(DAY_S)
    world.portal.edit(world.online_id(A), unit=A.unit)
    report = world.sync()
    assert [(item.code, item.name) for item in report.settled] == [("D16", "甲*")]
    handed_out(world, report)
    world.clock.pass_s(DAY_S)
    assert world.sync().settled == ()


def test_a_finding_that_comes_back_is_the_same_one_and_says_so(world: World) -> None:
    world.ledger(A, B)
    world.sync()
    world.portal.edit(world.online_id(A), unit="手改单位")
    [first] = world.sync().items
    world.portal.edit(world.online_id(A), unit=A.unit)
    world.clock.pass_s(DAY_S)
    world.sync()
    world.portal.edit(world.online_id(A), unit="手改单位")
    world.clock.pass_s(DAY_S)
    [again] = world.sync().items
    assert (again.id, again.first_seen, first.returned, again.returned) == (first.id, first.first_seen, False, True)


def test_a_report_made_later_tells_what_the_last_run_told(world: World) -> None:
    world.ledger(A, B)
    told = world.sync()
    assert report_now(world.house) == told
    world.portal.edit(world.online_id(A), unit="手改单位")
    assert report_now(world.house) == told


def test_a_run_that_could_not_read_the_portal_leaves_no_complete_report_behind(world: World) -> None:
    world.ledger(A, B)
    world.sync()
    world.portal.down = True
    world.sync()
    assert report_now(world.house).state is RunState.PARTIAL


def test_a_person_the_portal_holds_and_no_ledger_does_is_shown_by_mask_only(world: World) -> None:
    world.ledger(A)
    world.sync()
    world.portal.add(world.batch_id(), **in_words(C))
    assert picture(world.sync()).endswith("D03 丙*")


def test_hours_left_are_counted_to_the_end_of_the_due_day(world: World) -> None:
    world.ledger(A)
    world.clock.now = replace(world.clock.now, at=MORNING_AFTER + timedelta(days=4, hours=14))
    [item] = compare(world.house).items
    assert item.hours_left == 1.0
