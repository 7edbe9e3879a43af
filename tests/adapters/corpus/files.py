"""What a file may be: old and new workbooks, text in every encoding, HTML, and what is no ledger or means harm."""

from __future__ import annotations

import io
import zipfile
from functools import partial
from html import escape
from pathlib import Path

import openpyxl

from tests.adapters.corpus.binary import write_xlsb
from tests.adapters.corpus.shape import Case, batch, refuses, says
from tests.adapters.ledgers import Rows, ledger, name, people, row, write_csv, write_xls, write_xlsx

PLAIN = ledger(*people(2), ["合计", "", "2人"])
TWO = says(batch(1, 2, declared=2))
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
XML = '<?xml version="1.0"?>'


def text(title: str, file: str = "台账.csv", *, said=TWO, rows: Rows = PLAIN, **how: str) -> Case:
    return Case(title, lambda path: write_csv(path, rows, **how), said, file)


def lines(rows: Rows) -> str:
    return "".join(f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in cells)}</tr>" for cells in rows)


def html(title: str, page: str, said=TWO, *, encoding: str = "gb18030") -> Case:
    return Case(title, lambda path: path.write_bytes(page.encode(encoding)), said, "导出.xls")


def content(title: str, said, *parts: bytes, file: str = "台账.xlsx") -> Case:
    return Case(title, lambda path: path.write_bytes(b"".join(parts)), said, file)


def changed(path: Path, **parts: str) -> None:
    """A plain ledger whose archive holds these parts too, by their last name; a part there is already is replaced."""
    write_xlsx(path, PLAIN)
    places = {
        "shared": "xl/sharedStrings.xml",
        "macros": "xl/vbaProject.bin",
        "link": "xl/externalLinks/externalLink1.xml",
    }
    named = {places[part]: written for part, written in parts.items()}
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as whole, zipfile.ZipFile(path, "w") as new:
        for part in whole.namelist():
            if part not in named:
                new.writestr(part, whole.read(part))
        for part, written in named.items():
            new.writestr(part, written)


def archive(path: Path, **parts: bytes) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for part, written in parts.items():
            new.writestr(part.replace("__", "/").replace("_dot_", "."), written)


def locked(path: Path) -> None:
    manifest = f"{XML}<manifest><file-entry full-path='content.xml'><encryption-data/></file-entry></manifest>"
    with zipfile.ZipFile(path, "w") as new:
        new.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        new.writestr("content.xml", bytes(range(256)))
        new.writestr("META-INF/manifest.xml", manifest)


def truncated(path: Path) -> None:
    write_xlsx(path, PLAIN)
    path.write_bytes(path.read_bytes()[:-300])


def down_to_the_last_row(path: Path) -> None:
    """Somebody once pressed Ctrl-End too far: a blank in the very last row a sheet has."""
    book = openpyxl.load_workbook(write_xlsx(path, PLAIN))
    book.active["C1048576"] = " "
    book.save(path)


def plain_xls(path: Path) -> None:
    write_xls(path, PLAIN)


BILLION = f'{XML}<!DOCTYPE x [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><sst><si><t>&b;</t></si></sst>'
STRUCK = lines(PLAIN).replace(name(1), f"<s>{name(1)}</s>")
FILES = [
    Case("xls", plain_xls, TWO, "台账.xls"),
    Case("xls-called-xlsx", plain_xls, TWO),
    Case("xls-called-et", plain_xls, TWO, "台账.et"),
    Case("xlsx-called-xls", lambda path: write_xlsx(path, PLAIN), TWO, "台账.xls"),
    Case("xlsx-called-csv", lambda path: write_xlsx(path, PLAIN), TWO, "台账.csv"),
    Case(
        "xls-merged",
        lambda path: write_xls(path, ledger(row(1), row(2, unit="")), merges=((4, 5, 5, 5),)),
        says(batch(1, 2)),
        "台账.xls",
    ),
    Case(
        "xls-id-number",
        lambda path: write_xls(path, ledger(row(1, id_no=999001199001011234.0), row(2))),
        says(batch(2, refused={5: ["id_damaged"]})),
        "台账.xls",
    ),
    Case("xlsb", lambda path: write_xlsb(path, PLAIN), TWO, "台账.xlsb"),
    Case(
        "xlsb-id-number",
        lambda path: write_xlsb(path, ledger(row(1, id_no=999001199001011264.0), row(2))),
        says(batch(2, refused={5: ["id_damaged"]})),
        "台账.xlsb",
    ),
    text("csv-gb18030"),
    text("csv-utf-8", encoding="utf-8"),
    text("csv-utf-8-bom", encoding="utf-8-sig"),
    text("csv-utf-16", encoding="utf-16"),
    text("csv-semicolons", delimiter=";"),
    text("tsv-gb18030", "台账.tsv", delimiter="\t"),
    text("tsv-utf-16-called-xls", "台账.xls", encoding="utf-16", delimiter="\t"),
    text("csv-filled-down", rows=ledger(row(1), row(2, unit="")), said=says(batch(1, 2), notes=["filled_down"])),
    text(
        "csv-e-notation",
        rows=ledger(row(1, id_no="9.99E+17"), row(2)),
        said=says(batch(2, refused={5: ["id_damaged"]})),
    ),
    text("csv-rare-name", rows=ledger(row(1, name="测䶮𠮷")), said=says(batch("测䶮𠮷"))),
    html("html", f"<html><body><table>{lines(PLAIN)}</table></body></html>"),
    html("html-utf-8", f"<meta charset=utf-8><table>{lines(PLAIN)}</table>", encoding="utf-8-sig"),
    html("html-struck", f"<table>{STRUCK}</table>", says(batch(2, declared=2, refused={5: ["row_struck"]}))),
    html("html-no-table", "<html><body>请先登录</body></html>", refuses("unknown_form")),
    Case("macros", partial(changed, macros="x"), says(batch(1, 2, declared=2), notes=["macros_ignored"]), "台账.xlsm"),
    Case("external-link", partial(changed, link=f"{XML}<x/>"), says(batch(1, 2, declared=2), notes=["external_links"])),
    Case("down-to-the-last-row", down_to_the_last_row, TWO),
    Case("entities", partial(changed, shared=BILLION), refuses("document_type")),
    Case(
        "bomb", partial(archive, xl__workbook_dot_xml=b"x", xl__sheet1_dot_xml=bytes(3_000_000)), refuses("too_large")
    ),
    Case("zip", partial(archive, readme_dot_txt=b"x"), refuses("unknown_form")),
    Case("truncated", truncated, refuses("unreadable")),
    content("empty-file", refuses("unknown_form")),
    content("pdf", refuses("unknown_form"), b"%PDF-1.7"),
    content("png", refuses("unknown_form"), b"\x89PNG\r\n\x1a\n\x00"),
    content("password", refuses("password_protected"), OLE, bytes(504), "EncryptedPackage".encode("utf-16-le")),
    content(
        "password-xls",
        refuses("password_protected"),
        OLE,
        bytes(504),
        bytes.fromhex("09081000000605005a0acd07c100000006030000"),
        bytes.fromhex("2f0036000100"),
        file="台账.xls",
    ),
    Case("password-ods", locked, refuses("password_protected"), "台账.ods"),
    content("xls-of-noise", refuses("unreadable"), OLE, bytes(range(256)) * 8, file="台账.xls"),
]
