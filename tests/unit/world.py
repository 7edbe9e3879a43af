"""A small world to run the bridge in: ledgers and a portal in memory, a real journal, a clock the test moves."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from adapters.journal.journal import Journal, create_journal, open_journal
from bridge.deadlines import DeadlineRule
from bridge.findings import Rules
from bridge.house import House
from bridge.map import batch_from_online, batch_values, person_from_online, to_online
from bridge.pipeline import sync
from bridge.read_back import Reader
from bridge.report import Wording
from bridge.revisions import Numbering
from schemas.batch import Base, Batch, BatchKey, Level
from schemas.errors import TransientError
from schemas.finding import Rule
from schemas.journal import Instant, Settling
from schemas.portal import Answer, DeliveryClass, OnlinePerson, Operation, Payload
from schemas.report import Report, Side
from schemas.roster import Participant, Reading, Rejection, Roster
from schemas.texts import Language, T
from tests.adapters.fake_portal import FakePortal
from tests.adapters.fake_source import FakeSource
from tests.unit.cast import BATCH, GLOSSARY, MORNING_AFTER, POLICY, SPRING, VAULT, WORDS, block, in_words

WINDOW_S = 1800.0
KEY_LIFE_S = 86_400.0
SETTLING = Settling(DeliveryClass.K3, WINDOW_S)
READS = {"list_batches", "list_people"}


class MovedClock:
    """Stands still until the test moves it."""

    def __init__(self) -> None:
        self.now = Instant(MORNING_AFTER, 5000.0, "first boot")

    def instant(self) -> Instant:
        return self.now

    def pass_s(self, seconds: float) -> None:
        later = self.now.at + timedelta(seconds=seconds)
        self.now = replace(self.now, at=later, uptime_s=self.now.uptime_s + seconds)

    def reboot(self) -> None:
        self.now = replace(self.now, uptime_s=10.0, boot="second boot")


class ObservedPortal(FakePortal):
    """Lets the test act when a request arrives, and change what is answered."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.arriving: Callable[[Payload], object] = lambda _: None
        self.answering: Callable[[Answer], Answer] = lambda answer: answer
        self.listing: Callable[[], object] = lambda: None

    def send(self, payload: Payload) -> Answer:
        self.arriving(payload)
        return self.answering(super().send(payload))

    def people(self, batch_online_id: str, *, expected: Any = tuple) -> Iterator[OnlinePerson]:
        """Time may pass while they are listed."""
        found = list(super().people(batch_online_id, expected=expected))
        self.listing()
        return iter(found)


class Steps:
    """Watches a run, and lets something happen when a step begins or gets on."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.advanced: Callable[[], object] = lambda: None
        self.when: dict[str, Callable[[], object]] = {}

    def step(self, name: str, total: int | None = None) -> None:
        self.seen.append(name)
        self.when.pop(name, lambda: None)()

    def advance(self, count: int = 1) -> None:
        self.advanced()


class Stopping:
    """Whether somebody asked the process to end."""

    requested = False


class FakeMailer:
    """Takes every message, unless it is down; recipients in `refused` it turns away."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.refused: dict[str, str] = {}
        self.down = False

    def send(self, message: bytes, *, sender: str, recipients: Sequence[str]) -> Mapping[str, str]:
        if self.down:
            raise TransientError(T("The mail server is down."))
        self.taken.append(message)
        return {one: words for one, words in self.refused.items() if one in recipients}


