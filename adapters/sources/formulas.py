"""Which cells of an xlsx sheet hold a formula or an error but no value. calamine shows them as empty cells."""

from __future__ import annotations

import io
import re
import zipfile
from html import unescape

from adapters.ooxml.archive import UNREADABLE
from adapters.sources.grid import Spot
from schemas.spreadsheet import column_of

_SHEET = re.compile(r"<sheet\b[^>]*>")
_RELATION = re.compile(r"<Relationship\b[^>]*>")
_WITHOUT_VALUE = re.compile(
    rb'<c r="([A-Z]+)([0-9]+)"[^>]*>\s*<f(?:[^>]*/>|[^>]*>[^<]*</f>)\s*(?:<v\s*/>|<v></v>)?\s*</c>'
)
_WITH_ERROR = re.compile(rb'<c r="([A-Z]+)([0-9]+)"[^>]*\bt="e"')


def unvalued_formulas(content: bytes, sheet: str) -> frozenset[Spot]:
    """Reads the sheet's XML a second time, so it is asked only when a needed cell is empty."""
    if not content.startswith(b"PK"):
        return frozenset()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            xml = archive.read(part_of(archive, sheet))
    except UNREADABLE:
        return frozenset()
    cells = [*_WITHOUT_VALUE.findall(xml), *_WITH_ERROR.findall(xml)]
    return frozenset((int(row) - 1, column_of(letters.decode())) for letters, row in cells)


def part_of(archive: zipfile.ZipFile, sheet: str) -> str:
    """The path of a sheet's XML in the archive. Raises KeyError for an archive laid out otherwise."""
    book = archive.read("xl/workbook.xml").decode("utf-8", "replace")
    relations = archive.read("xl/_rels/workbook.xml.rels").decode("utf-8", "replace")
    relation = next((_attribute(tag, "r:id") for tag in _SHEET.findall(book) if _attribute(tag, "name") == sheet), "")
    targets = {_attribute(tag, "Id"): _attribute(tag, "Target") for tag in _RELATION.findall(relations)}
    target = targets.get(relation, "")
    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"


def _attribute(tag: str, name: str) -> str:
    found = re.search(rf'\b{name}="([^"]*)"', tag)
    return unescape(found[1]) if found else ""
