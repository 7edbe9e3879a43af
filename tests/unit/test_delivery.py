"""What may be promised of sending: never twice, and nothing is lost. Whole runs in every weather."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.conclusion import report_now
from schemas.errors import AuthError
from schemas.journal import Rest
from schemas.portal import DeliveryClass, Operation, Payload
from schemas.report import RunState
from schemas.texts import T
from tests.unit.cast import A, B, C, another, block, in_words
from tests.unit.world import WINDOW_S, World

SAVE_PEOPLE, UPDATE_PERSON = Operation.SAVE_PEOPLE, Operation.UPDATE_PERSON
A_MOVED = replace(A, phone="19900000009")
A_MOVED_TWICE = replace(A, phone="19900000008")
ALL_AGREE = "complete\noffline 2: agreed=2\nonline 2: agreed=2"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def serials(world: World) -> list[str]:
    """Of everything that was stored, in order."""
    return [effect.serial for effect in world.portal.effects if effect.serial]


def test_a_new_batch_is_entered_read_back_and_submitted_in_one_run(world: World) -> None:
    world.ledger(A, B)
    with world.written() as calls:
        assert world.run() == ALL_AGREE
    assert calls == {Operation.SAVE_BATCH: 1, SAVE_PEOPLE: 1, Operation.SUBMIT: 1}
    assert [world.stored()[world.online_id(one)] for one in (A, B)] == [in_words(A), in_words(B)]


def test_the_steps_of_a_run_are_those_of_the_staircase(world: World) -> None:
    world.ledger(A)
    world.sync()
    assert world.watch.seen[:4] == ["read", "read back", "push", "read back"]


def test_a_second_run_writes_nothing(world: World) -> None:
    world.ledger(A, B)
    world.sync()
    with world.written() as calls:
        assert world.run() == ALL_AGREE
    assert calls == {}


def test_a_correction_offline_is_carried_online(world: World) -> None:
    world.ledger(A, B)
    world.sync()
    world.ledger(A_MOVED, B)
    with world.written() as calls:
        assert world.run() == ALL_AGREE
    assert calls == {UPDATE_PERSON: 1}


def test_contents_that_go_back_to_what_they_were_are_sent_again_under_a_third_serial(world: World) -> None:
    for one in (A, A_MOVED, A):
        world.ledger(one, B)
        assert world.run() == ALL_AGREE
    sent = [effect.serial for effect in world.portal.effects if effect.operation in {SAVE_PEOPLE, UPDATE_PERSON}]
    assert len(sent) == len(set(sent)) == 4
    assert world.stored()[world.online_id(A)]["phone"] == A.phone


def test_a_lost_reply_is_settled_by_presence_at_once_and_nothing_is_sent_twice(world: World) -> None:
    world.ledger(A, B)
    world.portal.lose_replies(3)
    assert world.run() == ALL_AGREE
    assert world.portal.stored_twice() == []
    assert world.writes == {Operation.SAVE_BATCH: 1, SAVE_PEOPLE: 1, Operation.SUBMIT: 1}


def people_late(world: World, *, seconds: float) -> None:
    """The header is entered; then the request for the people times out, and is stored after so many seconds."""
    world.ledger(A, B)
    world.when_sent(SAVE_PEOPLE, lambda _: world.portal.store_late(1, seconds=seconds))


UNKNOWN = "partial\noffline 2: unknown=2\nonline 0: \nD15 甲*\nD15 乙*"


def test_an_unknown_outcome_is_reported_and_never_called_complete(world: World) -> None:
    people_late(world, seconds=60)
    assert world.run() == UNKNOWN


def test_an_unknown_outcome_is_not_sent_again_before_the_settle_window_has_passed(world: World) -> None:
    people_late(world, seconds=WINDOW_S * 9)
    world.sync()
    world.clock.pass_s(WINDOW_S - 1)
    with world.written() as calls:
        assert world.run() == UNKNOWN
    assert calls == {}


def test_time_that_passes_while_people_are_listed_proves_nothing(world: World) -> None:
    """What the portal stored meanwhile is not in a listing that began before."""
    people_late(world, seconds=10**9)
    world.sync()
    world.portal.listing = world.settle
    with world.written() as calls:
        assert world.run() == UNKNOWN
    assert calls == {}


def test_absence_after_the_settle_window_is_a_proof_and_the_same_serial_goes_out_again(world: World) -> None:
    people_late(world, seconds=10**9)
    world.sync()
    world.settle()
    with world.written() as calls:
        assert world.run() == ALL_AGREE
    assert calls == {SAVE_PEOPLE: 1, Operation.SUBMIT: 1}
    with world.journal.store.read() as connection:
        assert connection.exec_driver_sql("SELECT max(number) FROM revision").scalar() == 1


def test_a_record_stored_late_within_the_window_is_found_and_not_sent_twice(world: World) -> None:
    people_late(world, seconds=WINDOW_S / 2)
    world.sync()
    world.settle()
    with world.written() as calls:
        assert world.run() == ALL_AGREE
    assert calls == {Operation.SUBMIT: 1}
    assert world.portal.stored_twice() == []


def test_a_reboot_starts_the_settle_window_anew(world: World) -> None:
    people_late(world, seconds=10**9)
    world.sync()
    world.clock.reboot()
    world.clock.pass_s(WINDOW_S - 1)
    with world.written() as calls:
        assert world.run() == UNKNOWN
        world.clock.pass_s(WINDOW_S - 1)
        assert world.run() == UNKNOWN
    assert calls == {}
    world.clock.pass_s(1)
    assert world.run() == ALL_AGREE


def test_a_corrected_wall_clock_does_not_shorten_the_settle_window(world: World) -> None:
    people_late(world, seconds=10**9)
    world.sync()
    ahead = world.clock.now.at.replace(day=14)
    world.clock.now = replace(world.clock.now, at=ahead)
    with world.written() as calls:
        assert world.run() == UNKNOWN
    assert calls == {}


def test_on_a_portal_that_cannot_be_asked_an_unknown_outcome_waits_for_a_person(tmp_path: Path) -> None:
    world = World(tmp_path, delivery_class=DeliveryClass.K4)
    people_late(world, seconds=10**9)
    world.sync()
    with world.written() as calls:
        for _ in range(3):
            world.settle()
            assert world.run() == UNKNOWN
    assert calls == {}


def test_a_record_said_to_be_saved_and_not_stored_is_found_out(world: World) -> None:
    world.ledger(A, B)
    world.portal.drop(1)
    assert world.run().startswith("partial\noffline 2: agreed=1 unknown=1\nonline 1: agreed=1\nD15 ")
    world.settle()
    assert world.run() == ALL_AGREE


def test_contents_that_change_before_the_answer_is_known_are_still_carried_over(world: World) -> None:
    people_late(world, seconds=WINDOW_S / 2)
    world.sync()
    world.ledger(A_MOVED, B)
    assert world.run() == UNKNOWN
    world.settle()
    assert world.run() == ALL_AGREE
    assert world.stored()[world.online_id(A)]["phone"] == A_MOVED.phone


def test_a_refused_record_is_not_sent_again_until_its_contents_change(world: World) -> None:
    world.ledger(A, B)
    world.sync()
    world.ledger(A_MOVED, B)
    world.portal.refuse(1)
    refused = "partial\noffline 2: agreed=1 differs=1\nonline 2: agreed=1 differs=1\n"
    refused += "D17 甲* moved offline phone:199****0009|199****1101"
    assert world.run() == refused
    with world.written() as calls:
        assert world.run() == refused
    assert calls == {}
    world.ledger(A_MOVED_TWICE, B)
    assert world.run() == ALL_AGREE


def test_a_refusal_is_reported_in_the_portal_s_own_words(world: World) -> None:
    world.ledger(A, B)
    world.portal.refuse(1)
    [header] = world.sync().items
    assert (header.code, header.words, header.to_do) == ("D01", "参数错误", True)


def test_a_batch_that_has_not_ended_is_neither_entered_nor_a_discrepancy(world: World) -> None:
    world.ledger(A, batch=another("第二批", end=world.clock.now.at.date()))
    with world.written() as calls:
        report = world.sync()
    assert (report.state, report.to_do, calls) == (RunState.COMPLETE, (), {})


def test_a_portal_that_is_down_ends_the_run_without_a_write_and_without_an_exception(world: World) -> None:
    world.ledger(A, B)
    world.portal.down = True
    assert world.run() == "partial\noffline 2: pending=2\nonline 0: \nD20 -\nD01 测试工会 第一批"
    world.portal.down = False
    assert world.run() == ALL_AGREE


def test_a_portal_that_refuses_our_credentials_is_a_finding_and_ends_the_run(world: World) -> None:
    def turned_away(_: Payload) -> None:
        raise AuthError(T("The portal does not accept the credentials."))

    world.ledger(A, B)
    world.when_sent(Operation.SAVE_BATCH, turned_away)
    assert world.run().startswith("partial\noffline 2: pending=2\nonline 0: \n")
    assert world.run() == ALL_AGREE


def test_a_run_asked_to_stop_is_not_complete_and_the_next_one_finishes(world: World) -> None:
    world.ledger(A, B)
    world.watch.when["push"] = lambda: setattr(world.stop, "requested", True)
    assert world.sync().state is RunState.PARTIAL
    world.stop.requested = False
    assert world.run() == ALL_AGREE


def asked_to_stop(world: World) -> None:
    world.stop.requested = True


def a_page_comes_back(world: World) -> None:
    world.portal.answering = lambda answer: replace(answer, shut=True, seen="not_ours:200")


@pytest.mark.parametrize(
    ("act", "why"),
    [
        (asked_to_stop, "The run ended early: the process was asked to end."),
        (a_page_comes_back, "The run ended early: the portal took no more requests (not_ours:200)."),
    ],
)
def test_a_run_that_ends_early_says_why_where_nothing_but_submissions_is_left(
    world: World, act: Callable[[World], None], why: str
) -> None:
    world.ledger(A)
    world.ledger(B, batch=another("第二批"))
    world.when_sent(Operation.SUBMIT, lambda _: act(world))
    report = world.sync()
    assert (report.state, [(item.code, item.what) for item in report.items]) == (RunState.PARTIAL, [("D20", why)])
    world.stop.requested, world.portal.answering = False, lambda answer: answer
    assert (world.run(), world.writes[Operation.SUBMIT]) == (ALL_AGREE, 2)


def test_a_run_asked_to_stop_before_the_submission_is_not_complete(world: World) -> None:
    world.ledger(A, B)
    world.watch.when["push"] = lambda: world.watch.when.update({"read back": lambda: asked_to_stop(world)})
    assert world.run() == ALL_AGREE.replace("complete", "partial") + "\nD20 -"
    world.stop.requested = False
    assert (world.run(), world.writes[Operation.SUBMIT]) == (ALL_AGREE, 1)


def test_a_portal_out_of_reach_after_the_push_too_is_one_finding(world: World) -> None:
    world.ledger(A, B)
    world.when_sent(Operation.SUBMIT, lambda _: setattr(world.portal, "down", True))
    assert world.run() == ALL_AGREE.replace("complete", "partial") + "\nD20 -"


def test_a_report_between_runs_does_not_call_a_waiting_row_complete(world: World) -> None:
    world.ledger(A, B)
    world.sync()
    world.ledger(A, B, C)
    world.watch.when["push"] = lambda: setattr(world.stop, "requested", True)
    world.sync()
    report = report_now(world.house)
    assert (report.state, report.offline.buckets) == (RunState.PARTIAL, {"agreed": 2, "pending": 1})


def test_an_organiser_with_a_slash_in_its_name_is_like_any_other(world: World) -> None:
    odd = another("第一批/续", organiser="市直机关/事业工会")
    world.ledgers(block(A, B, batch=odd, path="rosters/甲.xlsx"), path="rosters/甲.xlsx")
    assert world.run() == ALL_AGREE
    assert world.run() == ALL_AGREE


def test_one_batch_in_trouble_does_not_hold_up_the_others(world: World) -> None:
    world.ledger(A, rejections=[])
    world.ledger(B, batch=another("第二批", organiser="别的工会"))
    world.portal.refuse(1)
    assert world.run() == ("partial\noffline 2: agreed=1 pending=1\nonline 1: agreed=1\nD01 别的工会 第二批")


def test_a_portal_that_lists_nobody_leaves_even_what_it_accepted_to_a_person_and_is_never_sent_it_again(
    tmp_path: Path,
) -> None:
    world = World(tmp_path, delivery_class=DeliveryClass.K4)
    world.portal.lists_nobody = True
    world.ledger(A, B)
    world.sync()
    with world.written() as calls:
        for _ in range(3):
            world.settle()
            report = world.sync()
    assert calls == {}
    doubts = [item for item in report.to_do if item.code == "D15"]
    assert [item.title for item in doubts] == ["Outcome to be looked up by a person"] * 2


def test_an_open_outcome_does_not_delay_what_is_due_after_it(world: World) -> None:
    summer = another("第二批")
    people_late(world, seconds=10**9)
    world.sync()
    world.ledger(C, batch=summer)
    world.sync()
    assert len(world.stored(summer.key)) == 1


def test_while_the_portal_is_gone_the_next_run_is_told_so_and_after_it_no_more(world: World) -> None:
    world.ledger(A, B)
    world.portal.down, world.portal.shut_for_s = True, 120.0
    world.sync()
    rest = world.journal.runs.rest()
    assert (rest.silent, rest.left_s(world.clock.now.at)) == (True, 120.0)
    world.portal.down, world.portal.shut_for_s = False, 0.0
    world.clock.pass_s(121)
    assert world.journal.runs.rest().left_s(world.clock.now.at) == 0
    world.sync()
    assert world.journal.runs.rest() == Rest()


@pytest.mark.parametrize(("shut_s", "kept_s"), [(float("inf"), 300), (10**9, 3600)])
def test_a_closed_portal_is_asked_again_after_five_minutes_and_no_wish_holds_for_more_than_an_hour(
    world: World, shut_s: float, kept_s: int
) -> None:
    world.portal.down, world.portal.shut_for_s = True, shut_s
    world.sync()
    assert world.journal.runs.rest().left_s(world.clock.now.at) == kept_s


def test_wrong_credentials_say_what_to_check(world: World) -> None:
    def turned_away(_: Payload) -> None:
        raise AuthError(T("The portal does not accept app_id and app_secret (401)."))

    world.ledger(A, B)
    world.when_sent(Operation.SAVE_BATCH, turned_away)
    [item] = [item for item in world.sync().items if item.code == "D20"]
    assert (item.title, "lxy-bridge check" in item.next_step) == ("The portal does not accept who we are", True)
    assert not world.journal.runs.rest().silent
