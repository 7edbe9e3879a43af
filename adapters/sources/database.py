"""The source over a database: one query, a row a person."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from adapters.sources.aliases import NO_ALIASES, Aliases
from adapters.sources.asked import AskedSource
from adapters.sources.engines import Database
from adapters.sources.facts import Facts
from adapters.sources.records import Records, records
from schemas.errors import SourceError
from schemas.header_words import Column
from schemas.texts import T, Text

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


class DatabaseSource(AskedSource):
    """Its mark is the watermark."""

    def __init__(
        self,
        database: Database,
        queries: Queries,
        defaults: Facts,
        aliases: Aliases = NO_ALIASES,
        *,
        now: Callable[[], datetime],
        key: bytes = b"",
    ) -> None:
        super().__init__(database.name, defaults, aliases, words=queries.columns, now=now, key=key)
        self._database = database
        self._queries = queries

    def _mark(self, now: datetime) -> tuple[object, ...] | None:
        queries = self._queries
        answer = self._database.ask(queries.watermark or _NOTHING)
        if (len(answer.rows), len(answer.names)) != (1, 1):
            raise self._wrong_watermark()
        value = answer.rows[0][0]
        if value is None or not queries.watermark or _is_recent(value, now, queries.overlap_s):
            return None
        return value, queries.people

    def _fetch(self) -> Records:
        answer = self._database.ask(self._queries.people)
        columns, headings = self._queries.columns, self._aliases.columns
        found = records(answer.names, answer.rows, columns, self._now().tzinfo, aliases=headings)
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

    def _emptied(self) -> Text:
        return T(
            "The database of source {name} answers no row any more; what it said last still stands. Ask its keeper whether the table was emptied.",
            name=self.name,
        )

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
