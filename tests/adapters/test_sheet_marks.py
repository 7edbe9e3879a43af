"""The gate of sheets: what shows the same as last time is not read again, and what it said then still stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from adapters.journal.journal import Journal
from adapters.sources import gathering
from adapters.sources.aliases import NO_ALIASES, Aliases
from adapters.sources.facts import Facts
from adapters.sources.folder import FolderSource
from adapters.sources.grid import Grid
from adapters.sources.marks import mark_of
from bridge.read import read
from bridge.wiring.service import NobodyWatches
from schemas.batch import BatchKey
from tests.adapters.ledgers import ledger, people, row, write_xlsx
from tests.unit.cast import MORNING_AFTER
from tests.unit.world import new_journal

KEYS = [BatchKey(2025, "荣成市总工会", name) for name in ("第一批", "第二批")]


@dataclass
class Desk:
    """A folder with one file, and the journal that takes it in."""

    folder: Path
    journal: Journal
    rows_read: list[int]

    def save(self, **sheets: list[list[object]]) -> None:
        write_xlsx(self.folder / "台账.xlsx", {title: ledger(*rows, batch=title) for title, rows in sheets.items()})

    def take_in(self, *, key: bytes = b"key", aliases: Aliases = NO_ALIASES) -> None:
        """As a run does, up to and without what is wanted."""
        source = FolderSource("rosters", self.folder, "*.xlsx", key=key, aliases=aliases)
        self.rows_read.clear()
        intake = read([source], self.journal.offline.files(), NobodyWatches())
        self.journal.offline.stage(intake, basis="basis", at=MORNING_AFTER)
        assert not intake.failures

    def forget_touched(self) -> None:
        with self.journal.store.write() as connection:
            connection.exec_driver_sql("DELETE FROM touched")

    def rows_of(self, key: BatchKey) -> list[int]:
        return [person.where.row for roster in self.journal.offline.rosters(key) for person in roster.people]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = new_journal(tmp_path)
    yield journal
    journal.close()


@pytest.fixture
def desk(tmp_path: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch) -> Desk:
    rows_read: list[int] = []
    read_person = gathering.read_person

    def counted(table, index, **more):
        rows_read.append(index)
        return read_person(table, index, **more)

    monkeypatch.setattr(gathering, "read_person", counted)
    (tmp_path / "rosters").mkdir()
    return Desk(tmp_path / "rosters", journal, rows_read)


def test_the_same_content_saved_again_is_not_understood_again_and_touches_nobody(desk: Desk) -> None:
    desk.save(第一批=people(3), 第二批=people(2, first=10))
    desk.take_in()
    assert len(desk.rows_read) == 5
    before = [desk.journal.offline.rosters(key) for key in KEYS]
    desk.forget_touched()
    desk.save(第一批=people(3), 第二批=people(2, first=10))
    desk.take_in()
    assert desk.rows_read == []
    assert desk.journal.offline.touched() == ()
    assert [desk.journal.offline.rosters(key) for key in KEYS] == before


def test_only_the_sheet_that_changed_is_read_and_only_its_batch_is_touched(desk: Desk) -> None:
    desk.save(第一批=people(3), 第二批=people(2, first=10))
    desk.take_in()
    desk.forget_touched()
    desk.save(第一批=people(3), 第二批=people(3, first=10))
    desk.take_in()
    assert len(desk.rows_read) == 3
    assert desk.journal.offline.touched() == (KEYS[1],)
    assert [len(desk.rows_of(key)) for key in KEYS] == [3, 3]


def test_what_was_noted_and_refused_on_a_kept_sheet_still_stands(desk: Desk) -> None:
    odd = [row(1, phone="12345"), row(2, id_no="999")]
    desk.save(第一批=odd, 第二批=people(1, first=10))
    desk.take_in()
    before = desk.journal.offline.set_aside()
    desk.save(第一批=odd, 第二批=people(2, first=10))
    desk.take_in()
    assert desk.journal.offline.set_aside() == before != ()
    with desk.journal.store.read() as connection:
        [notes] = connection.exec_driver_sql("SELECT problems FROM file").one()
    assert notes.count("phone_format") == 1


def test_a_sheet_that_is_gone_takes_its_people_along(desk: Desk) -> None:
    desk.save(第一批=people(3), 第二批=people(2, first=10))
    desk.take_in()
    desk.forget_touched()
    desk.save(第二批=people(2, first=10))
    desk.take_in()
    assert desk.rows_read == []
    assert desk.journal.offline.touched() == (KEYS[0],)
    assert desk.journal.offline.rosters(KEYS[0]) == ()


def test_another_place_or_setting_reads_anew(desk: Desk) -> None:
    desk.save(第一批=people(3))
    desk.take_in()
    (desk.folder / "台账.xlsx").rename(desk.folder / "台账2.xlsx")
    desk.take_in()
    assert len(desk.rows_read) == 3
    [stamp] = (source := FolderSource("rosters", desk.folder, "*", organiser="文登区总工会", key=b"key")).look()
    known = desk.journal.offline.files()[stamp.path].marks
    assert source.read(stamp, known).kept == frozenset()


def test_a_day_is_not_the_text_that_looks_like_it(tmp_path: Path) -> None:
    def mark(cell: object, key: bytes = b"k") -> str:
        return mark_of(Grid("s", [[cell]]), Facts(), Facts(), path="p", key=key)

    shown = [mark(cell) for cell in (date(2025, 5, 3), "2025-05-03", 1, 1.0, "1", True, "")]
    assert len(set(shown)) == len(shown)
    assert mark("a") != mark("a", key=b"other")
    assert mark("a") == mark("a")


def test_other_settings_read_a_file_anew_though_nobody_touched_it(desk: Desk) -> None:
    desk.save(第一批=[row(1, unit="荣渔")])
    desk.take_in()
    desk.take_in(aliases=Aliases.of({}, {"荣渔": "荣成市渔业公司"}))
    [roster] = desk.journal.offline.rosters(KEYS[0])
    assert [person.unit for person in roster.people] == ["荣成市渔业公司"]
    desk.take_in(aliases=Aliases.of({}, {"荣渔": "荣成市渔业公司"}))
    assert desk.rows_read == []
