"""A small writer of .xlsb, which no library writes: texts and numbers in one sheet, by the records of [MS-XLSB]."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

from tests.adapters.ledgers import Rows

_TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="bin" ContentType="application/vnd.ms-excel.sheet.binary.macroEnabled.main"/>'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/></Types>'
)
_RELATIONS = (
    '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}" '
    'Target="{target}"/></Relationships>'
)
_BEGIN_BOOK, _END_BOOK, _BEGIN_SHEETS, _END_SHEETS, _SHEET = 131, 132, 143, 144, 156
_BEGIN_SHEET, _END_SHEET, _BEGIN_DATA, _END_DATA, _SIZE, _ROW, _NUMBER, _TEXT = 129, 130, 145, 146, 148, 0, 5, 6


def write_xlsb(path: Path, rows: Rows) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", _TYPES)
        archive.writestr("_rels/.rels", _RELATIONS.format(kind="officeDocument", target="xl/workbook.bin"))
        archive.writestr(
            "xl/_rels/workbook.bin.rels", _RELATIONS.format(kind="worksheet", target="worksheets/sheet1.bin")
        )
        archive.writestr("xl/workbook.bin", _book())
        archive.writestr("xl/worksheets/sheet1.bin", _sheet(rows))


def _book() -> bytes:
    sheet = struct.pack("<II", 0, 1) + _wide("rId1") + _wide("Sheet1")
    parts = ((_BEGIN_BOOK, b""), (_BEGIN_SHEETS, b""), (_SHEET, sheet), (_END_SHEETS, b""), (_END_BOOK, b""))
    return b"".join(_record(kind, data) for kind, data in parts)


def _sheet(rows: Rows) -> bytes:
    size = struct.pack("<IIII", 0, max(len(rows) - 1, 0), 0, max(map(len, rows), default=1) - 1)
    out = [_record(_BEGIN_SHEET, b""), _record(_SIZE, size), _record(_BEGIN_DATA, b"")]
    for index, cells in enumerate(rows):
        out.append(_record(_ROW, struct.pack("<IIHHBI", index, 0, 300, 0, 0, 0)))
        for column, value in enumerate(cells):
            where = struct.pack("<II", column, 0)
            if isinstance(value, (int, float)):
                out.append(_record(_NUMBER, where + struct.pack("<d", value)))
            elif value not in ("", None):
                out.append(_record(_TEXT, where + _wide(str(value))))
    return b"".join([*out, _record(_END_DATA, b""), _record(_END_SHEET, b"")])


def _record(kind: int, data: bytes) -> bytes:
    head = bytes([kind]) if kind < 0x80 else bytes([kind & 0x7F | 0x80, kind >> 7])
    return head + _length(len(data)) + data


def _length(size: int) -> bytes:
    out = bytearray()
    while True:
        size, low = size >> 7, size & 0x7F
        out.append(low | 0x80 * bool(size))
        if not size:
            return bytes(out)


def _wide(text: str) -> bytes:
    encoded = text.encode("utf-16-le")
    return struct.pack("<I", len(encoded) // 2) + encoded
