"""The source over a folder: every file that fits the glob, whatever its suffix says."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from adapters.sources.aliases import NO_ALIASES, Aliases
from adapters.sources.copying import AT_ONCE, Patience, quiet_copy
from adapters.sources.facts import Facts
from adapters.sources.grid import Unreadable
from adapters.sources.ledger import Task
from adapters.sources.marks import settings_mark
from adapters.sources.understanding import understand, unreadable
from schemas.batch import Level
from schemas.errors import SourceError
from schemas.roster import FileStamp, Reading
from schemas.texts import T

_NOT_LEDGERS = ("~$", ".~lock")  # what Excel, WPS and LibreOffice leave beside an open file

Understand = Callable[[Task, bytes], Reading]


class FolderSource:
    """`organiser`, `level` and `year` hold for ledgers that state none themselves.

    `aliases` say what its ledgers call things. `key` is what the marks of sheets are made with; `understand` is what reads
    a file's bytes, once it was left alone for as long as `patience` says.
    """

    def __init__(
        self,
        name: str,
        folder: Path,
        glob: str,
        *,
        organiser: str = "",
        level: Level | None = None,
        year: int | None = None,
        key: bytes = b"",
        aliases: Aliases = NO_ALIASES,
        understand: Understand = understand,
        patience: Patience = AT_ONCE,
    ) -> None:
        self._name = name
        self._folder = folder
        self._glob = glob
        self._defaults = Facts(organiser=organiser, level=level, year=year)
        self._key = key
        self._aliases = aliases
        self._told = settings_mark(self._defaults, aliases)
        self._understand = understand
        self._patience = patience

    @property
    def name(self) -> str:
        return self._name

    def look(self) -> Iterator[FileStamp]:
        """Sorted by path. Raises SourceError when the folder is missing or closed to us."""
        try:
            with os.scandir(self._folder):
                files = sorted(self._folder.glob(self._glob))
        except FileNotFoundError:
            raise SourceError(
                T(
                    "The folder {path} is not there. Correct its path in the config or connect the drive, then start again.",
                    path=self._folder,
                )
            ) from None
        except OSError:
            raise SourceError(
                T(
                    "The folder {path} cannot be read. Give this account the right to read it, then start again.",
                    path=self._folder,
                )
            ) from None
        except (ValueError, NotImplementedError):  # the second is what pathlib says of an absolute pattern
            raise SourceError(
                T(
                    "The pattern {glob} for the folder {path} is not understood. Write it like *.xlsx or **/*.xlsx.",
                    path=self._folder,
                    glob=self._glob,
                )
            ) from None
        return iter([stamp for file in files if (stamp := self._stamp(file))])

    def digest(self, stamp: FileStamp) -> bytes:
        """SHA-256 of the content; empty when it cannot be read now, and then `read` says why."""
        try:
            return hashlib.sha256(quiet_copy(self._file(stamp), self._patience)).digest()
        except Unreadable:
            return b""

    def read(self, stamp: FileStamp, known: Mapping[str, str]) -> Reading:
        """Copies the bytes once and understands only that copy."""
        saved_on = datetime.fromtimestamp(stamp.mtime_ns / 1e9, UTC).date()
        try:
            content = quiet_copy(self._file(stamp), self._patience)
        except Unreadable as fault:
            return unreadable(stamp.path, fault)
        return self._understand(Task(stamp.path, saved_on, self._defaults, known, self._aliases, self._key), content)

    def _stamp(self, file: Path) -> FileStamp | None:
        """None for what is no ledger, or is gone already."""
        if file.name.startswith(_NOT_LEDGERS):
            return None
        try:
            stat = file.stat()
            is_file = file.is_file()
        except OSError:
            return None
        path = f"{self._name}/{file.relative_to(self._folder).as_posix()}"
        return FileStamp(path, stat.st_size, stat.st_mtime_ns, self._told) if is_file else None

    def _file(self, stamp: FileStamp) -> Path:
        return self._folder / stamp.path.removeprefix(f"{self._name}/")
