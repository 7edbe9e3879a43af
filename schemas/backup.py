"""A backup of the journal: what its header says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class BackupFacts:
    """Which journal it is a copy of, how far that had come, and how many rows each table held. No personal data."""

    made_at: str
    journal: str
    epoch: int
    number: int
    turn: int
    version: str
    key_check: str
    rows: Mapping[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(self.rows.values())

    @property
    def at(self) -> datetime:
        return datetime.fromisoformat(self.made_at)


@dataclass(frozen=True, slots=True)
class Backup:
    """One that was made: its file, its size, and what it holds."""

    path: Path
    size: int
    facts: BackupFacts


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore came to: what was put in place, and where the journal before it is kept (None: there was none)."""

    facts: BackupFacts
    kept: Path | None
