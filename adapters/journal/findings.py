"""Findings and their lives: one difference is one row, however often it is seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import select

from adapters.journal import tables
from adapters.journal.rows import problem_of
from adapters.journal.sealed import Seals, moment, opened_json, plain, sealed_json
from adapters.journal.store import Store
from schemas.batch import BatchKey
from schemas.finding import Case, Code, FieldDifference, Finding, FindingState, Moved, Rule, Sighting
from schemas.roster import Place
from schemas.texts import Text


class Findings:
    """Fits `bridge.ports.Findings`."""

    def __init__(self, store: Store, vault: Seals) -> None:
        self._store = store
        self._vault = vault

    def see(self, findings: Sequence[Finding], *, at: datetime) -> None:
        """Take in everything that is open now: what was open and is not seen any more is settled."""
        seen = {finding.id for finding in findings}
        with self._store.write() as connection:
            open_rows = connection.exec_driver_sql("SELECT id FROM finding WHERE state='open'")
            gone = [(moment(at), row.id) for row in open_rows if row.id not in seen]
            if gone:
                connection.exec_driver_sql("UPDATE finding SET state='settled', last_seen=? WHERE id=?", gone)
            if findings:
                connection.exec_driver_sql(_UPSERT, [self._row(finding, at) for finding in findings])

    def _row(self, finding: Finding, at: datetime) -> tuple[object, ...]:
        value = asdict(finding)
        value["batch"] = str(finding.batch) if finding.batch else None
        value["evidence"] = [{"msgid": text.msgid, "values": plain(text.values)} for text in finding.evidence]
        sealed = sealed_json(self._vault, value, bound_to=f"finding|{finding.id}")
        person = bytes.fromhex(finding.person)
        return finding.id, finding.code.value, str(finding.batch or ""), person, moment(at), moment(at), sealed

    def open(self) -> tuple[Sighting, ...]:
        """Everything open now, by code."""
        return self._sightings(tables.finding.c.state == FindingState.OPEN)

    def settled_since(self, since: datetime | None) -> tuple[Sighting, ...]:
        """What the bridge itself read back as settled after `since` (all of it when None)."""
        where = [tables.finding.c.state == FindingState.SETTLED]
        if since is not None:
            where.append(tables.finding.c.last_seen > moment(since))
        return self._sightings(*where)

    def _sightings(self, *where: Any) -> tuple[Sighting, ...]:
        order = tables.finding.c.code, tables.finding.c.batch, tables.finding.c.id
        with self._store.read() as connection:
            rows = connection.execute(select(tables.finding).where(*where).order_by(*order)).all()
        return tuple(self._sighting(row) for row in rows)

    def _sighting(self, row: Any) -> Sighting:
        value = opened_json(self._vault, row.sealed, bound_to=f"finding|{row.id}")
        return Sighting(
            finding=_finding(value),
            first_seen=datetime.fromisoformat(row.first_seen),
            last_seen=datetime.fromisoformat(row.last_seen),
            state=FindingState(row.state),
            returned=row.returned,
        )


_UPSERT = (
    "INSERT INTO finding (id, code, batch, person, state, first_seen, last_seen, returned, sealed)"
    " VALUES (?,?,?,?,'open',?,?,0,?)"
    " ON CONFLICT (id) DO UPDATE SET returned=(returned OR state='settled'), state='open',"
    " last_seen=excluded.last_seen, sealed=excluded.sealed"
)


def _finding(value: dict[str, Any]) -> Finding:
    value["code"] = Code(value["code"])
    value["batch"] = BatchKey.parse(value["batch"]) if value["batch"] else None
    value["where"] = Place(**value["where"]) if value["where"] else None
    value["case"] = Case(value["case"]) if value.get("case") else None  # one kept by an older version has none
    value["moved"] = Moved(value["moved"]) if value["moved"] else None
    value["differences"] = tuple(_difference(difference) for difference in value["differences"])
    value["problems"] = tuple(problem_of(problem) for problem in value["problems"])
    value["evidence"] = tuple(Text(**text) for text in value["evidence"])
    return Finding(**value)


def _difference(value: dict[str, Any]) -> FieldDifference:
    value["rule"] = Rule(value["rule"]) if value["rule"] else None
    value["positions"] = tuple(value["positions"])
    return FieldDifference(**value)
