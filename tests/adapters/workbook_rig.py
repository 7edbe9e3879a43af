"""The portal by files: the shipped shape, a province's template with everything Excel can put into one, and its files."""

from __future__ import annotations

import hashlib
import io
import os
import tomllib
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path

import openpyxl
import xlsxwriter
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.worksheet.datavalidation import DataValidation

from adapters.portal.workbook import WorkbookPortal
from schemas.portal import Answer, Operation, Record
from schemas.workbook import Workbook
from tests.adapters.portal_rig import person

RAW = tomllib.loads((files("schemas") / "dialects" / "import-workbook.toml").read_text(encoding="utf-8"))["workbook"]
SHAPE = Workbook.model_validate(RAW)
HEADS = [column.head for column in SHAPE.import_sheet.columns]
EXPORT_HEADS = list(SHAPE.export.heads)
BATCH = {
    "year": "2025",
    "organiser": "演练市总工会",
    "name": "第一批",
    "level": "市级",
    "base": "石岛赤山疗养基地",
    "start": "2025-05-03",
    "end": "2025-05-07",
    "headcount": "2",
    "leaders": "1",
}
WORDS = {"id_type": "居民身份证", "category": "技能人才"}
_DAY_S = 1_760_000_000
_THIN = Side(style="thin")


def mark(texts: Sequence[str]) -> bytes:
    return hashlib.sha256("\x1f".join(texts).encode()).digest()


def shaped(**import_sheet: object) -> Workbook:
    """The shipped shape, its import sheet changed."""
    return Workbook.model_validate(RAW | {"import_sheet": RAW["import_sheet"] | import_sheet})


@dataclass(frozen=True)
class Desk:
    """A portal by files in a folder of its own."""

    folder: Path
    portal: WorkbookPortal

    @property
    def outbox(self) -> Path:
        return self.folder / "outbox"

    @property
    def inbox(self) -> Path:
        return self.folder / "inbox"

    @property
    def names(self) -> list[str]:
        return sorted(path.name for path in self.outbox.iterdir()) if self.outbox.exists() else []

    def export(self, *records: Record, operation: Operation = Operation.SAVE_PEOPLE, **batch: str) -> Answer:
        payload = self.portal.prepare(operation, records, parent="1", batch=BATCH | batch)
        return self.portal.send(payload)

    def received(self, name: str, content: bytes, *, day: int = 1) -> Path:
        """A file in the inbox, as old as its day says."""
        path = self.inbox / name
        path.write_bytes(content)
        os.utime(path, (_DAY_S + day * 86_400,) * 2)
        return path


def desk(folder: Path, shape: Workbook = SHAPE, template: Path | None = None) -> Desk:
    (folder / "inbox").mkdir(parents=True, exist_ok=True)
    portal = WorkbookPortal(
        shape,
        outbox=folder / "outbox",
        inbox=folder / "inbox",
        accepted=folder / "state" / "template.json",
        mark=mark,
        template=template,
    )
    return Desk(folder, portal)


def participant(number: int, **changed: str) -> Record:
    made = person(number)
    return Record(made.serial, {**made.fields, **WORDS, **changed})


def cells_of(record: Record, **batch: str) -> list[str]:
    """Its line in the import workbook."""
    facts = {f"batch.{name}": text for name, text in (BATCH | batch).items()}
    facts |= {f"person.{name}": text for name, text in record.fields.items()}
    return [facts[column.field or ""] for column in SHAPE.import_sheet.columns]


def template(
    change: Callable[[openpyxl.Workbook], object] = lambda _book: None, *, heads: Sequence[str] = HEADS
) -> bytes:
    """A province's template: styles, a validation from a hidden sheet, a note, a colour by condition, an example row."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "人员导入"
    sheet.append(list(heads))
    sheet.append([f"示例{at}" for at in range(len(heads))])
    for column in range(1, len(heads) + 1):
        sheet.cell(1, column).font = Font(bold=True, color="FFFFFFFF")
        sheet.cell(1, column).fill = PatternFill("solid", fgColor="FF3C5A78")
        for row in range(2, 60):
            sheet.cell(row, column).number_format = "@"
            sheet.cell(row, column).border = Border(left=_THIN, right=_THIN, bottom=_THIN)
    sheet.cell(1, len(heads) + 2).value = "说明：证件号码为文本格式"
    sheet.cell(1, len(heads) + 2).alignment = Alignment(wrap_text=True)
    sheet.column_dimensions["F"].width = 24
    sheet.conditional_formatting.add("F2:F999", CellIsRule("equal", ['"x"'], fill=PatternFill(bgColor="FFFF0000")))
    words = book.create_sheet("字典")
    for word in ("技能人才", "先进模范", "苦脏累险毒岗位职工"):
        words.append([word])
    words.sheet_state = "veryHidden"
    rule = DataValidation(type="list", formula1="字典!$A$1:$A$3", allow_blank=True)
    sheet.add_data_validation(rule)
    letter = openpyxl.utils.get_column_letter(heads.index("人员类别") + 1) if "人员类别" in heads else "A"
    rule.add(f"{letter}2:{letter}999")
    book.create_sheet("填表说明").append(["一人一行"])
    change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def parts(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {entry.filename: archive.read(entry) for entry in archive.infolist()}


def grid(content: bytes, sheet: str) -> list[list[object]]:
    """As openpyxl reads it: a reader the adapter does not use."""
    page = openpyxl.load_workbook(io.BytesIO(content))[sheet]
    return [[cell.value for cell in row] for row in page.iter_rows()]


def book_of(rows: Sequence[Sequence[object]], sheet: str = "疗休养信息") -> bytes:
    """Texts stay texts, whatever they look like; numbers and days are cells of their own kind."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        page, day = book.add_worksheet(sheet), book.add_format({"num_format": "yyyy-mm-dd"})
        for at, row in enumerate(rows):
            for column, value in enumerate(row):
                match value:
                    case str():
                        page.write_string(at, column, value)
                    case datetime():
                        page.write_datetime(at, column, value, day)
                    case _:
                        page.write_number(at, column, value)
    return out.getvalue()


def listed(
    record: Record | None, *, batch_id: str = "7", own_id: str = "101", status: str = "草稿", **batch: str
) -> dict[str, str]:
    """A line of the portal's export, by head; without a record the batch has nobody."""
    facts = {f"batch.{name}": text for name, text in (BATCH | batch).items()}
    facts |= {f"person.{name}": text for name, text in (record.fields if record else {}).items()}
    line = {head: facts.get(name, "") for name, head in SHAPE.export.fields.items()}
    return line | {"批次编号": batch_id, "人员编号": own_id if record else "", "状态": status}


def export_of(*lines: dict[str, str], heads: Sequence[str] = EXPORT_HEADS, title: str = "导出表") -> bytes:
    return book_of([[title], list(heads), *([line.get(head, "") for head in heads] for line in lines)])
