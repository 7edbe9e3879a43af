"""Every row of either side in one bucket, every disagreement one finding."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from adapters.journal.people import People
from bridge.pipeline import compare
from bridge.reconcile import reconcile
from schemas.batch import Level
from schemas.errors import RunError
from schemas.journal import Tally
from schemas.roster import Place, Problem, Rejection, Severity
from tests.unit.cast import BATCH, SPRING, VAULT, A, B, C, D, another, block, damaged, in_words
from tests.unit.world import World, picture

AGAIN = replace(A, where=Place("", "名单", 30))
SUMMER = another("第二批", end=date(2025, 5, 9))
MISTYPED = replace(A, id_no=A.id_no[:16] + "8" + A.id_no[17:])


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def entered(world: World) -> World:
    """A and B agree."""
    world.ledger(A, B)
    world.sync()
    return world


def test_only_online(entered: World) -> None:
    entered.portal.add(entered.batch_id(), **in_words(C))
    assert entered.run() == "partial\noffline 2: agreed=2\nonline 3: agreed=2 only_online=1\nD03 丙*"


def test_a_batch_only_online_is_one_finding_and_not_one_for_each_person(world: World) -> None:
    world.enter_by_hand(A, B)
    assert world.run() == "partial\noffline 0: \nonline 2: only_online=2\nD03 测试工会 第一批"


def test_not_yet_entered_is_one_finding_for_the_whole_batch(world: World) -> None:
    world.ledger(A, B)
    assert picture(compare(world.house)) == "partial\noffline 2: pending=2\nonline 0: \nD01 测试工会 第一批"


def test_overdue(world: World) -> None:
    world.ledger(A, B)
    world.clock.pass_s(5 * 86400)
    assert picture(compare(world.house)) == "partial\noffline 2: pending=2\nonline 0: \nD02 测试工会 第一批"


def test_entered_by_hand_and_equal_agrees_without_a_write(world: World) -> None:
    world.enter_by_hand(A, B)
    world.ledger(A, B)
    with world.written() as calls:
        assert world.run() == "complete\noffline 2: agreed=2\nonline 2: agreed=2"
    assert calls == {"submit": 1}


def test_entered_by_hand_and_different_is_left_to_staff(world: World) -> None:
    world.enter_by_hand(replace(A, unit="别的单位"), B)
    world.ledger(A, B)
    with world.written() as calls:
        assert world.run() == (
            "partial\noffline 2: agreed=1 differs=1\nonline 2: agreed=1 differs=1\n"
            "D04 甲* moved never_agreed unit:测试单位|别的单位"
        )
    assert calls == {}


def test_an_identity_that_was_probably_mistyped_is_a_suggestion_and_nobody_is_sent(world: World) -> None:
    world.enter_by_hand(MISTYPED, B)
    world.ledger(A, B)
    with world.written() as calls:
        report = world.sync()
    assert picture(report) == ("partial\noffline 2: agreed=1 mistyped=1\nonline 2: agreed=1 mistyped=1\nD05 甲*")
    assert report.items[0].what == (
        "In “测试工会 第一批” one record of each side is probably the same person: character 17 of the id number differs; "
        "the phone number is the same; the check digit fails on the online side."
    )
    assert calls == {}


def test_the_same_person_twice_in_a_ledger_is_sent_once_and_told(world: World) -> None:
    world.ledger(A, B, AGAIN)
    report = world.sync()
    assert picture(report) == ("partial\noffline 3: agreed=2 duplicate=1\nonline 2: agreed=2\nD07 甲*")
    assert report.items[0].what == "The ledger of “测试工会 第一批” holds this person more than once: 名单·4、名单·30."


def test_the_same_person_twice_online_is_told_once_with_the_count(tmp_path: Path) -> None:
    world = World(tmp_path, skips_existing=False)
    world.ledger(A, B)
    world.sync()
    for _ in range(2):
        world.portal.add(world.batch_id(), **in_words(A))
    report = world.sync()
    assert picture(report) == "partial\noffline 2: agreed=2\nonline 4: agreed=2 duplicate=2\nD08 甲*"
    assert report.items[0].what == "“测试工会 第一批” has duplicates online: this person has 3 records."


@pytest.mark.parametrize("once_per_year", [False, True])
def test_the_same_person_in_a_second_batch_of_the_year_is_a_finding_where_the_rule_holds(
    tmp_path: Path, *, once_per_year: bool
) -> None:
    world = World(tmp_path, once_per_year=once_per_year)
    world.ledger(A, B)
    world.ledger(A, C, batch=SUMMER)
    lines = world.run().splitlines()
    assert lines[1:] == ["offline 4: agreed=4", "online 4: agreed=4", *(["D09 甲*"] if once_per_year else [])]


def test_header_facts_that_differ_are_named_with_who_moved(entered: World) -> None:
    entered.portal.edit_batch(entered.batch_id(), base="别的基地", end="2025/05/09")
    assert entered.run() == (
        "partial\noffline 2: agreed=2\nonline 2: agreed=2\n"
        "D10 测试工会 第一批 moved online base:测试基地|别的基地 end:2025-05-10|2025-05-09"
    )


def test_a_header_changed_offline_is_carried_online(entered: World) -> None:
    entered.ledger(A, B, batch=replace(BATCH, level=Level.DISTRICT))
    with entered.written() as calls:
        assert entered.run() == "complete\noffline 2: agreed=2\nonline 2: agreed=2"
    assert calls == {"update_batch": 1}


def test_a_person_online_in_another_batch_than_offline_belongs_elsewhere(world: World) -> None:
    world.ledger(A, B)
    world.sync()
    world.portal.add(world.batch_id(), **in_words(C))
    world.ledger(C, batch=SUMMER)
    report = compare(world.house)
    assert picture(report).splitlines()[1:] == [
        "offline 3: agreed=2 pending=1",
        "online 3: agreed=2 only_online=1",
        "D11 丙*",
        "D01 测试工会 第二批",
    ]
    assert report.items[0].what == "Offline this person is in “测试工会 第二批”, online in “测试工会 第一批”."


def test_a_total_row_that_does_not_fit_its_roster_is_a_finding_and_holds_nobody(world: World) -> None:
    world.ledger(A, B, declared=3)
    report = world.sync()
    assert picture(report) == "partial\noffline 2: agreed=2\nonline 2: agreed=2\nD13 测试工会 第一批"
    assert report.items[0].what == "“测试工会 第一批”: the summary states 3 people, the roster holds 2."


def test_a_batch_against_a_blocking_rule_is_not_entered(world: World) -> None:
    world.ledger(A, B, batch=replace(BATCH, base="名录外基地"))
    with world.written() as calls:
        assert world.run() == ("partial\noffline 2: blocked=2\nonline 0: \nD14 测试工会 第一批\nD01 测试工会 第一批")
    assert calls == {}


def test_a_rule_that_asks_for_a_reason_does_not_stop_the_entry(world: World) -> None:
    world.ledger(A, B, batch=replace(BATCH, start=date(2025, 5, 1)))
    assert world.run() == "partial\noffline 2: agreed=2\nonline 2: agreed=2\nD14 测试工会 第一批"


def test_a_damaged_row_is_a_finding_with_its_place_and_keeps_the_batch_open(world: World) -> None:
    world.ledger(A, B, rejections=[damaged()])
    report = world.sync()
    assert picture(report) == ("partial\noffline 3: agreed=2 damaged=1\nonline 2: agreed=2\nD22 测试工会 第一批")
    assert report.items[0].where == Place("rosters/第一批.xlsx", "名单", 40, "身份证号")
    assert report.batches[0].entry
    assert report.batches[0].entry.met_on is None


def test_a_file_that_is_no_ledger_is_a_finding_of_no_batch(world: World) -> None:
    nothing = Rejection(
        Place("rosters/坏.xlsx"), (Problem("header_not_found", Severity.BLOCK, Place("rosters/坏.xlsx")),)
    )
    world.ledgers(path="rosters/坏.xlsx", rejections=[nothing])
    assert world.run() == "partial\noffline 1: damaged=1\nonline 0: \nD22 -"


def test_leaders_are_counted_and_are_no_participants(world: World) -> None:
    world.ledger(A, B, leaders=1)
    assert world.run() == "complete\noffline 3: agreed=2 leader=1\nonline 2: agreed=2"


def test_what_is_not_ours_to_report_is_information_on_either_side(world: World) -> None:
    world.ours_are(SPRING.organiser)
    world.ledger(A, B)
    theirs = another("第一批", organiser="别的工会")
    world.ledgers(block(C, D, batch=theirs, leaders=1, path="rosters/别.xlsx"), path="rosters/别.xlsx")
    world.enter_by_hand(C, batch=another("第九批", organiser="别的工会"))
    report = world.sync()
    assert picture(report) == (
        "complete\noffline 5: agreed=2 not_ours=3\nonline 2: agreed=2\nD18 别的工会 第一批\nD18 别的工会 第九批"
    )
    assert report.to_do == ()


def test_the_books_balance_when_a_batch_ceases_to_be_ours_and_when_it_is_ours_again(entered: World) -> None:
    entered.ours_are("别的工会")
    assert entered.run() == "complete\noffline 2: not_ours=2\nonline 2: not_ours=2\nD18 测试工会 第一批"
    entered.ours_are(SPRING.organiser)
    assert entered.run() == "complete\noffline 2: agreed=2\nonline 2: agreed=2"


def test_an_outstanding_review_is_a_finding_only_where_the_federation_asks_for_it_online(entered: World) -> None:
    rules = replace(entered.house.rules, reviewed_online=True)
    entered.house = replace(entered.house, rules=rules)
    assert entered.run() == "complete\noffline 2: agreed=2\nonline 2: agreed=2\nD21 测试工会 第一批"
    entered.portal.review(entered.batch_id())
    assert entered.run() == "complete\noffline 2: agreed=2\nonline 2: agreed=2"


def test_an_answer_in_an_unknown_shape_is_a_finding_and_the_run_is_not_complete(world: World) -> None:
    world.portal.answering = lambda answer: replace(answer, drift="data.saved[0].serialNo")
    world.ledger(A, B)
    assert world.run() == "partial\noffline 2: agreed=2\nonline 2: agreed=2\nD19 -"
    world.portal.answering = lambda answer: answer
    assert world.run() == "complete\noffline 2: agreed=2\nonline 2: agreed=2"


def test_comparing_reads_both_sides_and_writes_nothing(world: World) -> None:
    world.ledger(A, B)
    with world.written() as calls:
        compare(world.house)
    assert (calls, world.portal.calls["list_batches"]) == ({}, 1)


def test_books_that_do_not_balance_are_an_error_and_no_report(entered: World) -> None:
    class OneRowTooMany(People):
        def tally(self) -> Tally:
            return replace(super().tally(), offline_rows=3)

    journal = replace(entered.journal, people=OneRowTooMany(entered.journal.store, VAULT))
    house = entered.house
    with pytest.raises(RunError, match="do not balance: 3 rows, 2 in buckets"):
        reconcile(journal, house.rules, now=entered.clock.now.at, identify=house.identify)
