"""Leftovers of a batch: who is probably who, and when nothing may be chosen."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bridge.matching import match
from schemas.identity import check_digit, mask_id, mask_phone
from schemas.matching import Ambiguity, Candidate, Clue, Evidence, Matches, Pair, PairKind
from schemas.texts import Language


def an_id(body: str) -> str:
    return body + check_digit(body)


ID = an_id("99900119850506001")
OTHER_ID = an_id("99900219790123456")


def one(key: str, id_no: str = ID, *, name: str = "测试甲", phone: str = "19900000001") -> Candidate:
    return Candidate(key, name, id_no, phone, "测试单位")


def clues(found: Matches) -> list[Clue]:
    (pair,) = found.pairs
    return [evidence.clue for evidence in pair.evidence]


def test_nothing_left_over_is_nothing_matched() -> None:
    assert match([], []) == Matches((), ())
    assert match([one("a")], []) == Matches((), ())


def test_a_name_and_a_mask_that_agrees_make_a_pair() -> None:
    assert match([one("a")], [one("x", mask_id(ID))]) == Matches(
        (Pair(PairKind.MASKED, "a", "x", (Evidence(Clue.MASK_AGREES),)),), ()
    )


@pytest.mark.parametrize(
    "online",
    [one("x", mask_id(OTHER_ID)), one("x", mask_id(ID), name="测试乙"), one("x", mask_id(ID)[1:])],
    ids=["other digits", "other name", "other length"],
)
def test_a_mask_that_does_not_agree_makes_none(online: Candidate) -> None:
    assert match([one("a", phone="")], [online]) == Matches((), ())


def test_two_whom_a_mask_cannot_tell_apart_are_not_chosen_between() -> None:
    twin = ID[:7] + "7" + ID[8:]
    assert match([one("a"), one("b", twin)], [one("x", mask_id(ID))]) == Matches((), (Ambiguity(("a", "b"), ("x",)),))
    assert match([one("a")], [one("y", mask_id(ID)), one("x", mask_id(ID))]) == Matches(
        (), (Ambiguity(("a",), ("x", "y")),)
    )


def test_swapped_neighbours_are_found_and_the_failing_side_is_named() -> None:
    swapped = ID[:10] + ID[11] + ID[10] + ID[12:]
    (pair,) = match([one("a")], [one("x", swapped)]).pairs
    assert pair.kind is PairKind.MISTYPED
    assert pair.evidence == (
        Evidence(Clue.SWAPPED, (11, 12)),
        Evidence(Clue.SAME_PHONE),
        Evidence(Clue.CHECK_FAILS_ONLINE),
    )
    assert [evidence.text.into(Language.EN) for evidence in pair.evidence] == [
        "characters 11 and 12 of the id number are swapped",
        "the phone number is the same",
        "the check digit fails on the online side",
    ]


def test_the_side_that_fails_may_be_the_offline_one() -> None:
    wrong = ID[:16] + "9" + ID[17]
    assert clues(match([one("a", wrong)], [one("x", ID, phone="")])) == [
        Clue.ONE_CHARACTER,
        Clue.CHECK_FAILS_OFFLINE,
    ]


def test_a_document_type_that_differs_is_found_by_the_same_number() -> None:
    assert clues(match([one("a")], [one("x", phone="")])) == [Clue.SAME_ID]


def test_two_edits_need_the_same_birth_date() -> None:
    sequence = an_id("99900119850506003")
    birth = ID[:8] + "60" + ID[10:]
    assert clues(match([one("a")], [one("x", sequence, phone="")])) == [Clue.SAME_BIRTH_DATE]
    assert match([one("a")], [one("x", birth, phone="")]) == Matches((), ())


def test_another_name_needs_the_same_phone_and_one_slip_in_the_id() -> None:
    slip = ID[:15] + "8" + ID[16:]
    renamed = one("x", slip, name="测试乙")
    assert clues(match([one("a")], [renamed])) == [
        Clue.ONE_CHARACTER,
        Clue.SAME_PHONE,
        Clue.OTHER_NAME,
        Clue.CHECK_FAILS_ONLINE,
    ]
    assert clues(match([one("a")], [replace(renamed, phone=mask_phone(renamed.phone))]))[1] is Clue.SAME_PHONE
    assert match([one("a")], [replace(renamed, phone="19900000002")]) == Matches((), ())
    assert match([one("a", phone="")], [replace(renamed, phone="")]) == Matches((), ())


def test_the_stronger_evidence_decides_first() -> None:
    slip, second = ID[:15] + "8" + ID[16:], ID[:14] + "88" + ID[16:]
    found = match([one("a")], [one("x", second, phone=""), one("y", slip, phone="")])
    assert [(pair.offline, pair.online) for pair in found.pairs] == [("a", "y")]


def test_the_same_phone_breaks_a_tie_and_without_it_nobody_is_chosen() -> None:
    slips = [ID[:15] + digit + ID[16:] for digit in "78"]
    tie = [one("x", slips[0], phone=""), one("y", slips[1], phone="")]
    assert match([one("a")], tie) == Matches((), (Ambiguity(("a",), ("x", "y")),))
    (pair,) = match([one("a")], [tie[0], replace(tie[1], phone="19900000001")]).pairs
    assert pair.online == "y"


def test_an_ambiguity_over_several_candidates_is_one_group() -> None:
    offline = [one("a", ID[:15] + "1" + ID[16:], phone=""), one("b", ID[:15] + "2" + ID[16:], phone="")]
    online = [one("x", ID[:15] + "3" + ID[16:], phone=""), one("y", ID[:15] + "4" + ID[16:], phone="")]
    assert match(offline, online) == Matches((), (Ambiguity(("a", "b"), ("x", "y")),))


def test_strangers_of_one_name_stay_apart() -> None:
    assert match([one("a")], [one("x", OTHER_ID, phone="")]) == Matches((), ())


def test_records_without_an_id_are_matched_with_nobody() -> None:
    assert match([one("a", "")], [one("x", ""), one("y", "1")]) == Matches((), ())


def test_every_clue_has_words() -> None:
    assert all(Evidence(clue, (1, 2)).text.into(Language.EN) for clue in Clue)


def test_no_personal_value_shows_in_a_printed_candidate() -> None:
    assert repr(one("a")) == "Candidate(a)"


@st.composite
def right_ids(draw: st.DrawFn) -> str:
    born = draw(st.dates(date(1950, 1, 1), date(2005, 12, 31)))
    return an_id(f"999{draw(st.integers(0, 999)):03}{born:%Y%m%d}{draw(st.integers(0, 999)):03}")


@given(right_ids(), st.integers(0, 16), st.integers(1, 9))
def test_every_substituted_digit_is_found_with_its_position(id_no: str, place: int, by: int) -> None:
    wrong = id_no[:place] + str((int(id_no[place]) + by) % 10) + id_no[place + 1 :]
    (pair,) = match([one("a", id_no)], [one("x", wrong)]).pairs
    assert pair.evidence[0] == Evidence(Clue.ONE_CHARACTER, (place + 1,))
    assert pair.evidence[-1].clue is Clue.CHECK_FAILS_ONLINE


@given(right_ids(), st.integers(0, 16))
def test_every_swap_is_found_with_its_positions(id_no: str, place: int) -> None:
    assume(id_no[place] != id_no[place + 1])
    swapped = id_no[:place] + id_no[place + 1] + id_no[place] + id_no[place + 2 :]
    (pair,) = match([one("a", swapped)], [one("x", id_no)]).pairs
    assert pair.evidence[0] == Evidence(Clue.SWAPPED, (place + 1, place + 2))


@given(right_ids(), st.integers(0, 17))
def test_every_lost_digit_is_found(id_no: str, place: int) -> None:
    assert clues(match([one("a", id_no)], [one("x", id_no[:place] + id_no[place + 1 :])]))[0] is Clue.ONE_MISSING


@given(right_ids(), st.integers(0, 99), st.booleans())
def test_every_second_edit_outside_the_birth_date_is_found(id_no: str, ending: int, in_region: bool) -> None:  # noqa: FBT001
    where = slice(3, 5) if in_region else slice(14, 16)
    wrong = id_no[: where.start] + f"{ending:02}" + id_no[where.stop :]
    assume(wrong != id_no)
    assert len(match([one("a", id_no)], [one("x", wrong)]).pairs) == 1


@given(right_ids())
def test_every_old_form_is_found_whatever_its_new_check_digit(id_no: str) -> None:
    born_before_2000 = id_no[:6] + "19" + id_no[8:]
    old = born_before_2000[:6] + born_before_2000[8:17]
    assert clues(match([one("a", born_before_2000)], [one("x", old)]))[0] is Clue.OLD_ID


small_ids = st.sampled_from(
    [ID, OTHER_ID, mask_id(ID), ID[:15] + "8" + ID[16:], ID[:15] + "1" + ID[16:], an_id("99900119850506003")]
)
phones = st.sampled_from(["", "19900000001", "199****0001", "19900000002"])


def sides(prefix: str) -> st.SearchStrategy[list[Candidate]]:
    someone = st.tuples(st.sampled_from(["测试甲", "测试乙"]), small_ids, phones)
    return st.lists(someone, max_size=5).map(
        lambda rows: [one(f"{prefix}{n}", id_no, name=name, phone=phone) for n, (name, id_no, phone) in enumerate(rows)]
    )


@given(sides("a"), sides("x"), st.randoms(use_true_random=False))
def test_the_order_of_the_leftovers_does_not_matter(
    offline: list[Candidate], online: list[Candidate], random: Random
) -> None:
    expected = match(offline, online)
    random.shuffle(offline)
    random.shuffle(online)
    assert match(offline, online) == expected


@given(sides("a"), sides("x"))
def test_no_key_is_used_twice(offline: list[Candidate], online: list[Candidate]) -> None:
    found = match(offline, online)
    used_offline = [pair.offline for pair in found.pairs] + [key for group in found.ambiguous for key in group.offline]
    used_online = [pair.online for pair in found.pairs] + [key for group in found.ambiguous for key in group.online]
    assert len(used_offline) == len(set(used_offline)) <= len(offline)
    assert len(used_online) == len(set(used_online)) <= len(online)
    assert all(len(group.offline) + len(group.online) > 2 for group in found.ambiguous)


def test_a_thousand_leftovers_on_each_side_are_paired_by_name_and_slip() -> None:
    ids = [an_id(f"999001198505{n:05}") for n in range(1000)]
    offline = [one(f"a{n:04}", id_no, name=f"测试{n:04}", phone="") for n, id_no in enumerate(ids)]
    online = [replace(person, key=f"x{n:04}", id_no=ids[n][:16] + "X" + ids[n][17]) for n, person in enumerate(offline)]
    found = match(offline, online)
    assert [(pair.offline[1:], pair.online[1:]) for pair in found.pairs] == [
        (f"{n:04}", f"{n:04}") for n in range(1000)
    ]
