"""Batches that cannot be listed: each is set aside with a finding, and the others go on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bridge.house import Trouble
from bridge.pipeline import look, preview, resync, take_in
from bridge.resync import Wish
from schemas.batch import Batch
from schemas.errors import AuthError, RunError, SchemaDrift
from schemas.portal import Operation
from schemas.revision import State
from schemas.texts import T
from tests.unit.cast import BATCH, SPRING, A, B, C, another
from tests.unit.world import World, picture

SUMMER = another("第二批")
AUTUMN, WINTER = another("第三批"), another("第四批")
A_MOVED = replace(A, phone="19900000009")
BOTH_AGREE = "complete\noffline 2: agreed=2\nonline 2: agreed=2"


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Two batches that agree."""
    world = World(tmp_path)
    world.ledger(A)
    world.ledger(B, batch=SUMMER)
    assert world.run() == BOTH_AGREE
    return world


def settled(world: World) -> list[str]:
    return [seen.finding.code.value for seen in world.journal.findings.settled_since(None)]


def drift_in(world: World, batch: Batch = BATCH) -> None:
    world.portal.drifting.add(world.batch_id(batch.key))


def test_drift_in_one_batch_stops_that_batch_and_no_other(world: World) -> None:
    drift_in(world)
    world.ledger(A_MOVED)
    world.ledger(replace(B, phone="19900000008"), C, batch=SUMMER)
    with world.written() as calls:
        report = world.sync()
    assert calls == {Operation.UPDATE_PERSON: 1, Operation.SAVE_PEOPLE: 1, Operation.UPDATE_BATCH: 1}
    assert [(item.code, item.batch) for item in report.to_do] == [("D17", SPRING.title), ("D19", SPRING.title)]
    assert report.state == "partial"
    assert report.to_do[1].what == (
        "The template or the interface has changed: "
        "The portal's answer is not what the dialect describes at rows[].name."
    )


def test_what_was_last_known_of_a_batch_set_aside_stands(world: World) -> None:
    drift_in(world)
    world.portal.delete(world.online_id(B, SUMMER.key))
    assert world.run() == (
        "partial\noffline 2: agreed=1 removed=1\nonline 1: agreed=1\nD16 乙* moved online\nD19 测试工会 第一批"
    )


def test_a_batch_set_aside_is_looked_at_again_and_its_finding_settled(world: World) -> None:
    drift_in(world)
    world.sync()
    world.portal.drifting.clear()
    assert (world.run(), settled(world)) == (BOTH_AGREE, ["D19"])


def test_drift_after_writing_leaves_the_outcome_open_and_sends_nothing_more(world: World) -> None:
    world.ledger(A_MOVED)
    world.when_sent(Operation.UPDATE_PERSON, lambda _: drift_in(world))
    with world.written() as calls:
        assert "D19 测试工会 第一批" in world.run()
    assert calls == {Operation.UPDATE_PERSON: 1}
    world.portal.drifting.clear()
    with world.written() as calls:
        assert world.run() == BOTH_AGREE
    assert calls == {}


def test_an_outcome_that_is_unknown_is_not_settled_by_a_batch_that_was_not_listed(world: World) -> None:
    world.ledger(A_MOVED)
    world.portal.store_late(1, seconds=10**9)
    world.sync()
    drift_in(world)
    world.settle()
    with world.written() as calls:
        world.sync()
    [fact] = world.journal.deliveries.disagreeing()
    assert fact.revision
    assert (fact.revision.state, calls) == (State.UNKNOWN, {})


def test_drift_while_the_batches_are_listed_stops_all_writing(world: World) -> None:
    world.ledger(A_MOVED)
    reader = world.house.reader

    def drifted(_: object) -> None:
        raise SchemaDrift(T("The portal's answer is not what the dialect describes at {path}.", path="rows[].id"))

    world.house = replace(world.house, reader=replace(reader, batch_from_online=drifted))
    with world.written() as calls:
        assert world.run().endswith("D19 -")
    assert calls == {}


def test_a_batch_that_is_not_answered_for_is_set_aside_as_silence(world: World) -> None:
    world.portal.silent.add(world.batch_id())
    world.ledger(replace(B, phone="19900000008"), batch=SUMMER)
    with world.written() as calls:
        assert world.run() == ("partial\noffline 2: agreed=2\nonline 2: agreed=2\nD20 测试工会 第一批")
    assert calls == {Operation.UPDATE_PERSON: 1}


def four(world: World) -> None:
    for batch in (AUTUMN, WINTER):
        world.ledger(A, batch=batch)
    world.sync()


