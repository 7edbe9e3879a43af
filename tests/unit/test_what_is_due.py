"""Whose people are listed in one run: what moved, what is in doubt, what is old, and a slice of the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from bridge.house import Trouble
from bridge.pipeline import compare, look, preview, resync
from bridge.read_back import due
from bridge.resync import Wish
from schemas.batch import BatchKey
from schemas.journal import LastRead, ListedBatch
from schemas.portal import OnlineStatus, Operation
from tests.unit.cast import MORNING_AFTER, A, B, another, block, in_words, key_of
from tests.unit.world import World

NOW = MORNING_AFTER
MANY = 400
EVERY_H = 3
WEEK_H = 7 * 24
SWEEP_H = 20
BATCHES = [another(f"第{number}批") for number in range(MANY)]


def listed(number: int, change: str = "") -> ListedBatch:
    return ListedBatch(BATCHES[number].key, str(number), OnlineStatus.DRAFT, True, {}, b"mark", change)


def read(hours_ago: float, change: str | None = "", *, in_doubt: bool = False) -> LastRead:
    return LastRead(NOW - timedelta(hours=hours_ago), change, in_doubt)


def chosen(batches: list[ListedBatch], known: Mapping[BatchKey, LastRead], **more: Any) -> list[int]:
    found = due(batches, known, now=NOW, **{"sweep_after_h": SWEEP_H, **more})
    return [number for number in range(MANY) if BATCHES[number].key in found]


def test_what_was_never_read_is_read() -> None:
    assert chosen([listed(1, "m"), listed(2, "m")], {BATCHES[1].key: read(1, "m")}) == [2]


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (read(1, "m"), []),
        (read(1, "m", in_doubt=True), [1]),
        (read(1, "older"), [1]),
        (read(1, ""), [1]),
        (read(1, None), [1]),
        (read(SWEEP_H - 0.01, "m"), []),
        (read(SWEEP_H, "m"), [1]),
        (read(-1, "m"), [1]),
    ],
    ids=["still", "in doubt", "moved", "had no mark", "asked anew", "nearly old", "old", "clock set back"],
)
def test_a_batch_with_a_mark_is_read_when_it_moved_is_in_doubt_or_old(last: LastRead, expected: list[int]) -> None:
    assert chosen([listed(1, "m")], {BATCHES[1].key: last}) == expected


def test_what_is_asked_for_is_read_in_any_case() -> None:
    known = {BATCHES[number].key: read(1, "m") for number in (1, 2)}
    assert chosen([listed(1, "m"), listed(2, "m")], known, asked={BATCHES[2].key}) == [2]


def test_a_sweep_after_no_time_at_all_reads_everything() -> None:
    known = {BATCHES[1].key: read(0, "m")}
    assert chosen([listed(1, "m")], known, sweep_after_h=0) == [1]


def test_a_mark_that_is_listed_no_more_is_a_batch_that_moved() -> None:
    assert chosen([listed(1)], {BATCHES[1].key: read(1, "m")}) == [1]


@pytest.mark.parametrize(("waiting", "many"), [(40, 40), (60, 50), (400, 50)])
def test_without_marks_at_least_fifty_are_read_those_read_longest_ago_first(waiting: int, many: int) -> None:
    known = {BATCHES[number].key: read(1 + (MANY - number) / 100) for number in range(waiting)}
    assert chosen([listed(number) for number in range(waiting)], known) == list(range(many))


def test_of_very_many_without_marks_an_eighth_is_read() -> None:
    keys = [another(f"第{number}批").key for number in range(801)]
    batches = [replace(listed(0), key=key) for key in keys]
    found = due(batches, dict.fromkeys(keys, read(1)), now=NOW, sweep_after_h=SWEEP_H)
    assert len(found) == 101


def test_what_is_read_anyway_is_no_part_of_the_slice() -> None:
    known = {BATCHES[number].key: read(1, in_doubt=number < 100) for number in range(MANY)}
    assert len(chosen([listed(number) for number in range(MANY)], known)) == 150


class Counted(dict[BatchKey, LastRead]):
    """Counts how often it is asked."""

    asked = 0

    def get(self, key: BatchKey, default: Any = None) -> Any:
        self.asked += 1
        return super().get(key, default)


def test_choosing_looks_at_each_batch_once() -> None:
    known = Counted({BATCHES[number].key: read(1) for number in range(MANY)})
    due([listed(number) for number in range(MANY)], known, now=NOW, sweep_after_h=SWEEP_H)
    assert known.asked == MANY


def agreed(folder: Path, **portal: Any) -> World:
    """So many batches that everything is agreed of, all read just now; each has one person."""
    world = World(folder, **portal)
    for batch in BATCHES:
        world.enter_by_hand(A, batch=batch)
    path = "rosters/all.xlsx"
    world.ledgers(*[block(A, batch=batch, path=path) for batch in BATCHES], path=path)
    assert world.sync().state == "complete"
    return world


class Week:
    """A simulated week of looks, and how often each batch's people were listed in each."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.looks: list[Counter[str]] = []
        self._list, self._now = world.portal.people, Counter[str]()
        world.portal.people = self._people  # type: ignore[method-assign]

    def _people(self, batch: str, *, expected: object) -> Any:
        self._now[batch] += 1
        return self._list(batch)

    def pass_by(self, between: Callable[[int], object] = lambda _: None) -> None:
        for number in range(WEEK_H // EVERY_H):
            self.world.clock.pass_s(EVERY_H * 3600)
            between(number)
            self._now = Counter()
            assert look(self.world.house, Trouble())
            self.looks.append(self._now)

    def gaps_h(self, batch: str) -> list[int]:
        """Hours between two listings of one batch, from the beginning of the week on."""
        seen = [-1, *(number for number, each in enumerate(self.looks) if batch in each)]
        return [(later - before) * EVERY_H for before, later in pairwise(seen)]


def test_in_a_week_with_marks_only_moved_batches_are_listed_and_each_once_a_sweep(tmp_path: Path) -> None:
    world = agreed(tmp_path, change_marks=True)
    ids = sorted(world.portal._batches)
    week = Week(world)
    week.pass_by(lambda number: world.portal.edit_batch(ids[number * 7], base=BATCHES[0].base))
    listings = {(number, batch) for number, each in enumerate(week.looks) for batch in each}
    moved = {(number, ids[number * 7]) for number in range(len(week.looks))}
    assert moved <= listings
    for number, batch in listings - moved:
        assert not listings & {(number - back, batch) for back in range(1, SWEEP_H // EVERY_H + 1)}
    assert all(max(week.gaps_h(batch)) <= SWEEP_H + EVERY_H for batch in ids)


def test_in_a_quiet_week_with_marks_nothing_is_listed_between_two_sweeps(tmp_path: Path) -> None:
    world = agreed(tmp_path, change_marks=True)
    week = Week(world)
    week.pass_by()
    assert {len(each) for each in week.looks} == {0, MANY}
    assert sum(len(each) for each in week.looks) == MANY * (WEEK_H // 21)


def test_in_a_week_without_marks_each_batch_is_listed_within_each_sweep(tmp_path: Path) -> None:
    world = agreed(tmp_path)
    week = Week(world)
    week.pass_by()
    assert all(max(week.gaps_h(batch)) <= SWEEP_H + EVERY_H for batch in world.portal._batches)
    assert {len(each) for each in week.looks[:6]} == {50}
    assert sum(len(each) for each in week.looks) < MANY * len(week.looks) / 4


def found_after_h(world: World) -> int:
    """Hours until the hand edit of an agreed person is found."""
    world.portal.edit(world.online_id(A, BATCHES[MANY // 2].key), unit="手改单位")
    hours = 0
    while not world.journal.deliveries.disagreeing():
        hours += EVERY_H
        world.clock.pass_s(EVERY_H * 3600)
        assert look(world.house, Trouble())
    return hours


def test_a_hand_edit_is_found_by_its_mark_in_the_next_look(tmp_path: Path) -> None:
    assert found_after_h(agreed(tmp_path, change_marks=True)) == EVERY_H


def test_without_marks_a_hand_edit_of_an_agreed_batch_is_found_within_a_sweep(tmp_path: Path) -> None:
    assert EVERY_H < found_after_h(agreed(tmp_path)) <= SWEEP_H + EVERY_H


def calls_of(world: World, act: Callable[[], object]) -> int:
    before = world.portal.calls["list_people"]
    act()
    return world.portal.calls["list_people"] - before


def test_reconcile_reads_all_and_a_resync_what_it_speaks_of(tmp_path: Path) -> None:
    world = agreed(tmp_path, change_marks=True)
    house, one = world.house, Wish(batches=frozenset({BATCHES[7].key}))
    assert calls_of(world, lambda: look(house, Trouble())) == 0
    assert calls_of(world, lambda: resync(house, one)) == 1
    assert calls_of(world, lambda: preview(house, wish=one)) == 1
    assert calls_of(world, lambda: resync(house, Wish(since=date(2025, 5, 1)))) == MANY
    assert calls_of(world, lambda: resync(house, Wish(person=key_of(A)))) == MANY
    assert calls_of(world, lambda: compare(house)) == MANY


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A portal with marks, where one batch agrees."""
    world = World(tmp_path, change_marks=True)
    world.ledger(A)
    world.sync()
    return world


def due_again(world: World) -> int:
    return calls_of(world, lambda: look(world.house, Trouble()))


def test_what_was_just_pushed_is_listed_again_at_once(world: World) -> None:
    world.ledger(A, B)
    assert calls_of(world, world.sync) == 2  # before it was written, and after
    assert due_again(world) == 0


def test_what_offline_wants_anew_is_compared_with_people_listed_anew(world: World) -> None:
    assert calls_of(world, world.sync) == 0
    world.ledger(replace(A, where=replace(A.where, row=20)))
    assert calls_of(world, world.sync) == 1


def test_a_batch_deleted_and_entered_anew_is_read_although_its_mark_says_nothing(world: World) -> None:
    marked = world.portal._batches[world.batch_id()].change
    world.portal.delete_batch(world.batch_id())
    world.enter_by_hand(A)
    world.portal._touch(world.batch_id())
    world.portal._batches[world.batch_id()] = replace(world.portal._batches[world.batch_id()], change=marked)
    assert due_again(world) == 1


def test_a_batch_in_doubt_is_listed_in_every_run(world: World) -> None:
    world.portal.edit(world.online_id(A), unit="手改单位")
    assert [due_again(world), due_again(world)] == [1, 1]


def test_nobody_submits_what_was_not_listed_in_this_run(world: World) -> None:
    """The people agree and the mark stands still; only the submission is left."""
    world.ledger(A, batch=BATCHES[1])
    world.when_sent(Operation.SUBMIT, lambda _: setattr(world.portal, "down", True))
    world.sync()
    world.portal.down = False
    look(world.house, Trouble())
    assert due_again(world) == 0
    before = Counter(world.portal.calls)
    assert world.sync().state == "complete"
    assert (world.portal.calls - before)["list_people"] >= 2
    assert (world.portal.calls - before)[Operation.SUBMIT] == 1


def test_as_of_is_the_moment_of_the_oldest_listing(tmp_path: Path) -> None:
    world = World(tmp_path, change_marks=True)
    world.ledger(A)
    world.sync()
    first = world.clock.now.at
    world.clock.pass_s(3600)
    world.ledger(B, batch=BATCHES[1])
    report = world.sync()
    assert (report.online.as_of, report.made_at) == (first, world.clock.now.at)
    assert compare(world.house).online.as_of == world.clock.now.at


def test_two_doubles_of_a_person_are_looked_for_until_one_is_gone(world: World) -> None:
    double = world.portal.add(world.batch_id(), **in_words(A))
    assert "D08" in world.run()
    assert due_again(world) == 1
    world.portal.delete(double)
    assert world.run() == "complete\noffline 1: agreed=1\nonline 1: agreed=1"
    assert due_again(world) == 0
