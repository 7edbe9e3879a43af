"""What a request must look like: fields, their kinds, and the portal's words for what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum

Row = dict[str, str | int]
Body = Mapping[str, object]
Kind = Callable[[str, str], str | int]


class Code(StrEnum):
    OK = "P00000"
    CLOSED = "P10002"
    THROTTLED = "P10012"
    STRANGER = "P10013"
    STAMP = "P10014"
    TIMED_OUT = "P10003"
    IN_FLIGHT = "P10019"
    KEY_REUSED = "P10020"
    FAULT = "P10001"
    TOO_LARGE = "P10021"
    EXISTS = "S10019"
    MISSING = "S20004"
    NOT_IN_LIST = "S20005"
    FORMAT = "S20006"
    NOT_FOUND = "S20011"
    NOT_AUTHORISED = "S20012"
    NOT_CHANGED = "S20022"
    REPEATED = "S20024"


class Status(StrEnum):
    """releaseStatus"""

    REVIEWED = "1"
    SUBMITTED = "2"
    RETURNED = "3"
    DRAFT = "5"


class Refusal(Exception):
    """The portal says no; `message` never repeats a value."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(f"{code} {message}")
        self.code = code
        self.message = message


def _text(_name: str, text: str) -> str:
    return text


def _number(name: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= _DIGITS_MAX):
        raise Refusal(Code.FORMAT, f"参数格式不正确：{name}")
    return int(text)


def _day(name: str, text: str) -> str:
    try:
        return date.fromisoformat(text).strftime("%Y-%m-%d")
    except ValueError:
        raise Refusal(Code.FORMAT, f"日期格式不正确：{name}") from None


def _word_of(*words: str) -> Kind:
    def word(name: str, text: str) -> str:
        if text not in words:
            raise Refusal(Code.NOT_IN_LIST, f"参数取值不在字典内：{name}")
        return text

    return word


BATCH_FIELDS: Mapping[str, Kind] = {
    "year": _number,
    "organizerName": _text,
    "batchName": _text,
    "level": _word_of("21", "22", "24", "26"),
    "baseName": _text,
    "startDate": _day,
    "endDate": _day,
    "personNum": _number,
    "leaderNum": _number,
}
PERSON_FIELDS: Mapping[str, Kind] = {
    "fullName": _text,
    "idType": _word_of("01", "02", "03", "04"),
    "idCard": _text,
    "userPhone": _text,
    "laborName": _text,
    "personType": _word_of("1", "2", "3", "4", "5"),
}
_BATCH_MAY_MISS: Row = {"personNum": 0, "leaderNum": 0}
_PERSON_MAY_MISS: Row = {"userPhone": "", "laborName": "", "personType": ""}
_DIGITS_MAX = 15  # a page of that number times its size still fits SQLite
_HALF_WIDTH = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}
_RESIDENT_ID = re.compile(r"\d{17}[\dXx]|\d{15}", re.ASCII)


def text_of(body: Body, name: str) -> str:
    """A field as text; empty when it is missing, null or not a plain value."""
    value = body.get(name)
    return str(value).strip() if isinstance(value, str | int) else ""


def number_of(body: Body, name: str) -> int:
    """A field that must be there; raises Refusal."""
    if not (text := text_of(body, name)):
        raise Refusal(Code.MISSING, f"缺少参数：{name}")
    return _number(name, text)


def whole_batch(body: Body) -> Row:
    """The header of a new batch; raises Refusal."""
    return _days_in_order(_whole(body, BATCH_FIELDS, _BATCH_MAY_MISS))


def batch_changes(body: Body) -> Row:
    """The fields of a batch that the body states; raises Refusal."""
    return _days_in_order(_stated(body, BATCH_FIELDS, _BATCH_MAY_MISS))


def whole_person(body: Body) -> Row:
    """A new participant; raises Refusal."""
    return _id_in_form(_whole(body, PERSON_FIELDS, _PERSON_MAY_MISS))


def person_changes(body: Body) -> Row:
    """The fields of a participant that the body states; raises Refusal."""
    return _id_in_form(_stated(body, PERSON_FIELDS, _PERSON_MAY_MISS))


def normalised(row: Row) -> Row:
    """As a portal keeps it that has its own mind about spelling."""
    kept = {name: value.translate(_HALF_WIDTH) if isinstance(value, str) else value for name, value in row.items()}
    return kept | {"idCard": str(kept["idCard"]).upper()} if "idCard" in kept else kept


def _stated(body: Body, kinds: Mapping[str, Kind], may_miss: Row) -> Row:
    stated = {name: text_of(body, name) for name in kinds if body.get(name) is not None}
    if missing := [name for name, text in stated.items() if not text and name not in may_miss]:
        raise Refusal(Code.MISSING, f"缺少参数：{'、'.join(missing)}")
    return {name: kinds[name](name, text) if text else may_miss[name] for name, text in stated.items()}


def _whole(body: Body, kinds: Mapping[str, Kind], may_miss: Row) -> Row:
    return _stated({name: text_of(body, name) for name in kinds}, kinds, may_miss)


def _days_in_order(row: Row) -> Row:
    if "startDate" in row and "endDate" in row and str(row["endDate"]) < str(row["startDate"]):
        raise Refusal(Code.FORMAT, "结束日期早于开始日期")
    return row


def _id_in_form(row: Row) -> Row:
    if row.get("idType") == "01" and "idCard" in row and not _RESIDENT_ID.fullmatch(str(row["idCard"])):
        raise Refusal(Code.FORMAT, "身份证号码格式不正确")
    return row
