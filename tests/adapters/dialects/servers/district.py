"""A city's reporting interface for districts: three headers, SHA-1 over key, secret and time, an hour of tolerance.

One person a call; pages are counted from 0; there is no review.
"""

from __future__ import annotations

import hashlib

from schemas.portal import Operation
from tests.adapters.dialects.desk import Book, Desk, Kind, Page, Turned
from tests.adapters.dialects.host import Asked, Said
from tests.adapters.dialects.manner import Manner

_KEY, _SECRET = "bridge-9", "s3cret-of-the-bridge0"
_TOLERANCE_S = 3600

_BOOK = Book(
    batch={
        "year": int,
        "unionName": ".+",
        "title": ".+",
        "level": "[1-4]",
        "base": ".+",
        "startDate": r"\d{4}年\d\d月\d\d日",
        "endDate": r"\d{4}年\d\d月\d\d日",
        "total": int,
        "leaders": int,
        "sourceNo": ".+",
    },
    person={
        "name": ".+",
        "cardType": "[1-4]",
        "cardNo": r"\w{18}",
        "mobile": r"\d{11}",
        "company": ".+",
        "kind": "[1-5]",
        "sourceNo": ".+",
    },
    batch_key=("year", "unionName", "title"),
    year="year",
    id_no="cardNo",
    phone="mobile",
    id_type=int,
    first_id=5001,
)

_SAYS = {
    Kind.THROTTLED: (1005, "调用过于频繁"),
    Kind.OUTAGE: (1006, "系统繁忙"),
    Kind.CLOSED: (1007, ""),
    Kind.SIGNATURE: (1001, "签名错误"),
    Kind.CLOCK: (1001, "签名错误:timestamp 超出有效期"),
    Kind.REFUSED: (1003, ""),
    Kind.EXISTS: (1004, ""),
    Kind.STRANGE: (7777, ""),
}


class District:
    def __init__(self) -> None:
        self.desk = Desk(_BOOK)

    def answer(self, asked: Asked) -> Said:
        self._admit(asked)
        self.desk.weather()
        match asked.method, asked.path.removeprefix("/api/recuperation"):
            case "POST", "/batch/report":
                return _ok(self.desk.save_batch(asked.json["batch"]))
            case "POST", "/batch/correct":
                return _ok(self.desk.update_batch(asked.json["id"], asked.json["batch"]))
            case "POST", "/person/report":
                return self._save_person(asked)
            case "POST", "/person/correct":
                return _ok(self.desk.update_person(asked.json["id"], asked.json["person"]))
            case "GET", "/batch/list":
                return _page(self.desk.list_batches(asked.query["year"], *_span(asked)))
            case "GET", "/person/list":
                return _page(self.desk.list_people(asked.query["batchId"], *_span(asked)))
        return Said({"code": 1002, "msg": "接口不存在", "data": None})

    def _admit(self, asked: Asked) -> None:
        key, stamp, signature = (asked.headers.get(name, "") for name in ("appkey", "timestamp", "signature"))
        if key != _KEY or signature != hashlib.sha1(f"{_KEY}{_SECRET}{stamp}".encode()).hexdigest():
            raise Turned(Kind.SIGNATURE)
        self.desk.on_time(int(stamp) / 1000, _TOLERANCE_S)

    def _save_person(self, asked: Asked) -> Said:
        (judged,) = self.desk.save_people(asked.json["batchId"], [asked.json["person"]])
        if judged.what == "saved":
            return _ok(judged.online_id)
        raise Turned(Kind.EXISTS if judged.what == "skipped" else Kind.REFUSED, judged.words or "该人员已上报")

    def turned(self, turned: Turned) -> Said:
        code, words = _SAYS[turned.kind]
        return Said({"code": code, "msg": words or turned.words, "data": None})


def _span(asked: Asked) -> tuple[int, int]:
    size = int(asked.query["size"])
    return int(asked.query["page"]) * size, size


def _page(page: Page) -> Said:
    return _ok({"content": page.rows, "totalElements": page.total, "last": page.is_last})


def _ok(data: object) -> Said:
    return Said({"code": 0, "msg": "ok", "data": data})


MANNER = Manner(
    server=District,
    token=False,
    signature=True,
    clock_tolerance_s=_TOLERANCE_S,
    people="one",
    lacks=frozenset({Operation.SUBMIT}),
)
