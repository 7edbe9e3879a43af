"""What findings are made from: everything the journal knows of both sides, at one moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bridge.deadlines import DeadlineRule
from bridge.suspects import Suspects, Who
from schemas.batch import BatchKey
from schemas.brake import Held
from schemas.finding import Case, Code
from schemas.journal import BatchFacts, Carried, Person, PersonFacts
from schemas.report import Clock, ClockState
from schemas.revision import Revision, State
from schemas.texts import Text

Identify = Callable[[Sequence[str]], str]


@dataclass(frozen=True, slots=True)
class Rules:
    """What the federation has decided (domain.md 3) as far as it shapes findings.

    `by_hand`: the portal has no interface, and people carry files to and fro.
    """

    deadline: DeadlineRule
    once_per_year: bool
    reviewed_online: bool
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class Aside:
    """Why one batch could not be listed in this run."""

    code: Code
    text: Text


@dataclass(frozen=True, slots=True)
class View:
    """Everything reconciling looks at, at one moment. `identify` makes a finding's stable id from its parts."""

    now: datetime
    rules: Rules
    identify: Identify
    batches: Mapping[BatchKey, BatchFacts]
    clocks: Mapping[BatchKey, Clock]
    people: Sequence[PersonFacts]
    opened: Mapping[Who, Person]
    suspects: Suspects
    words: Callable[[BatchKey, str], str]
    carried: Sequence[Carried] = ()
    held: Mapping[BatchKey, Held] = field(default_factory=dict)


def batch_values(view: View, key: BatchKey) -> dict[str, str | int]:
    """What the catalogue's sentences say of a batch: its title, the day it is due, the days it is late."""
    clock = view.clocks.get(key)
    if clock is None:
        return {"batch": key.title, "due": "-", "days": 0}
    late = (view.now.date() - clock.due).days
    return {"batch": key.title, "due": clock.due.isoformat(), "days": max(late, 0)}


def due_code(view: View, key: BatchKey) -> Code:
    """D01 while there is time, D02 after it."""
    clock = view.clocks.get(key)
    return Code.OVERDUE if clock is not None and clock.state is ClockState.OVERDUE else Code.DUE


def case_of_doubt(revision: Revision, rules: Rules) -> Case | None:
    """Whether an open outcome waits for the bridge (None), or for a person, or rests on a person's word."""
    if revision.state is State.VOUCHED:
        return Case.VOUCHED
    if revision.state is State.QUARANTINED:
        return Case.MISSING if rules.by_hand else Case.ASK
    return None
