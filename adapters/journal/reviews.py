"""Reviews: what the brake held and somebody has let through. A review is used up by being kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from adapters.journal import tables
from adapters.journal.sealed import moment
from adapters.journal.store import Store
from adapters.journal.timeline import add_events
from schemas.batch import BatchKey
from schemas.brake import Reason, Review
from schemas.plan import Marks


class Reviews:
    """Fits `bridge.ports.Reviews`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def identity(self) -> str:
        """What tells this journal from every other one; its own copies have it too."""
        with self._store.read() as connection:
            return str(connection.exec_driver_sql("SELECT value FROM meta WHERE key='identity'").scalar_one())

    def last(self) -> Mapping[BatchKey, tuple[int, Review]]:
        """Of each batch ever reviewed: how often, and the newest review."""
        review, found = tables.review, dict[BatchKey, tuple[int, Review]]()
        with self._store.read() as connection:
            rows = connection.execute(select(review).order_by(review.c.at, review.c.run)).all()
        for row in rows:
            one = _review(row)
            found[one.batch] = (found[one.batch][0] + 1 if one.batch in found else 1, one)
        return found

    def find(self, reviewed: str) -> Review | None:
        """The review that was used up under this hash."""
        with self._store.read() as connection:
            row = connection.execute(select(tables.review).where(tables.review.c.hash == reviewed)).first()
        return None if row is None else _review(row)

    def use(self, reviews: Mapping[Review, Collection[Reason]], *, run: int) -> None:
        """Keep who let what through, and when, before anything of it is sent; all of them or none."""
        with self._store.write() as connection:
            for one, reasons in reviews.items():
                told = " ".join(sorted(reasons))
                key, at = str(one.batch), moment(one.at)
                row = (one.hash, key, run, one.by, at, told, one.people, one.header, one.agreed)
                connection.exec_driver_sql(_INSERT, row)
                add_events(connection, one.at, [(key, None, "brake.reviewed", {"by": one.by, "hash": one.hash})])

    def of_last_year(self, key: BatchKey) -> int:
        """How many of a batch's people stood together in one batch of the year before: the largest such number."""
        years = f"{key.year - 1}/", f"{key.year - 1}0"  # "0" comes right after "/"
        with self._store.read() as connection:
            found = connection.exec_driver_sql(_OF_LAST_YEAR, (str(key), *years)).scalar()
        return int(found or 0)

    def marks(self, key: BatchKey) -> dict[bytes, Marks]:
        """Where each of a batch's people stands now: offline, online and last agreed."""
        with self._store.read() as connection:
            rows = connection.exec_driver_sql(
                "SELECT person, mark_offline, mark_online, mark_agreed FROM pair WHERE batch=?", (str(key),)
            )
            return {row[0]: Marks(*row[1:]) for row in rows}


def _review(row: Any) -> Review:
    at = datetime.fromisoformat(row.at)
    return Review(row.hash, BatchKey.parse(row.batch), row.by, at, row.people, row.mark_header, row.mark_agreed)


_INSERT = (
    'INSERT INTO review (hash, batch, run, "by", at, reasons, people, mark_header, mark_agreed)'
    " VALUES (?,?,?,?,?,?,?,?,?)"
)
_OF_LAST_YEAR = (
    "SELECT count(*) AS people FROM pair n JOIN pair p ON p.person = n.person AND p.batch >= ?2 AND p.batch < ?3"
    " WHERE n.batch = ?1 AND n.mark_offline IS NOT NULL GROUP BY p.batch ORDER BY people DESC LIMIT 1"
)
