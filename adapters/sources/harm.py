"""What an archive may hold before anybody unpacks it: nothing that grows beyond measure, by packing or by entities."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence

from adapters.ooxml.archive import DAMAGED
from adapters.ooxml.package import MAX_UNPACKED_BYTES
from adapters.sources.grid import Unreadable

MAX_RATIO = 200
MAX_PARTS = 10_000
_WORKBOOKS = {"xl/workbook.xml", "xl/workbook.bin", "content.xml"}
_XML = (".xml", ".rels")
_MANIFEST = "META-INF/manifest.xml"
_MANIFEST_BYTES = 1_000_000
_BEGINNING = 4096  # bytes; a document type stands before the first element
_PROLOG = re.compile(rb"(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?(?:\s|<\?.*?\?>|<!--.*?-->)*", re.DOTALL)


def refuse_harmful(content: bytes) -> Sequence[str]:
    """The names of the archive's parts. Raises Unreadable."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _refuse_locked(archive)
            _refuse_bomb(archive, len(content))
            _refuse_entities(archive)
            return archive.namelist()
    except DAMAGED:
        raise Unreadable("unreadable") from None
    except RuntimeError:
        raise Unreadable("password_protected") from None


def _refuse_locked(archive: zipfile.ZipFile) -> None:
    """The manifest of an .ods says which of its parts are encrypted."""
    if _MANIFEST in archive.namelist():
        with archive.open(_MANIFEST) as stream:
            if b"encryption-data" in stream.read(_MANIFEST_BYTES):
                raise Unreadable("password_protected")


def _refuse_bomb(archive: zipfile.ZipFile, packed_bytes: int) -> None:
    parts = archive.infolist()
    if not _WORKBOOKS & {part.filename for part in parts}:
        raise Unreadable("unknown_form", found="ZIP")
    unpacked = sum(part.file_size for part in parts)
    if unpacked > MAX_UNPACKED_BYTES or unpacked > MAX_RATIO * packed_bytes or len(parts) > MAX_PARTS:
        raise Unreadable("too_large", limit_mb=MAX_UNPACKED_BYTES // 1_000_000)


def _refuse_entities(archive: zipfile.ZipFile) -> None:
    """No program that saves workbooks declares a document type, or writes so much before the first element."""
    for part in archive.infolist():
        if part.filename.lower().endswith(_XML):
            with archive.open(part) as stream:
                beginning = stream.read(_BEGINNING).replace(b"\0", b"")  # UTF-16 as well
            if _PROLOG.sub(b"", beginning, count=1).startswith((b"<!", b"<?")):
                raise Unreadable("document_type")
