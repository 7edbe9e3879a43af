"""Which of several lists of one batch stands, how the others differ from it, and what staff read of that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.finding import Case
from schemas.report import Item, Report, RunState
from schemas.superseded import Age, Contents, Difference, Line, Listing, difference, superseded
from tests.unit.cast import BATCH, A, B, C, D, another, block, damaged, person
from tests.unit.world import World, picture

OLD, NEW, NEWEST = "rosters/名单.csv", "rosters/名单最终版.csv", "rosters/名单最终版2.csv"


def lists(*people: str) -> dict[str, Listing]:
    """Lists as they came, "1", "2" and so on; a person is a letter."""
    return {str(n): listing(one, (n, -n)) for n, one in enumerate(people, start=1)}


def listing(people: str, age: Age) -> Listing:
    return Listing(age, frozenset(one.encode() for one in people))


@pytest.mark.parametrize(
    ("came", "aside"),
    [
        (lists("abcd"), {}),
        (lists("abcd", "abcd"), {"1": "2"}),
        (lists("abcd", "abxy"), {"1": "2"}),
        (lists("abcd", "awxy"), {}),
        (lists("abcd", "efgh"), {}),
        (lists("a", "abcdefgh"), {"1": "2"}),
        (lists("abcdefgh", "a"), {}),
        (lists("", "abcd"), {}),
        (lists("abcd", ""), {}),
        (lists("", ""), {}),
        (lists("abcd", "cdef", "efgh"), {"1": "3", "2": "3"}),
        (lists("abcd", "abcd", "abcd"), {"1": "3", "2": "3"}),
        (lists("abcdef", "abc", "def"), {"1": "3"}),
        (lists("abcd", "wxyz", "abcz"), {"1": "3"}),
    ],
)
def test_a_list_gives_way_to_a_later_one_that_holds_half_of_its_people(
    came: Mapping[str, Listing], aside: Mapping[str, str]
) -> None:
    assert superseded(came) == aside


def test_a_copy_is_as_old_as_what_it_is_a_copy_of_and_gives_way_to_it() -> None:
    original, newer = listing("abcd", (1, -1)), listing("abcx", (2, -2))
    copy = listing("abcd", (1, -3))
    assert superseded({"original": original, "copy": copy}) == {"copy": "original"}
    everything = {"original": original, "newer": newer, "copy": copy}
    assert superseded(everything) == {"original": "newer", "copy": "newer"}


AGES = st.tuples(st.integers(1, 5), st.integers(-5, -1))
PEOPLE = st.sets(st.sampled_from("abcdef")).map("".join)
LISTS = st.dictionaries(st.text("pqr", max_size=3), st.builds(listing, PEOPLE, AGES), min_size=1, max_size=6)


@given(came=LISTS, data=st.data())
def test_whatever_comes_something_stands_and_nothing_gives_way_to_what_does_not(
    came: dict[str, Listing], data: st.DataObject
) -> None:
    aside = superseded(came)
    assert superseded(dict(data.draw(st.permutations(list(came.items()))))) == aside
    assert aside.keys() < came.keys()
    assert set(aside.values()) <= came.keys() - aside.keys()
    for file, by_file in aside.items():
        assert (came[by_file].age, by_file) > (came[file].age, file)
    standing = [one for path, one in came.items() if path not in aside]
    for one in standing:
        later = [other for other in standing if other.age > one.age]
        assert not any(0 < 2 * len(one.people & other.people) >= len(one.people) for other in later)


def contents(**people: tuple[int, str]) -> Contents:
    """Key → row and unit."""
    lines = {key.encode(): Line(("名单", row), {"name": key, "unit": unit}) for key, (row, unit) in people.items()}
    return Contents(lines, [{"name": "带队", "phone": ""}], {"base": frozenset(["基地"])})


def test_a_difference_names_rows_and_fields_and_nobody() -> None:
    old = contents(a=(3, "一"), b=(4, "一"), c=(5, "一"))
    new = contents(a=(7, "一"), c=(8, "二"), d=(9, "一"))
    found = difference(old, new)
    assert found == Difference((("名单", 9),), (("名单", 4),), {"unit": (("名单", 8),)})
    assert "带队" not in f"{found}{old}{new}{list(old.people.values())}"


def test_the_same_in_another_order_is_no_difference() -> None:
    old = contents(a=(3, "一"), b=(4, "一"))
    assert not difference(old, contents(b=(3, "一"), a=(4, "一")))


def test_other_facts_of_the_batch_and_other_leaders_are_a_difference() -> None:
    old = contents(a=(3, "一"))
    new = replace(old, leaders=[], facts={"base": frozenset(["别处"])})
    assert difference(old, new) == Difference(facts=("base", "leaders"))
    assert difference(old, new)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A list of three, entered and read back equal."""
    world = World(tmp_path)
    keep(world, A, B, C, path=OLD)
    assert world.sync().state is RunState.COMPLETE
    return world


