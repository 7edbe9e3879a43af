"""The source over a database: one query, a row a person. Its answer stands where a folder's one file would."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo

from adapters.sources.engines import Database
from adapters.sources.facts import Facts
from adapters.sources.ledger import Task
from adapters.sources.problems import problem
from adapters.sources.records import Records, read_records, records
from schemas.errors import SourceError
from schemas.header_words import Column
from schemas.roster import FileStamp, Place, Reading
from schemas.texts import T

_ONE_FILE = "people"
_NOTHING = "SELECT NULL"  # proves that it answers


@dataclass(frozen=True, slots=True)
class Queries:
    """What is asked. `people` answers a row a person, with the facts of the batch beside it.

    `watermark` answers one value that changes whenever `people` would answer otherwise: with it the same value again
    is no news. As long as a moment lies less than `overlap_s` seconds back, others may still be writing under an
    earlier one: it proves nothing yet. `columns`: field → column, where the words of headers do not say.
    """

    people: str
    watermark: str = ""
    overlap_s: float = 0
    columns: Mapping[Column, str] = field(default_factory=dict)


class DatabaseSource:
    """Gates: the watermark, the SHA-256 of the answer, the mark of each batch.

    The rows that `digest` fetched are those that `read` understands: nothing changes in between.
    A Place in it is NAME/people, the batch, and the row's serial number where there is such a column.
    """

    def __init__(
        self,
        database: Database,
        queries: Queries,
        defaults: Facts,
        *,
        now: Callable[[], datetime],
        key: bytes = b"",
    ) -> None:
        """`now` tells the time with its zone; moments without one are meant in it. `key` makes the marks of batches."""
        self._database = database
        self._queries = queries
        self._defaults = defaults
        self._now = now
        self._key = key
        self._fetched: Records | None = None

    @property
    def name(self) -> str:
        return self._database.name

    def look(self) -> tuple[FileStamp, ...]:
        """One stamp, from the watermark alone. Raises SourceError when the database does not answer."""
        now = self._now()
        answer = self._database.ask(self._queries.watermark or _NOTHING)
        if (len(answer.rows), len(answer.names)) != (1, 1):
            raise self._wrong_watermark()
        value = answer.rows[0][0]
        if value is None or not self._queries.watermark or _is_recent(value, now, self._queries.overlap_s):
            return (self._stamp(_moment_ns(now)),)
        said = repr((value, self._queries.people, sorted(self._queries.columns.items()), self._defaults))
        return (self._stamp(int.from_bytes(hashlib.sha256(said.encode()).digest()[:7])),)

    def digest(self, stamp: FileStamp) -> bytes:  # noqa: ARG002  # there is but one
        """SHA-256 of all rows. Raises SourceError."""
        self._fetched = self._fetch()
        return self._fetched.digest()

    def read(self, stamp: FileStamp, known: Mapping[str, str]) -> Reading:
        """Raises SourceError, also where nobody is left of the batches that are `known`: that is no ledger's end."""
        found, self._fetched = self._fetched or self._fetch(), None
        if not found.rows and known:
            raise SourceError(
                T(
                    "The database of source {name} answers no row any more; what it said last still stands. Ask its keeper whether the table was emptied.",
                    name=self.name,
                )
            )
        if not found.rows:
            return Reading(stamp.path, notes=(problem("no_rows", Place(stamp.path)),))
        return read_records(Task(stamp.path, self._now().date(), self._defaults, known, key=self._key), found)

    def _fetch(self) -> Records:
        answer = self._database.ask(self._queries.people)
        found = records(answer.names, answer.rows, self._queries.columns, self._zone())
        if found is None:
            missing = [name for name in self._queries.columns.values() if name not in answer.names]
            raise SourceError(
                T(
                    "The query of source {name} answers no column {missing}; it answers {columns}. Correct people or columns of [[source]].",
                    name=self.name,
                    missing="、".join(missing) or "姓名",
                    columns="、".join(answer.names) or "-",
                )
            )
        return found

    def _zone(self) -> tzinfo | None:
        return self._now().tzinfo

    def _stamp(self, mark: int) -> FileStamp:
        return FileStamp(f"{self.name}/{_ONE_FILE}", 0, mark)

    def _wrong_watermark(self) -> SourceError:
        return SourceError(
            T(
                "The watermark query of source {name} must answer one value. Correct watermark of [[source]], or leave it out.",
                name=self.name,
            )
        )


def _is_recent(value: object, now: datetime, overlap_s: float) -> bool:
    """Whether the watermark is a moment (SQLite writes them as text) that is not over by `overlap_s` seconds yet."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return False
    if not isinstance(moment, datetime):
        return False
    moment = moment if moment.tzinfo else moment.replace(tzinfo=now.tzinfo)
    return now - moment < timedelta(seconds=overlap_s)


def _moment_ns(now: datetime) -> int:
    """Another one at every look."""
    return int(now.timestamp() * 1e6) * 1000
