"""A source that is asked for everything it holds: its answer, a row a person, stands where a folder's one file would."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from datetime import datetime

from adapters.sources.aliases import Aliases
from adapters.sources.facts import Facts
from adapters.sources.ledger import Task
from adapters.sources.marks import settings_mark
from adapters.sources.problems import problem
from adapters.sources.records import Records, read_records
from schemas.errors import SourceError
from schemas.roster import FileStamp, Place, Reading
from schemas.texts import Text

_ONE_FILE = "people"


class AskedSource(ABC):
    """Gates: its own mark of all it holds, the SHA-256 of the answer, the mark of each batch.

    The rows that `digest` fetched are those that `read` understands: nothing changes in between.
    A Place in it is NAME/people, the batch, and the row's serial number where there is such a column.
    """

    def __init__(
        self,
        name: str,
        defaults: Facts,
        aliases: Aliases,
        *,
        words: object,
        now: Callable[[], datetime],
        key: bytes,
    ) -> None:
        """`words` is what else the settings say of how its rows are meant. `key` makes the marks of batches.

        `now` tells the time with its zone; moments without one are meant in it.
        """
        self._name = name
        self._defaults = defaults
        self._aliases = aliases
        self._told = settings_mark(defaults, aliases, words)
        self._now = now
        self._key = key
        self._fetched: Records | None = None

    @property
    def name(self) -> str:
        return self._name

    def look(self) -> tuple[FileStamp, ...]:
        """One stamp, from the source's own mark. Raises SourceError when it does not answer."""
        now = self._now()
        mark = self._mark(now)
        if mark is None:
            return (self._stamp(_moment_ns(now)),)
        return (self._stamp(int.from_bytes(hashlib.sha256(repr(mark).encode()).digest()[:7])),)

    def digest(self, stamp: FileStamp) -> bytes:  # noqa: ARG002  # there is but one
        """SHA-256 of all rows. Raises SourceError."""
        self._fetched = self._fetch()
        return self._fetched.digest()

    def read(self, stamp: FileStamp, known: Mapping[str, str]) -> Reading:
        """Raises SourceError, also where nobody is left of the batches that are `known`: that is no ledger's end."""
        found, self._fetched = self._fetched or self._fetch(), None
        if not found.rows and known:
            raise SourceError(self._emptied())
        if not found.rows:
            return Reading(stamp.path, notes=(problem("no_rows", Place(stamp.path)),))
        task = Task(stamp.path, self._now().date(), self._defaults, known, self._aliases, self._key)
        return read_records(task, found)

    @abstractmethod
    def _mark(self, now: datetime) -> tuple[object, ...] | None:
        """What differs whenever the rows do, or what is asked for; None where nothing proves it. Raises SourceError."""

    @abstractmethod
    def _fetch(self) -> Records:
        """Everybody. Raises SourceError."""

    @abstractmethod
    def _emptied(self) -> Text:
        """Where it held people and answers nobody any more."""

    def _stamp(self, mark: int) -> FileStamp:
        return FileStamp(f"{self.name}/{_ONE_FILE}", 0, mark, self._told)


def _moment_ns(now: datetime) -> int:
    """Another one at every look."""
    return int(now.timestamp() * 1e6) * 1000
