"""The source over a local system's own interface: its batches and their people, as a dialect lists them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Protocol, cast

from adapters.sources.aliases import NO_ALIASES, Aliases
from adapters.sources.asked import AskedSource
from adapters.sources.facts import Facts
from adapters.sources.grid import Row
from adapters.sources.header import Header, header_over
from adapters.sources.records import Records
from schemas.batch import Level
from schemas.dialect import Dictionaries
from schemas.errors import AuthError, SchemaDrift, SourceError, TransientError
from schemas.header_words import Column, header_words
from schemas.portal import OnlineBatch, OnlinePerson
from schemas.roster import Category
from schemas.texts import T, Text

_OF_BATCH = ("name", "organiser", "level", "base", "start", "end")
_OF_PERSON = ("name", "id_no", "phone", "unit", "category", "role")
_NAMES = (Column.BATCH.value, *_OF_BATCH[1:], *_OF_PERSON)
_HEADER = cast("Header", header_over(_NAMES, {Column(name): name for name in _NAMES}, {}))  # one of them is the name


class Listed(Protocol):
    """What can be asked for its batches and their people; a portal is such a thing."""

    def batches(self, year: int, /) -> Iterator[OnlineBatch]: ...

    def people(self, batch_online_id: str, /) -> Iterator[OnlinePerson]: ...


class ListedSource(AskedSource):
    """Its mark are the change marks of its batches."""

    def __init__(
        self,
        name: str,
        connect: Callable[[], AbstractContextManager[Listed]],
        words: Dictionaries,
        defaults: Facts,
        aliases: Aliases = NO_ALIASES,
        *,
        year: int,
        now: Callable[[], datetime],
        described: object = None,
        key: bytes = b"",
    ) -> None:
        """`words` are the dialect's: what it has no word for is left to the words of ledgers.

        `described`: the whole of it. By another one the same rows are read again.
        """
        super().__init__(name, defaults, aliases, words=(words, described), now=now, key=key)
        self._connect = connect
        self._words = words
        self._year = year

    def _mark(self, now: datetime) -> tuple[object, ...] | None:  # noqa: ARG002  # a change mark is no moment
        with self._asked() as system:
            batches = list(system.batches(self._year))
        if not batches or not all(batch.change for batch in batches):
            return None
        return tuple(sorted((batch.online_id, batch.change) for batch in batches))

    def _fetch(self) -> Records:
        with self._asked() as system:
            rows = [row for batch in system.batches(self._year) for row in self._rows(system, batch)]
        return Records(_HEADER, [*_NAMES], rows)

    def _emptied(self) -> Text:
        return T(
            "The local system of source {name} lists nobody any more; what it said last still stands. Ask its keeper whether it was emptied.",
            name=self.name,
        )

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
