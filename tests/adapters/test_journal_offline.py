"""The journal's memory of files, rows, and what they want online."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.journal.journal import Journal
from bridge.map import nothing_wanted, wanted
from schemas.batch import BatchKey
from schemas.errors import JournalError
from schemas.journal import Intake, KnownFile, SetAside, Tally
from schemas.roster import FileStamp, Place, Problem, Reading, Rejection, Roster, Severity
from tests.unit.cast import BATCH, GLOSSARY, MORNING_AFTER, SPRING, A, B, C, block, damaged, key_of
from tests.unit.world import new_journal

PATH, OTHER = "rosters/一.xlsx", "rosters/二.xlsx"
ROSTER = block(A, B, path=PATH, leaders=1, declared=2)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = new_journal(tmp_path)
    yield journal
    journal.close()


def known(path: str, change: int = 1) -> KnownFile:
    return KnownFile(FileStamp(path, 100, change), bytes([change]) * 32)


def stage(journal: Journal, *rosters: Roster, path: str = PATH, basis: str = "basis", change: int = 1) -> None:
    intake = Intake(read=[(known(path, change), Reading(path, rosters))])
    journal.offline.stage(intake, basis=basis, at=MORNING_AFTER)


def want(journal: Journal, key: BatchKey = SPRING) -> None:
    """As the pipeline does it: what the rosters of a batch want, or nothing."""
    rosters = journal.offline.rosters(key)
    what = wanted(rosters[0], (), GLOSSARY, ours=True) if rosters else nothing_wanted(key, ours=True)
    journal.offline.want([what], at=MORNING_AFTER)


def test_a_roster_comes_back_as_it_was_staged(journal: Journal) -> None:
    odd = block(C, path=OTHER, rejections=[damaged(OTHER)])
    stage(journal, ROSTER)
    stage(journal, odd, path=OTHER)
    assert journal.offline.rosters(SPRING) == (ROSTER, odd)


def test_files_are_remembered_by_stamp_and_content(journal: Journal) -> None:
    stage(journal, ROSTER)
    assert journal.offline.files() == {PATH: known(PATH)}


def test_a_file_saved_again_unchanged_is_remembered_by_its_new_stamp_and_touches_nothing(journal: Journal) -> None:
    stage(journal, ROSTER)
    want(journal)
    stamp = FileStamp(PATH, 101, 9)
    journal.offline.stage(Intake(touched=[stamp]), basis="basis", at=MORNING_AFTER)
    assert journal.offline.files() == {PATH: KnownFile(stamp, b"\x01" * 32)}
    assert journal.offline.touched() == ()


def test_a_file_read_anew_replaces_what_it_said(journal: Journal) -> None:
    stage(journal, ROSTER)
    stage(journal, block(C, path=PATH), change=2)
    assert [one.people for one in journal.offline.rosters(SPRING)] == [block(C, path=PATH).people]


def test_a_file_that_is_gone_takes_its_rows_along_and_touches_its_batches(journal: Journal) -> None:
    stage(journal, ROSTER)
    want(journal)
    journal.offline.stage(Intake(gone=[PATH]), basis="basis", at=MORNING_AFTER)
    assert (journal.offline.rosters(SPRING), journal.offline.files()) == ((), {})
    assert journal.offline.touched() == (SPRING,)


def test_a_batch_stays_touched_until_it_is_wanted_whatever_happens_in_between(journal: Journal) -> None:
    stage(journal, ROSTER)
    stage(journal, path=OTHER)
    assert journal.offline.touched() == (SPRING,)
    want(journal)
    assert journal.offline.touched() == ()


def test_a_batch_that_moves_to_another_key_touches_both(journal: Journal) -> None:
    later = BatchKey(2025, "测试工会", "第二批")
    stage(journal, ROSTER)
    want(journal)
    stage(journal, block(A, batch=replace(BATCH, key=later), path=PATH), change=2)
    assert journal.offline.touched() == (SPRING, later)


def test_a_new_basis_of_checking_touches_every_batch(journal: Journal) -> None:
    stage(journal, ROSTER)
    want(journal)
    journal.offline.stage(Intake(), basis="new", at=MORNING_AFTER)
    assert journal.offline.touched() == (SPRING,)


def test_a_look_is_taken_in_whole_or_not_at_all(journal: Journal) -> None:
    twice = Intake(read=[(known(PATH), Reading(PATH, (ROSTER,)))] * 2)
    with pytest.raises(JournalError):
        journal.offline.stage(twice, basis="basis", at=MORNING_AFTER)
    assert (journal.offline.files(), journal.offline.touched(), journal.runs.read_at()) == ({}, (), None)


def test_what_was_noted_of_files_is_kept_until_they_are_read_anew(journal: Journal) -> None:
    noted = Problem("unit_summary", Severity.INFORM, Place(PATH, "汇总"), {"units": 2, "people": 3})
    journal.offline.stage(Intake(read=[(known(PATH), Reading(PATH, notes=(noted,)))]), basis="basis", at=MORNING_AFTER)
    assert journal.offline.noted() == (noted,)
    stage(journal, ROSTER, change=2)
    assert journal.offline.noted() == ()


def test_what_was_set_aside_keeps_its_place_and_its_reasons(journal: Journal) -> None:
    row = damaged(OTHER)
    of_file = Rejection(Place(OTHER), (Problem("header_not_found", Severity.BLOCK, Place(OTHER)),))
    reading = Reading(OTHER, (block(A, path=OTHER, rejections=[row]),), (of_file,))
    journal.offline.stage(Intake(read=[(known(OTHER), reading)]), basis="basis", at=MORNING_AFTER)
    assert journal.offline.set_aside() == (
        SetAside(of_file.where, of_file.problems, None),
        SetAside(row.where, row.problems, SPRING),
    )


def test_every_row_is_counted_once(journal: Journal) -> None:
    again = replace(A, where=Place("", "名单", 30))
    stage(journal, block(A, B, again, path=PATH, leaders=1, rejections=[damaged()]))
    want(journal)
    assert journal.people.tally() == Tally(
        offline_rows=5,
        online_rows=0,
        leaders=1,
        damaged=1,
        duplicates_offline=1,
        duplicates_online=0,
        superseded=0,
        not_ours_offline=0,
        not_ours_online=0,
        agreed=0,
    )


def test_a_person_who_leaves_the_roster_is_wanted_no_more_and_the_timeline_says_so(journal: Journal) -> None:
    stage(journal, ROSTER)
    want(journal)
    stage(journal, block(B, path=PATH), change=2)
    want(journal)
    assert [fact.person for fact in journal.deliveries.disagreeing()] == [key_of(B)]
    assert [event.what for event in journal.timeline.of_person(key_of(A))] == ["source.read", "source.gone"]


def test_people_are_found_by_the_first_characters_of_their_mark(journal: Journal) -> None:
    stage(journal, ROSTER)
    want(journal)
    assert journal.timeline.people_like(key_of(A).hex()[:8].upper()) == (key_of(A),)
    assert set(journal.timeline.people_like("")) == {key_of(A), key_of(B)}
