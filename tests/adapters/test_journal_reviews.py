"""What the journal keeps of reviews, and what the brake and frozen plans ask it."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from adapters.journal.journal import Journal, create_journal, open_journal
from bridge.deadlines import SHANGHAI
from schemas.brake import Reason, Review
from schemas.errors import JournalError
from schemas.journal import Wanted
from schemas.plan import Marks
from tests.unit.cast import SPRING, VAULT
from tests.unit.world import SETTLING, new_journal

AT = datetime(2025, 5, 11, 9, 0, tzinfo=SHANGHAI)
LAST = SPRING._replace(year=2024)
ONE, TWO = b"1" * 16, b"2" * 16


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return new_journal(tmp_path)


def review(name: str, *, minutes: int = 0) -> Review:
    return Review(name, SPRING, "张三", AT + timedelta(minutes=minutes), 7, ONE, None)


def hold(journal: Journal, *people: bytes, key=SPRING) -> None:
    """Offline holds these people in one batch."""
    wanted = Wanted(key, True, False, (), {"end": "2025-05-10"}, ONE, dict.fromkeys(people, ONE))
    journal.offline.want([wanted], at=AT)


def test_a_review_is_kept_as_it_was_used_and_found_by_its_hash(journal: Journal) -> None:
    journal.reviews.use({review("a"): [Reason.SHIFTED, Reason.CHANGED]}, run=3)
    assert journal.reviews.find("a") == review("a")
    assert journal.reviews.find("b") is None
    with journal.store.read() as connection:
        assert connection.exec_driver_sql("SELECT run, reasons FROM review").all() == [(3, "changed shifted")]


def test_of_each_batch_the_newest_review_speaks_and_all_are_counted(journal: Journal) -> None:
    assert journal.reviews.last() == {}
    journal.reviews.use({review("a"): []}, run=1)
    journal.reviews.use({review("b", minutes=1): []}, run=2)
    assert journal.reviews.last() == {SPRING: (2, review("b", minutes=1))}


def test_a_hash_is_used_up_by_being_used(journal: Journal) -> None:
    journal.reviews.use({review("a"): []}, run=1)
    with pytest.raises(JournalError):
        journal.reviews.use({review("a"): []}, run=2)
    assert journal.reviews.last()[SPRING][0] == 1


def test_people_of_last_year_are_counted_batch_by_batch(journal: Journal) -> None:
    hold(journal, b"a", b"b", b"c")
    assert journal.reviews.of_last_year(SPRING) == 0
    hold(journal, b"a", b"b", key=LAST)
    hold(journal, b"c", key=LAST._replace(name="第二批"))
    hold(journal, b"a", b"b", b"c", key=SPRING._replace(year=2023))
    hold(journal, b"a", b"b", b"c", key=SPRING._replace(name="第二批"))
    assert journal.reviews.of_last_year(SPRING) == 2


def test_where_people_stand_is_told_by_three_marks(journal: Journal) -> None:
    hold(journal, b"a")
    with journal.store.write() as connection:
        connection.exec_driver_sql("UPDATE pair SET mark_online=?, mark_agreed=?", (TWO, ONE))
    assert journal.reviews.marks(SPRING) == {b"a": Marks(ONE, TWO, ONE)}
    assert journal.reviews.marks(LAST) == {}


def test_two_journals_never_have_the_same_name_and_a_journal_keeps_its_own(tmp_path: Path) -> None:
    names = []
    for file in ("one.db", "two.db", "one.db"):
        if not (tmp_path / file).exists():
            create_journal(tmp_path / file, VAULT)
        opened = open_journal(tmp_path / file, VAULT, SETTLING)
        names.append(opened.reviews.identity())
        opened.close()
    assert names[0] == names[2] != names[1]
