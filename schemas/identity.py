"""Identity values: their canonical form, their checks, their masks.

Resident ids by GB 11643 (check digit ISO 7064 MOD 11-2), credit codes by GB 32100. Nothing is ever repaired:
a wrong value gets a problem code, and staff settle it.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from enum import StrEnum
from functools import lru_cache


class IdType(StrEnum):
    """证件类型. A non-resident document is a field of its own, never an error."""

    RESIDENT = "resident"
    HMT_PERMIT = "hmt_permit"  # residence permit of Hong Kong, Macao, Taiwan: 81, 82, 83 in the resident scheme
    FOREIGN_PERMIT = "foreign_permit"  # 9, province, country in the resident scheme; older: 3 letters + 12 digits
    PASSPORT = "passport"


class Sex(StrEnum):
    """The two codes of GB/T 2261.1 an id can state."""

    MALE = "1"
    FEMALE = "2"


_HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_NAME_SEPARATOR = re.compile(rf"(?<=[{_HAN}])\s*[·•・･‧∙⋅．.]\s*(?=[{_HAN}])")
_BLANK_BETWEEN_HAN = re.compile(rf"(?<=[{_HAN}])\s+(?=[{_HAN}])")
_BLANK_NOT_BETWEEN_WORDS = re.compile(r"(?<![A-Za-z0-9])\s+|\s+(?![A-Za-z0-9])")
_LATIN = {wide: wide - 0xFEE0 for first, last in ("ＡＺ", "ａｚ") for wide in range(ord(first), ord(last) + 1)}
_NARROW = _LATIN | str.maketrans("０１２３４５６７８９（）［］", "0123456789()[]")
_SCHEME = re.compile(r"[0-9]{17}[0-9X]")
_OLD_FOREIGN_PERMIT = re.compile(r"[A-Z]{3}[0-9]{12}")
_PASSPORT = re.compile(r"(?=.*[A-Z])(?=(?:.*[0-9]){4})[A-Z0-9]{6,9}")
_PROVINCE = re.compile(r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3])")
# 9 + province + country (since 2023-12): 99 is no province, so 999xxx is not a foreigner's permit.
_FOREIGN_PERMIT = re.compile(rf"9{_PROVINCE.pattern}")
_MOBILE = re.compile(r"1[0-9]{10}")
_OLDEST_YEARS = 130
_LENGTH, _OLD_LENGTH = 18, 15
_MOBILE_LENGTH = 11
_USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_LONG_NUMBER = re.compile(r"(?:\d(?:[ \u00a0-]?\d){10,}|\d{7,})[Xx]?")


def canonical_id(text: str) -> str:
    """An id as it is compared: half width, upper case, without blanks, hyphens and marks nobody sees.

    A plausible 15-digit id becomes its 18-digit form. The stars of a mask stay.
    """
    if _SCHEME.fullmatch(text):
        return text
    bare = _dense(text).lstrip("'‘’`").upper()
    bare = "".join(c for c in bare if unicodedata.category(c) != "Pd" and c != "−")
    return _from_old_form(bare)


def canonical_phone(text: str) -> str:
    """A phone number as it is compared: its digits without the country prefix. The stars of a mask stay."""
    if _MOBILE.fullmatch(text):
        return text
    dense = re.sub(r"\.0*$", "", _dense(text))
    digits = "".join(c for c in dense if c in "0123456789*")
    if dense.lstrip("'‘’`(").startswith(("+86", "0086")):
        return digits.removeprefix("00").removeprefix("86")
    return digits[2:] if re.fullmatch(r"861[0-9*]{10}", digits) else digits


def canonical_name(text: str) -> str:
    """A name as it is compared, by a narrow map: NFKC would turn ① into 1 and Ⅳ into IV.

    The only separator between Han characters is U+00B7 (民委发〔2016〕33号).
    """
    name = " ".join(_visible(text).translate(_LATIN).split())
    return _BLANK_BETWEEN_HAN.sub("", _NAME_SEPARATOR.sub("·", name))


def canonical_text(text: str) -> str:
    """A unit, base or organiser as it is compared: a blank stays only between two Latin words or numbers."""
    narrow = _visible(text).translate(_NARROW)
    return _BLANK_NOT_BETWEEN_WORDS.sub("", " ".join(narrow.split()))


def identify(canonical: str) -> IdType | None:
    """The document an id number looks like, None when it has no known shape."""
    if _SCHEME.fullmatch(canonical):
        if canonical[:2] in {"81", "82", "83"}:
            return IdType.HMT_PERMIT
        return IdType.FOREIGN_PERMIT if _FOREIGN_PERMIT.match(canonical) else IdType.RESIDENT
    if _OLD_FOREIGN_PERMIT.fullmatch(canonical):
        return IdType.FOREIGN_PERMIT
    return IdType.PASSPORT if _PASSPORT.fullmatch(canonical) else None


def id_fault(canonical: str, *, on: date) -> str | None:
    """The problem code of an id number on the day `on`, None when it has none.

    Documents outside the 18-digit scheme carry no check digit, so their shape is all that is asked.
    """
    if len(canonical) != _LENGTH:
        return None if identify(canonical) else "id_length"
    if not _SCHEME.fullmatch(canonical):
        return "id_characters"
    if check_digit(canonical) != canonical[17]:
        return "id_check_digit"
    born = _day(canonical[6:14])
    return None if born and born <= on and on.year - born.year <= _OLDEST_YEARS else "id_birth_date"


def check_digit(digits: str) -> str:
    """The 18th character for the first 17 of `digits` (GB 11643)."""
    return "0123456789X"[(1 - 2 * int(digits[:17], 13)) % 11]


def unknown_region(canonical: str) -> bool:
    """Whether the province in an id of the 18-digit scheme is none of GB/T 2260. Never more than a warning."""
    if _PROVINCE.match(canonical) or not _SCHEME.fullmatch(canonical):
        return False
    return identify(canonical) is not IdType.FOREIGN_PERMIT


def birth_date(canonical: str) -> date | None:
    """The birth date an id of the 18-digit scheme states; None for other documents and impossible dates."""
    return _day(canonical[6:14]) if _SCHEME.fullmatch(canonical) else None


def sex_of(canonical: str) -> Sex | None:
    """The sex an id of the 18-digit scheme states; None for other documents."""
    if not _SCHEME.fullmatch(canonical):
        return None
    return Sex.MALE if int(canonical[16]) % 2 else Sex.FEMALE


def uscc_is_valid(text: str) -> bool:
    """Whether `text` is a unified social credit code (GB 32100); any of its 31 characters may close it."""
    if len(text) != _LENGTH or not set(text) <= set(_USCC_ALPHABET):
        return False
    total = sum(_USCC_ALPHABET.index(c) * pow(3, place, 31) for place, c in enumerate(text[:17]))
    return _USCC_ALPHABET[-total % 31] == text[17]


def mask_id(text: str) -> str:
    """371***********1234; shorter documents show less."""
    return _mask(text, 3, 4) if len(text) >= _OLD_LENGTH else _mask(text, 1, 2)


def mask_phone(text: str) -> str:
    """199****0001; what is no mobile number shows less."""
    return _mask(text, 3, 4) if len(text) == _MOBILE_LENGTH else _mask(text, 1, 2)


def mask_name(text: str) -> str:
    """张*: the first character, and a star whatever the length."""
    return f"{text[0]}*" if len(text) > 1 else "*" * len(text)


def is_masked(text: str) -> bool:
    return "*" in text


def agrees_with_mask(masked: str, full: str) -> bool:
    """Whether every character the mask shows is the one `full` has in that place."""
    return len(masked) == len(full) and all(m in ("*", f) for m, f in zip(masked, full, strict=True))


def scrub(text: str) -> str:
    """Free words with every number that could be an id or a phone masked: 7 digits on end, or 11 with gaps."""
    return _LONG_NUMBER.sub(lambda found: _mask_number(found[0]), text)


def _mask_number(text: str) -> str:
    return mask_id(text) if len(text) >= _OLD_LENGTH else mask_phone(text)


def _visible(text: str) -> str:
    return text if text.isprintable() else "".join(c for c in text if unicodedata.category(c) != "Cf")


def _dense(text: str) -> str:
    return "".join(_visible(unicodedata.normalize("NFKC", text)).split())


@lru_cache(maxsize=1 << 15)  # more than the days of a working life
def _day(digits: str) -> date | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def _from_old_form(text: str) -> str:
    if not re.fullmatch(r"[0-9]{15}", text) or _day(f"19{text[6:12]}") is None:
        return text
    seventeen = f"{text[:6]}19{text[6:]}"
    return seventeen + check_digit(seventeen)


def _mask(text: str, head: int, tail: int) -> str:
    hidden = len(text) - head - tail
    return text[:head] + "*" * hidden + text[-tail:] if hidden > 0 else "*" * len(text)
