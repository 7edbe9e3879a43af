"""A source in memory: files that can be put, replaced and taken away, and a folder that can be gone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict

from schemas.errors import SourceError
from schemas.roster import FileStamp, Place, Problem, Reading, Rejection, Severity
from schemas.texts import T


class FakeSource:
    """Hands out the readings it was given; `gone` makes the whole source unreachable."""

    def __init__(self, name: str = "rosters") -> None:
        self._name = name
        self._files: dict[str, Reading] = {}
        self._changes: dict[str, int] = {}
        self.gone = False

    @property
    def name(self) -> str:
        return self._name

    def put(self, reading: Reading) -> None:
        """`reading.path` begins with the source's name."""
        self._files[reading.path] = reading
        self._changes[reading.path] = self._changes.get(reading.path, 0) + 1

    def take_away(self, path: str) -> None:
        del self._files[path]

    def look(self) -> Iterator[FileStamp]:
        if self.gone:
            raise SourceError(T("The source {name} is not there. Bring it back, then start again.", name=self._name))
        return iter([FileStamp(path, 1, self._changes[path]) for path in sorted(self._files)])

    def digest(self, stamp: FileStamp) -> bytes:
        reading = self._files.get(stamp.path)
        return hashlib.sha256(repr(asdict(reading)).encode()).digest() if reading else b""

    def read(self, stamp: FileStamp, known: Mapping[str, str]) -> Reading:
        where = Place(stamp.path)
        gone = Rejection(where, (Problem("file_changing", Severity.BLOCK, where),))
        return self._files.get(stamp.path, Reading(stamp.path, rejections=(gone,)))
