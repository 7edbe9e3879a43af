"""The portal answers in another shape from one day to the next: nothing is taken for stored, or for equal, that is not.

The practice portal itself stores and answers; on the way back the answers to one operation are changed. It refuses somebody
in each batch, and hands have been at work in it, so that whoever believes too much is wrong.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from adapters.portal.http import Clients, Credentials, HttpPortal, Line, Retries, Ticks
from adapters.practice.access import access_of
from adapters.practice.admin import Admin
from adapters.practice.effects import digest
from adapters.practice.portal import create_app
from adapters.practice.weather import Weather
from bridge.map import batch_values, to_online
from bridge.pipeline import sync
from schemas.errors import BridgeError
from schemas.outcome import Outcome
from schemas.portal import Answer, Operation, Payload
from schemas.report import Report, RunState
from schemas.roster import Participant
from tests.adapters.portal_rig import QILU, FakeTime
from tests.reliability.checker import Row, Who, check, lines
from tests.reliability.drift import KINDS, Drift, says_stored
from tests.reliability.lane import measured, replayable, shares
from tests.unit.cast import BATCH, SPRING, WORDS, A, B, C, D, another, block, in_words, key_of, person
from tests.unit.world import World

E_, F = person(5), person(6)
AUTUMN = another("第二批")
BOTH = {SPRING: (A, B, C), AUTUMN.key: (D, E_, F)}
TARGETS = (
    "save_batch",
    "save_people",
    "update_batch",
    "update_person",
    "submit",
    "list_batches",
    "list_people",
    "token",
)
OF_ONE_BATCH = ("save_batch", "save_people", "update_batch", "update_person", "submit", "list_people")
OF_A_CLOSED_PORTAL = {"a page"}
"""After one nothing more goes out in this run, of no batch."""

PATHS = {getattr(QILU.operations, name).path: name for name in TARGETS if name != "token"} | {"/auth/token": "token"}
OWED = {"short": 200, "long": 5_000}
PARTS = 10
BY_HAND = "手工改动的单位"


@dataclass
class Drifting(httpx.BaseTransport):
    """Between the bridge and the portal: the answers to `target` come changed, those about the first batch alone."""

    portal: httpx.BaseTransport
    target: str = ""
    drift: Drift | None = None
    first: set[str] = field(default_factory=set)
    people: set[str] = field(default_factory=set)
    last: httpx.Response | None = None
    changed: int = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        body = request.read()
        answer = self.portal.handle_request(
            httpx.Request(request.method, request.url, headers=request.headers, content=body)
        )
        content = answer.read()
        operation = PATHS[request.url.path]
        of_first = self._of_the_first(request, body, content, operation)
        if self.drift and operation == self.target and (of_first or operation not in OF_ONE_BATCH):
            content, self.changed = self.drift.of(content), self.changed + 1
        self.last = httpx.Response(answer.status_code, headers={"Content-Type": "application/json"}, content=content)
        return self.last

    def _of_the_first(self, request: httpx.Request, body: bytes, content: bytes, operation: str) -> bool:
        """Whether it is about the first batch, or one of its people; learns their ids where the portal tells them."""
        said = json.loads(body) if body else dict(request.url.params)
        data = json.loads(content)["data"] or {}
        if operation == "save_batch" and said["batchName"] == SPRING.name:
            self.first.add(str(data.get("id", "")))
            return True
        if operation == "save_people" and said["batchId"] in self.first:
            self.people |= {str(row["id"]) for row in data.get("saved", ())}
        if operation == "update_person":
            return said["id"] in self.people
        return bool({said.get("batchId"), said.get("id")} & self.first)


class Listening(HttpPortal):
    """Counts what is said to be accepted and was not, by the answer itself."""

    def __init__(self, line: Line, way: Drifting) -> None:
        super().__init__(line)
        self._way = way
        self.wrongly_accepted = 0

    def send(self, payload: Payload) -> Answer:
        answer = super().send(payload)
        for serial, verdict in answer.verdicts.items():
            if verdict.outcome is Outcome.ACCEPTED:
                response, rows = self._way.last, payload.operation is Operation.SAVE_PEOPLE
                self.wrongly_accepted += response is None or not says_stored(response, serial, rows=rows)
        return answer


@dataclass
class Trial:
    """One federation, its portal, and the drift between them. `offline`: who stands in the ledgers, and how by now."""

    world: World
    folder: Path
    way: Drifting
    portal: Listening
    admin: Admin
    offline: dict[Participant, Participant] = field(default_factory=dict)

    def run(self) -> Report | BridgeError:
        """A sync; whatever else than a BridgeError comes out of it is a traceback, and fails the test."""
        try:
            return sync(replace(self.world.house, portal=self.portal))
        except BridgeError as error:
            return error

    def stored(self) -> dict[tuple[str, str], dict[str, str]]:
        """Batch's name and the digest of an id → what the portal holds, from its own ledger of effects."""
        held: dict[tuple[str, str], dict[str, str]] = {}
        for effect in lines(self.folder / "effects.jsonl"):
            held[effect["batch"].rpartition("/")[2], effect["person"]] = effect["content"]
        return held

    def wrongly_agreed(self) -> int:
        """People the journal holds for read back equal, and the portal's ledger does not."""
        held, who = self.stored(), {key_of(one): one for people in BOTH.values() for one in people}
        with self.world.journal.store.read() as connection:
            query = "SELECT batch, person FROM pair WHERE mark_offline IS NOT NULL AND mark_offline = mark_online"
            pairs = connection.exec_driver_sql(query).all()
        return sum(
            _content(self.offline[who[person]])
            != _told(held.get((batch.rpartition("/")[2], digest(who[person].id_no)), {}))
            for batch, person in ((row.batch, bytes(row.person)) for row in pairs)
        )

    def wanted(self) -> dict[Who, Row]:
        """The ledgers, in the portal's words."""
        fields = QILU.fields.person
        return {
            (str(key), digest(who.id_no)): {fields[n]: value for n, value in _content(self.offline[who]).items()}
            for key, people in BOTH.items()
            for who in people
            if who in self.offline
        }

    def not_equal(self) -> set[Participant]:
        """Who of the ledgers is not stored as they stand in them."""
        held = self.stored()
        return {
            who
            for key, people in BOTH.items()
            for who in people
            if who in self.offline and _content(self.offline[who]) != _told(held.get((key.name, digest(who.id_no)), {}))
        }

    def ledgers(self, *, moved: bool) -> None:
        """`moved`: one of each batch has another unit by now, and one more has joined the batch."""
        self.offline.clear()
        for batch in (BATCH, AUTUMN):
            first, second, third = BOTH[batch.key]
            self.offline |= {first: replace(first, unit="另一单位") if moved else first, second: second}
            self.offline |= {third: third} if moved else {}
            self.world.ledger(*(self.offline[one] for one in BOTH[batch.key] if one in self.offline), batch=batch)


