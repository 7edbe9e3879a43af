"""What listing the portal proves, masks included."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bridge.pipeline import look, take_in
from bridge.read_back import candidate, read_back
from schemas.matching import Candidate
from schemas.portal import Operation
from tests.unit.cast import BATCH, SPRING, A, B, C, another, in_words, key_of, person
from tests.unit.world import World, picture

SUMMER = another("第二批")
TWIN_1 = person(5, id_no="999001198001011111")
TWIN_2 = replace(TWIN_1, id_no="999001199912311111", where=replace(TWIN_1.where, row=20))
MASKED_AGREE = "complete\noffline 2: agreed=2\nonline 2: agreed=2"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def masked(world: World) -> World:
    world.portal.mask = True
    return world


def looked(world: World) -> None:
    trouble = take_in(world.house)
    assert look(world.house, trouble)


def keys_online(world: World) -> set[bytes]:
    with world.journal.store.read() as connection:
        return set(connection.exec_driver_sql("SELECT person FROM online").scalars())


def test_masked_ids_that_only_one_person_fits_agree(masked: World) -> None:
    masked.ledger(A, B)
    assert masked.run() == MASKED_AGREE
    with masked.written() as calls:
        assert masked.run() == MASKED_AGREE
    assert calls == {}


def test_a_mask_that_two_people_fit_decides_nothing_and_nobody_is_sent(masked: World) -> None:
    masked.enter_by_hand(TWIN_1, TWIN_2)
    masked.ledger(TWIN_1, TWIN_2)
    with masked.written() as calls:
        assert masked.run() == ("partial\noffline 2: mistyped=2\nonline 2: mistyped=2\nD06 戊*\nD06 戊*")
    assert calls == {}


def test_a_mask_nobody_offline_fits_is_somebody_of_its_own(masked: World) -> None:
    masked.ledger(A)
    masked.enter_by_hand(A, C)
    assert masked.run() == (
        "partial\noffline 1: agreed=1\nonline 2: agreed=1 only_online=1\n"
        "D03 丙*\nD10 测试工会 第一批 moved never_agreed headcount:1|2"
    )


def test_a_visible_digit_that_differs_under_a_mask_is_a_difference(masked: World) -> None:
    masked.ledger(A, B)
    masked.run()
    masked.portal.edit(masked.online_id(A), phone="19900009999")
    assert masked.run() == (
        "partial\noffline 2: agreed=1 differs=1\nonline 2: agreed=1 differs=1\n"
        "D16 甲* moved online id_no:mask phone:199****1101|199****9999"
    )


def test_a_portal_that_begins_to_mask_changes_no_agreement(world: World) -> None:
    world.ledger(A, B)
    world.sync()
    world.portal.mask = True
    assert world.run() == MASKED_AGREE
    world.portal.mask = False
    assert world.run() == MASKED_AGREE


def test_only_the_people_of_our_batches_are_listed(world: World) -> None:
    world.ours_are(SPRING.organiser)
    world.enter_by_hand(A, batch=BATCH)
    world.enter_by_hand(B, batch=another("第一批", organiser="别的工会"))
    looked(world)
    assert world.portal.calls["list_people"] == 1
    assert keys_online(world) == {key_of(A)}


def test_a_limited_reading_lists_the_people_of_no_other_batch(world: World) -> None:
    world.enter_by_hand(A)
    world.enter_by_hand(B, batch=SUMMER)
    house = world.house
    read_back(
        house.portal, house.journal, house.reader, year=2025, clock=house.clock, watch=house.watch, only={SUMMER.key}
    )
    assert keys_online(world) == {key_of(B)}


def test_a_batch_listed_twice_is_one_finding_and_all_its_people_are_counted(world: World) -> None:
    world.ledger(A, B)
    world.enter_by_hand(A)
    world.enter_by_hand(A, B)
    with world.written() as calls:
        report = world.sync()
    assert picture(report) == (
        "partial\noffline 2: agreed=2\nonline 3: agreed=2 duplicate=1\n"
        "D08 测试工会 第一批\nD08 甲*\nD10 测试工会 第一批 moved never_agreed headcount:2|1"
    )
    assert calls == {}
    assert report.items[0].what == (
        "“测试工会 第一批” has duplicates online: "
        "the batch itself is listed 2 times, and nothing more is entered into it until one is left."
    )


def test_masks_of_a_batch_listed_twice_are_lifted_in_each_listing(masked: World) -> None:
    masked.ledger(A, B)
    masked.enter_by_hand(A, B)
    masked.enter_by_hand(A)
    assert masked.run() == (
        "partial\noffline 2: agreed=2\nonline 3: agreed=2 duplicate=1\nD08 测试工会 第一批\nD08 甲*"
    )


def test_a_batch_listed_twice_is_entered_again_once_one_is_left(world: World) -> None:
    world.ledger(A, B)
    world.enter_by_hand(A)
    double = world.enter_by_hand(A)
    world.run()
    world.portal.delete_batch(double)
    world.portal.edit_batch(world.batch_id(), headcount="2")
    with world.written() as calls:
        assert world.run() == MASKED_AGREE
    assert calls == {Operation.SAVE_PEOPLE: 1, Operation.SUBMIT: 1}


def test_a_batch_of_another_year_is_not_looked_at(world: World) -> None:
    world.portal.add_batch(year="2024", organiser="测试工会", name="第一批")
    looked(world)
    assert world.journal.deliveries.batches() == ()


def test_a_batch_that_disappears_takes_its_people_along_and_is_one_finding(world: World) -> None:
    world.ledger(A, B)
    world.sync()
    world.portal.delete_batch(world.batch_id())
    with world.written() as calls:
        assert world.run() == ("partial\noffline 2: removed=2\nonline 0: \nD16 测试工会 第一批 moved online")
    assert calls == {}


def test_what_was_read_before_the_portal_failed_stays_good(world: World) -> None:
    world.enter_by_hand(A)
    world.enter_by_hand(B, batch=SUMMER)
    world.watch.advanced = lambda: setattr(world.portal, "down", True)
    looked(world)
    assert keys_online(world) == {key_of(A)}


def test_the_submission_is_settled_by_the_batch_s_own_status(world: World) -> None:
    world.ledger(A)
    world.portal.lose_replies(3)
    world.sync()
    [batch] = world.journal.deliveries.batches()
    assert batch.submission
    assert batch.submission.state == "agreed"
    assert world.portal.calls[Operation.SUBMIT] == 1


def test_a_candidate_holds_what_matching_needs_and_no_more() -> None:
    values = {**in_words(A), "category": "skilled"}
    assert candidate("key", values) == Candidate("key", A.name, A.id_no, A.phone, A.unit)


def test_a_correction_is_sent_and_agrees_although_the_phone_is_masked(masked: World) -> None:
    masked.ledger(A, B)
    masked.run()
    corrected = replace(A, phone="19900009191")
    masked.ledger(corrected, B)
    with masked.written() as calls:
        report = masked.sync()
    assert calls == {"update_person": 1}
    assert [item.code for item in report.items] == []
    assert {fields["phone"] for fields in masked.stored().values()} == {corrected.phone, B.phone}


def test_a_correction_of_hidden_digits_alone_is_sent_too(masked: World) -> None:
    masked.ledger(A, B)
    masked.run()
    hidden = replace(A, phone=A.phone[:4] + "77" + A.phone[6:])
    masked.ledger(hidden, B)
    with masked.written() as calls:
        masked.run()
    assert calls == {"update_person": 1}
    assert hidden.phone in {fields["phone"] for fields in masked.stored().values()}


def test_a_portal_that_lists_nothing_is_asked_for_those_we_would_look_for(world: World) -> None:
    world.portal.asked_by_name = True
    world.ledger(A, B)
    world.portal.lose_replies(2)
    assert world.run() == MASKED_AGREE
    world.portal.asked_by_name = False
    world.portal.add(world.batch_id(), **in_words(C))
    world.portal.edit(world.online_id(A), phone="19900009999")
    world.portal.asked_by_name = True
    assert world.run() == (
        "partial\noffline 2: agreed=1 differs=1\nonline 2: agreed=1 differs=1\n"
        "D16 甲* moved online phone:199****1101|199****9999"
    )
