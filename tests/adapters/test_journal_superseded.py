"""Several files that speak of one batch, in the journal: which of them stands, whatever becomes of the files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from adapters.journal.journal import Journal
from bridge.map import nothing_wanted, wanted
from bridge.read import merged
from schemas.batch import BatchKey
from schemas.journal import Intake, KnownFile
from schemas.roster import FileStamp, Participant, Reading, Roster
from schemas.superseded import Difference, SupersededList
from tests.unit.cast import BATCH, GLOSSARY, MORNING_AFTER, SPRING, A, B, C, D, block, damaged, key_of
from tests.unit.world import new_journal

OLD, NEW, COPY = "rosters/名单.xlsx", "rosters/名单最终版.xlsx", "rosters/名单 副本.xlsx"
OTHER_UNIT = replace(A, unit="别的单位")
LATER = BatchKey(2025, "测试工会", "第二批")


class Folder:
    """Files as they are seen look by look; equal people are equal bytes. `saved` is the time of saving."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self._files: dict[str, tuple[KnownFile, Reading]] = {}
        self._gone: list[str] = []
        self._saves = 0

    def save(self, path: str, *people: Participant, saved: int | None = None, **more: object) -> None:
        self._saves += 1
        content = sha256(repr([(one.name, one.unit) for one in people] + [*more.items()]).encode()).digest()
        stamp = FileStamp(path, 100, self._saves if saved is None else saved)
        reading = Reading(path, (block(*people, path=path, **more),))
        self._files[path] = KnownFile(stamp, content), reading

    def take_away(self, path: str) -> None:
        self._gone.append(path)

    def look(self) -> None:
        """One look, and what follows in a run: each touched batch is wanted anew."""
        offline = self.journal.offline
        offline.stage(Intake(read=[*self._files.values()], gone=self._gone), basis="basis", at=MORNING_AFTER)
        self._files, self._gone = {}, []
        for key in offline.touched():
            rosters = offline.rosters(key)
            what = wanted(merged(rosters)[0], (), GLOSSARY, ours=True) if rosters else nothing_wanted(key, ours=True)
            offline.want([what], at=MORNING_AFTER)

    def see(self, path: str, *people: Participant, **more: object) -> None:
        self.save(path, *people, **more)
        self.look()

    @property
    def aside(self) -> dict[str, str]:
        return {one.file: one.by_file for one in self.journal.offline.superseded()}

    @property
    def wanted(self) -> set[bytes]:
        """Whom offline wants, and nobody of whom it knows otherwise."""
        return {fact.person for fact in self.journal.deliveries.disagreeing() if fact.offline is not None}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    """A list of A, B and C that was seen before."""
    journal = new_journal(tmp_path)
    folder = Folder(journal)
    folder.see(OLD, A, B, C)
    yield folder
    journal.close()


def keys(*people: Participant) -> set[bytes]:
    return set(map(key_of, people))


def test_a_list_issued_again_stands_and_the_old_one_is_in_nothing_but_the_count(folder: Folder) -> None:
    folder.see(NEW, OTHER_UNIT, B, D, leaders=1)
    journal = folder.journal
    assert (folder.aside, folder.wanted) == ({OLD: NEW}, keys(A, B, D))
    assert journal.people.duplicates_offline() == ()
    tally = journal.people.tally()
    assert (tally.offline_rows, tally.leaders, tally.superseded, tally.duplicates_offline) == (7, 1, 3, 0)
    assert journal.people.offline_of(SPRING)[key_of(A)]["unit"] == "别的单位"
    [fact] = [one for one in journal.deliveries.disagreeing() if one.person == key_of(A)]
    opened = journal.people.open([fact])[SPRING, key_of(A)]
    assert opened.where
    assert (opened.where.file, opened.offline and opened.offline["unit"]) == (NEW, "别的单位")


def test_how_they_differ_is_kept_by_rows_and_fields(folder: Folder) -> None:
    folder.see(NEW, OTHER_UNIT, B, D)
    differs = Difference(
        added=(("名单", D.where.row),),
        left_out=(("名单", C.where.row),),
        changed={"unit": (("名单", A.where.row),)},
    )
    assert folder.journal.offline.superseded() == (SupersededList(SPRING, OLD, NEW, differs),)


def test_other_facts_of_the_batch_are_no_conflict_with_the_list_set_aside(folder: Folder) -> None:
    folder.see(NEW, A, B, C, batch=replace(BATCH, base="别的基地"))
    [one] = folder.journal.offline.superseded()
    assert one.difference == Difference(facts=("base",))
    folder.journal.offline.stage(Intake(), basis="another", at=MORNING_AFTER)
    assert [roster.batch.base for roster in folder.journal.offline.rosters(SPRING)] == ["别的基地"]


def test_the_old_list_stands_again_in_the_look_in_which_the_newer_is_gone(folder: Folder) -> None:
    folder.see(NEW, A, B, D)
    folder.take_away(NEW)
    folder.look()
    assert (folder.aside, folder.wanted) == ({}, keys(A, B, C))


def test_the_old_list_stands_again_when_the_newer_turns_to_another_batch(folder: Folder) -> None:
    folder.see(NEW, A, B, D)
    folder.see(NEW, A, B, D, batch=replace(BATCH, key=LATER))
    assert folder.aside == {}
    assert set(folder.journal.people.offline_of(SPRING)) == keys(A, B, C)
    assert set(folder.journal.people.offline_of(LATER)) == keys(A, B, D)


