"""The marks put into the ledger's own bytes; a ledger that is no .xlsx becomes a new one that shows the same cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from operator import attrgetter

from adapters.ooxml.package import Package
from adapters.ooxml.spans import layout
from adapters.sources.marking.comments import commented
from adapters.sources.marking.fresh import fresh
from adapters.sources.marking.sheet import coloured, gathered, styles_of
from adapters.sources.marking.styles import with_fills
from schemas.errors import SchemaDrift
from schemas.mark import Mark

Parts = Mapping[str, bytes]

_STYLES = "xl/styles.xml"


def marked(content: bytes, marks: Sequence[Mark]) -> bytes:
    """An .xlsx (.xlsm where the ledger has macros) whose other parts are the ledger's own, byte for byte.

    Where the bytes are not of that form, or not as we know it, all cells are written anew, as they read.
    Raises `adapters.sources.grid.Unreadable` for what is no ledger at all.
    """
    try:
        return _in_place(Package.open(content, file=""), marks)
    except (SchemaDrift, ValueError, LookupError):  # an attribute or a part that ought to be there
        return fresh(content, marks)


def has_macros(content: bytes) -> bool:
    """Excel opens such a file only under the name of one."""
    try:
        types = Package.open(content, file="").get("[Content_Types].xml")
    except SchemaDrift:
        return False
    return b"macroEnabled" in (types or b"")


def _in_place(package: Package, marks: Sequence[Mark]) -> bytes:
    """Raises SchemaDrift, ValueError."""
    parts = {sheet.name: sheet.part for sheet in package.sheets()}
    changed: dict[str, bytes] = {}
    first = next((sheet.name for sheet in package.sheets() if sheet.state == "visible"), "")
    by_sheet = _by_sheet([replace(mark, sheet=mark.sheet or first) for mark in marks])
    if by_sheet.keys() - parts.keys():
        raise ValueError("a sheet that is not in the file")
    wanted: set[tuple[str, bool]] = set()
    for sheet, own in by_sheet.items():
        xml = package.xml(parts[sheet])
        by_sheet[sheet] = gathered(own, layout(xml).merged)
        wanted |= styles_of(xml, by_sheet[sheet])
    changed[_STYLES], styles = with_fills(package.xml(_STYLES), sorted(wanted))
    for sheet, own in by_sheet.items():
        changed[parts[sheet]] = coloured(package.xml(parts[sheet]), own, styles)
        changed |= commented(package, changed, parts[sheet], own)
    return package.with_parts(changed)


def _by_sheet(marks: Sequence[Mark]) -> dict[str, list[Mark]]:
    sheet = attrgetter("sheet")
    return {name: list(own) for name, own in groupby(sorted(marks, key=sheet), key=sheet)}
