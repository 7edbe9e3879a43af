"""Which lists of the touched batches stand, decided anew in the transaction that takes the files in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict

import orjson
from sqlalchemy import Connection, select

from adapters.journal import tables
from adapters.journal.rows import LEADER, PARTICIPANT, values_at
from adapters.journal.sealed import Seals
from schemas.batch import BatchKey
from schemas.journal import Intake
from schemas.superseded import Contents, Difference, Line, Listing, SupersededList, difference, superseded

Arrivals = Mapping[str, tuple[int, int]]
"""File → its number in the order of arrival, and the number of the content that it came with."""


def arrivals(connection: Connection, intake: Intake) -> Arrivals:
    """The numbers of the files that were read, to be asked for before the journal forgets what it knew of them.

    Files new in one look are numbered by their time of saving. A number, not a time: clocks are set back, and a file
    saved again keeps its place. A new name for a known content is a copy, or a file renamed, until it says something
    else.
    """
    known = {row.path: row for row in connection.execute(select(tables.file))}
    newest = max((row.arrived for row in known.values()), default=0)
    contents: dict[bytes, int] = {}
    for row in known.values():
        contents[row.sha256] = min(row.as_old_as, contents.get(row.sha256, row.as_old_as))
    found: dict[str, tuple[int, int]] = {}
    for one in sorted((one for one, _ in intake.read), key=lambda one: (one.stamp.mtime_ns, one.stamp.path)):
        before = known.get(one.stamp.path)
        if before is None:
            newest += 1
            found[one.stamp.path] = newest, contents.setdefault(one.sha256, newest) if one.sha256 else newest
        else:
            same = before.sha256 == one.sha256
            found[one.stamp.path] = before.arrived, before.as_old_as if same else before.arrived
    return found


def supersede(connection: Connection, vault: Seals) -> None:
    """Decide anew, for each touched batch, which of its files' lists are set aside, and keep how they differ."""
    connection.exec_driver_sql("DELETE FROM superseded WHERE batch IN (SELECT batch FROM touched)")
    for batch, ages in _of_several_files(connection).items():
        people: dict[str, set[bytes]] = {path: set() for path in ages}
        for file, person in connection.exec_driver_sql(_PEOPLE, (batch, PARTICIPANT)):
            people[file].add(person)
        lists = {path: Listing(age, frozenset(people[path])) for path, age in ages.items()}
        for file, by_file in sorted(superseded(lists).items()):
            differs = difference(*(_contents(connection, vault, batch, path) for path in (file, by_file)))
            connection.exec_driver_sql(_INSERT, (batch, file, by_file, orjson.dumps(asdict(differs)).decode()))


_SEVERAL = (
    "SELECT DISTINCT r.batch, r.file, f.as_old_as, f.arrived FROM touched t"
    " JOIN roster r ON r.batch = t.batch JOIN file f ON f.path = r.file"
    " WHERE (SELECT count(DISTINCT file) FROM roster o WHERE o.batch = t.batch) > 1"
)
_PEOPLE = "SELECT file, person FROM row WHERE batch=? AND kind=?"
_ROWS = "SELECT kind, sheet, row, person, sealed FROM row WHERE batch=? AND file=? AND sealed IS NOT NULL ORDER BY id"
_FACTS = 'SELECT level, base, start, "end" FROM roster WHERE batch=? AND file=?'
_INSERT = "INSERT INTO superseded (batch, file, by_file, difference) VALUES (?,?,?,?)"


def _of_several_files(connection: Connection) -> dict[str, dict[str, tuple[int, int]]]:
    """Touched batch → file → its age, of batches that several files speak of."""
    found: defaultdict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
    for batch, file, as_old_as, arrived in connection.exec_driver_sql(_SEVERAL):
        found[batch][file] = as_old_as, -arrived
    return found


def _contents(connection: Connection, vault: Seals, batch: str, file: str) -> Contents:
    people: dict[bytes, Line] = {}
    leaders: list[Mapping[str, str]] = []
    for kind, sheet, row, person, sealed in connection.exec_driver_sql(_ROWS, (batch, file)):
        values = values_at((file, sheet, row), sealed, vault)
        if kind == LEADER:
            leaders.append(values)
        else:
            people.setdefault(person, Line((sheet, row), values))
    blocks = connection.exec_driver_sql(_FACTS, (batch, file)).mappings().all()
    facts = {name: frozenset(str(block[name]) for block in blocks) for name in ("level", "base", "start", "end")}
    return Contents(people, leaders, facts)


def set_aside(connection: Connection) -> frozenset[tuple[str, str]]:
    """(batch, file) of each list that does not stand."""
    return frozenset((row.batch, row.file) for row in connection.exec_driver_sql("SELECT batch, file FROM superseded"))


def set_aside_lists(connection: Connection) -> Iterable[SupersededList]:
    for row in connection.execute(
        select(tables.superseded).order_by(tables.superseded.c.batch, tables.superseded.c.file)
    ):
        yield SupersededList(BatchKey.parse(row.batch), row.file, row.by_file, _difference_of(row.difference))


def _difference_of(text: str) -> Difference:
    kept = orjson.loads(text)
    changed = {name: tuple((sheet, row) for sheet, row in spots) for name, spots in kept["changed"].items()}
    added, left_out = (tuple((sheet, row) for sheet, row in kept[name]) for name in ("added", "left_out"))
    return Difference(added, left_out, changed, tuple(kept["facts"]))