def keep(world: World, *people: object, path: str, **more: object) -> None:
    world.ledgers(block(*people, path=path, **more), path=path)


def told(report: Report) -> list[Item]:
    return [item for item in report.items if item.case is Case.SUPERSEDED]


def test_a_list_issued_again_is_carried_online_and_said_in_one_sentence(world: World) -> None:
    keep(world, A, replace(B, unit="别的单位"), D, path=NEW)
    report = world.sync()
    [item] = told(report)
    assert picture(report) == (
        "partial\noffline 6: agreed=3 superseded=3\nonline 4: agreed=3 only_online=1\nD17 丙* moved offline\nD17 测试工会 第一批"
    )
    assert item.what == (
        "Of “测试工会 第一批” the list “rosters/名单最终版.csv” stands, and “rosters/名单.csv” is set aside."
        " The new list says otherwise: 1 added (its rows 名单·7); 1 left out (rows 名单·6 of the old list);"
        " 1 with another unit (its rows 名单·5)."
    )
    assert item.next_step.endswith("if the old list is the right one, take the newer file out of the folder.")
    assert (item.to_do, item.where.file if item.where else "") == (False, OLD)


def test_only_a_finding_that_asks_for_nothing_leaves_a_run_complete(world: World) -> None:
    keep(world, A, B, C, D, path=NEW, leaders=1)
    report = world.sync()
    [item] = told(report)
    assert report.state is RunState.COMPLETE
    assert item.what.endswith("says otherwise: 1 added (its rows 名单·7); other leaders.")


def test_the_same_content_under_another_name_is_no_news(world: World) -> None:
    keep(world, *(replace(one, where=replace(one.where, row=30 - n)) for n, one in enumerate((A, B, C))), path=NEW)
    with world.written() as calls:
        report = world.sync()
    assert picture(report) == "complete\noffline 6: agreed=3 superseded=3\nonline 3: agreed=3"
    assert calls == {}


def test_what_is_told_settles_when_the_newer_list_is_taken_away(world: World) -> None:
    keep(world, A, B, C, D, path=NEW)
    assert told(world.sync())
    world.source.take_away(NEW)
    report = world.sync()
    settled = [seen.finding.case for seen in world.journal.findings.settled_since(None)]
    assert (told(report), settled) == ([], [Case.SUPERSEDED])
    assert picture(report) == "partial\noffline 3: agreed=3\nonline 4: agreed=3 only_online=1\nD17 丁* moved offline"


def test_a_damaged_row_of_a_list_set_aside_is_told_no_more(tmp_path: Path) -> None:
    world = World(tmp_path)
    keep(world, A, B, path=OLD, leaders=1, rejections=[damaged(OLD)])
    assert "D22" in world.run()
    keep(world, A, B, C, path=NEW, leaders=1)
    assert picture(world.sync()) == (
        "complete\noffline 8: agreed=3 leader=1 superseded=4\nonline 3: agreed=3\nD17 测试工会 第一批"
    )


def test_a_list_that_is_not_ours_counts_as_such_whatever_stands(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.ours_are("别的工会")
    keep(world, A, B, path=OLD)
    keep(world, A, C, path=NEW)
    assert picture(world.sync()) == "complete\noffline 4: not_ours=4\nonline 0: \nD18 测试工会 第一批"


def test_a_file_of_two_batches_is_set_aside_only_where_a_later_one_speaks(tmp_path: Path) -> None:
    world, second = World(tmp_path), another("第二批")
    world.ledgers(block(A, B, path=OLD), block(C, batch=second, path=OLD), path=OLD)
    keep(world, A, B, D, path=NEW)
    report = world.sync()
    assert (report.offline.rows, [item.batch for item in told(report)]) == (6, [BATCH.key.title])
    assert picture(report).splitlines()[1] == "offline 6: agreed=4 superseded=2"


def test_a_long_list_of_rows_is_cut_and_its_number_said(tmp_path: Path) -> None:
    world = World(tmp_path)
    keep(world, A, path=OLD)
    world.sync()
    others = [replace(person(2 + n % 8), id_no=f"{n:018}", where=replace(A.where, row=20 + n)) for n in range(12)]
    keep(world, A, *others, path=NEW)
    [item] = told(world.sync())
    assert "12 added (its rows 名单·20、名单·21、" in item.what
    assert item.what.endswith("名单·29…).")
