"""The source over a local system's own interface: its batches and their people, as a dialect lists them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Protocol, cast

from adapters.sources.facts import Facts
from adapters.sources.grid import Row
from adapters.sources.header import Header, header_over
from adapters.sources.ledger import Task
from adapters.sources.problems import problem
from adapters.sources.records import Records, read_records
from schemas.batch import Level
from schemas.dialect import Dictionaries
from schemas.errors import AuthError, SchemaDrift, SourceError, TransientError
from schemas.header_words import Column, header_words
from schemas.portal import OnlineBatch, OnlinePerson
from schemas.roster import Category, FileStamp, Place, Reading
from schemas.texts import T

_ONE_FILE = "people"
_OF_BATCH = ("name", "organiser", "level", "base", "start", "end")
_OF_PERSON = ("name", "id_no", "phone", "unit", "category", "role")
_NAMES = (Column.BATCH.value, *_OF_BATCH[1:], *_OF_PERSON)
_HEADER = cast("Header", header_over(_NAMES, {Column(name): name for name in _NAMES}))  # one of them is the name


class Listed(Protocol):
    """What can be asked for its batches and their people; a portal is such a thing."""

    def batches(self, year: int, /) -> Iterator[OnlineBatch]: ...

    def people(self, batch_online_id: str, /) -> Iterator[OnlinePerson]: ...


class ListedSource:
    """Gates: the change marks of its batches, the SHA-256 of its people, the mark of each batch.

    The rows that `digest` fetched are those that `read` understands. A Place in it is NAME/people and the batch.
    """

    def __init__(
        self,
        name: str,
        connect: Callable[[], AbstractContextManager[Listed]],
        words: Dictionaries,
        defaults: Facts,
        *,
        year: int,
        now: Callable[[], datetime],
        key: bytes = b"",
    ) -> None:
        """`words` are the dialect's: what it has no word for is left to the words of ledgers. `key` makes the marks."""
        self._name = name
        self._connect = connect
        self._words = words
        self._defaults = defaults
        self._year = year
        self._now = now
        self._key = key
        self._fetched: Records | None = None

    @property
    def name(self) -> str:
        return self._name

    def look(self) -> tuple[FileStamp, ...]:
        """One stamp, from the change marks where each batch has one. Raises SourceError."""
        with self._asked() as system:
            batches = list(system.batches(self._year))
        if not batches or not all(batch.change for batch in batches):
            return (self._stamp(int(self._now().timestamp() * 1e6) * 1000),)
        said = repr((sorted((batch.online_id, batch.change) for batch in batches), self._words, self._defaults))
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
                    "The local system of source {name} lists nobody any more; what it said last still stands. Ask its keeper whether it was emptied.",
                    name=self.name,
                )
            )
        if not found.rows:
            return Reading(stamp.path, notes=(problem("no_rows", Place(stamp.path)),))
        return read_records(Task(stamp.path, self._now().date(), self._defaults, known, key=self._key), found)

    def _fetch(self) -> Records:
        with self._asked() as system:
            rows = [row for batch in system.batches(self._year) for row in self._rows(system, batch)]
        return Records(_HEADER, [*_NAMES], rows)

    def _rows(self, system: Listed, batch: OnlineBatch) -> Iterator[Row]:
        """A row a person. Raises SourceError where leaders are counted and nobody says who they are."""
        said, of_batch = batch.fields.get("leaders", ""), self._cells(batch.fields, _OF_BATCH)
        people = list(system.people(batch.online_id))
        if said not in {"", "0"} and people and not any("role" in person.fields for person in people):
            raise SourceError(
                T(
                    "The local system of source {name} counts {leaders} leaders in {batch}, and its dialect does not say who they are. Name fields.person.role.",
                    name=self.name,
                    leaders=said,
                    batch=batch.fields.get("name", ""),
                )
            )
        for person in people:
            yield of_batch + self._cells(person.fields, _OF_PERSON)

    def _cells(self, fields: Mapping[str, str], names: Iterable[str]) -> Row:
        return [self._in_ledger_words(name, fields.get(name, "")) for name in names]

    def _in_ledger_words(self, name: str, value: str) -> str:
        """A level or category as ledgers write it."""
        own = self._words.read.get(name, {}).get(value)
        if own is None:
            return value
        words = header_words()
        return (words.levels[Level(own)] if name == "level" else words.categories[Category(own)])[0]

    @contextmanager
    def _asked(self) -> Iterator[Listed]:
        try:
            with self._connect() as system:
                yield system
        except TransientError:
            raise SourceError(
                T(
                    "The local system of source {name} cannot be reached or is busy; what it said last still stands, and the next run asks again.",
                    name=self.name,
                )
            ) from None
        except AuthError:
            raise SourceError(
                T(
                    "The local system of source {name} does not accept us. Correct app_id and app_secret of [[source]].",
                    name=self.name,
                )
            ) from None
        except SchemaDrift as error:
            raise SourceError(
                T(
                    "The local system of source {name} answers otherwise than its dialect describes (at {path}). Correct the dialect.",
                    name=self.name,
                    path=error.text.values.get("path", "-"),
                )
            ) from None

    def _stamp(self, mark: int) -> FileStamp:
        return FileStamp(f"{self.name}/{_ONE_FILE}", 0, mark)
