"""Push with its journal, retries and log, against a bare client that posts the same bodies to the same portal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.config import Config
from bridge.house import House
from bridge.map import to_online
from bridge.pipeline import take_in
from bridge.push import Sender, push
from bridge.wiring import log_to, open_house, plain_ways
from schemas.journal import BatchFacts
from schemas.plan import BatchWork, PersonWork, Plan
from schemas.portal import Operation, Payload, Record
from schemas.revision import State
from tests.benchmarks import bare
from tests.benchmarks.measuring import Sample, in_child, in_turn, timed
from tests.benchmarks.tables import Goal, Row, Table
from tests.benchmarks.world import PER_BATCH, furnish, write_ledger

if TYPE_CHECKING:
    from adapters.practice.process import PracticePortal

_TOKEN_PATH = "/auth/token"


def table(folder: Path, *, quick: bool) -> Table:
    from adapters.practice.process import PracticePortal  # its server is no part of what is measured

    requests, rounds = (5, 1) if quick else (50, 7)
    with PracticePortal(folder / "portal") as portal:
        measure = partial(_measured, folder, portal, requests, rounds)
        at_once, after_50_ms = measure(latency_s=0.0), measure(latency_s=0.05)
    ours_ms, bare_ms = ((at_once[who].wall_s / requests * 1e3) for who in ("ours", "bare"))
    rows = (
        Row("portal at 0 ms", at_once["ours"], "httpx", at_once["bare"], Goal("P5", ratio=1.33)),
        Row("portal at 50 ms", after_50_ms["ours"], "httpx", after_50_ms["bare"], Goal("P4", ratio=1.05)),
        Row("portal at 0 ms, the client's CPU alone", _cpu(at_once["ours"]), "httpx", _cpu(at_once["bare"])),
    )
    note = f"At 0 ms a request took {ours_ms:.1f} ms, of which {bare_ms:.1f} ms without journal, retries and log."
    return Table(f"Push: {requests} requests of {PER_BATCH} people, one in flight", rows, (note,))


def _cpu(sample: Sample) -> Sample:
    return Sample(sample.cpu_s, sample.cpu_s)


def _measured(
    folder: Path, portal: PracticePortal, requests: int, rounds: int, *, latency_s: float
) -> dict[str, Sample]:
    """Each time with batches of their own, so that the portal has the same to do."""
    portal.set_weather(latency_s=latency_s)
    turns = count(len(list(folder.iterdir())))

    def one(job: str) -> Sample:
        organiser = f"测试总工会{next(turns)}·"
        home = folder / organiser
        furnish(home, base_url=portal.base_url, app_id=portal.app_id, secret=portal.app_secret)
        write_ledger(home / "ledgers" / "ledger.xlsx", requests * PER_BATCH, organiser=organiser)
        return in_child({"bare": post, "ours": push_people}[job], folder=str(home))

    return in_turn(rounds, {job: partial(one, job) for job in ("bare", "ours")})


def push_people(folder: str) -> Sample:
    """The people of batches whose headers are online already. Raises RuntimeError unless all are accepted."""
    with _with_headers_online(folder) as (house, sender):
        facts = house.journal.deliveries.disagreeing()
        work = [
            BatchWork(
                batch.key,
                _end(batch),
                people=tuple(PersonWork(f.person, Operation.SAVE_PEOPLE) for f in facts if f.batch == batch.key),
            )
            for batch in house.journal.deliveries.batches()
        ]
        sample = timed(lambda: push(Plan(tuple(work)), sender, stop=house.stop, watch=house.watch))
        states = {fact.revision.state if fact.revision else None for fact in house.journal.deliveries.disagreeing()}
    if states != {State.ACCEPTED}:
        raise RuntimeError(f"not every person was accepted: {states}")
    return sample


def post(folder: str) -> Sample:
    """The very bodies that `push` would make, made beforehand."""
    with _with_headers_online(folder) as (house, sender):
        payloads = [_payload(batch, sender, house) for batch in house.journal.deliveries.batches()]
    config = Config.load(Path(folder) / "config.toml")
    bodies = [payload.body for payload in payloads]
    return bare.httpx_posts(config.portal.base_url, payloads[0].path, bodies, _token(config))


def _payload(batch: BatchFacts, sender: Sender, house: House) -> Payload:
    people = house.journal.people.offline_of(batch.key)
    records = [Record(person.hex(), sender.person_in_words(values)) for person, values in people.items()]
    return sender.portal.prepare(Operation.SAVE_PEOPLE, records, parent=batch.online_id)


def _token(config: Config) -> str:
    import httpx

    secret = (config.portal.app_secret_file or Path()).read_text("utf-8")
    asked = {"appId": config.portal.app_id, "appSecret": secret}
    token: str = httpx.post(config.portal.base_url + _TOKEN_PATH, json=asked).json()["data"]["token"]
    return token


@contextmanager
def _with_headers_online(folder: str) -> Iterator[tuple[House, Sender]]:
    config = Config.load(Path(folder) / "config.toml")
    with log_to(config), open_house(config, plain_ways(), work="benchmark") as house:
        take_in(house)
        sender = _sender(house)
        headers = [
            BatchWork(batch.key, _end(batch), header=Operation.SAVE_BATCH)
            for batch in house.journal.deliveries.batches()
        ]
        push(Plan(tuple(headers)), sender, stop=house.stop, watch=house.watch)
        yield house, sender


def _sender(house: House) -> Sender:
    """As `bridge.pipeline.carry_out` makes it."""
    words = house.glossary.words
    return Sender(
        portal=house.portal,
        journal=house.journal,
        clock=house.clock,
        numbering=house.numbering,
        batch_in_words=lambda values: to_online(values, words.batch),
        person_in_words=lambda values: to_online(values, words.person),
        run=1,
    )


def _end(batch: BatchFacts) -> date:
    if batch.end is None:
        raise RuntimeError("a batch without an end")
    return batch.end
