"""Backups: sealed, proven whole, refused when they are not, and put back with a fence."""

from __future__ import annotations

import io
import os
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from adapters.journal import backup, sealed_file
from adapters.journal.backup import backups, look_into, make, put_in_place, unpack
from adapters.journal.beside import Beside, Mark, read
from adapters.journal.epoch import admit
from adapters.journal.journal import Journal, create_journal, open_journal
from adapters.vault import Keys, Vault
from schemas.epoch import Why
from schemas.errors import JournalError
from schemas.journal import Instant, Settling
from schemas.portal import DeliveryClass
from tests.unit.cast import MORNING_AFTER, VAULT, A, B
from tests.unit.world import SETTLING, World

NOW = Instant(MORNING_AFTER, 5000.0, "first boot")
OTHER_KEYS = Vault(Keys(b"1" * 32, b"2" * 32, b"3" * 32, b"4" * 32))


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    create_journal(tmp_path / "journal.db", VAULT)
    admitted(tmp_path / "journal.db").close()
    return tmp_path / "journal.db"


def admitted(path: Path, settling: Settling = SETTLING, **options: object) -> Journal:
    """Opened to write, as a command does it."""
    journal = open_journal(path, VAULT, settling)
    admit(journal.store, settling, now=NOW, **options)
    return journal


def made(journal: Path, *, days: int = 0, keep: int = 7) -> Path:
    return make(journal, journal.parent / "backups", VAULT, now=MORNING_AFTER + timedelta(days=days), keep=keep).path


def test_a_backup_holds_every_row_and_opens_only_with_its_key_file(tmp_path: Path, journal: Path) -> None:
    path = made(journal)
    assert unpack(path, tmp_path / "copy.db", VAULT).rows == look_into(journal).rows
    assert (tmp_path / "copy.db").read_bytes()[:6] == b"SQLite"
    with pytest.raises(JournalError, match="another key file"):
        unpack(path, tmp_path / "another.db", OTHER_KEYS)