def _content(one: Participant) -> dict[str, str]:
    return {name: digest(value) if name in {"id_no", "phone"} else value for name, value in in_words(one).items()}


def _told(content: dict[str, str]) -> dict[str, str]:
    return {name: content.get(theirs, "") for name, theirs in QILU.fields.person.items()}


@contextmanager
def trial(folder: Path) -> Iterator[Trial]:
    world, shop = World(folder), folder / "portal"
    shop.mkdir()
    access = access_of(shop)
    app = create_app(shop, Weather())
    with TestClient(app, base_url="http://127.0.0.1", client=("127.0.0.1", 1)) as served:
        way, time = Drifting(served._transport), FakeTime()
        address = "http://127.0.0.1"
        clients = Clients(address, lambda: way)
        ticks = Ticks(time.monotonic, time.sleep, time.now, os.urandom)
        line = Line(QILU, clients, Credentials(access.app_id, access.app_secret), Retries(), ticks)
        served.headers["Authorization"] = f"Bearer {access.admin_token}"
        made = Trial(world, shop, way, Listening(line, way), Admin(served))
        made.ledgers(moved=False)
        yield made
        clients.close()
        world.journal.close()


def hands_were_at_work(trial: Trial) -> None:
    """The first batch was typed in by staff: one person as in the ledger, one otherwise."""
    header = to_online(batch_values(block(A, B), headcount=2), WORDS.batch)
    batch_id = trial.admin.add_batch({QILU.fields.batch[name]: value for name, value in header.items()})
    trial.way.first.add(batch_id)
    for one in (A, replace(B, unit=BY_HAND)):
        trial.admin.add_person(batch_id, {QILU.fields.person[name]: value for name, value in in_words(one).items()})


def prepared(trial: Trial, target: str) -> None:
    """So far that the next run comes to what drifts."""
    if target in {"list_batches", "list_people", "token"}:
        hands_were_at_work(trial)
    if target == "save_people":
        trial.admin.weather(refuse_people=1)
    if target in {"update_batch", "update_person"}:
        assert isinstance(report := trial.run(), Report)
        assert report.state is RunState.COMPLETE
        trial.ledgers(moved=True)


def the_run_is_honest(trial: Trial, target: str) -> None:
    """One run while the answers drift."""
    came = trial.run()
    assert trial.way.changed
    assert trial.portal.wrongly_accepted == 0
    assert trial.wrongly_agreed() == 0
    if not isinstance(came, Report):
        return
    assert came.offline.conserved
    assert came.online.conserved
    if came.state is RunState.COMPLETE:
        assert trial.not_equal() == set()
    else:
        assert came.items
    if target in OF_ONE_BATCH and trial.way.drift.kind not in OF_A_CLOSED_PORTAL:
        assert trial.not_equal() & set(BOTH[AUTUMN.key]) == set()


def the_next_day_makes_good(trial: Trial) -> int:
    """The portal is itself again. Returns how many were entered twice."""
    trial.way.drift = None
    for _ in range(2):
        trial.world.settle()
        assert isinstance(trial.run(), Report)
    checked = check(trial.folder, trial.world.journal.path, trial.wanted())
    assert checked.violations == []
    return checked.figures["doubled"]


@pytest.mark.parametrize("mine", shares(PARTS, **OWED), ids=range(PARTS))
def test_whatever_shape_an_answer_has_nothing_is_believed_that_is_not_so(tmp_path: Path, mine: range) -> None:
    """A seed decides the kind, the answer and the place."""
    doubles, kinds = 0, set[tuple[str, str]]()
    for number in mine:
        kind, target = list(KINDS)[number % len(KINDS)], TARGETS[number // len(KINDS) % len(TARGETS)]
        kinds.add((kind, target))
        folder = tmp_path / str(number)
        folder.mkdir()
        with replayable(number), capture_logs(), trial(folder) as one:
            prepared(one, target)
            one.way.target, one.way.drift = target, Drift(kind, number)
            the_run_is_honest(one, target)
            doubles += the_next_day_makes_good(one)
            assert doubles == 0
        shutil.rmtree(folder)
    whole = OWED["short"], OWED["long"]
    measured("schema drift", trials=len(mine), owed=len(mine), of_the_suite=whole, duplicates=doubles, kinds=len(kinds))
