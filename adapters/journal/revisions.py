"""The table `revision`: how its rows are put, moved and read, in the caller's own transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection

from adapters.journal.sealed import columns_of, instant_of
from schemas.batch import BatchKey
from schemas.journal import Dispatch, Instant
from schemas.revision import OF_THE_BATCH, Revision, State

Change = tuple[str, str, str]
"""The new state of a revision, its batch and its serial."""

OpenRevision = tuple[bytes, Revision, Instant]

_UNDECIDED = ", ".join(f"'{state}'" for state in State if Revision("", 0, b"", state).undecided)

IN_DOUBT = (
    f"SELECT batch, person FROM revision r WHERE state <> 'agreed' AND state IN ({_UNDECIDED})"  # noqa: S608  # literals
    " AND number = (SELECT max(number) FROM revision n WHERE n.batch = r.batch AND n.person = r.person)"
)
"""Of whom the portal may hold something else than it lists; what is found is what is not agreed, by a partial index."""

EQUAL_IN_DOUBT = (
    f"SELECT p.batch, p.person, p.mark_offline FROM ({IN_DOUBT}) d"  # noqa: S608
    " CROSS JOIN pair p ON p.batch = d.batch AND p.person = d.person AND p.mark_offline IS p.mark_online"
)
"""Those of them whose two sides show the same: that is no agreement yet."""

_ROWS_AT_ONCE = 500
_SETTLED = (State.REFUSED, State.READY, State.INTENT)


def revision_of(row: Any) -> Revision:
    """From a row with the columns serial, number, mark and state."""
    return Revision(row.serial, row.number, row.mark, State(row.state))


def since_of(row: Any) -> Instant:
    """Since when a row's revision is in its state."""
    return instant_of(row.since, row.since_uptime_s, row.since_boot)


def whose(person: bytes) -> bytes | None:
    """Whom an event tells of; None for what is the batch's own."""
    return None if person in OF_THE_BATCH else person


def open_revisions(connection: Connection, batch: str, people: Sequence[bytes] | None = None) -> list[OpenRevision]:
    """The newest revision of each record of a batch that reading back may still move."""
    rows = connection.exec_driver_sql(
        "SELECT person, max(number) AS number, serial, mark, state, since, since_uptime_s, since_boot"
        " FROM revision WHERE batch = ? GROUP BY person",
        (batch,),
    )
    return [
        (row.person, revision_of(row), since_of(row))
        for row in rows
        if State(row.state) not in _SETTLED and (people is None or row.person in people)
    ]


def set_states(connection: Connection, changes: Iterable[Change]) -> None:
    """Since when they are in their states stays as it was."""
    rows = list(changes)
    if rows:
        connection.exec_driver_sql("UPDATE revision SET state=? WHERE batch=? AND serial=?", rows)


def move(connection: Connection, to: State, now: Instant, serials: Iterable[tuple[str, str]]) -> None:
    """Of these batches and serials; they are in their state since `now`."""
    rows = [(to.value, *columns_of(now), batch, serial) for batch, serial in serials]
    if rows:
        connection.exec_driver_sql(
            "UPDATE revision SET state=?, since=?, since_uptime_s=?, since_boot=? WHERE batch=? AND serial=?", rows
        )


def put(
    connection: Connection, state: State, now: Instant, records: Iterable[tuple[BatchKey, bytes, Revision]]
) -> None:
    """New revisions of these people, or the same ones anew."""
    rows = [
        (str(batch), state.value, *columns_of(now), person, one.number, one.serial, one.mark)
        for batch, person, one in records
    ]
    if rows:
        connection.exec_driver_sql(_upsert(1), rows)


def put_all_of(connection: Connection, state: State, now: Instant, leaving: Iterable[Dispatch]) -> None:
    """Requests of the same size in one statement for each request: for each row, it would let go of the interpreter."""
    sized: defaultdict[int, list[tuple[object, ...]]] = defaultdict(list)
    for one in leaving:
        people = list(one.revisions.items())
        for start in range(0, len(people), _ROWS_AT_ONCE):
            rows = people[start : start + _ROWS_AT_ONCE]
            values = [value for person, r in rows for value in (person, r.number, r.serial, r.mark)]
            sized[len(rows)].append((str(one.batch), state.value, *columns_of(now), *values))
    for size, alike in sized.items():
        connection.exec_driver_sql(_upsert(size), alike)


@cache
def _upsert(size: int) -> str:
    """So many revisions of one batch, all in one state since the same moment: five parameters, then four for each."""
    rows = ",".join(f"(?1,?2,?3,?4,?5,?{at},?{at + 1},?{at + 2},?{at + 3})" for at in range(6, 6 + 4 * size, 4))
    return _INSERT + rows + _AGAIN


_INSERT = "INSERT INTO revision (batch, state, since, since_uptime_s, since_boot, person, number, serial, mark) VALUES "
_AGAIN = (
    " ON CONFLICT (batch, person, number) DO UPDATE SET state=excluded.state,"
    " since=excluded.since, since_uptime_s=excluded.since_uptime_s, since_boot=excluded.since_boot"
)
