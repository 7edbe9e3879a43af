"""A plan as a file: it holds nobody's data, is good as written and for its journal only, and is applied row by row."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bridge.frozen import Frozen, freeze, thaw
from bridge.pipeline import apply, preview
from schemas.brake import Reviewed
from schemas.errors import ConfigError
from schemas.plan import Left, Plan, Why
from schemas.portal import Operation
from schemas.report import Report, RunState
from schemas.revision import HEADER, SUBMISSION
from tests.unit.cast import SPRING, VAULT, A, B, C, another, key_of
from tests.unit.test_halt import PEOPLE, SHIFTED, headcount_online
from tests.unit.world import World

A_MOVED, A_ELSEWHERE = replace(A, phone="19900000009"), replace(A, unit="测试二厂")
B_MOVED = replace(B, phone="19900000008")


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.ledger(A, B)
    return world


def frozen_now(world: World, todo: Plan | None = None) -> bytes:
    made = preview(world.house) if todo is None else todo
    content, _ = freeze(made, world.journal, VAULT.mark, at=world.clock.now.at)
    return content


def thawed(world: World, content: bytes) -> Frozen:
    rows, _ = thaw(content, world.journal, VAULT.mark)
    return rows


def applied(world: World, content: bytes) -> tuple[Report, tuple[Left, ...]]:
    return apply(world.house, thawed(world, content))


def reasons(left: tuple[Left, ...]) -> list[tuple[bytes, Why]]:
    return [(one.row.person, one.why) for one in left]


def edited(content: bytes, **changes: Any) -> bytes:
    return json.dumps(json.loads(content) | changes).encode()


def test_a_plan_holds_marks_batches_operations_and_counts_and_nothing_of_anybody(world: World) -> None:
    content = frozen_now(world)
    told = json.loads(content)
    assert list(told) == ["version", "journal", "made_at", "batches", "hash"]
    [batch] = told["batches"]
    assert (batch["batch"], batch["ends"], batch["count"]) == ("2025/测试工会/第一批", "2025-05-10", 3)
    assert [row["operation"] for row in batch["rows"]] == ["save_batch", "save_people", "save_people"]
    assert {key_of(A).hex(), key_of(B).hex()} == {row["person"] for row in batch["rows"]} - {""}
    for secret in (A.name, A.id_no, A.phone, A.unit):
        assert secret not in content.decode()


def test_what_is_thawed_is_what_was_frozen(world: World) -> None:
    rows = thawed(world, frozen_now(world))
    assert [(row.batch, row.person, row.operation) for row in rows] == [
        (SPRING, HEADER, Operation.SAVE_BATCH),
        *((SPRING, person, Operation.SAVE_PEOPLE) for person in sorted([key_of(A), key_of(B)])),
    ]


@pytest.mark.parametrize(
    "change",
    [{"made_at": "2025-05-12T09:00:00+08:00"}, {"batches": []}, {"hash": "00" * 16}, {"hash": ""}],
    ids=["its time", "its batches", "its hash", "no hash"],
)
def test_a_plan_that_somebody_changed_is_refused(world: World, change: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="was changed after it was made"):
        thawed(world, edited(frozen_now(world), **change))


def test_one_changed_row_is_enough_to_refuse_a_plan(world: World) -> None:
    content = frozen_now(world)
    with pytest.raises(ConfigError, match="was changed after it was made"):
        thawed(world, content.replace(b"save_people", b"update_person", 1))


def test_a_plan_spelt_otherwise_is_the_same_plan(world: World) -> None:
    content = frozen_now(world)
    assert thawed(world, edited(content)) == thawed(world, content)


def test_a_plan_of_another_journal_is_refused(world: World, tmp_path: Path) -> None:
    with world.journal.store.write() as connection:
        connection.exec_driver_sql("UPDATE meta SET value='00' WHERE key='identity'")
    content = frozen_now(world)
    (tmp_path / "other").mkdir()
    other = World(tmp_path / "other")
    with pytest.raises(ConfigError, match="another journal"):
        thawed(other, content)


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\xff", b'{"version": 2}'])
def test_what_is_no_plan_is_refused(world: World, content: bytes) -> None:
    with pytest.raises(ConfigError, match="not a plan"):
        thawed(world, content)


def test_a_plan_of_another_version_or_with_more_in_it_is_refused(world: World) -> None:
    for change in ({"version": 2}, {"note": "x"}):
        with pytest.raises(ConfigError, match="not a plan"):
            thawed(world, edited(frozen_now(world), **change))


def test_a_plan_is_applied_as_it_was_made_and_what_follows_from_it_is_left_to_the_next_run(world: World) -> None:
    content = frozen_now(world)
    with world.written() as calls:
        report, left = applied(world, content)
    assert (left, calls) == ((), {Operation.SAVE_BATCH: 1, Operation.SAVE_PEOPLE: 1})
    assert report.written == 1
    assert len(world.stored()) == 2
    with world.written() as calls:
        assert world.sync().state is RunState.COMPLETE
    assert calls == {Operation.SUBMIT: 1}


def test_a_plan_applied_twice_finds_all_of_it_online_already(world: World) -> None:
    content = frozen_now(world)
    applied(world, content)
    with world.written() as calls:
        _, left = applied(world, content)
    assert (calls, {why for _, why in reasons(left)}, len(left)) == ({}, {Why.DONE}, 3)


def test_a_submission_is_frozen_too_and_done_once(world: World) -> None:
    applied(world, frozen_now(world))
    content = frozen_now(world)
    assert [row.person for row in thawed(world, content)] == [SUBMISSION]
    assert applied(world, content)[1] == ()
    assert reasons(applied(world, content)[1]) == [(SUBMISSION, Why.DONE)]


def test_a_row_whose_ledger_changed_since_is_left_out_and_named_and_the_others_are_done(world: World) -> None:
    world.sync()
    world.ledger(A_MOVED, B_MOVED)
    content = frozen_now(world)
    world.ledger(A_ELSEWHERE, B_MOVED)
    with world.written() as calls:
        _, left = applied(world, content)
    assert reasons(left) == [(key_of(A), Why.CHANGED)]
    assert calls == {Operation.UPDATE_PERSON: 1}
    assert {fields["phone"] for fields in world.stored().values()} == {A.phone, B_MOVED.phone}


def test_a_row_that_somebody_edited_online_since_is_left_out(world: World) -> None:
    world.sync()
    world.ledger(A_MOVED, B)
    content = frozen_now(world)
    world.portal.edit(world.online_id(A), unit="测试二厂")
    with world.written() as calls:
        _, left = applied(world, content)
    assert (reasons(left), calls) == ([(key_of(A), Why.CHANGED)], {})


def test_a_row_that_went_there_and_came_back_holds_again(world: World) -> None:
    world.sync()
    world.ledger(A_MOVED, B)
    content = frozen_now(world)
    world.ledger(A, B)
    assert reasons(applied(world, content)[1]) == [(key_of(A), Why.CHANGED)]
    world.ledger(A_MOVED, B)
    assert applied(world, content)[1] == ()


def test_nothing_is_applied_that_the_plan_does_not_hold(world: World) -> None:
    content = frozen_now(world)
    world.ledger(C, batch=another("第二批"))
    applied(world, content)
    assert [batch.fields["name"] for batch in world.portal.batches(2025)] == ["第一批"]


def test_a_batch_that_cannot_be_read_back_is_left_out_of_the_plan(world: World) -> None:
    world.sync()
    world.ledger(A_MOVED, B)
    content = frozen_now(world)
    world.portal.drifting.add(world.batch_id())
    report, left = applied(world, content)
    assert reasons(left) == [(key_of(A), Why.UNSEEN)]
    assert report.state is RunState.PARTIAL


def test_where_the_portal_is_down_nothing_is_applied(world: World) -> None:
    content = frozen_now(world)
    world.portal.down = True
    report, _ = applied(world, content)
    assert (report.state, report.written) == (RunState.PARTIAL, 0)


def test_what_the_brake_holds_stands_in_the_plan_and_is_not_applied_before_somebody_has_looked(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.ledger(*PEOPLE)
    world.sync()
    world.ledger(*SHIFTED)
    todo = preview(world.house)
    content = frozen_now(world, todo)
    with world.written() as calls:
        report, left = applied(world, content)
    assert (calls, left, len(report.held)) == ({}, (), 1)
    world.house = replace(world.house, reviewed=Reviewed(frozenset({todo.held[0].review}), "张三"))
    report, left = applied(world, content)
    assert (report.state, left, headcount_online(world)) == (RunState.COMPLETE, (), "7")


def test_an_empty_plan_is_a_plan_of_nothing(world: World) -> None:
    assert thawed(world, frozen_now(world, Plan())) == ()
