"""An xlsx file as what it is: a zip of parts. One part can be replaced, all others stay byte for byte."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from posixpath import join, normpath
from xml.etree import ElementTree as ET  # no part with a DTD is ever parsed, see `parsed`

from adapters.ooxml.archive import UNREADABLE
from schemas.errors import SchemaDrift
from schemas.texts import T

MAX_UNPACKED_BYTES = 200_000_000

_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_STRICT_RELATION = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"


@dataclass(frozen=True, slots=True)
class SheetPart:
    """`part` is the path of its XML in the zip; `state` is visible, hidden or veryHidden."""

    name: str
    part: str
    state: str


@dataclass(frozen=True, slots=True)
class Package:
    """All parts in their order. `file` is the bare name, for messages."""

    file: str
    parts: tuple[tuple[zipfile.ZipInfo, bytes], ...]

    @classmethod
    def open(cls, content: bytes, *, file: str) -> Package:
        """Raises SchemaDrift for what is no xlsx."""
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                entries = archive.infolist()
                if sum(entry.file_size for entry in entries) > MAX_UNPACKED_BYTES:
                    raise no_workbook(file)
                package = cls(file, tuple((entry, archive.read(entry)) for entry in entries))
        except UNREADABLE:
            raise no_workbook(file) from None
        if package.get("xl/workbook.xml") is None:
            raise no_workbook(file)
        return package

    def get(self, part: str) -> bytes | None:
        return next((content for entry, content in self.parts if entry.filename == part), None)

    def xml(self, part: str) -> bytes:
        """Raises SchemaDrift for a part that is missing, or brings a DTD (entities grow without end)."""
        content = self.get(part)
        if content is None or b"<!DOCTYPE" in content:
            raise no_workbook(self.file)
        return content

    def parsed(self, part: str) -> ET.Element:
        """Raises SchemaDrift as `xml`, and for one that is broken."""
        try:
            return ET.fromstring(self.xml(part))  # noqa: S314  # no DTD, no entities
        except ET.ParseError:
            raise no_workbook(self.file) from None

    def sheets(self) -> tuple[SheetPart, ...]:
        """In the order of the tabs."""
        relations = {
            element.get("Id", ""): normpath(join("/xl", element.get("Target", ""))).lstrip("/")
            for element in self.parsed("xl/_rels/workbook.xml.rels")
        }
        return tuple(
            SheetPart(
                element.get("name", ""),
                relations.get(element.get(_RELATION) or element.get(_STRICT_RELATION) or "", ""),
                element.get("state", "visible"),
            )
            for element in named(self.parsed("xl/workbook.xml"), "sheet")
        )

    def with_part(self, part: str, content: bytes) -> bytes:
        """The file with one part replaced; times, order and content of the others stay."""
        return self.with_parts({part: content})

    def with_parts(self, changed: Mapping[str, bytes]) -> bytes:
        """The file with some parts replaced, new ones behind the others; times, order and content of the rest stay."""
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for entry, old in self.parts:
                archive.writestr(_same(entry), changed.get(entry.filename, old))
            for part in sorted(changed.keys() - {entry.filename for entry, _ in self.parts}):
                archive.writestr(zipfile.ZipInfo(part), changed[part], zipfile.ZIP_DEFLATED)
        return out.getvalue()


def named(root: ET.Element, name: str) -> Iterator[ET.Element]:
    """All elements below `root` of this name, in whatever namespace: there are two of spreadsheets, and extensions."""
    return (element for element in root.iter() if local(element.tag) == name)


def local(tag: str) -> str:
    return tag.rpartition("}")[2]


def no_workbook(file: str) -> SchemaDrift:
    return SchemaDrift(
        T("{file} cannot be read as an .xlsx workbook: open it in Excel or WPS and save it as .xlsx.", file=file)
    )


def _same(entry: zipfile.ZipInfo) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(entry.filename, entry.date_time)
    made.compress_type = entry.compress_type
    made.external_attr, made.create_system = entry.external_attr, entry.create_system
    return made
