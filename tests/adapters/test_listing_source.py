"""A local system that lists its batches: judged like any ledger, gated by its change marks, and never taken for emptied."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from adapters.sources.aliases import NO_ALIASES, Aliases
from adapters.sources.facts import Facts
from adapters.sources.listing import ListedSource
from schemas.batch import BatchKey, Level
from schemas.dialect import Dictionaries
from schemas.errors import AuthError, BridgeError, SchemaDrift, SourceError, TransientError
from schemas.portal import OnlineBatch, OnlinePerson, OnlineStatus
from schemas.roster import Category
from schemas.texts import T
from tests.adapters.ledgers import id_no, name

NOW = datetime(2025, 6, 10, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
WORDS = Dictionaries(level={"district": ("24",)}, category={"skilled": ("1", "01")})
SPRING = {
    "year": "2025",
    "name": "第2批",
    "organiser": "示例区总工会",
    "level": "24",
    "base": "示例基地",
    "start": "2025-05-03",
    "end": "2025-05-07",
}


def person(number: int, **other: str) -> OnlinePerson:
    fields = {
        "name": name(number),
        "id_type": "01",
        "id_no": id_no(number),
        "phone": "19900000001",
        "unit": "渔业公司",
        "category": "1",
    }
    return OnlinePerson(str(number), fields | other)


@dataclass
class System:
    """What it lists, how often it was asked for people, and what keeps it from answering."""

    held: dict[OnlineBatch, list[OnlinePerson]] = field(default_factory=dict)
    asked: int = 0
    fault: BridgeError | None = None

    @contextmanager
    def connect(self) -> Iterator[System]:
        yield self

    def batches(self, year: int) -> Iterator[OnlineBatch]:
        if self.fault:
            raise self.fault
        return (batch for batch in self.held if batch.fields["year"] == str(year))

    def people(self, batch_online_id: str) -> Iterator[OnlinePerson]:
        self.asked += 1
        return iter(next(people for batch, people in self.held.items() if batch.online_id == batch_online_id))

    def holds(self, *people: OnlinePerson, change: str = "", **other: str) -> None:
        self.held = {_Batch("7", SPRING | other, OnlineStatus.DRAFT, change=change): list(people)}


class _Batch(OnlineBatch):
    """One that a table may be keyed by."""

    __slots__ = ()

    def __hash__(self) -> int:
        return hash(self.online_id)


def source_of(system: System, aliases: Aliases = NO_ALIASES, described: str = "") -> ListedSource:
    more = {"year": 2025, "now": lambda: NOW, "described": described, "key": b"key"}
    return ListedSource("系统", system.connect, WORDS, Facts(year=2025), aliases, **more)


def test_its_batches_are_read_as_ledgers_are() -> None:
    (system := System()).holds(person(1), person(2, category="01", phone="19900000002"))
    [stamp] = (source := source_of(system)).look()
    assert source.digest(stamp) == source_of(system).digest(stamp)
    [roster] = source.read(stamp, {}).rosters
    assert stamp.path == "系统/people"
    assert (roster.batch.key, roster.batch.level) == (BatchKey(2025, "示例区总工会", "第2批"), Level.DISTRICT)
    assert [(one.id_no, one.category, one.phone) for one in roster.people] == [
        (id_no(1), Category.SKILLED, "19900000001"),
        (id_no(2), Category.SKILLED, "19900000002"),
    ]


def test_the_federation_s_own_words_hold_for_it_too() -> None:
    (system := System()).holds(person(1, unit="渔业", category="骨干"), level="区里")
    own = Aliases.of({}, {"渔业": "荣成市渔业公司"}, {"区里": "区市级"}, {"骨干": "技能人才"})
    [stamp] = (source := source_of(system, own)).look()
    [roster] = source.read(stamp, {}).rosters
    assert (roster.batch.level, roster.people[0].unit) == (Level.DISTRICT, "荣成市渔业公司")
    assert roster.people[0].category is Category.SKILLED


def test_whatever_else_it_is_told_it_is_read_again() -> None:
    (system := System()).holds(person(1), change="m")
    stamp = source_of(system).look()
    assert source_of(system).look() == stamp
    others = source_of(system, Aliases.of({}, {"渔业": "荣成市渔业公司"})), source_of(system, described="otherwise")
    assert len({one.look() for one in others} | {stamp}) == 3


@pytest.mark.parametrize(
    ("other", "code"), [({"category": "77"}, "unknown_category"), ({"id_no": "9990011990*"}, "id_")]
)
def test_what_it_does_not_say_plainly_is_refused_with_its_place(other: dict[str, str], code: str) -> None:
    (system := System()).holds(person(1), person(2, **other))
    [stamp] = (source := source_of(system)).look()
    [roster] = source.read(stamp, {}).rosters
    [problem] = [problem for rejection in roster.rejections for problem in rejection.problems]
    assert problem.code.startswith(code)
    assert (len(roster.people), problem.where.file) == (1, "系统/people")


def test_leaders_are_people_with_that_role_or_the_source_says_that_nobody_tells() -> None:
    (system := System()).holds(person(1), person(2, role="领队"), leaders="1")
    [stamp] = (source := source_of(system)).look()
    [roster] = source.read(stamp, {}).rosters
    assert (len(roster.people), len(roster.leaders)) == (1, 1)
    system.holds(person(1), leaders="1")
    with pytest.raises(SourceError, match="counts 1 leaders in 第2批"):
        source_of(system).digest(stamp)
    system.holds(person(1), leaders="0")
    assert source_of(system).digest(stamp)


def test_what_its_change_marks_say_is_the_same_is_not_asked_for() -> None:
    (system := System()).holds(person(1), change="a")
    source = source_of(system)
    [first], [again] = source.look(), source_of(system).look()
    system.holds(person(1), person(2), change="b")
    [later] = source.look()
    assert (first == again, first == later, system.asked) == (True, False, 0)


def test_without_a_change_mark_it_is_asked_each_time_and_the_rows_decide() -> None:
    (system := System()).holds(person(1), person(2))
    source = source_of(system)
    [stamp] = source.look()
    before = source.digest(stamp)
    system.holds(person(2), person(1))
    assert source.digest(stamp) == before
    system.holds(person(1, unit="化工厂"), person(2))
    assert source.digest(stamp) != before


def test_a_batch_that_is_the_same_is_not_read_again() -> None:
    (system := System()).holds(person(1))
    [stamp] = (source := source_of(system)).look()
    marks = source.read(stamp, {}).marks
    again = source.read(stamp, marks)
    assert (len(again.rosters), again.kept) == (0, frozenset(marks))


def test_one_that_lists_nobody_any_more_was_not_emptied_by_the_union() -> None:
    (system := System()).holds(person(1))
    [stamp] = (source := source_of(system)).look()
    marks = source.read(stamp, {}).marks
    system.held.clear()
    with pytest.raises(SourceError, match="lists nobody any more"):
        source.read(stamp, marks)
    [note] = source_of(system).read(stamp, {}).notes
    assert note.code == "no_rows"


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (TransientError(T("gone")), "cannot be reached or is busy"),
        (AuthError(T("no")), "Correct app_id and app_secret"),
        (SchemaDrift(T("not so at {path}", path="data.rows")), r"describes \(at data.rows\)"),
    ],
)
def test_what_keeps_it_from_answering_is_told_of_the_source_and_with_the_next_step(
    fault: BridgeError, told: str
) -> None:
    (system := System()).holds(person(1))
    [stamp] = source_of(system).look()
    broken = replace(system, fault=fault)
    for ask in (lambda: source_of(broken).look(), lambda: source_of(broken).digest(stamp)):
        with pytest.raises(SourceError, match=told):
            ask()
