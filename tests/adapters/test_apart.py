"""Reading in a process of its own: it says the same, and what breaks it breaks nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest

from adapters.sources import child
from adapters.sources.apart import Apart
from adapters.sources.ledger import Task
from adapters.sources.understanding import understand
from tests.adapters.ledgers import ledger, row, write_xlsx

TASK = Task("rosters/台账.xlsx", date(2025, 6, 1), key=b"k")


def content(folder: Path) -> bytes:
    return write_xlsx(folder / "台账.xlsx", ledger(row(1), row(2, phone="12345"), row(3, id_no="999"))).read_bytes()


def vast() -> bytes:
    """A sheet whose only two cells are its first and its last: 17 thousand million cells to whoever believes it."""
    book = openpyxl.Workbook()
    book.active["A1"] = "姓名"
    book.active["XFD1048576"] = "完"
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def codes(reading):
    return [problem.code for rejection in reading.rejections for problem in rejection.problems]


def test_it_reads_what_is_read_here(tmp_path: Path) -> None:
    ledger_bytes = content(tmp_path)
    with Apart() as apart:
        first = apart(TASK, ledger_bytes)
        here = understand(TASK, ledger_bytes)
        assert first == here
        assert [roster.origins for roster in first.rosters] == [roster.origins for roster in here.rosters]
        assert first.rosters
        assert first.tables
        kept = apart(replace(TASK, known=first.marks), ledger_bytes)
    assert kept.kept == first.marks.keys()
    assert not kept.rosters


def test_a_file_that_takes_too_much_memory_is_refused_and_the_next_is_read(tmp_path: Path) -> None:
    with Apart(memory_bytes=256_000_000) as apart:
        assert codes(apart(TASK, vast())) == ["reading_stopped"]
        assert apart(TASK, content(tmp_path)).rosters


def test_a_blank_in_the_last_row_a_sheet_can_have_costs_nobody_the_ledger(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(BytesIO(content(tmp_path)))
    book.active["C1048576"] = " "
    book.save(tmp_path / "a.xlsx")
    with Apart() as apart:
        reading = apart(TASK, (tmp_path / "a.xlsx").read_bytes())
        assert [len(roster.people) for roster in reading.rosters] == [2]


def test_a_file_that_takes_too_long_is_refused(tmp_path: Path) -> None:
    with Apart(wall_s=0.01) as apart:
        assert codes(apart(TASK, content(tmp_path))) == ["reading_stopped"]


def test_a_reader_that_was_killed_is_started_anew(tmp_path: Path) -> None:
    with Apart() as apart:
        assert apart(TASK, content(tmp_path)).rosters
        apart._process.kill()
        assert codes(apart(TASK, content(tmp_path))) == ["reading_stopped"]
        assert apart(TASK, content(tmp_path)).rosters


def test_half_a_piece_is_an_error() -> None:
    stream = BytesIO()
    child.give(stream, b"whole")
    assert child.taken(BytesIO(stream.getvalue())) == b"whole"
    assert child.taken(BytesIO()) == b""
    with pytest.raises(EOFError):
        child.taken(BytesIO(stream.getvalue()[:-1]))
