"""People opened from the journal: only those somebody has to compare, match or show masked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, select, text

from adapters.journal import tables
from adapters.journal.online import bound
from adapters.journal.revisions import EQUAL_IN_DOUBT
from adapters.journal.rows import PARTICIPANT, values_at
from adapters.journal.sealed import Seals, opened_json
from adapters.journal.store import Store
from schemas.batch import BatchKey
from schemas.journal import Duplicate, Person, PersonFacts, Tally, Values
from schemas.roster import Place


class People:
    """Fits `bridge.ports.People`."""

    def __init__(self, store: Store, vault: Seals) -> None:
        self._store = store
        self._vault = vault

    def offline_of(self, key: BatchKey) -> dict[bytes, Values]:
        """Every participant one batch has offline, by person key."""
        with self._store.read() as connection:
            rows = connection.exec_driver_sql(
                "SELECT person, file, sheet, row, sealed FROM standing WHERE batch=? AND kind=? ORDER BY id DESC",
                (str(key), PARTICIPANT),
            ).all()
        return {row[0]: values_at(row[1:4], row[4], self._vault) for row in rows}

    def likely_of(self, key: BatchKey) -> dict[bytes, tuple[Values, ...]]:
        """How each person of a batch may stand online behind a mask, the likeliest first.

        What the portal has just accepted comes before what was last agreed, and that before what offline says now: a
        correction that was not taken yet must not pass for one that was read back.
        """
        batch, offline = str(key), self.offline_of(key)
        with self._store.read() as connection:
            rows = connection.execute(select(tables.agreement).where(tables.agreement.c.batch == batch)).all()
            accepted = set(connection.scalars(_ACCEPTED, {"batch": batch}))
        agreed = {row.person: self._agreed(row) for row in rows}
        found: dict[bytes, tuple[Values, ...]] = {}
        for person in offline.keys() | agreed.keys():
            both = [side[person] for side in (agreed, offline) if person in side]
            found[person] = tuple(reversed(both)) if person in accepted else tuple(both)
        return found

    def _agreed(self, row: Any) -> Values:
        values: Values = opened_json(self._vault, row.sealed, bound_to=bound(row.batch, row.person.hex()))
        return values

    def open(self, facts: Iterable[PersonFacts]) -> dict[tuple[BatchKey, bytes], Person]:
        """Both sides of each of these people, with what was last agreed and the portal's last words."""
        with self._store.read() as connection:
            return {(fact.batch, fact.person): self._person(connection, fact) for fact in facts}

    def _person(self, connection: Connection, fact: PersonFacts) -> Person:
        batch, person = str(fact.batch), fact.person
        offline, online, agreed = (connection.exec_driver_sql(first, (batch, person)).first() for first in _FIRST)
        there = online and opened_json(self._vault, online.sealed, bound_to=bound(batch, online.online_id))
        return Person(
            person=person,
            offline=values_at((offline.file, offline.sheet, offline.row), offline.sealed, self._vault)
            if offline
            else None,
            online=there["values"] if there else None,
            raw=there["raw"] if there else None,
            agreed=self._agreed(agreed) if agreed and fact.agreed else None,
            where=Place(offline.file, offline.sheet, offline.row) if offline else None,
            words=self._words(connection, fact),
            online_id=online.online_id if online else "",
        )

    def _words(self, connection: Connection, fact: PersonFacts) -> str:
        if fact.revision is None:
            return ""
        return self._said(connection, fact.batch, fact.revision.serial)

    def header_words(self, key: BatchKey, serial: str) -> str:
        """The portal's own words to a batch's header or submission."""
        with self._store.read() as connection:
            return self._said(connection, key, serial)

    def _said(self, connection: Connection, key: BatchKey, serial: str) -> str:
        found = connection.exec_driver_sql("SELECT sealed FROM revision WHERE batch=? AND serial=?", (str(key), serial))
        sealed = found.scalar()
        return str(opened_json(self._vault, sealed, bound_to=f"words|{serial}")) if sealed else ""

    def twice_in_year(self) -> dict[bytes, tuple[BatchKey, ...]]:
        """People who stand offline in more than one batch of a year."""
        with self._store.read() as connection:
            rows = connection.exec_driver_sql(
                "SELECT person, batch FROM pair WHERE mark_offline IS NOT NULL AND person IN"
                " (SELECT person FROM pair WHERE mark_offline IS NOT NULL GROUP BY person HAVING count(*) > 1)"
            ).all()
        found: defaultdict[tuple[bytes, int], list[BatchKey]] = defaultdict(list)
        for row in rows:
            key = BatchKey.parse(row.batch)
            found[row.person, key.year].append(key)
        return {person: tuple(keys) for (person, _), keys in found.items() if len(keys) > 1}

    def duplicates_offline(self) -> tuple[Duplicate, ...]:
        """Every row of a person after the first in the same batch."""
        with self._store.read() as connection:
            rows = connection.exec_driver_sql(_DUPLICATES_OFFLINE).all()
        return tuple(
            Duplicate(BatchKey.parse(row.batch), row.person, Place(row.file, row.sheet, row.row)) for row in rows
        )

    def duplicates_online(self) -> tuple[Duplicate, ...]:
        """Every online record of a person after the first in the same batch."""
        with self._store.read() as connection:
            rows = connection.exec_driver_sql(_DUPLICATES_ONLINE).all()
        return tuple(Duplicate(BatchKey.parse(row.batch), row.person, None) for row in rows)

    def tally(self) -> Tally:
        """Counts straight from the rows of both sides: what the buckets must add up to."""
        with self._store.read() as connection:
            return Tally(**{name: connection.exec_driver_sql(count).scalar_one() for name, count in _COUNTS.items()})


