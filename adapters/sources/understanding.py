"""A file's bytes → what it says, by what they are and not by what the suffix says."""

from __future__ import annotations

import codecs
from dataclasses import replace

from adapters.sources.delimited import read_delimited
from adapters.sources.grid import Sheets, Unreadable
from adapters.sources.ledger import Task, read_ledger
from adapters.sources.markup import read_markup
from adapters.sources.problems import rejection
from adapters.sources.workbook import read_workbook
from schemas.forms import UnitSummary
from schemas.roster import Place, Reading

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0"
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_LOOKED_AT = 4096  # bytes
_FOREIGN = ((b"%PDF", "PDF"), (b"{\\rtf", "RTF"), (b"Rar!", "RAR"), (b"7z\xbc\xaf", "7z"))
_BINARY = frozenset(range(32)) - frozenset(b"\t\n\r\f")


def understand(task: Task, content: bytes) -> Reading:
    """Bad content is part of the reading, never an exception.

    A unit summary speaks of all the people of its file: beside one, sheets that have not changed are read as well.
    """
    try:
        reading = read_ledger(task, sheets_of(content))
        if reading.kept and any(isinstance(form, UnitSummary) for form in reading.forms):
            return read_ledger(replace(task, known={}), sheets_of(content))
    except Unreadable as fault:
        return unreadable(task.path, fault)
    return reading


def unreadable(path: str, fault: Unreadable) -> Reading:
    """Nothing is known of the file but what is wrong with it."""
    return Reading(path, rejections=(rejection(fault.code, Place(path), **fault.values),))


def _begins_markup(beginning: bytes) -> bool:
    """Also in UTF-16, behind its BOM."""
    return beginning.replace(b"\0", b"").lstrip(b"\xff\xfe \t\r\n").startswith(b"<")


def sheets_of(content: bytes) -> Sheets:
    """Raises Unreadable."""
    if content.startswith((_ZIP, _OLE)):
        return read_workbook(content)
    beginning = content[:_LOOKED_AT].removeprefix(b"\xef\xbb\xbf").lstrip()
    if not beginning:
        raise Unreadable("unknown_form", found="0 B")
    if found := next((form for magic, form in _FOREIGN if beginning.startswith(magic)), None):
        raise Unreadable("unknown_form", found=found)
    if not content.startswith(_UTF16) and _BINARY.intersection(beginning):
        raise Unreadable("unknown_form", found="binary")
    if _begins_markup(beginning):
        return read_markup(content)
    return read_delimited(content)
