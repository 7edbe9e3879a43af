"""A shipped dialect's portal, made as the bridge makes it, before the server of its own."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from adapters.portal.http import Credentials, HttpPortal, Line, Retries, Ticks, open_clients
from bridge.map import batch_from_online, person_from_online, to_online
from schemas.dialect import Dialect, shipped_dialect
from schemas.outcome import Outcome
from schemas.portal import Answer, OnlineBatch, Operation, Payload, Record
from tests.adapters.dialects.desk import Desk, Faults
from tests.adapters.dialects.host import Host
from tests.adapters.dialects.manners import MANNERS, Manner

YEAR = 2025
BATCH = {
    "year": str(YEAR),
    "organiser": "测试总工会",
    "name": "第一批",
    "level": "city",
    "base": "测试基地",
    "start": "2025-05-03",
    "end": "2025-05-07",
    "headcount": "12",
    "leaders": "1",
}
PAGE_SIZE = 3


def person_values(number: int) -> dict[str, str]:
    """Canonical values of one made-up participant."""
    return {
        "name": f"测试{number}",
        "id_type": "resident",
        "id_no": f"99900119900101{number:04}",
        "phone": f"1990000{number:04}",
        "unit": "测试单位",
        "category": "hardship",
    }


@dataclass
class Patience:
    """Time that passes at once when somebody sleeps."""

    slept: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        return time.monotonic() + sum(self.slept)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@dataclass
class Rig:
    dialect: Dialect
    manner: Manner
    desk: Desk
    portal: HttpPortal
    patience: Patience

    @property
    def faults(self) -> Faults:
        return self.desk.faults

    def batch_record(self, **changed: str) -> Record:
        values = to_online({**BATCH, **changed}, self.dialect.words.batch)
        return Record("serial-batch-" + values["name"], values)

    def person_record(self, number: int, *, online_id: str = "", **changed: str) -> Record:
        values = to_online({**person_values(number), **changed}, self.dialect.words.person)
        return Record(f"serial-{number}", values, online_id)

    def save_batch(self, **changed: str) -> str:
        """Its online id."""
        answer = self.send(Operation.SAVE_BATCH, self.batch_record(**changed))
        (verdict,) = answer.verdicts.values()
        assert (verdict.outcome, answer.drift) == (Outcome.ACCEPTED, "")
        assert verdict.online_id
        return verdict.online_id

    def send(self, operation: Operation, record: Record) -> Answer:
        return self.portal.send(self.portal.prepare(operation, [record]))

    def people_payload(self, batch: str, *numbers: int) -> Payload:
        """One call, where the portal takes them all at once."""
        records = [self.person_record(number) for number in numbers]
        return self.portal.prepare(Operation.SAVE_PEOPLE, records, parent=batch, batch=self.batch_record().fields)

    def save_people(self, batch: str, *numbers: int) -> list[Answer]:
        """In as many calls as this portal needs."""
        most = self.portal.rows_at_once(Operation.SAVE_PEOPLE)
        chunks = [numbers[start : start + most] for start in range(0, len(numbers), most)]
        return [self.portal.send(self.people_payload(batch, *chunk)) for chunk in chunks]

    def outcomes(self, batch: str, *numbers: int) -> list[Outcome]:
        return [v.outcome for answer in self.save_people(batch, *numbers) for v in answer.verdicts.values()]

    def filled(self, *numbers: int) -> str:
        """A new batch with these people in it."""
        batch = self.save_batch()
        assert set(self.outcomes(batch, *numbers)) == {Outcome.ACCEPTED}
        return batch

    def people(self, batch: str) -> dict[str, dict[str, str]]:
        """Online id → canonical values; a row listed twice fails."""
        rows = list(self.portal.people(batch))
        found = {row.online_id: person_from_online(row.fields, self.dialect.words) for row in rows}
        assert len(found) == len(rows)
        return found

    def names(self, batch: str) -> set[str]:
        return {values["name"] for values in self.people(batch).values()}

    def the_batch(self) -> tuple[OnlineBatch, Mapping[str, str]]:
        (row,) = self.portal.batches(YEAR)
        return row, batch_from_online(row, self.dialect.words)[1]


@contextmanager
def rigged(host: Host, name: str, *, spoiled: tuple[str, ...] = (), page_size: int = PAGE_SIZE) -> Iterator[Rig]:
    """`spoiled`: names of secrets that are wrong."""
    manner, dialect = MANNERS[name], shipped_dialect(name)
    dialect = dialect.model_copy(
        update={"limits": dialect.limits.model_copy(update={"page_size": page_size, "calls_per_minute": None})}
    )
    host.server = server = manner.server()
    values = {
        key: value[:-1] + ("1" if value[-1] == "0" else "0") if key in spoiled else value
        for key, value in manner.own.items()
    }
    patience = Patience()
    ticks = Ticks(patience.monotonic, patience.sleep, lambda: datetime.now(UTC), os.urandom)
    clients = open_clients(host.base_url + manner.base_path, dialect.transport)
    own = {key: value for key, value in values.items() if key not in {"app_id", "app_secret"}}
    credentials = Credentials(values["app_id"], values["app_secret"], own)
    try:
        yield Rig(
            dialect, manner, server.desk, HttpPortal(Line(dialect, clients, credentials, Retries(), ticks)), patience
        )
    finally:
        clients.close()
        host.server = None
