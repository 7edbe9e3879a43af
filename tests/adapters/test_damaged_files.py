"""Files that are no ledgers: each a rejection that says what to do, never an exception."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import pytest

from adapters.sources import copying
from schemas.roster import Place, Problem, Reading
from tests.adapters.ledgers import ledger, people, write_csv, write_xls, write_xlsx
from tests.adapters.readings import names, one_roster, read


def only_problem(reading: Reading) -> Problem:
    assert reading.rosters == ()
    [rejection] = reading.rejections
    [problem] = rejection.problems
    return problem


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "0 B"),
        (b" \r\n\xef\xbb\xbf"[:3], "0 B"),
        (b"<html><body>please sign in</body></html>", "HTML"),
        (b"\xef\xbb\xbf\r\n<?xml version='1.0'?>", "HTML"),
        (b"%PDF-1.7", "PDF"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "binary"),
        (b"\xff\xff\xff", "binary"),
    ],
)
def test_what_is_no_ledger_is_called_by_what_it_is(tmp_path: Path, content: bytes, found: str) -> None:
    file = tmp_path / "第1批.xls"
    file.write_bytes(content)
    problem = only_problem(read(file))
    assert (problem.code, problem.values) == ("unknown_form", {"found": found})


def test_a_zip_that_is_no_workbook_is_called_a_zip(tmp_path: Path) -> None:
    file = tmp_path / "第1批.xlsx"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("readme.txt", "x")
    assert only_problem(read(file)).values == {"found": "ZIP"}


def test_a_truncated_workbook_is_unreadable(tmp_path: Path) -> None:
    file = write_xlsx(tmp_path / "a.xlsx", ledger(*people(3)))
    file.write_bytes(file.read_bytes()[:-400])
    assert only_problem(read(file)).code == "unreadable"


def test_a_workbook_with_torn_xml_is_unreadable(tmp_path: Path) -> None:
    file = write_xlsx(tmp_path / "a.xlsx", ledger(*people(3)))
    with zipfile.ZipFile(io.BytesIO(file.read_bytes())) as whole, zipfile.ZipFile(file, "w") as torn:
        for part in whole.namelist():
            content = whole.read(part)
            torn.writestr(part, content[: len(content) // 2] if "sheet1" in part else content)
    assert only_problem(read(file)).code == "unreadable"


def test_an_old_workbook_with_random_bytes_is_unreadable(tmp_path: Path) -> None:
    file = tmp_path / "a.xls"
    file.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(range(256)) * 8)
    assert only_problem(read(file)).code == "unreadable"


def test_a_password_is_named(tmp_path: Path) -> None:
    file = tmp_path / "a.xlsx"
    file.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + "EncryptedPackage".encode("utf-16-le"))
    assert only_problem(read(file)).code == "password_protected"


def test_a_zip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    file = tmp_path / "a.xlsx"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "x")
        archive.writestr("xl/worksheets/sheet1.xml", bytes(3_000_000))
    problem = only_problem(read(file))
    assert (problem.code, problem.values) == ("too_large", {"limit_mb": 200})


def with_parts(file: Path, **parts: bytes) -> None:
    """Puts more parts into an archive; `__` in a name is a slash, and a part there is already is replaced."""
    named = {name.replace("__", "/").replace("_dot_", "."): part for name, part in parts.items()}
    with zipfile.ZipFile(io.BytesIO(file.read_bytes())) as whole, zipfile.ZipFile(file, "w") as changed:
        for name in whole.namelist():
            if name not in named:
                changed.writestr(name, whole.read(name))
        for name, part in named.items():
            changed.writestr(name, part)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("before", ["", "<!-- <a> -->\n", f"<!--{' ' * 5_000}-->"])
def test_a_workbook_that_declares_entities_is_not_opened(tmp_path: Path, encoding: str, before: str) -> None:
    file = write_xlsx(tmp_path / "a.xlsx", ledger(*people(1)))
    bomb = f'<?xml version="1.0"?>{before}<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><sst>&b;</sst>'
    with_parts(file, xl__sharedStrings_dot_xml=bomb.encode(encoding))
    assert only_problem(read(file)).code == "document_type"


def test_macros_and_links_are_left_alone_and_told_of(tmp_path: Path) -> None:
    file = write_xlsx(tmp_path / "a.xlsm", ledger(*people(2)))
    with_parts(file, xl__vbaProject_dot_bin=b"x", xl__externalLinks__externalLink1_dot_xml=b"<externalLink/>")
    reading = read(file)
    assert names(one_roster(reading)) == ["测丁", "测丂"]
    assert [(note.code, note.where) for note in reading.notes] == [
        ("macros_ignored", Place("rosters/a.xlsm")),
        ("external_links", Place("rosters/a.xlsm")),
    ]


def test_a_file_larger_than_the_limit_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "MAX_FILE_BYTES", 1_000)
    file = write_xlsx(tmp_path / "a.xlsx", ledger(*people(1)))
    assert only_problem(read(file)).code == "too_large"


class Writer(type(Path())):
    """A path whose file is written again while it is read, `times` times."""

    times = 0

    def read_bytes(self) -> bytes:
        content = super().read_bytes()
        if self.times:
            self.times -= 1
            self.write_bytes(content + b"x")
            os.utime(self, ns=(1, self.times))
        return content


def test_a_file_written_once_while_it_is_read_is_read_again(tmp_path: Path) -> None:
    file = Writer(tmp_path / "a.csv")
    file.write_bytes(b"a")
    file.times = 1
    assert copying.quiet_copy(file) == b"ax"


def test_a_file_that_keeps_changing_is_left_for_the_next_run(tmp_path: Path) -> None:
    file = Writer(tmp_path / "a.csv")
    file.write_bytes(b"a")
    file.times = 9
    with pytest.raises(copying.Unreadable, match="file_changing"):
        copying.quiet_copy(file)


@pytest.mark.parametrize("suffix", ["xls", "csv", "et"])
def test_the_content_decides_and_not_the_suffix(tmp_path: Path, suffix: str) -> None:
    file = write_xlsx(tmp_path / "a.xlsx", ledger(*people(2))).rename(tmp_path / f"a.{suffix}")
    assert len(one_roster(read(file)).people) == 2


def test_an_old_workbook_reads_like_a_new_one(tmp_path: Path) -> None:
    rows = ledger(*people(3, unit=""), ["合计", 3])
    rows[4][5] = "荣成市渔业公司"
    new = read(write_xlsx(tmp_path / "a.xlsx", rows, merges=((4, 5, 6, 5),)))
    old = read(write_xls(tmp_path / "a.xls", rows, merges=((4, 5, 6, 5),)))
    assert [person.unit for person in one_roster(old).people] == ["荣成市渔业公司"] * 3
    assert names(one_roster(old)) == names(one_roster(new))
    assert one_roster(old).declared == one_roster(new).declared == 3


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_text_is_read_in_every_encoding_staff_save(tmp_path: Path, encoding: str, delimiter: str) -> None:
    rows = ledger(*people(2), ["合计", "2人"])
    roster = one_roster(read(write_csv(tmp_path / "a.csv", rows, encoding=encoding, delimiter=delimiter)))
    assert names(roster) == ["测丁", "测丂"]
    assert roster.declared == 2


def test_a_rare_character_survives_gb18030(tmp_path: Path) -> None:
    [person] = one_roster(read(write_csv(tmp_path / "a.csv", ledger(*people(1, name="测䶮"))))).people
    assert person.name == "测䶮"


def test_a_text_file_fills_units_down_and_says_so(tmp_path: Path) -> None:
    rows = ledger(*people(1), *people(2, first=2, unit=""))
    reading = read(write_csv(tmp_path / "a.csv", rows))
    assert [person.unit for person in one_roster(reading).people] == ["荣成市渔业公司"] * 3
    [note] = reading.notes
    assert (note.code, note.values) == ("filled_down", {"column": "单位"})
