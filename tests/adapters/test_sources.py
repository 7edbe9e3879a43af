"""What every source owes the bridge: one contract, on the fake and on the folder."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from adapters.sources.folder import FolderSource
from bridge.ports import Source
from schemas.errors import SourceError
from schemas.roster import Place, Reading, Rejection, Roster
from tests.adapters.fake_source import FakeSource
from tests.adapters.ledgers import ledger, people, write_xlsx


@dataclass(frozen=True, slots=True)
class Stand:
    """A source with the three things the world does to it."""

    source: Source
    put: Callable[[str, int], object]  # a ledger with so many people, under a path inside the source
    take_away: Callable[[str], object]
    vanish: Callable[[], object]


@pytest.fixture(params=["fake", "folder"])
def stand(request: pytest.FixtureRequest, tmp_path: Path) -> Stand:
    folder = tmp_path / "in"
    folder.mkdir()
    real = FolderSource("rosters", folder, "**/*.xlsx")
    if request.param == "folder":
        return Stand(
            real,
            lambda path, count: _put(folder / path, count),
            lambda path: (folder / path).unlink(),
            lambda: folder.rename(tmp_path / "away"),
        )
    fake = FakeSource("rosters")
    return Stand(
        fake,
        lambda path, count: fake.put(_read_elsewhere(real, folder, path, count)),
        lambda path: fake.take_away(f"rosters/{path}"),
        lambda: setattr(fake, "gone", True),
    )


def _put(file: Path, count: int) -> None:
    file.parent.mkdir(exist_ok=True)
    write_xlsx(file, ledger(*people(count)))
    stat = file.stat()
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns + count))


def _read_elsewhere(real: FolderSource, folder: Path, path: str, count: int) -> Reading:
    _put(folder / path, count)
    stamp = next(stamp for stamp in real.look() if stamp.path == f"rosters/{path}")
    return real.read(stamp, {})


def test_paths_begin_with_the_name_of_the_source_and_come_sorted(stand: Stand) -> None:
    for path in ("文登/第1批.xlsx", "荣成/第2批.xlsx", "荣成/第1批.xlsx"):
        stand.put(path, 1)
    assert stand.source.name == "rosters"
    assert [stamp.path for stamp in stand.source.look()] == [
        "rosters/文登/第1批.xlsx",
        "rosters/荣成/第1批.xlsx",
        "rosters/荣成/第2批.xlsx",
    ]


def test_an_untouched_file_keeps_its_stamp_and_a_saved_one_gets_another(stand: Stand) -> None:
    stand.put("a.xlsx", 1)
    [first] = stand.source.look()
    assert list(stand.source.look()) == [first]
    stand.put("a.xlsx", 2)
    assert list(stand.source.look()) != [first]


def test_the_digest_follows_the_content(stand: Stand) -> None:
    stand.put("a.xlsx", 1)
    [stamp] = stand.source.look()
    before = stand.source.digest(stamp)
    assert len(before) == 32
    assert stand.source.digest(stamp) == before
    stand.put("a.xlsx", 2)
    assert stand.source.digest(stamp) != before


def test_every_place_names_the_file_of_the_stamp(stand: Stand) -> None:
    stand.put("荣成/第1批.xlsx", 2)
    [stamp] = stand.source.look()
    reading = stand.source.read(stamp, {})
    [roster] = reading.rosters
    assert isinstance(roster, Roster)
    assert reading.path == stamp.path == roster.where.file
    assert [person.where for person in roster.people] == [
        Place(stamp.path, "Sheet1", 5),
        Place(stamp.path, "Sheet1", 6),
    ]


def test_a_file_that_went_away_between_look_and_read_is_a_rejection(stand: Stand) -> None:
    stand.put("a.xlsx", 1)
    [stamp] = stand.source.look()
    stand.take_away("a.xlsx")
    reading = stand.source.read(stamp, {})
    assert reading.rosters == ()
    [gone] = reading.rejections
    assert isinstance(gone, Rejection)
    assert [problem.code for problem in gone.problems] == ["file_changing"]
    assert stand.source.digest(stamp) == b""


def test_a_source_that_is_gone_says_so_with_the_next_step(stand: Stand) -> None:
    stand.vanish()
    with pytest.raises(SourceError, match=r"is not there\..+then start again\."):
        stand.source.look()


def test_lock_files_and_folders_are_no_ledgers(tmp_path: Path) -> None:
    for file in ("~$第1批.xlsx", ".~lock.第1批.xlsx#", "第1批.xlsx"):
        (tmp_path / file).write_bytes(b"x")
    (tmp_path / "2025.xlsx").mkdir()
    assert [stamp.path for stamp in FolderSource("s", tmp_path, "*").look()] == ["s/第1批.xlsx"]


def test_the_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        FolderSource("s", tmp_path / "台账", "*").look()
    assert str(tmp_path / "台账") in str(caught.value)


def test_a_file_where_the_folder_should_be_is_a_source_error(tmp_path: Path) -> None:
    file = tmp_path / "台账"
    file.write_bytes(b"")
    with pytest.raises(SourceError, match="cannot be read"):
        FolderSource("s", file, "*").look()


def test_a_pattern_nobody_can_match_is_a_source_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is not understood"):
        FolderSource("s", tmp_path, "").look()
