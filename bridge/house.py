"""The house a run works in: its doors to the world, its rules, and the words it speaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bridge.brake import Limits
from bridge.course import MaySend
from bridge.findings import Aside, Identify, Rules
from bridge.map import Glossary
from bridge.ports import Clock, Desk, Journal, Portal, Source, Stop, Watch
from bridge.read_back import SWEEP_AFTER_H, Reader, Seen
from bridge.report import Wording
from bridge.revisions import Numbering
from bridge.rota import Owed
from bridge.suspects import Who
from schemas.batch import Base, BatchKey
from schemas.brake import Held, Reviewed
from schemas.errors import AuthError, SchemaDrift, TransientError
from schemas.finding import Code
from schemas.policy import Policy
from schemas.portal import RefusedRow
from schemas.revision import OF_THE_BATCH
from schemas.texts import T, Text


@dataclass(frozen=True, slots=True)
class House:
    """Everything a run works with; `wiring` puts it together.

    `basis` stands for all that checking and mapping build on. There is a `desk` where people carry files to the portal.
    `brake` says from when on a change is held, `reviewed` what of it somebody has looked at.
    `owed` is what the daemon makes this run for; None: somebody asked for it, and it stands for today.
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
    brake: Limits = field(default_factory=Limits)
    reviewed: Reviewed = field(default_factory=Reviewed)
    owed: Owed | None = None
    may_send: MaySend = lambda: None


def _put_off(cause: str) -> Text:
    return T("The portal would not take it now ({cause}); the next run tries again", cause=cause)


@dataclass(slots=True)
class Trouble:
    """What went wrong without ending the run: it becomes findings, and the run is not complete.

    `aside` are batches that could not be listed or written to; `seen` those whose people were listed: nothing is written
    to any other. `unmade` are people of whom no request can be made.
    `unfinished`: why the run ended early, where no other word of it says so.
    `silent`: the portal was not there, or would take nothing; `turned_away` are those failures that say who we are is wrong.
    `held` is what the brake keeps back, the whole of it once the whole plan was `weighed`; `reviewed` what was let through.
    `written` are batches that requests went out for.
    """

    failures: list[Text] = field(default_factory=list)
    drift: list[Text] = field(default_factory=list)
    aside: dict[BatchKey, Aside] = field(default_factory=dict)
    unmade: dict[Who, Text] = field(default_factory=dict)
    seen: set[BatchKey] = field(default_factory=set)
    unplaced: list[RefusedRow] = field(default_factory=list)
    turned_away: list[Text] = field(default_factory=list)
    unfinished: list[Text] = field(default_factory=list)
    silent: bool = False
    held: dict[BatchKey, Held] = field(default_factory=dict)
    weighed: bool = False
    reviewed: set[BatchKey] = field(default_factory=set)
    written: set[BatchKey] = field(default_factory=set)
    stopped: bool = False

    def __bool__(self) -> bool:
        return bool(self.failures or self.drift or self.aside or self.unmade or self.unplaced or self.stopped)

    def set_aside(self, unmade: Mapping[Who, Text]) -> None:
        """Keep why no request could be made for these people, or batches; nothing more is planned for them in this run."""
        batches = {key: text for (key, person), text in unmade.items() if person in OF_THE_BATCH}
        self.unmade |= {who: text for who, text in unmade.items() if who[0] not in batches}
        self._leave({key: Aside(Code.DRIFT, text) for key, text in batches.items()})

    def put_off(self, batches: Mapping[BatchKey, str]) -> None:
        """Leave these batches to the next run: the portal would not take a request of theirs now."""
        self._leave({key: Aside(Code.SILENCE, _put_off(cause)) for key, cause in batches.items()})

    def _leave(self, batches: Mapping[BatchKey, Aside]) -> None:
        self.aside |= batches
        self.seen -= batches.keys()

    def cut_short(self, cause: str, *, readable: bool) -> None:
        """The work ended early: the portal took no more, as `cause` says, or (empty) the process was asked to end.

        What is left may be nobody's row, such as a submission: then only this says why the run is not complete. Where the
        portal was not `readable` after it either, that is said already.
        """
        self.stopped = True
        self.silent = self.silent or bool(cause)
        if not cause:
            self.unfinished.append(T("the process was asked to end"))
        elif readable:
            self.unfinished.append(T("the portal took no more requests ({cause})", cause=cause))

    def look_back(self, seen: Seen) -> None:
        """Keep what one look came to."""
        self.seen |= seen.read
        self.seen -= seen.aside.keys()
        for key, error in seen.aside.items():
            code = Code.DRIFT if isinstance(error, SchemaDrift) else Code.SILENCE
            self.aside[key] = Aside(code, error.text)
        if seen.ended_by is not None:
            self.failed(seen.ended_by)
            self.stopped = True

    def failed(self, error: TransientError | AuthError) -> None:
        """The portal could not be used: it is `silent`, or turned us away."""
        self.failures.append(error.text)
        if isinstance(error, AuthError):
            self.turned_away.append(error.text)
        else:
            self.silent = True