def test_nothing_of_the_journal_stands_in_a_backup_in_clear(tmp_path: Path, journal: Path) -> None:
    world = World(tmp_path / "w") if (tmp_path / "w").mkdir() is None else None
    world.ledger(A, B)
    world.sync()
    path = made(world.journal.path)
    content = path.read_bytes()
    header = len(sealed_file.MAGIC) + 4 + 2000
    assert b"SQLite" not in content
    assert "测试工会".encode() not in content[header:]
    assert "测试工会".encode() in world.journal.path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_the_disk_gives_back_otherwise_is_no_backup_and_the_next_one_goes_on(
    journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = sealed_file.seal

    def half(plain: BinaryIO, *rest: Any) -> None:
        whole(io.BytesIO(plain.read(4096)), *rest)

    monkeypatch.setattr(sealed_file, "seal", half)
    with pytest.raises(JournalError, match="damaged or not whole"):
        made(journal)
    assert backups(journal.parent / "backups", journal.name) == []
    monkeypatch.undo()
    path = made(journal)
    assert backups(journal.parent / "backups", journal.name) == [path]


@pytest.mark.parametrize("seed", range(30))
def test_a_backup_with_a_changed_missing_or_added_byte_never_counts(tmp_path: Path, journal: Path, seed: int) -> None:
    path, chance = made(journal), random.Random(seed)
    content = bytearray(path.read_bytes())
    at = chance.randrange(len(content))
    match seed % 3:
        case 0:
            content[at] ^= 1 + chance.randrange(255)
        case 1:
            del content[at:]
        case _:
            content += bytes([chance.randrange(256)])
    path.write_bytes(content)
    with pytest.raises(JournalError):
        unpack(path, tmp_path / "copy.db", VAULT)


def test_chunks_of_a_large_file_cannot_change_places(tmp_path: Path) -> None:
    plain, sealed = tmp_path / "plain", tmp_path / "sealed"
    plain.write_bytes(random.Random(1).randbytes(3 * sealed_file.CHUNK + 5))
    with plain.open("rb") as inside, sealed.open("wb") as outside:
        sealed_file.seal(inside, outside, {}, VAULT.backup_key)
    assert b"".join(sealed_file.opened(sealed, VAULT.backup_key)) == plain.read_bytes()
    content = sealed.read_bytes()
    size = sealed_file.CHUNK + 16
    start = len(content) - (5 + 16) - 3 * size
    one, two = content[start : start + size], content[start + size : start + 2 * size]
    sealed.write_bytes(content[:start] + two + one + content[start + 2 * size :])
    with pytest.raises(JournalError, match="damaged"):
        list(sealed_file.opened(sealed, VAULT.backup_key))


def test_only_the_newest_are_kept(journal: Path) -> None:
    paths = [made(journal, days=day, keep=3) for day in range(5)]
    assert backups(journal.parent / "backups", "journal.db") == paths[:1:-1]


def test_what_a_killed_backup_left_is_no_backup_and_goes_with_the_next(journal: Path) -> None:
    folder = journal.parent / "backups"
    folder.mkdir()
    left = folder / "journal.db-20250101-000000-1-1.lxybackup.part"
    left.write_bytes(b"half")
    (journal.parent / ".backup-left").mkdir()
    assert backups(folder, "journal.db") == []
    made(journal)
    assert not left.exists()
    assert not list(journal.parent.glob(".backup-*"))


def test_a_damaged_journal_is_not_backed_up(journal: Path) -> None:
    content = bytearray(journal.read_bytes())
    content[4096 * 3 : 4096 * 6] = b"\xff" * 4096 * 3
    journal.write_bytes(content)
    with pytest.raises(JournalError, match="damaged"):
        made(journal)
    assert backups(journal.parent / "backups", "journal.db") == []


def test_an_index_that_no_count_notices_is_damage_too(journal: Path) -> None:
    with closing(sqlite3.connect(journal)) as books, books:
        books.execute(
            "INSERT INTO event (at, batch, what, detail) VALUES ('2025-05-11T09:00:00+08:00', 'b', 'w', '{}')"
        )
        [root] = books.execute("SELECT rootpage FROM sqlite_master WHERE name='event_of_batch'").fetchone()
        [size] = books.execute("PRAGMA page_size").fetchone()
    with journal.open("r+b") as file:
        file.seek((root - 1) * size + 8)  # where its only entry lies in the page
        file.write(b"\xff\xff")
    with closing(sqlite3.connect(journal)) as books:
        assert books.execute("SELECT count(*) FROM event").fetchone() == (1,)
    with pytest.raises(JournalError, match="damaged"):
        made(journal)
    assert backups(journal.parent / "backups", "journal.db") == []


def test_a_backup_that_does_not_hold_the_rows_it_speaks_of_is_refused(tmp_path: Path, journal: Path) -> None:
    path, facts = tmp_path / "journal.db-1.lxybackup", look_into(journal)
    more = replace(facts, rows={**facts.rows, "event": facts.rows["event"] + 1})
    with journal.open("rb") as plain, path.open("wb") as sealed:
        sealed_file.seal(plain, sealed, asdict(more), VAULT.backup_key)
    with pytest.raises(JournalError, match="damaged or not whole"):
        unpack(path, tmp_path / "copy.db", VAULT)


def test_a_backup_counts_only_once_all_of_it_is_on_the_disk(journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, steps = journal.parent / "backups", list[str]()

    def told(owner: object, name: str, said: Callable[..., str]) -> None:
        monkeypatch.setattr(owner, name, telling(getattr(owner, name), steps, said))

    def synced(handle: int) -> str:
        on = os.fstat(handle)
        [path] = [one for one in (folder, *folder.iterdir()) if os.path.samestat(one.stat(), on)]
        return f"fsync of {path.suffix}, {on.st_size} bytes" if path.is_file() else f"fsync of {path.name}"

    told(backup, "_copied", lambda *_: "copy")
    told(backup, "look_into", lambda *_: "check")
    told(sealed_file, "seal", lambda *_: "seal")
    told(os, "fsync", synced)
    told(sealed_file, "opened", lambda path, _: f"reopen {path.suffix}")
    told(os, "replace", lambda old, new: f"rename {Path(old).suffix} to {Path(new).suffix}")
    size = made(journal).stat().st_size
    first = ["copy", "check", "seal", f"fsync of .part, {size} bytes", "reopen .part"]
    assert steps == [*first, "rename .part to .lxybackup", "fsync of backups"]


def telling(step: Callable[..., Any], steps: list[str], said: Callable[..., str]) -> Callable[..., Any]:
    """The same step, made as ever and told."""

    def one(*given: Any, **named: Any) -> Any:
        steps.append(said(*given))
        return step(*given, **named)

    return one


def put_back(path: Path, journal: Path, settling: Settling = SETTLING) -> Path | None:
    copy = journal.with_name("restored.db")
    unpack(path, copy, VAULT)
    open_journal(copy, VAULT, settling).close()
    return put_in_place(copy, journal, settling, now=NOW)


def test_a_restored_journal_has_a_new_epoch_and_a_fence_and_the_one_before_is_kept(journal: Path) -> None:
    path, before = made(journal), journal.read_bytes()
    admitted(journal).close()
    kept = put_back(path, journal)
    assert kept is not None
    assert kept.read_bytes() != before  # it was opened once more
    after = admitted(journal)
    fence = after.fences.standing()
    after.close()
    assert fence is not None
    assert (fence.why, fence.epoch, fence.since) == (Why.RESTORED, 2, NOW)


def test_a_journal_that_was_kept_aside_can_be_put_back_in_turn(journal: Path) -> None:
    kept = put_back(made(journal), journal)
    assert kept is not None
    put_back(kept, journal)
    again = admitted(journal)
    assert again.fences.standing() is not None
    again.close()


def test_a_hot_journal_of_the_one_before_never_meets_the_restored_one(journal: Path) -> None:
    path = made(journal)
    journal.with_name("journal.db-journal").write_bytes(b"half a transaction")
    kept = put_back(path, journal)
    assert not journal.with_name("journal.db-journal").exists()
    assert kept is not None
    assert kept.with_name(kept.name + "-journal").read_bytes() == b"half a transaction"


# --- the file beside the journal


def why(journal: Path, **options: object) -> Why | None:
    opened = admitted(journal, **options)
    fence = opened.fences.standing()
    opened.close()
    return fence.why if fence else None


def test_opened_again_and_again_it_needs_no_fence(journal: Path) -> None:
    assert [why(journal) for _ in range(3)] == [None, None, None]


def test_a_journal_from_before_this_program_kept_count_needs_none_either(tmp_path: Path) -> None:
    create_journal(tmp_path / "journal.db", VAULT)
    assert why(tmp_path / "journal.db") is None


def test_an_older_copy_put_back_is_fenced(journal: Path) -> None:
    before = journal.read_bytes()
    admitted(journal).close()
    journal.write_bytes(before)
    assert why(journal) is Why.OLDER


def test_a_copy_taken_within_the_same_opening_is_fenced_by_the_requests_it_does_not_know(journal: Path) -> None:
    before = journal.read_bytes()
    Beside(journal).put(replace(read(Beside(journal).path), turn=1))
    journal.write_bytes(before)
    assert why(journal) is Why.OLDER


def test_a_missing_file_is_fenced(journal: Path) -> None:
    Beside(journal).path.unlink()
    assert why(journal) is Why.ALONE


def test_a_file_nobody_can_read_is_fenced(journal: Path) -> None:
    Beside(journal).path.write_bytes(b"\0" * 512)
    assert why(journal) is Why.ANOTHER


def test_a_new_journal_beside_the_file_of_another_is_fenced(journal: Path) -> None:
    journal.unlink()
    create_journal(journal, VAULT)
    assert why(journal) is Why.ANOTHER


def test_a_copy_of_the_folder_is_fenced_and_the_folder_itself_may_be_renamed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    create_journal(home / "journal.db", VAULT)
    assert why(home / "journal.db") is None
    copy = tmp_path / "copy"
    copy.mkdir()
    for path in home.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    assert why(copy / "journal.db") is Why.COPIED
    assert why(home.rename(tmp_path / "renamed") / "journal.db") is None


def test_another_machine_is_fenced(journal: Path) -> None:
    beside = Beside(journal)
    mark = read(beside.path)
    beside.put(mark)
    beside._mark = replace(beside._mark, machine="another")
    beside._write(durable=True)
    assert why(journal) is Why.COPIED


def test_a_machine_that_was_rolled_back_shows_where_a_witness_lies_elsewhere(tmp_path: Path, journal: Path) -> None:
    witness = tmp_path / "share" / "witness"
    witness.parent.mkdir()
    admitted(journal, witnesses=(witness,)).close()
    content, mark = journal.read_bytes(), read(Beside(journal).path)
    admitted(journal, witnesses=(witness,)).close()
    journal.write_bytes(content)
    Beside(journal).put(mark)  # in step with the journal, as on a disk that was rolled back
    assert why(journal, witnesses=(witness,)) is Why.OLDER


def test_a_witness_that_is_away_stops_nothing(tmp_path: Path, journal: Path) -> None:
    assert why(journal, witnesses=(tmp_path / "no" / "witness",)) is None


def test_marks_are_written_in_place_and_at_one_length(journal: Path) -> None:
    beside = Beside(journal)
    before = beside.path.stat().st_ino
    beside.put(Mark("j", 1, 2, 3))
    beside.turned(12345)
    assert (beside.path.stat().st_ino, beside.path.stat().st_size) == (before, 512)
    assert read(beside.path).turn == 12345


@pytest.mark.parametrize(
    ("settling", "state"), [(SETTLING, "unknown"), (Settling(DeliveryClass.K4, 0, by_hand=True), "quarantined")]
)
def test_what_the_journal_thinks_not_sent_is_not_believed_any_more(
    journal: Path, settling: Settling, state: str
) -> None:
    with closing(sqlite3.connect(journal)) as connection:
        connection.execute(
            "INSERT INTO revision (batch, person, number, serial, mark, state, since, since_uptime_s, since_boot)"
            " VALUES ('2025/测试工会/第一批', x'01', 1, 's', x'02', 'ready', '2025-05-11T09:00:00+08:00', 0, 'b')"
        )
        connection.commit()
    Beside(journal).path.unlink()
    admitted(journal, settling).close()
    with closing(sqlite3.connect(journal)) as connection:
        assert connection.execute("SELECT state, since_boot FROM revision").fetchall() == [(state, "first boot")]