_FIRST = (
    "SELECT * FROM standing WHERE batch = ? AND person = ? ORDER BY id LIMIT 1",
    "SELECT * FROM online WHERE batch = ? AND person = ? ORDER BY id LIMIT 1",
    "SELECT * FROM agreement WHERE batch = ? AND person = ?",
)
_ACCEPTED = text(
    "SELECT person FROM revision r WHERE batch = :batch AND state = 'accepted' AND number ="
    " (SELECT max(number) FROM revision n WHERE n.batch = r.batch AND n.person = r.person)"
)
_DUPLICATES_OFFLINE = (
    "SELECT batch, person, file, sheet, row FROM standing r WHERE kind = 'participant' AND EXISTS"
    " (SELECT 1 FROM standing f WHERE f.batch = r.batch AND f.person = r.person AND f.id < r.id) ORDER BY r.id"
)
_DUPLICATES_ONLINE = (
    "SELECT batch, person FROM online o WHERE EXISTS"
    " (SELECT 1 FROM online f WHERE f.batch = o.batch AND f.person = o.person AND f.id < o.id) ORDER BY o.id"
)
_OURS = "batch IN (SELECT key FROM batch WHERE ours)"
_COUNTS = {
    "offline_rows": "SELECT count(*) FROM row",
    "online_rows": "SELECT count(*) FROM online",
    "leaders": f"SELECT count(*) FROM standing WHERE kind = 'leader' AND {_OURS}",  # noqa: S608  # both parts are literals
    "damaged": "SELECT count(*) FROM standing WHERE kind = 'damaged'"
    " AND (batch IS NULL OR batch NOT IN (SELECT key FROM batch WHERE NOT ours))",
    "duplicates_offline": "SELECT ifnull(sum(times - 1), 0) FROM (SELECT count(*) AS times FROM standing"  # noqa: S608
    f" WHERE kind = 'participant' AND {_OURS} GROUP BY batch, person)",
    "duplicates_online": "SELECT ifnull(sum(times - 1), 0) FROM (SELECT count(*) AS times FROM online"  # noqa: S608
    f" WHERE {_OURS} GROUP BY batch, person)",
    "superseded": "SELECT count(*) FROM row r JOIN superseded s ON s.batch = r.batch AND s.file = r.file"  # noqa: S608
    f" WHERE r.{_OURS}",
    "not_ours_offline": "SELECT count(*) FROM row WHERE batch IN (SELECT key FROM batch WHERE NOT ours)",
    "not_ours_online": "SELECT count(*) FROM online WHERE batch IN (SELECT key FROM batch WHERE NOT ours)",
    "agreed": f"SELECT (SELECT count(*) FROM pair WHERE mark_offline = mark_online AND {_OURS})"  # noqa: S608
    f" - (SELECT count(mark_offline) FROM ({EQUAL_IN_DOUBT}) WHERE {_OURS})",
}
