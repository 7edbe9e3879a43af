"""An exported mapping with headings that staff wrote into it."""

from __future__ import annotations

from collections.abc import Mapping

import openpyxl

from tests.system.office import Desk


def with_own_headings(office: Desk, name: str, headings: Mapping[str, str]) -> None:
    """`headings`: the key of a field or word → what is added to its first cell."""
    office.run("mapping", "export", name)
    book = openpyxl.load_workbook(office.folder / name)
    for line in (line for sheet in book for line in sheet.iter_rows()):
        key = str(line[6].value).rpartition(" ")[2]
        if key in headings:
            line[0].value = f"{line[0].value}、{headings[key]}"
    book.save(office.folder / name)
