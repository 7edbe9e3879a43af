"""Push with its journal, retries and log, against what only sends the same bodies: wrk at 50 ms, bare httpx at 0 ms."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from functools import partial
from itertools import islice
from pathlib import Path

from bridge.chunks import chunks
from bridge.config import Config
from bridge.house import House
from bridge.pipeline import sender_of, take_in
from bridge.push import Sender, push
from bridge.wiring.service import log_to, open_house, plain_ways
from schemas.journal import BatchFacts
from schemas.plan import BatchWork, PersonWork, Plan
from schemas.portal import Operation, Record
from schemas.revision import State
from tests.adapters.moved_in import moved_in
from tests.benchmarks import bare
from tests.benchmarks.measuring import Sample, in_child, in_turn, timed
from tests.benchmarks.quick_portal import APP_ID, SAVE_PEOPLE, SECRET, TOKEN, quick_portal
from tests.benchmarks.tables import Goal, Row, Table
from tests.benchmarks.world import PER_BATCH, furnish, write_ledger

_HEADERS = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json", "Accept": "application/json"}
_SHIPPED = Path("schemas/dialects/qilu.toml")
_WRK_S = 3
_P4, _P5 = Goal("P4", ratio=1 / 0.95), Goal("P5", ratio=1 / 0.75)


@dataclass(frozen=True, slots=True)
class Load:
    """So many requests of `rows` people each, so many of them at once."""

    rows: int
    in_flight: int
    requests: int

    @property
    def people(self) -> int:
        return self.rows * self.requests

    def __str__(self) -> str:
        return f"{self.in_flight} in flight, {self.rows} people a request"

    def shortened(self) -> Load:
        """Enough to show that it runs."""
        return Load(self.rows, self.in_flight, PER_BATCH // self.rows * 2)


AFTER_50_MS = (
    *(Load(20, 8, 800), Load(20, 16, 1600), Load(20, 32, 3200)),
    *(Load(100, 8, 400), Load(100, 16, 640), Load(100, 32, 640)),
)
AT_ONCE = Load(20, 1, 500), Load(20, 4, 1000), Load(20, 8, 1000), Load(100, 8, 400)


def table(folder: Path, *, quick: bool) -> Table:
    slow, fast = ([load.shortened() if quick else load for load in loads] for loads in (AFTER_50_MS, AT_ONCE))
    home = folder / "home"
    in_child(take_people_in, folder=str(home), people=max(load.people for load in (*slow, *fast)))
    measure = partial(_measured, home, 1 if quick else 3, 1 if quick else _WRK_S)
    with quick_portal(0.05) as url:
        rows = [Row(f"50 ms, {load}", *measure(load, url, "wrk"), _P4) for load in slow]
    with quick_portal(0.0) as url:
        rows += [Row(f"0 ms, {load}", *measure(load, url, "httpx"), _P5) for load in fast]
    return Table("Push", tuple(rows), ("The client's own CPU a request: " + _cpu(rows, (*slow, *fast)) + ".",))


def _cpu(rows: list[Row], loads: tuple[Load, ...]) -> str:
    told = (
        f"{row.ours.cpu_s / load.requests * 1e3:.2f} ms ({row.what})" for row, load in zip(rows, loads, strict=True)
    )
    return ", ".join(told)


def _measured(home: Path, rounds: int, wrk_s: int, load: Load, url: str, against: str) -> tuple[Sample, str, Sample]:
    """Ours each time with a journal of its own, in which nobody has been sent yet."""

    def ours() -> Sample:
        copy = home.with_name("copy")
        shutil.copytree(home, copy)
        os.sync()  # or the first commit would wait for the copy to be written
        moved_in(copy)
        try:
            _speak(copy, url, load)
            return in_child(push_people, folder=str(copy), load=asdict(load))
        finally:
            shutil.rmtree(copy)

    def theirs() -> Sample:
        _speak(home, url, load)
        job = {"wrk": run_wrk, "httpx": run_httpx}[against]
        return in_child(job, folder=str(home), load=asdict(load), url=url + SAVE_PEOPLE, seconds=wrk_s)

    found = in_turn(rounds, {against: theirs, "ours": ours})
    return found["ours"], against, found[against]


def take_people_in(folder: str, people: int) -> Sample:
    home = Path(folder)
    config = furnish(home, app_id=APP_ID, secret=SECRET)
    write_ledger(home / "ledgers" / "ledger.xlsx", people)
    with log_to(config), open_house(config, plain_ways(), work="benchmark") as house:
        return timed(lambda: take_in(house))


def _speak(folder: Path, url: str, load: Load) -> None:
    """Let the settings in `folder` name this portal, which takes this much at once."""
    dialect = _SHIPPED.read_text("utf-8")
    for shipped, wanted in (("rows_per_call = 100", load.rows), ("concurrency = 1\n", load.in_flight)):
        dialect = dialect.replace(shipped, f"{shipped.partition(' =')[0]} = {wanted}\n")
    (folder / "quick.toml").write_text(dialect, encoding="utf-8")
    lines = (folder / "config.toml").read_text("utf-8").splitlines()
    kept = [line for line in lines if not line.startswith(("base_url", "dialect"))]
    at = kept.index("[portal]") + 1
    kept[at:at] = [f'base_url = "{url}"', 'dialect = "quick.toml"']
    (folder / "config.toml").write_text("\n".join(kept), encoding="utf-8")


def push_people(folder: str, load: dict[str, int]) -> Sample:
    """The people of batches whose headers are online already. Raises RuntimeError unless all are accepted."""
    wanted = Load(**load)
    with _opened(folder) as (house, sender):
        batches = house.journal.deliveries.batches()[: wanted.people // PER_BATCH]
        headers = [BatchWork(batch.key, _end(batch), header=Operation.SAVE_BATCH) for batch in batches]
        push(Plan(tuple(headers)), sender, stop=house.stop, watch=house.watch)
        plan = Plan(tuple(_people(batch, house) for batch in batches))
        sample = timed(lambda: push(plan, sender, stop=house.stop, watch=house.watch))
        states = [fact.revision.state for fact in house.journal.deliveries.disagreeing() if fact.revision]
    if states != [State.ACCEPTED] * wanted.people:
        raise RuntimeError(f"of {wanted.people} people not every one was accepted")
    return sample


def run_httpx(folder: str, load: dict[str, int], url: str, seconds: int) -> Sample:
    wanted = Load(**load)
    bodies = list(islice(_bodies(folder, wanted), wanted.requests))
    return bare.httpx_posts(url, bodies, _HEADERS, wanted.in_flight)


def run_wrk(folder: str, load: dict[str, int], url: str, seconds: int) -> Sample:
    wanted = Load(**load)
    body = next(_bodies(folder, wanted))
    return bare.wrk(url, body, _HEADERS, requests=wanted.requests, in_flight=wanted.in_flight, seconds=seconds)


def _bodies(folder: str, load: Load) -> Iterator[bytes]:
    """The very bodies that `push` would make."""
    with _opened(folder) as (house, sender):
        for batch in house.journal.deliveries.batches():
            people = list(house.journal.people.offline_of(batch.key).items())
            for chunk in chunks(people, load.rows):
                records = [Record(person.hex(), sender.person_in_words(values)) for person, values in chunk]
                yield sender.portal.prepare(Operation.SAVE_PEOPLE, records, parent="1").body


def _people(batch: BatchFacts, house: House) -> BatchWork:
    facts = house.journal.deliveries.disagreeing(only=batch.key)
    return BatchWork(
        batch.key, _end(batch), people=tuple(PersonWork(fact.person, Operation.SAVE_PEOPLE) for fact in facts)
    )


@contextmanager
def _opened(folder: str) -> Iterator[tuple[House, Sender]]:
    config = Config.load(Path(folder) / "config.toml")
    with log_to(config), open_house(config, plain_ways(), work="benchmark") as house:
        yield house, sender_of(house, run=1)


def _end(batch: BatchFacts) -> date:
    if batch.end is None:
        raise RuntimeError("a batch without an end")
    return batch.end
