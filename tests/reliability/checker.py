"""The independent checker: what must hold after every scenario, whatever was done to the bridge.

Its own code: it imports nothing of the bridge, its adapters or its schemas, and reads only what lies on the disk (the
portal's ledger of effects and log of requests, the journal's plain columns) and what the test says offline holds.
`invariants.py` says for each invariant how it is seen from there.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.reliability import invariants

Row = Mapping[str, Any]
Who = tuple[str, str]
"""A batch as year/organiser/name, and the digest of a person's id; empty for the batch itself."""

_TABLES = ("row", "superseded", "pair", "held", "batch", "revision", "attempt", "event", "finding", "run")


@dataclass(frozen=True)
class Bounds:
    """What the trial was allowed.

    `settled`: everything had time to settle, so nothing may be undecided. `attempts` a call and `budget` a run, as the
    settings say; `at_once` requests. `by_hand`: people carry files, so there is no request, and no serial online.
    `daily`: the kinds of runs that a daemon does once a day. `keyed`: a later run may make a request again, under its key.
    `ahead_s`: how far the journal's clock may be ahead of the portal's. `forgotten`: serials of requests that stood in a
    journal in whose place an older one was put.
    """

    settled: bool = True
    attempts: int = 4
    budget: float = 20.0
    at_once: int = 1
    by_hand: bool = False
    daily: tuple[str, ...] = ()
    keyed: bool = False
    ahead_s: float = 0.0
    forgotten: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Facts:
    """All that is looked at. `offline`: who must be online, with the portal's fields that must be equal; None: unknown.

    `report`: {"offline": {"rows": n, "buckets": {name: n}}, "online": likewise}, where a report is to be checked.
    """

    effects: list[Row]
    requests: list[Row]
    journal: Mapping[str, list[Row]]
    offline: Mapping[Who, Row] | None
    bounds: Bounds = field(default_factory=Bounds)
    report: Row | None = None
    integrity: str = "ok"

    @cached_property
    def held(self) -> dict[Who, list[Row]]:
        """Who is online now, by the effects alone: with the contents of each of their records there."""
        records: dict[str, tuple[Who, Row]] = {}
        for effect in self.effects:
            if effect["effect"] == "person_deleted":
                records.pop(effect["id"], None)
            elif effect["person"]:
                records[effect["id"]] = (effect["batch"], effect["person"]), effect["content"]
        held: dict[Who, list[Row]] = {}
        for who, content in records.values():
            held.setdefault(who, []).append(content)
        return held

    @cached_property
    def names(self) -> dict[tuple[str, bytes], str]:
        """The journal's (batch, person) → the ledger's digest, known where a serial of theirs had an effect."""
        digest = {effect["serial"]: effect["person"] for effect in self.effects if effect["serial"]}
        return {
            (one["batch"], one["person"]): digest[one["serial"]]
            for one in self.journal["revision"]
            if one["serial"] in digest
        }

    @cached_property
    def newest(self) -> dict[tuple[str, bytes], Row]:
        """Of each record the newest revision."""
        return {
            (one["batch"], one["person"]): one for one in sorted(self.journal["revision"], key=lambda r: r["number"])
        }


@dataclass(frozen=True)
class Checked:
    """`violations` name the invariant, what is wrong and how often; never a person."""

    violations: list[str]
    figures: dict[str, int]


def check(
    portal: Path,
    journal: Path,
    offline: Mapping[Who, Row] | None,
    *,
    bounds: Bounds | None = None,
    report: Row | None = None,
) -> Checked:
    """Every invariant over one world. `portal` holds effects.jsonl and, where requests were logged, requests.jsonl."""
    integrity, tables = read_journal(journal)
    facts = Facts(
        effects=lines(portal / "effects.jsonl"),
        requests=lines(portal / "requests.jsonl"),
        journal=tables,
        offline=offline,
        bounds=bounds or Bounds(),
        report=report,
        integrity=integrity,
    )
    return Checked(judged(facts), figures(facts))


def judged(facts: Facts) -> list[str]:
    found = [] if facts.integrity == "ok" else [f"journal: {facts.integrity}"]
    for name, invariant in invariants.ALL.items():
        wrong = Counter(invariant(facts))
        found += [f"{name}: {what}" + (f" ({count} times)" if count > 1 else "") for what, count in wrong.items()]
    return found


def online(effects: list[Row], offline: Mapping[Who, Row] | None) -> Checked:
    """What the portal's ledger tells alone, where the journal cannot be believed: nobody is there twice."""
    facts = Facts(effects, requests=[], journal={name: [] for name in _TABLES}, offline=offline)
    return Checked(list(invariants.at_most_one_effect(facts)), figures(facts))


def figures(facts: Facts) -> dict[str, int]:
    """How many people were doubled, lost (whatever a finding says of them) or never wanted, and what this was read from."""
    wanted = facts.offline or {}
    return {
        "effects": len(facts.effects),
        "requests": len(facts.requests),
        "people": len(wanted),
        "lost": sum(not invariants.is_stored(facts, who) for who in wanted),
        "unwanted": len(facts.held.keys() - wanted.keys()) if facts.offline is not None else 0,
        "doubled": invariants.doubled(facts),
        "in_flight": len({e["at"] for e in facts.journal["event"] if e["what"] == "recovered.unknown"}),
    }


def lines(path: Path) -> list[Row]:
    """Every whole line; none where there is no file."""
    content = path.read_bytes() if path.exists() else b""
    return [json.loads(line) for line in content.split(b"\n")[:-1]]


def read_journal(path: Path) -> tuple[str, dict[str, list[Row]]]:
    """What SQLite says of the file's integrity, and its tables in the order of their rows, sealed columns left out."""
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        integrity = connection.execute("PRAGMA integrity_check").fetchone()[0]
        tables = {name: _rows(connection, name) for name in _TABLES}
    return integrity, tables


def _rows(connection: sqlite3.Connection, table: str) -> list[Row]:
    columns = [row["name"] for row in connection.execute(f"PRAGMA table_info({table})") if row["name"] != "sealed"]
    order = " ORDER BY id" if "id" in columns else ""
    names = ", ".join(f'"{name}"' for name in columns)
    return [dict(row) for row in connection.execute(f'SELECT {names} FROM "{table}"{order}')]
