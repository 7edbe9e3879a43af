"""What must hold after every trial of the small world, read by nothing of the bridge's own code.

It reads the portal's ledger of effects, the journal by plain sqlite3, and who stands in the ledgers.
"""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from hashlib import sha256
from pathlib import Path

Effect = Mapping[str, object]
_OPEN = {"intent", "sending", "unknown", "accepted"}
_OF_THE_MOMENT = re.compile(r"at|.*_at|since.*|sealed|id|read_at|detail|run|message_id|words")


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def broken(journal: Path, effects: Sequence[Effect], wanted: Mapping[str, str], *, settled: bool = True) -> list[str]:
    """The laws that do not hold. `wanted`: id number → unit, of everybody who must be online in the end."""
    found = list(_never(journal, effects))
    if settled:
        found += _in_the_end(journal, effects, {digest(one): unit for one, unit in wanted.items()})
    return found


def online(effects: Sequence[Effect], wanted: Mapping[str, str]) -> list[str]:
    """What the portal alone can tell: nobody twice; and where somebody is `wanted`, everybody and nobody else."""
    return _twice(effects) + (_lost(effects, {digest(one): unit for one, unit in wanted.items()}) if wanted else [])


def _twice(effects: Sequence[Effect]) -> list[str]:
    created = Counter((e["batch"], e["person"]) for e in effects if str(e["effect"]).endswith("_created"))
    serials = Counter(str(e["serial"]) for e in effects if e["effect"] != "batch_submitted")
    found = [f"{count} times created" for count in created.values() if count > 1]
    return found + [f"{count} effects of one serial" for count in serials.values() if count > 1]


def _lost(effects: Sequence[Effect], wanted: Mapping[str, str]) -> list[str]:
    held = {str(e["person"]): str(dict(e["content"])["laborName"]) for e in effects if e["person"]}  # type: ignore[call-overload]
    lost, more = len(wanted.keys() - held.keys()), len(held.keys() - wanted.keys())
    return [] if held == wanted else [f"{lost} lost, {more} too many"]


def _never(journal: Path, effects: Sequence[Effect]) -> list[str]:
    """Nobody twice; nothing online that was not durable before; the journal whole. It holds at any moment."""
    found = _twice(effects)
    serials = {str(e["serial"]) for e in effects if e["effect"] != "batch_submitted"}
    submitted = Counter(e["batch"] for e in effects if e["effect"] == "batch_submitted")
    with closing(sqlite3.connect(journal)) as books:
        whole = books.execute("PRAGMA integrity_check").fetchall()
        found += [] if whole == [("ok",)] else [f"integrity_check: {whole[0][0]}"]
        attempts = books.execute("SELECT operation, serials FROM attempt").fetchall() if _is_there(books) else []
    intended = {serial for _, listed in attempts for serial in json.loads(listed)}
    found += [f"sent and not in the journal: {one}" for one in serials - intended]
    if sum(submitted.values()) > sum(operation == "submit" for operation, _ in attempts):
        found.append("submitted and not in the journal")
    return found


def _is_there(books: sqlite3.Connection) -> bool:
    """The first schema had no serials in it."""
    return any(name == "serials" for _, name, *_ in books.execute("PRAGMA table_info(attempt)"))


def _in_the_end(journal: Path, effects: Sequence[Effect], wanted: Mapping[str, str]) -> list[str]:
    """Everybody online with the unit of the ledger, and nothing open."""
    found = _lost(effects, wanted)
    with closing(sqlite3.connect(journal)) as books:
        states = Counter(state for (state,) in books.execute("SELECT state FROM revision"))
    return found + [f"{states[state]} {state}" for state in sorted(_OPEN & states.keys())]


def state(journal: Path, effects: Sequence[Effect], scratch: Path) -> str:
    """What the next run finds, but for moments and chance: two trials with the same state go on alike."""
    hot = _copy(journal, scratch)
    told: list[object] = [hot]
    with closing(sqlite3.connect(scratch)) as books:
        for (table,) in books.execute("SELECT name FROM sqlite_master WHERE type='table' ORDER BY name").fetchall():
            names = [name for _, name, *_ in books.execute(f"PRAGMA table_info({table})")]
            kept = [f'"{name}"' for name in names if not _OF_THE_MOMENT.fullmatch(name)]
            if kept and table != "meta":
                told += [table, sorted(map(repr, books.execute(f"SELECT {', '.join(kept)} FROM {table}")))]
    told += [(e["effect"], e["serial"], e["batch"], e["person"]) for e in effects]
    return digest(repr(told))


def _copy(journal: Path, scratch: Path) -> bool:
    """Whether a transaction was under way; the copy's is rolled back by whoever opens it, and not the journal's."""
    begun = journal.with_name(journal.name + "-journal")
    shutil.copy(journal, scratch)
    theirs = scratch.with_name(scratch.name + "-journal")
    theirs.unlink(missing_ok=True)
    if not begun.exists():
        return False
    shutil.copy(begun, theirs)
    return begun.stat().st_size > 0 and begun.read_bytes()[:8] != bytes(8)
