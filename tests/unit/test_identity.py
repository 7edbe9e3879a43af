"""Canonical forms, checks and masks of identity values."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric, uscc

from schemas.identity import (
    IdType,
    Sex,
    agrees_with_mask,
    birth_date,
    canonical_id,
    canonical_name,
    canonical_phone,
    canonical_text,
    check_digit,
    id_fault,
    identify,
    is_masked,
    mask_id,
    mask_name,
    mask_phone,
    scrub,
    sex_of,
    unknown_region,
    uscc_is_valid,
)

TODAY = date(2025, 5, 10)
VECTOR = "11010519491231002X"  # GB 11643, annex
OLDEST_VECTOR = "440524188001010014"  # the same annex, born 1880

seventeen_digits = st.text("0123456789", min_size=17, max_size=17)
births = st.dates(date(1930, 1, 1), date(2009, 12, 31))


@st.composite
def synthetic_ids(draw: st.DrawFn) -> str:
    body = f"999{draw(st.integers(0, 999)):03}{draw(births):%Y%m%d}{draw(st.integers(0, 999)):03}"
    return body + check_digit(body)


@given(seventeen_digits)
def test_the_check_digit_is_the_one_of_the_standard(digits: str) -> None:
    assert check_digit(digits) == ric.calc_check_digit(digits + "0")


@given(st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=17, max_size=17))
def test_a_credit_code_is_valid_with_its_check_character_and_no_other(body: str) -> None:
    right = uscc.calc_check_digit(body)
    assert [c for c in "0123456789ABCDEFGHJKLMNPQRTUWXYIOSVZ" if uscc_is_valid(body + c)] == [right]


@pytest.mark.parametrize("code", ["91350100M000100Y43", "92371000MA3JJYML8T"])
def test_published_credit_codes_are_valid(code: str) -> None:
    assert uscc_is_valid(code)
    assert not uscc_is_valid(code[:-1])


@given(synthetic_ids())
def test_a_right_id_of_an_unknown_region_has_no_fault(id_no: str) -> None:
    assert id_fault(id_no, on=TODAY) is None
    assert identify(id_no) is IdType.RESIDENT
    assert unknown_region(id_no)


@given(synthetic_ids(), st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_never_passes(id_no: str, place: int, by: int) -> None:
    wrong = id_no[:place] + str((int(id_no[place]) + by) % 10) + id_no[place + 1 :]
    assert id_fault(wrong, on=TODAY) == "id_check_digit"


@given(synthetic_ids(), st.integers(0, 16))
def test_two_swapped_neighbours_never_pass(id_no: str, place: int) -> None:
    swapped = id_no[:place] + id_no[place + 1] + id_no[place] + id_no[place + 2 :]
    assert swapped == id_no or id_fault(swapped, on=TODAY) in {"id_check_digit", "id_characters"}


@pytest.mark.parametrize(
    ("id_no", "fault"),
    [
        (VECTOR, None),
        (OLDEST_VECTOR, "id_birth_date"),  # right in 1949, no worker today
        (VECTOR[:-1], "id_length"),
        (VECTOR + "1", "id_length"),
        ("", "id_length"),
        ("3710" + "*" * 10 + "1234", "id_characters"),
        ("1101051949123100A1", "id_characters"),
        ("110105194912310021", "id_check_digit"),
        ("9990011990023000" + "1" + check_digit("99900119900230001"), "id_birth_date"),
        ("9990012025051100" + "1" + check_digit("99900120250511001"), "id_birth_date"),  # tomorrow
        ("9990012025051000" + "1" + check_digit("99900120250510001"), None),  # today
        ("ABC123456789012", None),  # older foreigner's permit
        ("E12345678", None),  # passport
    ],
    ids=lambda value: "",
)
def test_each_fault_has_its_code(id_no: str, fault: str | None) -> None:
    assert id_fault(id_no, on=TODAY) == fault


def test_the_oldest_published_vector_was_right_in_its_day() -> None:
    assert id_fault(OLDEST_VECTOR, on=date(1949, 12, 31)) is None


@pytest.mark.parametrize(
    ("id_no", "id_type"),
    [
        ("810000199001010016", IdType.HMT_PERMIT),
        ("820000199001010016", IdType.HMT_PERMIT),
        ("830000199001010016", IdType.HMT_PERMIT),
        ("937156199001010016", IdType.FOREIGN_PERMIT),  # 9, Shandong, country
        ("999001199001010016", IdType.RESIDENT),  # 99 is no province: the synthetic region
        ("ABC123456789012", IdType.FOREIGN_PERMIT),
        ("E12345678", IdType.PASSPORT),
        ("EA1234567", IdType.PASSPORT),
        ("12AB34567", IdType.PASSPORT),
        ("19900000001", None),
        ("3710****1234", None),
        ("未提供", None),
        ("", None),
    ],
    ids=lambda value: "",
)
def test_documents_are_told_apart_by_their_shape(id_no: str, id_type: IdType | None) -> None:
    assert identify(id_no) is id_type


def test_a_document_outside_the_resident_scheme_states_no_region_birth_or_sex() -> None:
    assert (unknown_region("E12345678"), birth_date("E12345678"), sex_of("E12345678")) == (False, None, None)


def test_a_permit_of_a_known_province_is_no_unknown_region() -> None:
    assert not unknown_region("937156199001010016")
    assert not unknown_region("830000199001010016")


@given(synthetic_ids())
def test_birth_date_and_sex_stand_in_the_id(id_no: str) -> None:
    born = birth_date(id_no)
    assert born is not None
    assert f"{born:%Y%m%d}" == id_no[6:14]
    assert sex_of(id_no) is (Sex.MALE if id_no[16] in "13579" else Sex.FEMALE)


@pytest.mark.parametrize(
    "written",
    [
        "11010519491231002x",
        "１１０１０５１９４９１２３１００２ｘ",
        "'11010519491231002X",
        "\u3000110105\u00a019491231\u200b002X\n",
        "110105-19491231-002X",
        "110105—19491231−002X",
        "110105491231002",  # the old form
        "\ufeff110105 491231 002",
    ],
    ids=lambda value: "",
)
def test_every_way_to_write_an_id_has_one_canonical_form(written: str) -> None:
    assert canonical_id(written) == VECTOR


def test_fifteen_digits_that_hold_no_date_stay_as_they_are() -> None:
    assert canonical_id("110105491331002") == "110105491331002"


def test_the_stars_of_a_mask_survive_the_canonical_form() -> None:
    assert canonical_id("3710＊＊＊＊＊＊＊＊＊＊123x") == "3710**********123X"
    assert canonical_phone("199****0001") == "199****0001"


@pytest.mark.parametrize(
    "written",
    [
        "19900000001",
        "19900000001.0",
        "199-0000-0001",
        "199 0000 0001",
        "+86 199 0000 0001",
        "0086-19900000001",
        "8619900000001",
        "１９９００００００\u200b０１",
        "'19900000001",
        "(+86)19900000001",
    ],
    ids=lambda value: "",
)
def test_every_way_to_write_a_phone_has_one_canonical_form(written: str) -> None:
    assert canonical_phone(written) == "19900000001"


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("张 三", "张三"),
        ("　张　三　", "张三"),
        ("张\u00a0三\n", "张三"),
        ("测试•甲", "测试·甲"),
        ("测试 ． 甲", "测试·甲"),
        ("测试・甲‧乙∙丙⋅丁.戊·己", "测试·甲·乙·丙·丁·戊·己"),
        ("Ｔｅｓｔ　Ａｎｎ", "Test Ann"),
        ("Test A. Ann", "Test A. Ann"),
        ("测试①", "测试①"),
        ("测试Ⅳ", "测试Ⅳ"),
        ("𬎆 〇", "𬎆〇"),
    ],
)
def test_names_are_folded_by_a_narrow_map(written: str, canonical: str) -> None:
    assert canonical_name(written) == canonical


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("威海 市 （测试） 厂", "威海市(测试)厂"),
        ("威海市(测试)厂\n", "威海市(测试)厂"),
        ("测试　Ａ　Ｂ　公司", "测试A B公司"),
        ("测试 １２ 厂", "测试12厂"),
        ("", ""),
    ],
)
def test_units_keep_only_the_blanks_between_latin_words(written: str, canonical: str) -> None:
    assert canonical_text(written) == canonical


@pytest.mark.parametrize("canonical", [canonical_id, canonical_phone, canonical_name, canonical_text])
@given(text=st.text(st.sampled_from("张三〇·•. \u3000\u200b(（1８86+-'*xXaＡ.0"), max_size=20))
def test_a_canonical_value_is_its_own_canonical_form(canonical, text: str) -> None:
    once = canonical(text)
    assert canonical(once) == once


def test_masks_show_the_ends_and_hide_the_rest() -> None:
    assert mask_id("999001199001011234") == "999***********1234"
    assert mask_id("E12345678") == "E******78"
    assert mask_phone("19900000001") == "199****0001"
    assert mask_phone("5200001") == "5****01"
    assert (mask_id("12"), mask_phone(""), mask_name("测试甲"), mask_name("甲"), mask_name("")) == (
        "**",
        "",
        "测*",
        "*",
        "",
    )


@given(synthetic_ids())
def test_an_id_agrees_with_its_own_mask_only_in_full_length(id_no: str) -> None:
    assert is_masked(mask_id(id_no))
    assert not is_masked(id_no)
    assert agrees_with_mask(mask_id(id_no), id_no)
    assert not agrees_with_mask(mask_id(id_no), id_no + "1")


@given(synthetic_ids(), st.integers(14, 17))
def test_one_visible_character_that_differs_ends_the_agreement(id_no: str, place: int) -> None:
    other = id_no[:place] + ("7" if id_no[place] != "7" else "8") + id_no[place + 1 :]
    assert not agrees_with_mask(mask_id(id_no), other)


def test_the_portals_words_lose_every_number_that_could_be_personal() -> None:
    words = "甲(99900119900101123X)、19900000001、199 0000 0001 于2025-05-10已存在，错误码20024"
    assert scrub(words) == "甲(999***********123X)、199****0001、1**********01 于2025-05-10已存在，错误码20024"


@given(st.text(max_size=10), synthetic_ids(), st.text("张三 ,;:", min_size=1, max_size=5), st.integers(0, 9999))
def test_no_id_and_no_phone_survives_the_scrubbing(before: str, id_no: str, between: str, end: int) -> None:
    phone = f"1990000{end:04}"
    scrubbed = scrub(f"{before}{id_no}{between}{phone}")
    assert id_no not in scrubbed
    assert phone not in scrubbed
