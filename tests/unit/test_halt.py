"""The brake within a run: one batch stops before its first write, the others go on, and a review lets it through once."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from bridge.brake import Limits
from bridge.conclusion import items_now
from bridge.pipeline import compare, preview, resync
from bridge.resync import Wish
from schemas.batch import BatchKey
from schemas.brake import Reason, Reviewed
from schemas.finding import Bucket, Case, Code
from schemas.portal import Operation
from schemas.report import Report, RunState
from tests.unit.by_hand import HandWorld
from tests.unit.cast import BATCH, SPRING, another, block, person
from tests.unit.world import World

PEOPLE = [person(number) for number in range(1, 8)]
PHONES = [one.phone for one in PEOPLE]
SHIFTED = [replace(one, phone=PHONES[at - 1]) for at, one in enumerate(PEOPLE)]
OTHER = another("第二批", end=date(2025, 5, 3))
THE_OTHER = [person(1), person(2)]


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Seven people entered and agreed."""
    world = World(tmp_path)
    world.ledger(*PEOPLE)
    assert world.sync().state is RunState.COMPLETE
    return world


def looked(world: World, *hashes: str) -> Report:
    """A run after somebody has looked."""
    house = world.house
    world.house = replace(house, reviewed=Reviewed(frozenset(hashes), "张三"))
    try:
        return world.sync()
    finally:
        world.house = house


def review_of(world: World, batch: BatchKey = SPRING) -> str:
    [held] = [held for held in preview(world.house).held if held.batch == batch]
    return held.review


def headcount_online(world: World) -> str:
    [batch] = world.portal.batches(SPRING.year)
    return batch.fields["headcount"]


def said(report: Report) -> list[tuple[str, str]]:
    return [(item.code, item.case or "") for item in report.items]


