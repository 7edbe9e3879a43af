"""The HTTP portal on a router of prepared answers, with a clock that only moves when somebody sleeps."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
import orjson
import respx

from adapters.portal.http import Clients, Credentials, HttpPortal, Line, Retries, Ticks
from schemas.dialect import Dialect, shipped_dialect
from schemas.portal import Operation, Payload, Record

QILU = shipped_dialect("qilu")
TOKEN = {"code": "P00000", "msg": "", "data": {"token": "t1", "expiresIn": 7200}}


def qilu_with(operation: Operation, **changed: object) -> Dialect:
    """The shipped dialect with one writing operation changed."""
    operations = QILU.operations
    write = operations.write(operation)
    assert write is not None
    again = write.model_validate({**write.model_dump(), **changed})
    return QILU.model_copy(update={"operations": operations.model_copy(update={operation.value: again})})


@dataclass
class FakeTime:
    now_s: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.now_s

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.now_s, UTC)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now_s += seconds


@dataclass
class Rig:
    portal: HttpPortal
    router: respx.Router
    time: FakeTime
    token: respx.Route
    line: Line


@contextmanager
def rigged(dialect: Dialect = QILU, retries: Retries | None = None, *, secret: str = "secret") -> Iterator[Rig]:
    router = respx.Router(assert_all_called=False)
    token = router.post("/auth/token").mock(return_value=ok(TOKEN["data"]))
    time = FakeTime()
    clients = Clients("https://portal.test", lambda: httpx.MockTransport(router.handler))
    ticks = Ticks(time.monotonic, time.sleep, time.now, os.urandom)
    line = Line(dialect, clients, Credentials("app", secret), retries or Retries(), ticks)
    try:
        yield Rig(HttpPortal(line), router, time, token, line)
    finally:
        clients.close()


def answer(code: str | int, data: object = None, *, msg: str = "", status: int = 200, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, json={"code": code, "msg": msg, "data": data}, headers=named)


def ok(data: object = None) -> httpx.Response:
    return answer("P00000", data)


def page(rows: list[dict[str, object]], total: int | None = None) -> httpx.Response:
    return ok({"records": rows, "total": len(rows) if total is None else total})


def person(number: int, name: str = "") -> Record:
    fields = {
        "name": name or f"测试{number}",
        "id_type": "01",
        "id_no": f"99900119900101{number:04}",
        "phone": f"1990000{number:04}",
        "unit": "测试单位",
        "category": "1",
    }
    return Record(f"serial-{number}", fields)


def people(portal: HttpPortal, *names: str) -> Payload:
    records = [person(number, name) for number, name in enumerate(names, 1)]
    return portal.prepare(Operation.SAVE_PEOPLE, records, parent="7")


def batch(portal: HttpPortal) -> Payload:
    fields = {
        "year": "2025",
        "organiser": "测试总工会",
        "name": "第一批",
        "level": "22",
        "base": "测试基地",
        "start": "2025-05-03",
        "end": "2025-05-07",
        "headcount": "2",
        "leaders": "1",
    }
    return portal.prepare(Operation.SAVE_BATCH, [Record("serial-b", fields)])


def listed_person(number: int) -> dict[str, object]:
    return {
        "id": number,
        "fullName": f"测试{number}",
        "idType": "01",
        "idCard": f"9990**********{number:04}",
        "userPhone": None,
        "laborName": "测试单位",
        "personType": 1,
    }


def listed_batch(**changed: object) -> dict[str, object]:
    return {
        "id": "7",
        "year": 2025,
        "organizerName": "测试总工会",
        "batchName": "第一批",
        "level": "22",
        "baseName": "测试基地",
        "startDate": "2025-05-03",
        "endDate": "2025-05-07",
        "personNum": 2,
        "leaderNum": 1,
        "releaseStatus": "5",
        **changed,
    }


def sent_body(route: respx.Route, call: int = -1) -> object:
    return orjson.loads(route.calls[call].request.content)
