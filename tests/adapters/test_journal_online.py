"""What reading back found, and what it settles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.journal.deliveries import _EQUAL_IN_DOUBT, _FACTS
from adapters.journal.journal import Journal
from adapters.journal.online import _DOUBTED, _STOP_CLOCK
from bridge.map import batch_values, person_values, wanted
from schemas.batch import BatchKey
from schemas.journal import Instant, Intake, KnownFile, ListedBatch, ListedPerson, Values
from schemas.portal import OnlineStatus
from schemas.revision import Revision, State
from schemas.roster import FileStamp, Participant, Reading
from tests.unit.cast import GLOSSARY, MORNING_AFTER, SPRING, A, B, C, block, damaged, key_of
from tests.unit.world import new_journal

NOW = Instant(MORNING_AFTER, 5000.0, "boot")
LATER = replace(NOW, at=MORNING_AFTER.replace(day=12))
PATH = "rosters/台账.xlsx"
A_MOVED = replace(A, phone="19900000009")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = new_journal(tmp_path)
    offline(journal, A, B)
    yield journal
    journal.close()


def offline(journal: Journal, *people: Participant, broken: bool = False) -> None:
    roster = block(*people, rejections=[damaged()] if broken else [])
    intake = Intake(read=[(KnownFile(FileStamp(PATH, 1, 1), b"h"), Reading(PATH, (roster,)))])
    journal.offline.stage(intake, basis="basis", at=MORNING_AFTER)
    journal.offline.want([wanted(roster, (), GLOSSARY, ours=True)], at=MORNING_AFTER)


def listed(headcount: int = 2, *, status: OnlineStatus = OnlineStatus.DRAFT, ours: bool = True) -> ListedBatch:
    values = batch_values(block(), headcount=headcount)
    return ListedBatch(SPRING, "7", status, ours, values, GLOSSARY.mark_batch(values))


def there(one: Participant, online_id: str = "") -> ListedPerson:
    values: Values = person_values(one)
    return ListedPerson(online_id or one.phone, key_of(one), GLOSSARY.mark_person(values), values, values)


def read_back(journal: Journal, *people: Participant, batch: ListedBatch | None = None, now: Instant = NOW) -> None:
    journal.online.listed([batch or listed(len(people))], year=2025, started=now)
    journal.online.people(SPRING, [there(one) for one in people], started=now)


def facts(journal: Journal) -> dict[bytes, tuple[bool, bool, bool]]:
    """Of those who disagree: who stands offline, online, in the last agreement."""
    return {
        fact.person: (fact.offline is not None, fact.online is not None, fact.agreed is not None)
        for fact in journal.deliveries.disagreeing()
    }


def test_equal_on_both_sides_is_agreed_and_no_longer_seen(journal: Journal) -> None:
    read_back(journal, A, B)
    assert facts(journal) == {}
    assert journal.people.tally().agreed == 2
    assert [event.what for event in journal.timeline.of_person(key_of(A))] == ["source.read", "read_back.equal"]


def test_each_disagreement_says_which_sides_there_are(journal: Journal) -> None:
    read_back(journal, A, C)
    assert facts(journal) == {key_of(B): (True, False, False), key_of(C): (False, True, False)}


def test_the_last_agreement_outlives_a_change_on_either_side(journal: Journal) -> None:
    read_back(journal, A, B)
    offline(journal, A_MOVED, B)
    read_back(journal, A, batch=listed())
    [a_fact, b_fact] = sorted(journal.deliveries.disagreeing(), key=lambda fact: fact.person != key_of(A))
    opened = journal.people.open([a_fact, b_fact])
    agreed = [opened[SPRING, key_of(one)].agreed for one in (A, B)]
    assert agreed == [person_values(A), person_values(B)]


def test_gone_from_both_sides_nothing_is_agreed_any_more(journal: Journal) -> None:
    read_back(journal, A, B)
    offline(journal, B)
    read_back(journal, B, batch=listed(1))
    offline(journal, A, B)
    assert facts(journal) == {key_of(A): (True, False, False)}


def test_the_first_record_of_a_person_counts_and_each_further_one_is_a_duplicate(journal: Journal) -> None:
    journal.online.listed([listed()], year=2025, started=NOW)
    people = [there(A, "1"), there(A_MOVED, "2"), there(B, "3")]
    journal.online.people(SPRING, people, started=NOW)
    assert [found.person for found in journal.people.duplicates_online()] == [key_of(A)]
    tally = journal.people.tally()
    assert (tally.online_rows, tally.agreed, tally.duplicates_online) == (3, 2, 1)


def test_the_same_list_again_rewrites_nothing(journal: Journal) -> None:
    read_back(journal, A, B)
    query = "SELECT id, sealed FROM online ORDER BY id"
    with journal.store.read() as connection:
        before = connection.exec_driver_sql(query).all()
    read_back(journal, A, B)
    with journal.store.read() as connection:
        assert connection.exec_driver_sql(query).all() == before


def test_a_batch_that_is_listed_no_more_is_told_once(journal: Journal) -> None:
    read_back(journal, A, B)
    assert journal.online.listed([], year=2026, started=NOW) == frozenset(), "a new season says nothing of the last"
    assert journal.online.listed([], year=2025, started=NOW) == {SPRING}
    assert journal.online.listed([], year=2025, started=NOW) == frozenset()
    [batch] = journal.deliveries.batches()
    assert (batch.online, batch.status, batch.mark_agreed is not None) == (None, None, True)


def test_the_portal_s_own_id_is_kept_for_later(journal: Journal) -> None:
    read_back(journal, A, B)
    [batch] = journal.deliveries.batches()
    assert (batch.online_id, batch.status, batch.read_back_at) == ("7", OnlineStatus.DRAFT, MORNING_AFTER)
    assert journal.runs.read_back_at() == MORNING_AFTER


def entered_on(journal: Journal) -> date | None:
    [batch] = journal.deliveries.batches()
    return batch.entered_on


def test_the_entry_clock_stops_on_the_first_day_all_was_read_back_equal(journal: Journal) -> None:
    read_back(journal, A, B)
    read_back(journal, A, B, now=LATER)
    assert entered_on(journal) == MORNING_AFTER.date()


@pytest.mark.parametrize("people", [(A,), (A_MOVED, B), (A, B, C)], ids=["missing", "different", "too many"])
def test_one_row_that_is_not_equal_keeps_the_entry_clock_running(
    journal: Journal, people: tuple[Participant, ...]
) -> None:
    read_back(journal, *people, batch=listed())
    assert entered_on(journal) is None


def test_a_header_that_differs_keeps_the_entry_clock_running(journal: Journal) -> None:
    read_back(journal, A, B, batch=listed(3))
    assert entered_on(journal) is None


def test_a_damaged_row_keeps_the_entry_clock_running(journal: Journal) -> None:
    offline(journal, A, B, broken=True)
    read_back(journal, A, B)
    assert entered_on(journal) is None


def test_the_first_review_seen_is_the_review_s_day(journal: Journal) -> None:
    read_back(journal, A, B, batch=listed(status=OnlineStatus.REVIEWED))
    read_back(journal, A, B, batch=listed(status=OnlineStatus.REVIEWED), now=LATER)
    [batch] = journal.deliveries.batches()
    assert batch.reviewed_on == MORNING_AFTER.date()


def test_whose_a_batch_is_follows_the_latest_decision(journal: Journal) -> None:
    read_back(journal, A, B, batch=listed(ours=False))
    assert [batch.ours for batch in journal.deliveries.batches()] == [False]
    tally = journal.people.tally()
    assert (tally.not_ours_offline, tally.not_ours_online, tally.agreed) == (2, 2, 0)
    read_back(journal, A, B)
    assert journal.people.tally().agreed == 2


def test_a_person_in_two_batches_of_a_year_is_found(journal: Journal) -> None:
    assert journal.people.twice_in_year() == {}
    second = block(A, batch=replace(block().batch, key=BatchKey(2025, "测试工会", "第二批")))
    journal.offline.want([wanted(second, (), GLOSSARY, ours=True)], at=MORNING_AFTER)
    assert journal.people.twice_in_year() == {key_of(A): (SPRING, second.batch.key)}
    other_year = block(B, batch=replace(block().batch, key=BatchKey(2026, "测试工会", "第一批")))
    journal.offline.want([wanted(other_year, (), GLOSSARY, ours=True)], at=MORNING_AFTER)
    assert key_of(B) not in journal.people.twice_in_year()


def last_read(journal: Journal) -> tuple[datetime | None, str | None, bool]:
    [last] = journal.online.last_read().values()
    return last.at, last.change, last.in_doubt


def marked(mark: str, **more: Any) -> ListedBatch:
    return replace(listed(), change=mark, **more)


def read_marked(journal: Journal, *people: Participant, mark: str = "m") -> None:
    journal.online.listed([marked(mark)], year=2025, started=NOW)
    journal.online.people(SPRING, [there(one) for one in people], started=NOW, change=mark)


def test_when_and_under_which_mark_people_were_listed_is_kept(journal: Journal) -> None:
    assert journal.online.last_read() == {}
    journal.online.listed([marked("m")], year=2025, started=NOW)
    assert last_read(journal) == (None, None, True)
    read_marked(journal, A, B)
    journal.online.listed([marked("later")], year=2025, started=LATER)
    assert last_read(journal) == (MORNING_AFTER, "m", False)


def test_only_our_listed_batches_have_a_last_reading(journal: Journal) -> None:
    journal.online.listed([marked("m", ours=False)], year=2025, started=NOW)
    assert journal.online.last_read() == {}
    read_marked(journal, A, B)
    journal.online.listed([], year=2025, started=NOW)
    assert journal.online.last_read() == {}


@pytest.mark.parametrize("changes", [{"online_id": "8"}, {"others": ("8",)}], ids=["another record", "one more"])
def test_another_record_under_the_same_key_is_read_anew(journal: Journal, changes: dict[str, Any]) -> None:
    read_marked(journal, A, B)
    journal.online.listed([marked("m", **changes)], year=2025, started=LATER)
    assert last_read(journal) == (MORNING_AFTER, None, False)


def test_a_batch_that_went_and_came_back_is_read_anew(journal: Journal) -> None:
    read_marked(journal, A, B)
    journal.online.listed([], year=2025, started=NOW)
    journal.online.listed([marked("m")], year=2025, started=NOW)
    assert last_read(journal) == (MORNING_AFTER, None, False)


def test_what_offline_wants_anew_is_to_be_read_anew(journal: Journal) -> None:
    read_marked(journal, A, B)
    offline(journal, A, B)
    assert last_read(journal) == (MORNING_AFTER, None, False)


@pytest.mark.parametrize("people", [(A,), (A_MOVED, B), (A, B, C)], ids=["missing", "different", "too many"])
def test_a_batch_with_a_difference_is_in_doubt(journal: Journal, people: tuple[Participant, ...]) -> None:
    read_marked(journal, A, B)
    read_marked(journal, *people)
    assert last_read(journal) == (MORNING_AFTER, "m", True)


def test_a_batch_whose_header_differs_is_in_doubt(journal: Journal) -> None:
    read_marked(journal, A, B)
    journal.online.listed([replace(listed(3), change="m")], year=2025, started=NOW)
    assert last_read(journal) == (MORNING_AFTER, "m", True)


def test_a_batch_not_proven_whole_yet_is_in_doubt(journal: Journal) -> None:
    offline(journal, A, B, broken=True)
    read_marked(journal, A, B)
    assert last_read(journal) == (MORNING_AFTER, "m", True)


@pytest.mark.parametrize("state", State)
def test_a_batch_with_something_on_its_way_is_in_doubt(journal: Journal, state: State) -> None:
    read_marked(journal, A, B)
    with journal.store.write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO revision (batch, person, number, serial, mark, state, since, since_uptime_s, since_boot)"
            " VALUES (?,?,1,'s',?,?,?,0,'boot')",
            (str(SPRING), key_of(A), b"mark", state.value, MORNING_AFTER.isoformat()),
        )
    assert last_read(journal)[2] is Revision("s", 1, b"mark", state).undecided


def test_looking_for_doubt_walks_through_no_people_that_agree(journal: Journal) -> None:
    with journal.store.read() as connection:
        plan = " ".join(row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {_DOUBTED}"))
    assert {"pair_disagreeing", "revision_open", "finding_open"} <= set(plan.split())


def test_those_in_doubt_though_equal_are_found_by_what_is_on_its_way_alone(journal: Journal) -> None:
    with journal.store.read() as connection:
        plan = [row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {_FACTS}{_EQUAL_IN_DOUBT}")]
    assert any("revision_open" in line for line in plan)
    assert not any(line.startswith("SCAN") for line in plan)


def test_stopping_a_clock_looks_at_the_revisions_of_its_batch_alone(journal: Journal) -> None:
    with journal.store.read() as connection:
        query = f"EXPLAIN QUERY PLAN {_STOP_CLOCK}"
        plan = [row.detail for row in connection.exec_driver_sql(query, ("", "", b""))]
    assert [line for line in plan if line.startswith("SEARCH r ") and "(batch=?" in line and "revision" in line]


def test_as_of_is_the_oldest_listing_of_our_people(journal: Journal) -> None:
    read_marked(journal, A, B)
    journal.online.listed([marked("m")], year=2025, started=LATER)
    assert journal.runs.read_back_at() == MORNING_AFTER
    journal.online.people(SPRING, [], started=LATER, change="m")
    assert journal.runs.read_back_at() == LATER.at


def test_how_often_a_batch_is_listed_is_known_until_it_is_listed_no_more(journal: Journal) -> None:
    for batches, times in [([marked("m", others=("8", "9"))], 3), ([marked("m")], 1), ([], 1)]:
        journal.online.listed(batches, year=2025, started=NOW)
        assert [batch.times_online for batch in journal.deliveries.batches()] == [times]