@cache
def _empty_journal() -> bytes:
    """A journal is made once: only its bytes are copied into each test."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.db"
        create_journal(path, VAULT)
        return path.read_bytes()


def new_journal(folder: Path, settling: Settling = SETTLING) -> Journal:
    path = folder / "journal.db"
    path.write_bytes(_empty_journal())
    journal = open_journal(path, VAULT, settling)
    with closing(journal.store._engine.raw_connection().cursor()) as cursor:
        cursor.execute("PRAGMA synchronous=OFF")  # no test here cuts the power
    return journal


class World:
    """One federation with its ledgers, its journal and the portal. `house` may be replaced between two runs."""

    def __init__(self, folder: Path, *, once_per_year: bool = False, **portal: Any) -> None:
        self.clock = MovedClock()
        self.portal = ObservedPortal(uptime_s=lambda: self.clock.now.uptime_s, **portal)
        self.source = FakeSource()
        life_s = KEY_LIFE_S if self.portal.delivery_class is DeliveryClass.K2 else None
        self.settling = Settling(self.portal.delivery_class, WINDOW_S, key_life_s=life_s)
        self.journal = new_journal(folder, self.settling)
        self.watch = Steps()
        self.stop = Stopping()
        self.house = House(
            sources=[self.source],
            portal=self.portal,
            journal=self.journal,
            clock=self.clock,
            stop=self.stop,
            watch=self.watch,
            policy=POLICY,
            bases=[Base(BATCH.base, Level.CITY, in_province=True)],
            rules=Rules(DeadlineRule(), once_per_year, reviewed_online=False),
            wording=Wording(Language.EN, POLICY, "测试总工会"),
            glossary=GLOSSARY,
            reader=reader(lambda _: True),
            identify=lambda parts: VAULT.mark(parts).hex()[:16],
            numbering=Numbering("999001", VAULT.serial),
            year=2025,
            basis="first",
        )

    def open_again(self) -> None:
        """After a command has written to the journal: nobody else may until they open it anew."""
        self.journal.close()
        self.journal = open_journal(self.journal.path, VAULT, self.settling)
        self.house = replace(self.house, journal=self.journal)

    def ours_are(self, *organisers: str) -> None:
        """The federation decides anew whose batches are its own."""
        self.house = replace(
            self.house, reader=reader(lambda key: key.organiser in organisers), basis=f"organisers {organisers}"
        )

    def ledger(self, *people: Participant, batch: Batch = BATCH, **more: Any) -> None:
        """The only ledger of `batch` from now on."""
        path = f"rosters/{batch.key.name}.xlsx"
        self.ledgers(block(*people, batch=batch, path=path, **more), path=path)

    def ledgers(self, *rosters: Roster, path: str, rejections: Sequence[Rejection] = ()) -> None:
        self.source.put(Reading(path, rosters, tuple(rejections)))

    def sync(self) -> Report:
        return sync(self.house)

    def run(self) -> str:
        """One sync, as a picture of its report."""
        return picture(self.sync())

    def sync_with_refused(self, operation: Operation) -> Report:
        """One sync whose first request of this kind is refused whole."""
        self.when_sent(operation, lambda payload: self.portal.refuse(len(payload.serials)))
        return self.sync()

    def when_sent(self, operation: Operation, act: Callable[[Payload], object]) -> None:
        """Let something happen once, when the next request of this kind arrives."""

        def arriving(payload: Payload) -> None:
            if payload.operation is operation:
                self.portal.arriving = lambda _: None
                act(payload)

        self.portal.arriving = arriving

    def settle(self) -> None:
        """Let the settle window pass."""
        self.clock.pass_s(WINDOW_S)

    def stored(self, batch: BatchKey = SPRING) -> dict[str, Mapping[str, str]]:
        """What the portal holds of one batch, without masks: online id → fields."""
        masked, self.portal.mask = self.portal.mask, False
        found = {one.online_id: one.fields for one in self.portal.people(self.batch_id(batch))}
        self.portal.mask = masked
        return found

    def batch_id(self, key: BatchKey = SPRING) -> str:
        here = {"organiser": key.organiser, "name": key.name}
        [found] = [one.online_id for one in self.portal.batches(key.year) if here.items() <= one.fields.items()]
        return found

    def online_id(self, one: Participant, batch: BatchKey = SPRING) -> str:
        [found] = [key for key, fields in self.stored(batch).items() if fields["id_no"] == one.id_no]
        return found

    def enter_by_hand(self, *people: Participant, batch: Batch = BATCH) -> str:
        """What staff typed into the portal themselves."""
        header = batch_values(block(*people, batch=batch), headcount=len(people))
        online_id = self.portal.add_batch(**to_online(header, WORDS.batch))
        for one in people:
            self.portal.add(online_id, **in_words(one))
        return online_id

    @property
    def writes(self) -> Counter[str]:
        """How often each writing operation was called so far."""
        return Counter({str(name): count for name, count in self.portal.calls.items() if name not in READS})

    @contextmanager
    def written(self) -> Iterator[Counter[str]]:
        """How often each writing operation is called inside the block."""
        before, during = self.writes, Counter[str]()
        yield during
        during.update(self.writes - before)


def reader(ours: Callable[[BatchKey], bool]) -> Reader:
    return Reader(
        batch_from_online=lambda batch: batch_from_online(batch, WORDS),
        person_from_online=lambda fields: person_from_online(fields, WORDS),
        batch_to_online=lambda values: to_online(values, WORDS.batch),
        person_to_online=lambda values: to_online(values, WORDS.person),
        mark_batch=GLOSSARY.mark_batch,
        mark_person=GLOSSARY.mark_person,
        person_key=GLOSSARY.person_key,
        ours=ours,
    )


def picture(report: Report) -> str:
    """A report as one text: how it ended, both conservation lines, and each open finding."""
    lines = [report.state.value, f"offline {_side(report.offline)}", f"online {_side(report.online)}"]
    for item in report.items:
        moved = f" moved {item.moved}" if item.moved else ""
        fields = "".join(
            f" {d.field}:{d.rule or d.offline + '|' + d.online}"
            for d in item.differences
            if d.rule is not Rule.DICTIONARY
        )
        lines.append(f"{item.code} {item.name or item.batch or '-'}{moved}{fields}")
    return "\n".join(lines)


def _side(side: Side) -> str:
    return f"{side.rows}: " + " ".join(f"{bucket}={count}" for bucket, count in side.buckets.items())
