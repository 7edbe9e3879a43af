"""The clerk of the demo: where the portal has no interface, carries files there and back, as the findings ask."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from bridge import jobs
from bridge.config import Config
from bridge.wiring.journal import open_memory
from bridge.wiring.practice import Clerk
from bridge.wiring.service import Ways, open_journal_alone
from schemas.batch import BatchKey
from schemas.finding import Case
from schemas.journal import Instant
from schemas.report import Report
from schemas.texts import Language, T

_ROUNDS = 4
"""Entered, corrected, and once more for whatever the portal gave back."""


@dataclass(frozen=True, slots=True)
class Shift:
    """One day of carrying. Files get the time of the stage, or they would be of another year than the ledgers."""

    config: Config
    ways: Ways
    clerk: Clerk

    def work(self) -> Report:
        """Export, sync, upload, say so: until nothing is left in the outbox."""
        self._give_up_what_is_missing()
        self._bring_back()
        report = jobs.sync(self.config, self.ways)
        for _ in range(_ROUNDS):
            if not self._dated(self.clerk.carry):
                break
            self._say_uploaded()
            self._bring_back()
            report = jobs.sync(self.config, self.ways)
        return report

    def _bring_back(self) -> None:
        self._dated(lambda: self.clerk.export(self.config.federation.year))

    def _say_uploaded(self) -> None:
        with open_journal_alone(self.config, self.ways, work="uploaded") as journal:
            for one in journal.outgoing.carried():
                if not one.uploaded:
                    journal.outgoing.uploaded(one.batch, by=self._say("the practice clerk"), now=self._now())

    def _give_up_what_is_missing(self) -> None:
        """Whom the portal said to have and has not: after a look online the file is void, and exported anew."""
        missing = self._batches_with(Case.MISSING)
        with open_journal_alone(self.config, self.ways, work="void") as journal:
            for key in missing:
                why = self._say("not found online")
                journal.outgoing.void(key, by=self._say("the practice clerk"), why=why, now=self._now())

    def _batches_with(self, case: Case) -> Iterable[BatchKey]:
        memory = open_memory(self.config)
        try:
            found = {seen.finding.batch for seen in memory.findings.open() if seen.finding.case is case}
        finally:
            memory.close()
        return sorted(key for key in found if key is not None)

    def _dated(self, act: Callable[[], object]) -> object:
        """Do it, and date whatever it brings into the inbox."""
        before = set(self._inbox())
        done = act()
        at = self._now().at.timestamp()
        for path in set(self._inbox()) - before:
            os.utime(path, (at, at))
        return done

    def _inbox(self) -> list[Path]:
        return list(self.clerk.inbox.iterdir())

    def _now(self) -> Instant:
        return self.ways.clock.instant()

    def _say(self, word: str) -> str:
        language: Language = self.config.federation.language
        return _WORDS[word].into(language)


_WORDS = {text.msgid: text for text in (T("the practice clerk"), T("not found online"))}
