"""Finding what people name."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from bridge.pipeline import take_in
from bridge.search import batch_named, is_mark, person_marked
from schemas.errors import ConfigError
from tests.unit.cast import SPRING, A, B, another, key_of
from tests.unit.world import World

TENTH = another("第十批", end=date(2025, 5, 9))
MARK = key_of(A).hex()


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.ledger(A)
    world.ledger(B, batch=TENTH)
    take_in(world.house)
    return world


@pytest.mark.parametrize("name", ["2025/测试工会/第一批", "测试工会 第一批", "第一"])
def test_a_batch_is_found_by_key_by_title_and_by_a_part_only_it_has(world: World, name: str) -> None:
    assert batch_named(world.journal, name) == SPRING


def test_a_part_that_several_have_names_them(world: World) -> None:
    with pytest.raises(ConfigError, match="测试工会 may be any of: 测试工会 第一批、测试工会 第十批"):
        batch_named(world.journal, "测试工会")


def test_a_miss_names_the_nearest(world: World) -> None:
    with pytest.raises(ConfigError, match=r"no batch 测试公会 第一批\. The nearest are: 测试工会 第一批"):
        batch_named(world.journal, "测试公会 第一批")


def test_an_id_typed_for_a_name_is_not_repeated(world: World) -> None:
    with pytest.raises(ConfigError) as caught:
        batch_named(world.journal, A.id_no)
    assert A.id_no not in str(caught.value)


@pytest.mark.parametrize("mark", [MARK, MARK[:10], MARK[:8].upper()])
def test_a_person_is_found_by_the_first_characters_of_the_mark(world: World, mark: str) -> None:
    assert person_marked(world.journal, mark) == key_of(A)


@pytest.mark.parametrize("mark", ["", "12345", "abcdeg", "f" * 33, A.id_no, A.phone])
def test_what_is_no_mark_is_refused_before_anything_is_looked_up(world: World, mark: str) -> None:
    with pytest.raises(ConfigError, match="A mark has at least 6 characters"):
        person_marked(world.journal, mark)


def test_a_mark_nobody_has_is_said_so(world: World) -> None:
    nobody = "".join("0" if digit == "f" else "f" for digit in MARK)
    with pytest.raises(ConfigError, match="0 people have this mark"):
        person_marked(world.journal, nobody)


def test_a_batch_s_name_is_no_mark() -> None:
    assert [is_mark(name) for name in (MARK, "第一批", "2025/测试工会/第一批")] == [True, False, False]
