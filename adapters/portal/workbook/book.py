"""A workbook opened both ways: as the parts of a zip, and as sheets of cells."""

from __future__ import annotations

from dataclasses import dataclass

from adapters.ooxml.package import Package, SheetPart, no_workbook
from adapters.portal.workbook.grid import NoWorkbook, Sheet, read_sheets
from schemas.errors import SchemaDrift
from schemas.texts import T


@dataclass(frozen=True, slots=True)
class Book:
    """`file` is its bare name, for messages."""

    file: str
    package: Package
    parts: tuple[SheetPart, ...]
    sheets: tuple[Sheet, ...]

    @classmethod
    def open(cls, content: bytes, *, file: str) -> Book:
        """Raises SchemaDrift for what is no xlsx."""
        package = Package.open(content, file=file)
        try:
            return cls(file, package, package.sheets(), read_sheets(content))
        except NoWorkbook:
            raise no_workbook(file) from None

    def part(self, name: str) -> str:
        """The path of a sheet's XML. Raises SchemaDrift, naming the sheets there are."""
        found = next((sheet.part for sheet in self.parts if sheet.name == name), None)
        if found is None:
            seen = "、".join(sheet.name for sheet in self.parts)
            raise SchemaDrift(
                T(
                    "The import template {file} has no sheet {sheet}, only {found}: is it the right template?",
                    file=self.file,
                    sheet=name,
                    found=seen,
                )
            )
        return found

    def rows(self, name: str) -> list[list[object]]:
        """Of one sheet. Raises SchemaDrift."""
        self.part(name)
        return next((sheet.rows for sheet in self.sheets if sheet.name == name), [])
