"""A real office program opens the workbooks and saves them again, and nothing that is read back changes."""

import io
import re
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pytest

from adapters.portal.workbook.grid import read_sheets
from tests.adapters.workbook_rig import (
    HEADS,
    cells_of,
    desk,
    export_of,
    grid,
    listed,
    participant,
    shaped,
    template,
)

_PATIENCE_S = 120
PEOPLE = [
    participant(1),
    participant(2, name="=1+1", phone="", unit="_x0041_ <甲> & 乙\n丙"),
    participant(3, name="欧阳𠮷", id_no="99900119900101003X", unit="'1e5"),
]


@dataclass(frozen=True)
class Office:
    """A real one, with its settings in a folder of its own: two at once would wait for each other."""

    folder: Path

    def saved_again(self, path: Path, *, to: str = "xlsx") -> bytes:
        out = self.folder / "out"
        subprocess.run(
            [
                "soffice",
                f"-env:UserInstallation={(self.folder / 'profile').as_uri()}",
                *("--headless", "--convert-to", to, "--outdir", str(out), str(path)),
            ],
            check=True,
            timeout=_PATIENCE_S,
            capture_output=True,
        )
        saved = out / path.with_suffix(f".{to}").name
        content = saved.read_bytes()
        saved.unlink()
        return content


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    return Office(tmp_path_factory.mktemp("office"))


@pytest.mark.parametrize("own_template", [True, False])
def test_an_import_workbook_is_the_same_after_an_office_program_saved_it(office, tmp_path, own_template):
    if own_template:
        (tmp_path / "导入模板.xlsx").write_bytes(template())
        made = desk(tmp_path, shaped(example_rows=1), tmp_path / "导入模板.xlsx")
    else:
        made = desk(tmp_path)
    made.export(*PEOPLE)
    (path,) = made.outbox.glob("*人员导入*")
    saved = office.saved_again(path)
    for content in (path.read_bytes(), saved):
        rows = read_sheets(content)[0].rows
        assert [row[: len(HEADS)] for row in rows[:4]] == [HEADS, *map(cells_of, PEOPLE)]
        assert not any(cell for row in rows[4:] for cell in row)
    sheet = openpyxl.load_workbook(io.BytesIO(saved))["人员导入"]
    for head in ("证件号码", "手机号码"):
        cells = [sheet.cell(row, HEADS.index(head) + 1) for row in (2, 3, 4)]
        assert {(cell.number_format, cell.data_type) for cell in cells if cell.value is not None} == {("@", "s")}


def test_what_the_template_had_besides_is_still_there_after_saving(office, tmp_path):
    (tmp_path / "导入模板.xlsx").write_bytes(template())
    made = desk(tmp_path, shaped(example_rows=1), tmp_path / "导入模板.xlsx")
    made.export(*PEOPLE)
    (path,) = made.outbox.glob("*人员导入*")
    book = openpyxl.load_workbook(io.BytesIO(office.saved_again(path)))
    assert book.sheetnames == ["人员导入", "字典", "填表说明"]
    assert book["字典"].sheet_state != "visible"
    assert [rule.formula1 for rule in book["人员导入"].data_validations.dataValidation] == ["字典!$A$1:$A$3"]
    assert book["人员导入"].conditional_formatting


def test_an_export_is_read_the_same_after_an_office_program_saved_it(office, tmp_path):
    lines = [listed(person, own_id=str(number)) for number, person in enumerate(PEOPLE)]
    lines.append(listed(participant(4, id_no="999***********0004", phone="199****0004"), own_id="9"))
    told = []
    for name in ("one", "two"):
        made = desk(tmp_path / name)
        content = export_of(*lines)
        (tmp_path / "export.xlsx").write_bytes(content)
        if name == "two":
            content = office.saved_again(tmp_path / "export.xlsx")
        made.received("导出.xlsx", content)
        (batch,) = made.portal.batches(2025)
        told.append((batch, list(made.portal.people(batch.online_id))))
        assert made.portal.faults == ()
    assert told[0] == told[1]


def test_a_tick_list_of_many_people_fits_its_paper(office, tmp_path):
    """Every page is A4, and no column falls off its edge: there are as many pages as the rows need."""
    made = desk(tmp_path)
    made.export(*(participant(number, unit="演练市演练重工集团有限公司第一分公司工会委员会") for number in range(60)))
    (path,) = made.outbox.glob("*录入核对单*")
    pdf = office.saved_again(path, to="pdf")
    assert 3 <= pdf.count(b"/Type/Page/") <= 5
    boxes = re.findall(rb"/MediaBox\s*\[\s*0 0 ([0-9.]+) ([0-9.]+)", pdf)
    assert {(round(float(wide)), round(float(high))) for wide, high in boxes} == {(842, 595)}


def test_the_office_programs_own_template_is_filled(office, tmp_path):
    """A template that LibreOffice wrote has other parts, other styles and rows it says are repeated."""
    (tmp_path / "导入模板.xlsx").write_bytes(template())
    own = office.saved_again(tmp_path / "导入模板.xlsx")
    (tmp_path / "导入模板.xlsx").write_bytes(own)
    made = desk(tmp_path, shaped(example_rows=1), tmp_path / "导入模板.xlsx")
    made.export(*PEOPLE)
    (path,) = made.outbox.glob("*人员导入*")
    assert [row[: len(HEADS)] for row in read_sheets(path.read_bytes())[0].rows[:4]] == [HEADS, *map(cells_of, PEOPLE)]
    with zipfile.ZipFile(path) as filled, zipfile.ZipFile(io.BytesIO(own)) as before:
        differing = [name for name in before.namelist() if filled.read(name) != before.read(name)]
    assert differing == ["xl/worksheets/sheet1.xml"]
    assert grid(path.read_bytes(), "填表说明") == [["一人一行"]]
