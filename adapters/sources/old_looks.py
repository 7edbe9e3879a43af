"""What a sheet of an .xls file says by its looks, from the records of its workbook stream ([MS-CFB], [MS-XLS])."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from adapters.sources.grid import Looks, Spot

_FONT, _XF, _SHEET, _ROW, _COLUMNS, _END = 0x31, 0xE0, 0x85, 0x208, 0x7D, 0x0A
_CELLS = frozenset({0xFD, 0x203, 0x27E, 0x204, 0x06, 0xD6, 0x205})  # one cell each: row, column, format
_CELLS_IN_A_ROW = 0xBD  # row, first column, then format and number of each, last column
_NO_FONT = 4  # is never stored: the fifth font has the number 5
_STRUCK, _REDS, _HIDDEN_ROW = 0x08, frozenset({2, 10}), 0x20
_SECTOR_END = 0xFFFFFFFA  # and all numbers above: no sector
_IN_HEADER = 109  # numbers of FAT sectors
_MOST_COLUMNS = 256
_ENTRY_BYTES, _SMALL_BYTES = 128, 64
_SECTOR_SHIFTS = (9, 12)

Record = tuple[int, bytes]


@dataclass(slots=True)
class _Book:
    """`starts`: sheet → where its records begin; the others are numbers of cell formats."""

    starts: dict[str, int] = field(default_factory=dict)
    struck: set[int] = field(default_factory=set)
    red: set[int] = field(default_factory=set)


def old_looks_of(content: bytes) -> Mapping[str, Looks]:
    """By the sheets' names. Nothing where the file is damaged: calamine is who says so."""
    try:
        stream = _workbook_stream(content)
        book = _book(stream)
        return {name: _looks(stream, start, book) for name, start in book.starts.items()}
    except (struct.error, IndexError, ValueError):
        return {}


def _book(stream: bytes) -> _Book:
    book = _Book()
    fonts: list[tuple[bool, bool]] = []
    formats: list[int] = []
    for kind, data in _records(stream, 0):
        if kind == _FONT:
            _, flags, color = struct.unpack_from("<HHH", data)
            fonts.append((bool(flags & _STRUCK), color in _REDS))
        elif kind == _XF:
            formats.append(*struct.unpack_from("<H", data))
        elif kind == _SHEET:
            (start,) = struct.unpack_from("<I", data)
            length, wide = data[6], data[7] & 1
            name = data[8 : 8 + length * (1 + wide)].decode("utf-16-le" if wide else "latin-1")
            book.starts[name] = start
    for at, font in enumerate(formats):
        struck, red = fonts[font - (font > _NO_FONT)]
        book.struck |= {at} if struck else set()
        book.red |= {at} if red else set()
    return book


def _looks(stream: bytes, start: int, book: _Book) -> Looks:
    struck: set[Spot] = set()
    red: set[Spot] = set()
    rows: set[int] = set()
    columns: set[int] = set()
    for kind, data in _records(stream, start):
        if kind in _CELLS or kind == _CELLS_IN_A_ROW:
            for row, column, style in _cells(kind, data):
                struck |= {(row, column)} if style in book.struck else set()
                red |= {(row, column)} if style in book.red else set()
        elif kind == _ROW and data[12] & _HIDDEN_ROW:
            rows.add(*struct.unpack_from("<H", data))
        elif kind == _COLUMNS and data[8] & 1:
            first, last = struct.unpack_from("<HH", data)
            columns.update(range(first, min(last + 1, _MOST_COLUMNS)))
    return Looks(frozenset(struck), frozenset(red), frozenset(rows), frozenset(columns))


def _cells(kind: int, data: bytes) -> Iterator[tuple[int, int, int]]:
    row, column, style = struct.unpack_from("<HHH", data)
    if kind in _CELLS:
        yield row, column, style
        return
    for at in range((len(data) - 6) // 6):
        yield row, column + at, *struct.unpack_from("<H", data, 4 + at * 6)


def _records(stream: bytes, start: int) -> Iterator[Record]:
    """From `start` to the record that ends this part of the stream."""
    while start + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, start)
        if kind == _END:
            return
        yield kind, stream[start + 4 : start + 4 + length]
        start += 4 + length


def _workbook_stream(content: bytes) -> bytes:
    """The file's streams lie in chains of sectors, like files on an old disk. Raises ValueError, IndexError, struct.error."""
    (shift,) = struct.unpack_from("<H", content, 30)
    if shift not in _SECTOR_SHIFTS:
        raise ValueError("no size a sector has")
    disk = _Disk(content[1 << shift :], 1 << shift, _allocation(content, 1 << shift))
    directory, smallest, small_table = struct.unpack_from("<I4xII", content, 48)
    entries = disk.file(directory)
    for at in range(0, len(entries) - _ENTRY_BYTES + 1, _ENTRY_BYTES):
        (length,) = struct.unpack_from("<H", entries, at + 64)
        if entries[at : at + max(length - 2, 0)].decode("utf-16-le", "replace") in ("Workbook", "Book"):
            start, length_bytes = struct.unpack_from("<II", entries, at + 116)
            if length_bytes < smallest:  # lies in the root's stream, which is a small disk of its own
                (root,) = struct.unpack_from("<I", entries, 116)
                numbers = disk.file(small_table)
                disk = _Disk(disk.file(root), _SMALL_BYTES, struct.unpack(f"<{len(numbers) // 4}I", numbers))
            return disk.file(start)[:length_bytes]
    raise ValueError("no workbook")


@dataclass(frozen=True, slots=True)
class _Disk:
    """`table`: sector → the one after it."""

    content: bytes
    sector_bytes: int
    table: Sequence[int]

    def file(self, sector: int) -> bytes:
        """Raises ValueError for a chain that goes round in a ring, IndexError for one that leaves the disk."""
        pieces: list[bytes] = []
        while sector < _SECTOR_END:
            if len(pieces) * self.sector_bytes > len(self.content):
                raise ValueError("a ring")
            pieces.append(self.content[sector * self.sector_bytes : (sector + 1) * self.sector_bytes])
            sector = self.table[sector]
        return b"".join(pieces)


def _allocation(content: bytes, size: int) -> list[int]:
    """Beyond the header's own list of its sectors the table goes on in sectors of its own."""
    numbers = list(struct.unpack_from(f"<{_IN_HEADER}I", content, 76))
    (more,) = struct.unpack_from("<I", content, 68)
    while more < _SECTOR_END and len(numbers) * size <= len(content):
        listed = struct.unpack_from(f"<{size // 4}I", content, (more + 1) * size)
        numbers += listed[:-1]
        more = listed[-1]
    table: list[int] = []
    for number in numbers:
        if number < _SECTOR_END:
            table += struct.unpack_from(f"<{size // 4}I", content, (number + 1) * size)
    return table
