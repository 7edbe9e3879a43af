"""The house a run works in: its doors to the world, its rules, and the words it speaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bridge.course import MaySend
from bridge.findings import Aside, Identify, Rules
from bridge.map import Glossary
from bridge.ports import Clock, Desk, Journal, Portal, Source, Stop, Watch
from bridge.read_back import SWEEP_AFTER_H, Reader, Seen
from bridge.report import Wording
from bridge.revisions import Numbering
from schemas.batch import Base, BatchKey
from schemas.errors import SchemaDrift
from schemas.finding import Code
from schemas.policy import Policy
from schemas.portal import RefusedRow
from schemas.texts import Text


@dataclass(frozen=True, slots=True)
class House:
    """Everything a run works with; `wiring` puts it together.

    `basis` stands for all that checking and mapping build on. There is a `desk` where people carry files to the portal.
    """

    sources: Sequence[Source]
    portal: Portal
    journal: Journal
    clock: Clock
    stop: Stop
    watch: Watch
    policy: Policy
    bases: Sequence[Base]
    rules: Rules
    wording: Wording
    glossary: Glossary
    reader: Reader
    identify: Identify
    numbering: Numbering
    year: int
    basis: str
    sweep_after_h: float = SWEEP_AFTER_H
    desk: Desk | None = None
    may_send: MaySend = lambda: None


@dataclass(slots=True)
class Trouble:
    """What went wrong without ending the run: it becomes findings, and the run is not complete.

    `aside` are batches that could not be listed; `seen` those whose people were: nothing is written to any other.
    """

    failures: list[Text] = field(default_factory=list)
    drift: list[Text] = field(default_factory=list)
    aside: dict[BatchKey, Aside] = field(default_factory=dict)
    seen: set[BatchKey] = field(default_factory=set)
    unplaced: list[RefusedRow] = field(default_factory=list)
    stopped: bool = False

    def __bool__(self) -> bool:
        return bool(self.failures or self.drift or self.aside or self.unplaced or self.stopped)

    def set_aside(self, unmade: Mapping[BatchKey, Text]) -> None:
        """Keep why no request could be made for these batches; nothing more is planned for them in this run."""
        self.aside |= {key: Aside(Code.DRIFT, text) for key, text in unmade.items()}
        self.seen -= unmade.keys()

    def look_back(self, seen: Seen) -> None:
        """Keep what one look came to."""
        self.seen |= seen.read
        self.seen -= seen.aside.keys()
        for key, error in seen.aside.items():
            code = Code.DRIFT if isinstance(error, SchemaDrift) else Code.SILENCE
            self.aside[key] = Aside(code, error.text)
        if seen.ended_by is not None:
            self.failures.append(seen.ended_by.text)
            self.stopped = True
