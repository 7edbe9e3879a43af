"""The people, the batch and the words that tests of the bridge speak of. Nobody here exists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from adapters.vault import Keys, Vault
from bridge.deadlines import SHANGHAI
from bridge.map import Glossary, person_values, to_online
from schemas.batch import Batch, BatchKey, Level
from schemas.dialect import shipped_dialect
from schemas.identity import IdType, check_digit
from schemas.policy import shipped_policy
from schemas.roster import Category, Leader, Participant, Place, Problem, Rejection, Roster, Severity

VAULT = Vault(Keys(b"s" * 32, b"m" * 32, b"k" * 32, b"n" * 32))
WORDS = shipped_dialect("qilu").words
POLICY = shipped_policy("weihai-2025")
GLOSSARY = Glossary(WORDS, VAULT.mark, VAULT.person_key)
SPRING = BatchKey(2025, "测试工会", "第一批")
BATCH = Batch(SPRING, Level.CITY, "测试基地", date(2025, 5, 6), date(2025, 5, 10))
MORNING_AFTER = datetime(2025, 5, 11, 9, 0, tzinfo=SHANGHAI)
_NAMES = "零甲乙丙丁戊己庚辛壬"


def person(number: int, **changes: Any) -> Participant:
    """Somebody who does not exist; no two of them are alike enough to be taken for one another."""
    digits = f"999001{1970 + number}{number:02}{number:02}{number}{number}1"
    one = Participant(
        name=f"{_NAMES[number]}测试",
        id_type=IdType.RESIDENT,
        id_no=digits + check_digit(digits),
        phone=f"1990000{number}{number}0{number}",
        unit="测试单位",
        category=Category.SKILLED,
        where=Place("", "名单", 3 + number),
    )
    return replace(one, **changes)


A, B, C, D = person(1), person(2), person(3), person(4)


def another(name: str, *, end: date = BATCH.end, organiser: str = SPRING.organiser) -> Batch:
    """A second batch like the first one."""
    return replace(BATCH, key=BatchKey(2025, organiser, name), start=end - timedelta(days=4), end=end)


def key_of(one: Participant) -> bytes:
    return VAULT.person_key(one.id_type, one.id_no)


def in_words(one: Participant, **changes: str) -> dict[str, str]:
    """A participant as the portal stores them."""
    return to_online(person_values(one), WORDS.person) | changes


def damaged(path: str = "rosters/台账.xlsx", row: int = 40) -> Rejection:
    where = Place(path, "名单", row, "身份证号")
    return Rejection(where, (Problem("id_check_digit", Severity.BLOCK, where),))


def block(
    *people: Participant,
    batch: Batch = BATCH,
    path: str = "rosters/台账.xlsx",
    leaders: int = 0,
    rejections: Sequence[Rejection] = (),
    declared: int | None = None,
) -> Roster:
    """One block of a ledger, with every place in `path`."""
    places = [replace(one, where=replace(one.where, file=path)) for one in people]
    return Roster(
        batch=batch,
        where=Place(path, "名单", 1),
        people=tuple(places),
        leaders=tuple(
            Leader(f"带队{number}", "", "测试单位", Place(path, "名单", 60 + number)) for number in range(leaders)
        ),
        rejections=tuple(replace(found, batch=batch.key) for found in rejections),
        declared=declared,
    )
