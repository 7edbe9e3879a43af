"""What the check finds in a roster, and where it puts it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.check import check
from schemas.batch import Base, Batch, BatchKey, Level
from schemas.catalogue import problem as catalogue_entry
from schemas.identity import IdType, check_digit
from schemas.policy import policy_text, shipped_policy
from schemas.roster import Category, Leader, Participant, Place, Problem, Rejection, Roster, Severity
from schemas.texts import Language

POLICY = shipped_policy("weihai-2025")
NEAR = Base("测试基地", Level.CITY, in_province=True)
FAR = Base("省外测试基地", Level.DEMONSTRATION, in_province=False)
LOW = Base("区级测试基地", Level.DISTRICT, in_province=True)
BASES = (NEAR, FAR, LOW)
WHERE = Place("测试.xlsx", "Sheet1")
BATCH = Batch(BatchKey(2025, "测试工会", "第一批"), Level.CITY, NEAR.name, date(2025, 5, 6), date(2025, 5, 10))


def person(row: int, born: date = date(1985, 5, 6), **changes: Any) -> Participant:
    digits = f"999001{born:%Y%m%d}{row:03}"
    one = Participant(
        name="测试甲",
        id_type=IdType.RESIDENT,
        id_no=digits + check_digit(digits),
        phone="19900000001",
        unit="测试单位",
        category=Category.SKILLED,
        where=replace(WHERE, row=row),
    )
    return replace(one, **changes)


def people(count: int) -> tuple[Participant, ...]:
    return tuple(person(row) for row in range(1, count + 1))


def leaders(count: int) -> tuple[Leader, ...]:
    return tuple(Leader("测试乙", "", "测试单位", WHERE) for _ in range(count))


def roster(*, batch: Batch = BATCH, **changes: Any) -> Roster:
    return replace(Roster(batch, WHERE, people=people(2)), **changes)


def lasting(days: int, base: str = NEAR.name) -> Roster:
    return roster(batch=replace(BATCH, base=base, end=BATCH.start + timedelta(days=days - 1)))


def found(a_roster: Roster, *, bases: tuple[Base, ...] = BASES) -> tuple[Problem, ...]:
    return check(a_roster, policy=POLICY, bases=bases)


def codes(a_roster: Roster, *, bases: tuple[Base, ...] = BASES) -> list[str]:
    return [problem.code for problem in found(a_roster, bases=bases)]


def test_a_good_roster_has_no_problem() -> None:
    assert found(roster()) == ()


def test_an_end_before_the_start_blocks_the_batch() -> None:
    backwards = roster(batch=replace(BATCH, end=date(2025, 5, 5)))
    assert found(backwards) == (Problem("end_before_start", Severity.BLOCK, WHERE),)


@pytest.mark.parametrize("shift", [-365, 365])
def test_dates_outside_the_year_of_the_batch_are_noted(shift: int) -> None:
    by = timedelta(days=shift)
    assert "year_differs" in codes(roster(batch=replace(BATCH, start=BATCH.start + by, end=BATCH.end + by)))


def test_a_batch_without_people_is_blocked() -> None:
    assert found(roster(people=())) == (Problem("no_people", Severity.BLOCK, WHERE),)


@pytest.mark.parametrize(
    ("born", "unusual"),
    [
        (date(2009, 5, 6), False),  # 16 on the first day
        (date(2009, 5, 7), True),
        (date(1950, 5, 6), False),  # 75 on the first day
        (date(1949, 5, 7), False),  # 76 the day after
        (date(1949, 5, 6), True),
    ],
)
def test_an_unusual_age_is_to_be_explained_by_the_birth_date_in_the_id(born: date, unusual: bool) -> None:  # noqa: FBT001
    one = person(7, born)
    expected = (Problem("age_unusual", Severity.EXPLAIN, one.where),) if unusual else ()
    assert found(roster(people=(one,))) == expected


def test_a_document_without_a_birth_date_has_no_age() -> None:
    assert found(roster(people=(person(1, id_type=IdType.PASSPORT, id_no="E12345678"),))) == ()


REJECTED = (
    Rejection(replace(WHERE, row=9), (Problem("id_length", Severity.BLOCK),)),
    Rejection(replace(WHERE, row=10), (Problem("id_length", Severity.BLOCK),)),
)


@pytest.mark.parametrize("declared", [None, 4, 5])
def test_a_total_may_count_the_leaders_or_not_and_always_counts_rows_set_aside(declared: int | None) -> None:
    assert codes(roster(declared=declared, leaders=leaders(1), rejections=REJECTED)) == []


@pytest.mark.parametrize("declared", [0, 2, 3, 6])
def test_a_total_that_is_not_the_list_is_noted(declared: int) -> None:
    (problem,) = found(roster(declared=declared, leaders=leaders(1), rejections=REJECTED))
    assert (problem.code, problem.values) == ("declared_differs", {"declared": declared, "listed": 4})


def test_a_repeated_id_is_placed_on_each_later_row_and_names_the_first() -> None:
    again = tuple(person(5, where=replace(WHERE, row=row)) for row in (5, 8, 9))
    assert [(p.code, p.where, p.values) for p in found(roster(people=again))] == [
        ("same_id_twice", again[1].where, {"rows": "5"}),
        ("same_id_twice", again[2].where, {"rows": "5"}),
    ]


@pytest.mark.parametrize(
    ("days", "base", "limit"),
    [(5, NEAR.name, None), (6, NEAR.name, 5), (7, FAR.name, None), (8, FAR.name, 7)],
)
def test_days_are_limited_by_where_the_base_lies(days: int, base: str, limit: int | None) -> None:
    values = [problem.values for problem in found(lasting(days, base)) if problem.code == "max_days"]
    assert values == ([] if limit is None else [{"days": days, "limit": limit}])


def test_a_base_nobody_knows_gets_the_wider_limit() -> None:
    assert codes(lasting(7), bases=()) == []
    assert codes(lasting(8), bases=()) == ["max_days"]


@pytest.mark.parametrize(("end", "late"), [(date(2025, 10, 31), False), (date(2025, 11, 1), True)])
def test_a_batch_ends_within_the_season(end: date, late: bool) -> None:  # noqa: FBT001
    a_roster = roster(batch=replace(BATCH, start=date(2025, 10, 29), end=end))
    assert codes(a_roster) == (["season_end"] if late else [])


@pytest.mark.parametrize(("head_count", "allowed"), [(1, 1), (40, 1), (41, 2), (80, 2), (81, 3)])
def test_leaders_are_one_for_each_forty_begun(head_count: int, allowed: int) -> None:
    full = roster(people=people(head_count), leaders=leaders(allowed))
    assert found(full) == ()
    (problem,) = found(replace(full, leaders=leaders(allowed + 1)))
    assert (problem.code, problem.values) == ("leaders", {"count": allowed + 1, "limit": allowed})


def test_fewer_leaders_than_allowed_break_no_rule() -> None:
    assert found(roster(people=people(81), leaders=())) == ()


def test_a_base_outside_the_list_blocks() -> None:
    assert found(roster(batch=replace(BATCH, base="无名基地"))) == (Problem("base_listed", Severity.BLOCK, WHERE),)


def test_a_base_is_known_however_it_is_spaced() -> None:
    assert codes(roster(batch=replace(BATCH, base=" 测试　基地 "))) == []


def test_a_base_below_city_level_is_to_be_explained() -> None:
    assert found(roster(batch=replace(BATCH, base=LOW.name))) == (Problem("base_level", Severity.EXPLAIN, WHERE),)


def test_without_a_base_list_the_base_rules_say_nothing() -> None:
    assert codes(roster(batch=replace(BATCH, base="无名基地")), bases=()) == []


def test_a_group_the_year_does_not_admit_blocks_the_person_alone() -> None:
    rule = next(rule for rule in POLICY.rules if rule.kind == "category")
    narrow = rule.model_copy(update={"params": rule.params.model_copy(update={"allowed": {Category.COMMENDED}})})
    (problem,) = check(
        roster(people=(person(3), person(4, category=Category.COMMENDED))),
        policy=POLICY.model_copy(update={"rules": (narrow,)}),
        bases=BASES,
    )
    assert problem == Problem("category", Severity.BLOCK, replace(WHERE, row=3))


def test_the_batch_comes_first_then_its_people_in_their_order() -> None:
    aged = date(1940, 1, 1)
    messy = roster(
        batch=replace(BATCH, base="无名基地"),
        people=(person(5, aged), person(5, aged, where=replace(WHERE, row=6)), person(7, aged)),
    )
    assert [(p.code, p.where.row if p.where else None) for p in found(messy)] == [
        ("base_listed", 0),
        ("age_unusual", 5),
        ("same_id_twice", 6),
        ("age_unusual", 6),
        ("age_unusual", 7),
    ]


@given(
    start=st.dates(date(2024, 12, 1), date(2026, 1, 31)),
    days=st.integers(-3, 12),
    base=st.sampled_from(["无名基地", NEAR.name, FAR.name, LOW.name]),
    born=st.lists(st.dates(date(1930, 1, 1), date(2020, 1, 1)), max_size=3),
    declared=st.none() | st.integers(0, 4),
)
def test_every_problem_found_can_be_told_in_both_languages(
    start: date, days: int, base: str, born: list[date], declared: int | None
) -> None:
    batch = replace(BATCH, start=start, end=start + timedelta(days=days), base=base)
    group = tuple(person(1 + n % 2, day, where=replace(WHERE, row=n + 4)) for n, day in enumerate(born))
    for problem in found(roster(batch=batch, people=group, leaders=leaders(2), declared=declared)):
        for language in Language:
            if POLICY.rule(problem.code):
                assert policy_text(POLICY, problem, language)
            else:
                assert catalogue_entry(problem.code, language).say.format(**problem.values)
