"""What a sheet of an xlsx file says by its looks: struck and red cells, hidden rows and columns. calamine shows none."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass

from adapters.ooxml.archive import UNREADABLE
from adapters.sources.formulas import part_of
from adapters.sources.grid import PLAIN, Looks, Spot
from schemas.spreadsheet import MOST_COLUMNS, column_of

_PIECE_BYTES = 1 << 20
_FONTS = re.compile(rb"<fonts\b.*?</fonts>", re.DOTALL)
_FONT = re.compile(rb"<font\s*/>|<font>(.*?)</font>", re.DOTALL)
_FORMATS = re.compile(rb"<cellXfs\b.*?</cellXfs>", re.DOTALL)
_FORMAT = re.compile(rb'<xf\b[^>]*?\bfontId="(\d+)"')
_STRIKE = re.compile(rb'<strike(?:\s+val="(?:1|true)")?\s*/>')
_COLOR = re.compile(rb'<color\b[^>]*\b(?:rgb="[0-9A-Fa-f]{2}([0-9A-Fa-f]{6})"|indexed="(?:2|10)")')
_BRIGHT, _DARK = 0xC0, 0x40
_HIDDEN_ROW = re.compile(rb'<row\b(?=[^>]*\bhidden="(?:1|true)")[^>]*?\br="(\d+)"')
_HIDDEN_COLUMNS = re.compile(rb'<col\b(?=[^>]*\bhidden="(?:1|true)")(?=[^>]*\bmin="(\d+)")[^>]*?\bmax="(\d+)"')
_MOST_RED = 20_000  # cells; more of them set nobody apart


@dataclass(frozen=True, slots=True)
class Styles:
    """The numbers of the cell formats, as the sheets write them, whose font is struck or red."""

    struck: frozenset[bytes] = frozenset()
    red: frozenset[bytes] = frozenset()


def styles_of(content: bytes) -> Styles:
    """Nothing for what is no xlsx, or holds no such font."""
    if not content.startswith(b"PK"):
        return Styles()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            xml = archive.read("xl/styles.xml")
    except UNREADABLE:
        return Styles()
    fonts = [font[1] or b"" for font in _FONT.finditer(_only(_FONTS, xml))]
    formats = [int(found) for found in _FORMAT.findall(_only(_FORMATS, xml))]
    return Styles(
        frozenset(b"%d" % at for at, font in enumerate(formats) if font < len(fonts) and _STRIKE.search(fonts[font])),
        frozenset(b"%d" % at for at, font in enumerate(formats) if font < len(fonts) and _is_red(fonts[font])),
    )


def looks_of(content: bytes, sheet: str, styles: Styles) -> Looks:
    """The sheet's XML is unpacked piece by piece, and looked at closely only where there is something to see."""
    if not content.startswith(b"PK"):
        return PLAIN
    struck, red = _cells_styled(styles.struck), _cells_styled(styles.red)
    found_struck: set[Spot] = set()
    found_red: set[Spot] = set()
    rows: set[int] = set()
    columns: set[int] = set()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for piece in _pieces(archive, part_of(archive, sheet)):
                if struck:
                    found_struck.update(_spots(struck, piece))
                if red and len(found_red) <= _MOST_RED:
                    found_red.update(_spots(red, piece))
                if b' hidden="' in piece:
                    rows.update(int(row) - 1 for row in _HIDDEN_ROW.findall(piece))
                    for first, last in _HIDDEN_COLUMNS.findall(piece):
                        columns.update(range(int(first) - 1, min(int(last), MOST_COLUMNS)))
    except UNREADABLE:
        return PLAIN
    shown_red = found_red if len(found_red) <= _MOST_RED else set()
    return Looks(frozenset(found_struck), frozenset(shown_red), frozenset(rows), frozenset(columns))


def _pieces(archive: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    """The part's text in pieces that never end within a tag."""
    rest = b""
    with archive.open(part) as stream:
        while read := stream.read(_PIECE_BYTES):
            whole, mark, rest = (rest + read).rpartition(b"<")
            rest = mark + rest
            yield whole
    yield rest


def _spots(pattern: re.Pattern[bytes], piece: bytes) -> Iterator[Spot]:
    for letters, row in pattern.findall(piece):
        yield int(row) - 1, column_of(letters.decode())


def _cells_styled(numbers: frozenset[bytes]) -> re.Pattern[bytes] | None:
    """Cells that hold something: an empty cell has `/>` at its end."""
    if not numbers:
        return None
    return re.compile(
        rb'<c\b(?=[^>]*\bs="(?:%s)")(?![^>]*/>)[^>]*?\br="([A-Z]{1,3})([0-9]{1,7})"' % b"|".join(sorted(numbers))
    )


def _only(pattern: re.Pattern[bytes], xml: bytes) -> bytes:
    found = pattern.search(xml)
    return found[0] if found else b""


def _is_red(font: bytes) -> bool:
    found = _COLOR.search(font)
    if not found:
        return False
    if not found[1]:
        return True
    red, green, blue = bytes.fromhex(found[1].decode())
    return red >= _BRIGHT and green <= _DARK and blue <= _DARK
