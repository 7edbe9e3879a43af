"""What holds a batch before its first write, decided from marks, counts and the values of a few columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.brake import Limits, Sight, moved, shape, signs
from bridge.deadlines import SHANGHAI
from schemas.brake import Reason, Review
from schemas.journal import BatchFacts, BatchTally, Person, PersonFacts, Values
from schemas.plan import BatchWork, PersonWork
from schemas.portal import Operation
from schemas.revision import Revision, State
from tests.unit.cast import SPRING
from tests.unit.test_plan import ENTERED, NEW, ONE, THREE, TWO

DAYS = {"start": "2025-05-06", "end": "2025-05-10"}
WORK = BatchWork(SPRING, date(2025, 5, 10), people=(PersonWork(b"p", Operation.UPDATE_PERSON),))
WITH_HEADER = replace(WORK, header=Operation.UPDATE_BATCH)
FIRST = replace(WORK, header=Operation.SAVE_BATCH)
LIMITS = Limits()


def entered(before: int, now: int) -> BatchFacts:
    """A batch whose header was agreed with so many people and names so many now."""
    agreed = DAYS | {"headcount": str(before)}
    return replace(ENTERED, agreed=agreed, online=agreed, offline=DAYS | {"headcount": str(now)}, mark_offline=TWO)


def changed(number: int) -> PersonFacts:
    return PersonFacts(SPRING, bytes([number]), TWO, ONE, ONE, None, held=False)


def gone(number: int) -> PersonFacts:
    return replace(changed(number), offline=None)


def new(number: int) -> PersonFacts:
    return PersonFacts(SPRING, bytes([100 + number]), ONE, None, None, None, held=False)


def values(number: int, **changes: str) -> dict[str, str]:
    told = {
        "name": f"{chr(0x4E00 + number)}测试",
        "phone": f"1990000{number:04}",
        "unit": "测试单位",
        "category": "skilled",
    }
    return told | changes


def opened(number: int, before: Values, now: Values) -> Person:
    return Person(bytes([number]), now, before, None, before, None)


def column(count: int, now: Callable[[int], dict[str, str]]) -> Sight:
    """A batch of 20 in which so many rows changed, each to what `now` says."""
    rows = tuple(opened(number, values(number), now(number)) for number in range(count))
    people = tuple(changed(number) for number in range(count))
    return Sight(WORK, entered(20, 20), BatchTally(offline=20, online=20, known=20), people, rows)


def reasons(sight: Sight, limits: Limits = LIMITS) -> list[Reason]:
    return [sign.reason for sign in signs(sight, limits, year=2025)]


def said(sight: Sight) -> list[str]:
    return [" · ".join(map(str, sign.texts)) for sign in signs(sight, LIMITS, year=2025)]


@pytest.mark.parametrize(
    ("before", "now", "held"),
    [(50, 40, False), (50, 39, True), (20, 16, False), (20, 15, True), (6, 2, False), (6, 1, True), (4, 1, False)],
)
def test_a_ledger_is_held_when_it_lost_more_than_a_fifth_and_five_of_its_people(
    before: int, now: int, *, held: bool
) -> None:
    sight = Sight(WITH_HEADER, entered(before, now), BatchTally(known=before))
    assert (reasons(sight) == [Reason.FEWER]) is held


def test_what_is_lost_is_counted_in_words() -> None:
    assert said(Sight(WITH_HEADER, entered(50, 30), BatchTally(known=50))) == [
        "the ledger held 50 people and now lacks 20"
    ]


def test_a_shrunken_ledger_of_which_nothing_would_be_written_is_no_brake() -> None:
    assert reasons(Sight(None, entered(50, 30), BatchTally(known=50))) == []


@pytest.mark.parametrize("work", [None, WITH_HEADER])
@pytest.mark.parametrize("offline", [None, DAYS | {"headcount": "0"}], ids=["no ledger", "nobody in it"])
def test_an_emptied_ledger_is_told_of_whether_or_not_something_would_be_written(
    work: BatchWork | None, offline: Values | None
) -> None:
    sight = Sight(work, replace(entered(50, 0), offline=offline), BatchTally(known=50))
    assert reasons(sight) == [Reason.EMPTIED]
    assert said(sight) == ["the ledger held 50 people and now holds nobody"]


def test_a_first_ledger_with_nobody_in_it_is_no_brake() -> None:
    assert reasons(Sight(FIRST, replace(NEW, offline=DAYS | {"headcount": "0"}), BatchTally())) == []


def test_a_header_that_never_agreed_is_judged_by_the_people_who_did() -> None:
    facts = replace(entered(0, 30), agreed=None)
    assert reasons(Sight(WITH_HEADER, facts, BatchTally(known=50))) == [Reason.FEWER]


@pytest.mark.parametrize(("count", "held"), [(10, False), (11, True)])
def test_a_batch_is_held_when_more_than_half_of_its_people_changed(count: int, *, held: bool) -> None:
    people = tuple(map(changed, range(count)))
    sight = Sight(WORK, entered(20, 20), BatchTally(offline=20, known=20), people)
    assert (reasons(sight) == [Reason.CHANGED]) is held


@pytest.mark.parametrize(("count", "held"), [(4, False), (5, True)])
def test_fewer_than_five_are_never_many_however_small_the_batch(count: int, *, held: bool) -> None:
    people = tuple(map(changed, range(count)))
    assert bool(reasons(Sight(WORK, entered(5, 5), BatchTally(known=5), people))) is held


def test_who_was_replaced_has_changed_and_who_came_or_went_has_not() -> None:
    facts, tally = entered(20, 20), BatchTally(known=20)
    people = [*map(gone, range(12)), *map(new, range(12))]
    assert reasons(Sight(WORK, facts, tally, people)) == [Reason.CHANGED]
    assert reasons(Sight(WORK, facts, tally, people[:12])) == []
    assert reasons(Sight(WORK, facts, tally, people[12:])) == []


@pytest.mark.parametrize("state", [State.SENDING, State.UNKNOWN, State.AWAITING_HUMAN])
def test_a_change_on_its_way_already_is_no_change_to_come(state: State) -> None:
    sent = replace(changed(1), revision=Revision("serial", 2, TWO, state))
    assert not moved(sent)
    assert moved(replace(sent, revision=Revision("serial", 2, THREE, State.REFUSED)))


def test_names_where_units_were_and_units_where_names_were_are_two_shifted_columns() -> None:
    swapped = column(12, lambda n: values(n, name="测试单位", unit=values(n)["name"]))
    assert reasons(swapped) == [Reason.CHANGED, Reason.SHIFTED, Reason.SHIFTED]
    assert said(swapped)[1:] == [
        "in 12 of 12 changed rows one column holds what another column held · column: name",
        "in 12 of 12 changed rows one column holds what another column held · column: unit",
    ]


def test_a_column_shifted_by_one_row_is_told_before_half_of_the_batch_changed() -> None:
    shifted = column(9, lambda n: values(n, phone=values(n - 1)["phone"]) if n else values(n, phone="19900009999"))
    assert said(shifted) == ["in 8 of 9 changed rows one column holds what it held in another row · column: phone"]


def test_a_column_that_was_sorted_alone_is_shifted_too() -> None:
    assert reasons(column(8, lambda n: values(n, phone=values(7 - n)["phone"]))) == [Reason.SHIFTED]


def test_a_column_that_is_empty_now_or_holds_another_kind_of_thing_is_shifted() -> None:
    for phone in ("", "无", "0631-1234567"):
        found = column(11, lambda n, phone=phone: values(n, phone=phone))  # type: ignore[misc]
        assert reasons(found) == [Reason.CHANGED, Reason.SHIFTED]
    assert said(column(11, lambda n: values(n, phone="")))[1].endswith(
        "holds values of another kind than before · column: phone"
    )


def test_two_people_who_had_each_other_s_phone_are_put_right_without_a_brake() -> None:
    assert reasons(column(2, lambda n: values(n, phone=values(1 - n)["phone"]))) == []


def test_a_unit_that_many_share_may_be_given_to_some_more_of_them() -> None:
    units = ["测试单位", "测试二厂"]
    rows = tuple(opened(n, values(n, unit=units[n % 2]), values(n, unit=units[(n + 1) % 2])) for n in range(8))
    sight = replace(column(8, values), opened=rows)
    assert reasons(sight) == []


@pytest.mark.parametrize(
    ("value", "kind"),
    [("19900000001", "9"), ("甲测试", "字"), ("", ""), ("0631-123", "9-9"), ("A 甲1", "A 字9"), ("１９９", "9")],
)
def test_a_value_s_shape_is_its_runs_of_digits_letters_and_marks(value: str, kind: str) -> None:
    assert shape(value) == kind


def test_days_of_another_year_than_the_title_s_are_held_at_the_first_entry_too() -> None:
    facts = replace(NEW, offline={"start": "2024-05-06", "end": "2024-05-10", "headcount": "3"})
    assert said(Sight(FIRST, facts, BatchTally())) == ["its days lie in 2024, its title says 2025"]


def test_a_batch_over_the_turn_of_the_year_is_of_its_year() -> None:
    facts = replace(NEW, offline={"start": "2025-12-29", "end": "2026-01-02", "headcount": "3"})
    assert reasons(Sight(FIRST, facts, BatchTally())) == []


def test_a_batch_of_another_year_than_the_settings_is_held() -> None:
    facts = replace(NEW, key=SPRING._replace(year=2024), offline={"start": "2024-05-06", "end": "2024-05-10"})
    assert said(Sight(None, facts, BatchTally())) == ["the batch is of 2024, the settings are for 2025"]
    assert reasons(Sight(None, replace(facts, mark_agreed=ONE), BatchTally())) == []


@pytest.mark.parametrize(("count", "held"), [(18, False), (19, True)])
def test_a_new_batch_with_last_year_s_people_is_held(count: int, *, held: bool) -> None:
    facts = replace(NEW, offline=DAYS | {"headcount": "20"})
    sight = Sight(FIRST, facts, BatchTally(), of_last_year=count)
    assert (reasons(sight) == [Reason.YEAR]) is held
    assert reasons(replace(sight, work=WORK)) == []


def reviewed(facts: BatchFacts, people: int) -> Review:
    at = datetime(2025, 5, 11, tzinfo=SHANGHAI)
    return Review("h", SPRING, "张三", at, people, facts.mark_offline, facts.mark_agreed)


def test_a_loss_somebody_has_seen_is_not_told_again_until_something_was_agreed_or_more_is_lost() -> None:
    facts = entered(50, 30)
    sight = Sight(WITH_HEADER, facts, BatchTally(known=50), review=reviewed(facts, 30))
    assert reasons(sight) == []
    assert reasons(replace(sight, review=reviewed(facts, 31))) == [Reason.FEWER]
    assert reasons(replace(sight, facts=replace(facts, mark_agreed=THREE))) == [Reason.FEWER]


def test_a_year_somebody_has_seen_is_told_again_only_for_another_header() -> None:
    facts = replace(NEW, offline={"start": "2024-05-06", "end": "2024-05-10", "headcount": "3"})
    sight = Sight(FIRST, facts, BatchTally(), review=reviewed(facts, 3))
    assert reasons(sight) == []
    assert reasons(replace(sight, facts=replace(facts, mark_offline=THREE))) == [Reason.YEAR]


@pytest.mark.parametrize("name", ["fewer_percent", "changed_percent", "shifted_percent", "same_percent"])
def test_a_share_of_100_switches_its_brake_off(name: str) -> None:
    off = replace(LIMITS, **{name: 100.0})
    lost = Sight(WITH_HEADER, entered(50, 1), BatchTally(known=50))
    all_changed = column(20, lambda n: values(n, phone=values((n + 1) % 20)["phone"]))
    last_year = Sight(FIRST, replace(NEW, offline=DAYS | {"headcount": "20"}), BatchTally(), of_last_year=20)
    left = {reason for sight in (lost, all_changed, last_year) for reason in reasons(sight, off)}
    every = {"fewer_percent": Reason.FEWER, "changed_percent": Reason.CHANGED}
    every |= {"shifted_percent": Reason.SHIFTED, "same_percent": Reason.YEAR}
    assert left == set(every.values()) - {every[name]}


@given(st.data())
def test_a_ledger_that_grows_and_is_corrected_here_and_there_never_brakes(data: st.DataObject) -> None:
    before, added = data.draw(st.integers(0, 200)), data.draw(st.integers(0, 200))
    lost = data.draw(st.integers(0, before // 5))
    corrected = data.draw(st.integers(0, before // 3 - lost if before // 3 > lost else 0))
    people = [*map(changed, range(corrected)), *map(gone, range(corrected, corrected + lost))]
    people += [replace(new(0), person=bytes([9, n])) for n in range(added)]
    rows = tuple(opened(n, values(n), values(n, phone=f"1990001{n:04}")) for n in range(corrected))
    facts, tally = entered(before, before - lost + added), BatchTally(known=before)
    assert reasons(Sight(WITH_HEADER, facts, tally, people, rows)) == []


@given(count=st.integers(0, 200), first=st.booleans())
def test_an_untouched_ledger_and_a_first_one_never_brake(count: int, *, first: bool) -> None:
    facts = replace(NEW, offline=DAYS | {"headcount": str(count)}) if first else entered(count, count)
    people = [replace(new(0), person=bytes([n])) for n in range(count if first else 0)]
    tally = BatchTally(offline=count, known=0 if first else count)
    held = reasons(Sight(FIRST if first else None, facts, tally, people))
    assert held == []
