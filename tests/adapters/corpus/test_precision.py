"""An id that has lost digits never becomes anybody's id, whatever its check digit says."""

from __future__ import annotations

import struct
from datetime import date
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from adapters.sources.facts import Facts
from adapters.sources.grid import Cell, Grid, Sheets, squared
from adapters.sources.ledger import Task, read_ledger
from adapters.sources.understanding import understand
from schemas.identity import check_digit, id_fault
from schemas.roster import Reading
from tests.adapters.corpus.binary import write_xlsb
from tests.adapters.ledgers import ledger, row, write_csv, write_xls, write_xlsx
from tests.adapters.readings import codes

TASK = Task("rosters/台账", date(2025, 6, 1), Facts(year=2025))
ON = date(2025, 5, 3)
BIRTHDAYS = st.dates(date(1930, 1, 1), date(2006, 12, 31))


@st.composite
def whole_ids(draw) -> str:
    digits = f"999{draw(st.integers(0, 999)):03d}{draw(BIRTHDAYS):%Y%m%d}{draw(st.integers(0, 999)):03d}"
    return digits + check_digit(digits)


def lost(whole: str) -> dict[str, Cell]:
    """What programs make of an id they took for a number, as a cell or as the text a cell showed."""
    number = int(whole[:17] + "0")
    kept_15 = int(whole[:15] + "000")
    return {
        "rounded to 64": float(number),
        "as a whole number": int(float(number)),
        "15 digits kept": float(kept_15),
        "15 digits kept, whole": kept_15,
        "16 digits kept": int(whole[:16] + "00"),
        "17 digits": int(whole[:17]),
        "single precision": struct.unpack("f", struct.pack("f", float(number)))[0],
        "shown": f"{number:.2E}",
        "shown longer": f"{number:.14e}",
        "shown short": f"{number:.0E}".replace("+", ""),
        "shown wide": f"{number:.5E}".translate({ord(str(n)): chr(ord("０") + n) for n in range(10)}),
        "shown with blanks": f" {number:.5E}\u3000",
    }


def of_cells(cells: list[Cell]) -> Reading:
    rows = squared([list(line) for line in ledger(*(row(at, id_no=cell) for at, cell in enumerate(cells, 1)))])
    return read_ledger(TASK, Sheets((Grid("s", rows),)))


def all_refused(reading: Reading, count: int) -> bool:
    [roster] = reading.rosters
    return roster.people == () and [codes(one.problems) for one in roster.rejections] == [["id_damaged"]] * count


@given(whole=whole_ids())
def test_an_id_that_lost_digits_is_never_anybodys(whole: str) -> None:
    cells = list(lost(whole).values())
    assert all_refused(of_cells(cells), len(cells))


def test_those_whose_check_digit_happens_to_fit_are_refused_as_well() -> None:
    """About one in eleven passes: they are sought here, so that the check digit is not what refuses them."""
    seventeens = [f"999001199001{day:02d}{order:03d}" for day in range(1, 29) for order in range(0, 1000, 7)]
    rounded = [int(float(int(digits + "0"))) for digits in seventeens]
    passing = [number for number in rounded if id_fault(str(number), on=ON) is None]
    assert len(passing) > len(rounded) / 50
    assert all_refused(of_cells(list(passing)), len(passing))


@given(whole=whole_ids())
def test_the_same_id_as_text_is_whole(whole: str) -> None:
    [roster] = of_cells([whole]).rosters
    assert [person.id_no for person in roster.people] == [whole]


def test_no_form_of_file_brings_a_lost_id_through(tmp_path: Path) -> None:
    whole = "99900119900102800"
    numbers = ledger(row(1, id_no=float(whole + "0")), row(2, id_no=float(whole[:15] + "000")))
    shown = ledger(row(1, id_no="9.99E+17"), row(2, id_no="9.99001199001028E+17"))
    files = [tmp_path / f"a.{suffix}" for suffix in ("xlsx", "xls", "xlsb", "csv")]
    for file, write in zip(files, (write_xlsx, write_xls, write_xlsb, write_csv), strict=True):
        write(file, shown if file.suffix == ".csv" else numbers)
        assert all_refused(understand(TASK, file.read_bytes()), 2), file.suffix