def test_three_in_a_row_without_an_answer_end_the_look_with_one_finding(world: World) -> None:
    four(world)
    world.portal.silent.update(world.portal._batches)
    calls_before = world.portal.calls["list_people"]
    assert world.run().endswith("online 4: agreed=4\nD20 -")
    assert world.portal.calls["list_people"] - calls_before == 3


@pytest.mark.parametrize("between", ["answer", "drift"])
def test_silences_that_are_not_in_a_row_end_nothing(world: World, between: str) -> None:
    four(world)
    first, second, third, fourth = (world.batch_id(batch.key) for batch in (BATCH, SUMMER, AUTUMN, WINTER))
    world.portal.silent.update({first, second, fourth})
    if between == "drift":
        world.portal.drifting.add(third)
    trouble = Trouble()
    assert look(world.house, trouble)
    assert len(trouble.aside) == (4 if between == "drift" else 3)
    assert trouble.failures == []


def test_credentials_that_are_refused_half_way_end_the_look_and_what_drifted_is_still_told(world: World) -> None:
    drift_in(world)
    list_people = world.portal.people

    def people(batch: str, *, expected: object) -> object:
        if batch == world.batch_id(SUMMER.key):
            raise AuthError(T("The portal does not accept our credentials."))
        return list_people(batch)

    world.portal.people = people  # type: ignore[method-assign,assignment]
    assert world.run() == ("partial\noffline 2: agreed=2\nonline 2: agreed=2\nD19 测试工会 第一批\nD20 -")


def test_what_is_asked_for_again_is_not_reopened_while_it_cannot_be_looked_at(world: World) -> None:
    world.portal.delete(world.online_id(A))
    world.sync()
    drift_in(world)
    wish = Wish(batches=frozenset({SPRING}))
    assert not preview(world.house, wish=wish)
    resync(world.house, wish)
    world.portal.drifting.clear()
    assert "removed=1" in world.run()


@pytest.mark.parametrize("wish", [None, Wish(batches=frozenset({SPRING}))], ids=["sync", "resync"])
def test_a_preview_that_cannot_look_to_the_end_is_an_error(world: World, wish: Wish | None) -> None:
    four(world)
    world.portal.silent.update(world.portal._batches)
    with pytest.raises(RunError, match="cannot be reached"):
        preview(world.house, wish=wish)


def test_a_new_field_is_one_finding_to_be_known_and_stops_nothing(world: World) -> None:
    world.portal.new_field = "industry"
    world.ledger(A_MOVED)
    report = world.sync()
    assert picture(report) == "complete\noffline 2: agreed=2\nonline 2: agreed=2\nD19 -"
    [item] = report.items
    assert (item.what, item.to_do) == (
        "The template or the interface has changed: the portal lists a new field industry in batches.",
        False,
    )


def test_what_was_noted_stays_one_finding_though_later_runs_do_not_notice_it(world: World) -> None:
    world.portal.new_field = "industry"
    [first] = world.sync().items
    world.portal.new_field = ""
    world.portal._noticed.clear()  # each process begins without
    world.clock.pass_s(86400)
    report = world.sync()
    assert [(item.id, item.first_seen) for item in report.items] == [(first.id, first.first_seen)]
    assert settled(world) == []


def test_what_was_noted_is_settled_once_the_settings_know_it(world: World) -> None:
    world.portal.new_field = "industry"
    world.sync()
    world.portal.new_field = ""
    world.portal._noticed.clear()
    world.house = replace(world.house, basis="a dialect that knows the field")
    assert (world.run(), settled(world)) == (BOTH_AGREE, ["D19"])


def test_a_look_keeps_apart_what_was_seen_and_what_was_set_aside(world: World) -> None:
    drift_in(world)
    trouble = take_in(world.house)
    assert look(world.house, trouble)
    assert (trouble.seen, set(trouble.aside), bool(trouble)) == ({SUMMER.key}, {SPRING}, True)


def test_a_batch_whose_request_cannot_be_made_is_set_aside_and_the_others_go_on(world: World) -> None:
    world.portal.no_room_for.add(C.name)
    world.ledger(A, C)
    world.ledger(B, batch=SUMMER)
    world.ledger(B, batch=AUTUMN)
    with world.written() as calls:
        report = world.sync()
    assert calls == dict.fromkeys(("update_batch", "save_batch", "save_people", "submit"), 1)
    assert ("D19", SPRING.title) in [(item.code, item.batch) for item in report.to_do]
    assert report.state == "partial"
    world.portal.no_room_for.clear()
    world.run()
    assert len(world.stored()) == 2
