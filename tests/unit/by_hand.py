"""The small world once more, its portal without an interface: people carry files to it and bring its exports back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from bridge.map import batch_values, to_online
from bridge.pipeline import sync
from schemas.batch import Batch, BatchKey
from schemas.finding import Case, Code
from schemas.journal import Carried, Settling
from schemas.portal import DeliveryClass
from schemas.report import Report
from schemas.roster import Participant
from tests.adapters.fake_workbook_portal import FakeWorkbookPortal
from tests.unit.cast import BATCH, SPRING, WORDS, block, in_words
from tests.unit.world import World, new_journal

BY_HAND = Settling(DeliveryClass.K4, 0, by_hand=True)
DAY_S = 86_400.0
WHO, WHY = "王上传", "模板填错"


class HandWorld(World):
    """A second passes between any two things that people do, so that files have an order."""

    def __init__(self, folder: Path, **desk: Any) -> None:
        super().__init__(folder)
        self.journal.close()
        self.settling = BY_HAND
        self.journal = new_journal(folder, BY_HAND)
        self.desk = FakeWorkbookPortal(lambda: self.clock.now.at, **desk)
        self.house = replace(
            self.house,
            portal=self.desk,
            desk=self.desk,
            journal=self.journal,
            rules=replace(self.house.rules, by_hand=True),
        )

    def sync(self) -> Report:
        self.clock.pass_s(1)
        return sync(self.house)

    def upload(self, *, told: bool = True, **how: Any) -> None:
        """Somebody uploads every file of the outbox, and says so."""
        self.clock.pass_s(1)
        for path in sorted(self.desk.outbox, key=lambda path: "save_batch" not in path):
            self.desk.upload(path, **how)
        self.clock.pass_s(1)
        if told:
            self.say_uploaded()

    def say_uploaded(self, batch: BatchKey = SPRING) -> tuple[Carried, ...]:
        self.clock.pass_s(1)
        return self.journal.outgoing.uploaded(batch, by=WHO, now=self.clock.instant())

    def void(self, batch: BatchKey = SPRING) -> tuple[Carried, ...]:
        self.clock.pass_s(1)
        return self.journal.outgoing.void(batch, by=WHO, why=WHY, now=self.clock.instant())

    def export(self) -> None:
        self.clock.pass_s(1)
        self.desk.export()
        self.clock.pass_s(1)

    def entered(self) -> None:
        """From the ledger to the agreement, the whole way by hand."""
        self.sync()
        self.upload()
        self.export()
        self.desk.outbox.clear()

    def typed_in(self, *people: Participant, batch: Batch = BATCH) -> None:
        """What staff typed into the portal themselves, without any file."""
        header = batch_values(block(*people, batch=batch), headcount=len(people))
        online_id = self.desk.online.add_batch(**to_online(header, WORDS.batch))
        for one in people:
            self.desk.online.add(online_id, **in_words(one))

    def said(self) -> list[tuple[Code, Case | None]]:
        """What is open, by code and case."""
        return [(seen.finding.code, seen.finding.case) for seen in self.journal.findings.open()]

    def states(self) -> dict[str, int]:
        with self.journal.store.read() as connection:
            query = "SELECT state, count(*) AS times FROM revision GROUP BY state ORDER BY state"
            return {row.state: row.times for row in connection.exec_driver_sql(query)}