def test_an_old_list_saved_or_changed_again_does_not_come_back(folder: Folder) -> None:
    folder.see(NEW, A, B, D)
    folder.see(OLD, A, B, C)
    folder.see(OLD, A, OTHER_UNIT, C)
    assert (folder.aside, folder.wanted) == ({OLD: NEW}, keys(A, B, D))


def test_of_two_lists_new_in_one_look_the_one_saved_later_stands_and_stays_so(folder: Folder) -> None:
    folder.take_away(OLD)
    folder.save(NEW, A, B, saved=50)
    folder.save(COPY, A, B, C, saved=40)
    folder.look()
    assert folder.aside == {COPY: NEW}
    folder.see(COPY, A, B, D, saved=99)
    assert folder.aside == {COPY: NEW}


def test_of_two_lists_saved_at_one_moment_their_names_decide(folder: Folder) -> None:
    folder.take_away(OLD)
    folder.save(NEW, A, B, saved=50)
    folder.save(COPY, A, B, C, saved=50)
    folder.look()
    assert folder.aside == {min(NEW, COPY): max(NEW, COPY)}


def test_a_copy_under_another_name_changes_nothing_and_is_silent(folder: Folder) -> None:
    folder.see(COPY, A, B, C)
    [one] = folder.journal.offline.superseded()
    assert (one.file, one.by_file, bool(one.difference)) == (COPY, OLD, False)
    folder.take_away(OLD)
    folder.look()
    assert (folder.aside, folder.wanted) == ({}, keys(A, B, C))


def test_a_copy_made_before_the_original_is_changed_does_not_stand_in_its_way(folder: Folder) -> None:
    folder.see(COPY, A, B, C)
    folder.see(OLD, OTHER_UNIT, B, C, D)
    assert (folder.aside, folder.wanted) == ({COPY: OLD}, keys(A, B, C, D))


def test_a_copy_that_is_changed_is_a_list_of_its_own(folder: Folder) -> None:
    folder.see(COPY, A, B, C)
    folder.see(COPY, A, B, D)
    assert (folder.aside, folder.wanted) == ({OLD: COPY}, keys(A, B, D))


def test_a_copy_of_the_old_list_does_not_bring_it_back_nor_does_another_name_for_it(folder: Folder) -> None:
    folder.see(NEW, A, B, D)
    folder.see(COPY, A, B, C)
    assert folder.aside == {OLD: NEW, COPY: NEW}
    folder.take_away(OLD)
    folder.look()
    assert folder.aside == {COPY: NEW}
    folder.take_away(COPY)
    folder.see("rosters/旧名单.xlsx", A, B, C)
    assert (folder.aside, folder.wanted) == ({"rosters/旧名单.xlsx": NEW}, keys(A, B, D))


def test_a_list_that_goes_and_comes_back_is_new(folder: Folder) -> None:
    folder.see(NEW, A, B, D)
    folder.take_away(OLD)
    folder.look()
    folder.see(OLD, A, B, C)
    assert folder.aside == {NEW: OLD}


def test_lists_of_different_people_stand_side_by_side(folder: Folder) -> None:
    folder.see(NEW, D)
    assert (folder.aside, folder.wanted) == ({}, keys(A, B, C, D))


def test_two_sheets_of_one_file_never_set_each_other_aside(folder: Folder) -> None:
    one = block(A, B, C, path=OLD)
    other = replace(one, where=replace(one.where, sheet="二"))
    read = KnownFile(FileStamp(OLD, 100, 77), sha256(b"two sheets").digest()), Reading(OLD, (one, other))
    folder.journal.offline.stage(Intake(read=[read]), basis="basis", at=MORNING_AFTER)
    assert (folder.aside, len(folder.journal.offline.rosters(SPRING))) == ({}, 2)
    assert len(folder.journal.people.duplicates_offline()) == 3


@pytest.mark.parametrize("basis", ["basis", "another"])
def test_blocks_that_stand_are_the_same_from_memory_and_from_the_journal(folder: Folder, basis: str) -> None:
    folder.save(NEW, A, B, D)
    read, folder._files = [*folder._files.values()], {}
    folder.journal.offline.stage(Intake(read=read), basis=basis, at=MORNING_AFTER)
    first, second = (folder.journal.offline.rosters(SPRING) for _ in range(2))
    expected: tuple[Roster, ...] = (block(A, B, D, path=NEW),)
    assert first == second == expected


def test_two_new_lists_in_one_look_are_judged_before_anything_is_wanted(folder: Folder) -> None:
    folder.take_away(OLD)
    folder.save(OLD + "x", A, B, C)
    folder.save(NEW, A, B, D)
    folder.look()
    assert folder.wanted == keys(A, B, D)


def test_a_damaged_row_of_a_list_set_aside_stops_no_clock_and_is_told_no_more(folder: Folder) -> None:
    folder.see(OLD, A, B, C, rejections=[damaged(OLD)])
    assert len(folder.journal.offline.set_aside()) == 1
    folder.see(NEW, A, B, C)
    assert folder.journal.offline.set_aside() == ()
    [batch] = [key for key, tally in folder.journal.deliveries.tallies().items() if tally.damaged == 0]
    assert (batch, folder.journal.people.tally().damaged, folder.journal.people.tally().superseded) == (SPRING, 0, 4)


def test_the_timeline_tells_of_the_row_that_stands(folder: Folder) -> None:
    folder.see(NEW, OTHER_UNIT, B, C)
    read = [one for one in folder.journal.timeline.of_person(key_of(A)) if one.what == "source.read"]
    assert [one.detail["file"] for one in read] == [OLD, NEW]