def test_a_first_entry_is_no_mass_change(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.ledger(*PEOPLE)
    assert not preview(world.house).held
    assert not world.sync().held


def test_a_shifted_batch_stops_before_its_first_write_and_the_others_go_on(world: World) -> None:
    world.ledger(*SHIFTED)
    world.ledger(*THE_OTHER, batch=OTHER)
    before = world.stored()
    with world.written() as calls:
        report = world.sync()
    assert calls == {Operation.SAVE_BATCH: 1, Operation.SAVE_PEOPLE: 1, Operation.SUBMIT: 1}
    assert world.stored() == before
    assert len(world.stored(OTHER.key)) == 2
    assert report.state is RunState.PARTIAL


def test_what_is_held_is_one_finding_with_which_how_many_why_and_the_command(world: World) -> None:
    world.ledger(*SHIFTED)
    report = world.sync()
    assert said(report) == [(Code.SILENCE, Case.BRAKE)]
    [item] = report.held
    assert item.what == (
        "“测试工会 第一批” is held, and nothing of it was written (7 records wait): 7 of 7 people are not what was agreed; "
        "in 7 of 7 changed rows one column holds what it held in another row; column: phone."
    )
    assert f"lxy-bridge sync --reviewed {review_of(world)}," in item.next_step
    assert report.banners == ("The brake holds 1 batches: nothing is written to them until somebody has looked.",)
    assert report.offline.buckets == {Bucket.DIFFERS: 7}


def test_it_stays_held_until_the_ledger_is_right_again(world: World) -> None:
    world.ledger(*SHIFTED)
    first = world.sync().held
    assert [one.id for one in world.sync().held] == [one.id for one in first]
    world.ledger(*PEOPLE)
    report = world.sync()
    assert (report.state, said(report)) == (RunState.COMPLETE, [])


def test_a_review_lets_exactly_this_through_and_only_once(world: World) -> None:
    world.ledger(*SHIFTED)
    review = review_of(world)
    with world.written() as calls:
        assert looked(world, review).state is RunState.COMPLETE
    assert calls[Operation.UPDATE_PERSON] == 7
    world.ledger(*PEOPLE)
    assert looked(world, review).held
    looked(world, review_of(world))
    world.ledger(*SHIFTED)
    assert review_of(world) != review
    with world.written() as calls:
        assert looked(world, review).held
    assert not calls


def test_a_review_of_other_contents_lets_nothing_through(world: World) -> None:
    world.ledger(*SHIFTED)
    review = review_of(world)
    world.ledger(*SHIFTED[:-1], replace(SHIFTED[-1], unit="测试二厂"))
    with world.written() as calls:
        assert looked(world, review).held
    assert not calls


def test_who_has_looked_and_when_is_kept_and_told(world: World) -> None:
    world.ledger(*SHIFTED)
    review = review_of(world)
    looked(world, review)
    used = world.journal.reviews.find(review)
    assert used is not None
    assert (used.by, used.batch, used.people, used.at) == ("张三", SPRING, 7, world.clock.now.at)
    told = [event for event in world.journal.timeline.of_batch(SPRING) if event.what == "brake.reviewed"]
    assert [event.detail for event in told] == [{"by": "张三", "hash": review}]


def test_a_review_is_used_up_before_anything_leaves_so_what_is_left_over_is_held_anew(world: World) -> None:
    world.ledger(*SHIFTED)
    review = review_of(world)
    world.when_sent(Operation.UPDATE_PERSON, lambda _: setattr(world.portal, "down", True))
    looked(world, review)
    world.portal.down = False
    world.settle()
    assert looked(world, review).held
    assert looked(world, review_of(world)).state is RunState.COMPLETE


def test_a_shrunken_ledger_counts_nobody_as_gone_before_somebody_has_looked(world: World) -> None:
    world.ledger(*PEOPLE[:2])
    report = world.sync()
    assert said(report) == [(Code.SILENCE, Case.BRAKE)]
    assert headcount_online(world) == "7"
    assert (report.offline.rows, report.online.buckets) == (2, {Bucket.AGREED: 2, Bucket.ONLY_ONLINE: 5})
    report = looked(world, review_of(world))
    assert said(report) == [(Code.CHANGED_OFFLINE, "")] * 5
    assert headcount_online(world) == "2"
    assert not world.sync().held


def test_after_a_reviewed_loss_an_ordinary_correction_goes_on(world: World) -> None:
    world.ledger(*PEOPLE[:2])
    looked(world, review_of(world))
    world.ledger(PEOPLE[0], replace(PEOPLE[1], unit="测试二厂"))
    with world.written() as calls:
        assert not world.sync().held
    assert calls == Counter({Operation.UPDATE_PERSON: 1})


def test_an_emptied_source_holds_every_batch_it_held_and_says_so_until_somebody_has_looked(world: World) -> None:
    world.source.take_away("rosters/第一批.xlsx")
    report = world.sync()
    assert said(report) == [(Code.SILENCE, Case.BRAKE)]
    assert "7 people and now holds nobody" in report.items[0].what
    report = looked(world, review_of(world))
    assert not report.held
    assert (Code.CHANGED_OFFLINE, "") in said(report)
    assert not world.sync().held


def test_a_comparison_and_a_limited_run_do_not_take_a_brake_off(world: World) -> None:
    world.ledger(*SHIFTED)
    world.ledger(*THE_OTHER, batch=OTHER)
    [first] = world.sync().held
    assert [one.id for one in compare(world.house).held] == [first.id]
    assert [one.id for one in resync(world.house, Wish(batches=frozenset({OTHER.key}))).held] == [first.id]
    open_now = items_now(world.journal, world.house.rules, world.house.wording, now=world.clock.now.at)
    assert [one.id for one in open_now if one.case is Case.BRAKE] == [first.id]


def test_a_resync_of_a_held_batch_is_held_too(world: World) -> None:
    world.ledger(*SHIFTED)
    with world.written() as calls:
        assert resync(world.house, Wish(batches=frozenset({SPRING}))).held
    assert not calls


def test_a_hand_edit_in_a_held_batch_is_told_beside_the_brake(world: World) -> None:
    world.ledger(*SHIFTED)
    world.portal.edit(world.online_id(PEOPLE[0]), phone="19900000009")
    report = world.sync()
    assert sorted(said(report)) == [(Code.CHANGED_ONLINE, ""), (Code.SILENCE, Case.BRAKE)]


def test_ids_shifted_by_a_row_are_held_for_the_columns_that_no_longer_fit_them(world: World) -> None:
    ids = [one.id_no for one in PEOPLE]
    world.ledger(*(replace(one, id_no=ids[at - 1]) for at, one in enumerate(PEOPLE)))
    [held] = preview(world.house).held
    assert {sign.reason for sign in held.signs} == {Reason.CHANGED, Reason.SHIFTED}


def test_the_people_of_last_year_under_a_new_title_are_held(tmp_path: Path) -> None:
    world = World(tmp_path)
    before = replace(BATCH, key=SPRING._replace(year=2024), start=date(2024, 5, 6), end=date(2024, 5, 10))
    world.ledgers(block(*PEOPLE, batch=before, path="rosters/去年.xlsx"), path="rosters/去年.xlsx")
    world.ledger(*PEOPLE)
    with world.written() as calls:
        report = world.sync()
    assert not calls
    assert sorted(item.what.partition(": ")[2] for item in report.held) == [
        "7 of 7 people are those of one batch of last year.",
        "the batch is of 2024, the settings are for 2025.",
    ]


def test_a_world_that_may_change_whole_is_not_held(world: World) -> None:
    world.house = replace(world.house, brake=Limits(least_people=100))
    world.ledger(*SHIFTED)
    assert world.sync().state is RunState.COMPLETE


def test_where_people_carry_files_a_held_batch_is_not_exported(tmp_path: Path) -> None:
    world = HandWorld(tmp_path)
    world.ledger(*PEOPLE)
    world.sync()
    world.upload()
    world.export()
    assert world.sync().state is RunState.COMPLETE
    before = dict(world.desk.outbox)
    world.ledger(*SHIFTED)
    assert world.sync().held
    assert dict(world.desk.outbox) == before
