"""The stage: a bridge set up on a running practice, and one working day of it, from ledgers to mail and judgement."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bridge import jobs, logs
from bridge.config import Config
from bridge.demo.clerk import Shift
from bridge.demo.clock import StageClock
from bridge.demo.folder import clear, furnish, write_truth
from bridge.demo.judge import Score, Sign, expected, score, seen
from bridge.ports import Watch
from bridge.wiring.journal import open_memory
from bridge.wiring.practice import Clerk, Day, Practice, open_practice
from bridge.wiring.service import NeverStops, NobodyWatches, Ways, found, open_house
from schemas.texts import Language


@dataclass(frozen=True, slots=True)
class Played:
    """One day as it came out: its report and mail, and every finding code judged."""

    issued: jobs.Issued
    scores: tuple[Score, ...]

    @property
    def flawless(self) -> bool:
        """Nothing missed, nothing falsely reported, and the report is in the mail."""
        judged = not any(one.missed or one.false for one in self.scores)
        return judged and self.issued.posted.sent > 0 and not self.issued.posted.failures


@dataclass(frozen=True, slots=True)
class Stage:
    """A bridge set up on a running practice. `truth` is what must be found on each of its days.

    The `clerk` carries the files where the bridge is set up without an interface.
    """

    practice: Practice
    config: Config
    clock: StageClock
    truth: Mapping[date, frozenset[Sign]]
    truth_file: Path
    clerk: Clerk | None = None

    def play(self, day: Day, watch: Watch) -> Played:
        """One day: the world changes, the bridge does its work, and what it found is judged."""
        self.clock.begin(day.date)
        self.practice.begin(day)
        ways = Ways(self.clock, watch, NeverStops())
        if self.clerk is None:
            jobs.sync(self.config, ways)
        else:
            Shift(self.config, ways, self.clerk).work()
        issued = jobs.issue_report(self.config, ways, send=True)
        memory = open_memory(self.config)
        try:
            found_open = seen(sighting.finding for sighting in memory.findings.open())
            return Played(issued, score(self.truth[day.date], found_open))
        finally:
            memory.close()


@contextmanager
def staged(folder: Path, *, people: int, batches: int, language: Language, by_hand: bool = False) -> Iterator[Stage]:
    """Everything ready for day 1. Raises ConfigError where the folder or the size of the world will not do."""
    clear(folder)
    password = secrets.token_hex(16)
    with (
        (folder / "bridge.log").open("ab") as log,
        open_practice(folder, people=people, batches=batches, password=password, by_hand=by_hand) as practice,
    ):
        config = furnish(folder, practice, password=password, language=language, by_hand=by_hand)
        logs.configure(config.log.level, log)
        found(config)
        clock = StageClock(practice.days[0].date)
        truth = _truth(practice, config, clock)
        clerk = _clerk(practice, config, folder) if by_hand else None
        yield Stage(practice, config, clock, truth, write_truth(folder, truth), clerk)


def _clerk(practice: Practice, config: Config, folder: Path) -> Clerk:
    return practice.clerk(outbox=config.portal.outbox, inbox=config.portal.inbox, done=folder / "已上传")


def _truth(practice: Practice, config: Config, clock: StageClock) -> dict[date, frozenset[Sign]]:
    with open_house(config, Ways(clock, NobodyWatches(), NeverStops()), work="demo") as house:
        return {day.date: expected(day.truth, house.glossary.person_key) for day in practice.days}
