"""A TIF gateway: four headers of which one is SHA-256 over time, token and nonce; behind it a service with a code."""

from __future__ import annotations

import hashlib

from tests.adapters.dialects.desk import RETRY_AFTER_S, Book, Desk, Judged, Kind, Page, Row, Turned, without
from tests.adapters.dialects.host import Asked, Said
from tests.adapters.dialects.manner import Manner

_PAASID, _TOKEN = "bridge-9", "s3cret-of-the-bridge0"
_TOLERANCE_S = 180

_BOOK = Book(
    batch={
        "annual": r"\d{4}",
        "unionName": ".+",
        "batchName": ".+",
        "batchLevel": "0[1-4]",
        "base.name": ".+",
        "base.beginDate": r"\d{8}",
        "base.endDate": r"\d{8}",
        "planNum": r"\d+",
        "leaderNum": r"\d+",
        "bizSerialNo": ".+",
    },
    person={
        "xm": ".+",
        "zjlx": "0[1-4]",
        "zjhm": r"\w{18}",
        "lxdh": r"\d{11}",
        "gzdw": ".+",
        "rylb": "0[1-5]",
        "bizSerialNo": ".+",
    },
    batch_key=("annual", "unionName", "batchName"),
    year="annual",
    id_no="zjhm",
    phone="lxdh",
    online_id="bizId",
    status="auditState",
    draft="00",
    submitted="10",
    reviewed="20",
    returned="30",
    first_id=900000001,
)

# the gateway speaks by status, the service by an inner code
_GATEWAY = {
    Kind.THROTTLED: (429, "too many requests"),
    Kind.OUTAGE: (503, "service unavailable"),
    Kind.SIGNATURE: (401, "signature invalid"),
    Kind.CLOCK: (401, "timestamp expired"),
}
_SERVICE = {Kind.CLOSED: 9001, Kind.REFUSED: 4001, Kind.EXISTS: 4002, Kind.STRANGE: 7777}


class Tif:
    def __init__(self) -> None:
        self.desk = Desk(_BOOK)

    def answer(self, asked: Asked) -> Said:
        self._admit(asked)
        self.desk.weather()
        match asked.path.removeprefix("/ebus/recuperation"):
            case "/batch/save":
                return _ok({"bizId": self.desk.save_batch(asked.json["batch"])})
            case "/batch/update":
                return _ok(self.desk.update_batch(asked.json["bizId"], asked.json["batch"]))
            case "/batch/submit":
                return _ok(self.desk.submit(asked.json["bizId"]))
            case "/person/save":
                return _ok(_sorted_out(self.desk.save_people(asked.json["batchId"], asked.json["persons"])))
            case "/person/update":
                return _ok(self.desk.update_person(asked.json["bizId"], without(asked.json, ["bizId"])))
            case "/batch/query":
                return _page(_in_words(self.desk.list_batches(asked.json["annual"], *_span(asked.json))))
            case "/person/query":
                return _page(self.desk.list_people(asked.json["batchId"], *_span(asked.json)))
        return Said({"message": "no route"}, 404)

    def _admit(self, asked: Asked) -> None:
        paasid, stamp, nonce, signature = (
            asked.headers.get(f"x-tif-{name}", "") for name in ("paasid", "timestamp", "nonce", "signature")
        )
        wanted = hashlib.sha256(f"{stamp}{_TOKEN}{nonce}{stamp}".encode()).hexdigest()
        if paasid != _PAASID or signature != wanted:
            raise Turned(Kind.SIGNATURE)
        self.desk.on_time(int(stamp), _TOLERANCE_S)
        self.desk.first_use(nonce)

    def turned(self, turned: Turned) -> Said:
        if turned.kind in _GATEWAY:
            status, words = _GATEWAY[turned.kind]
            return Said({"message": words}, status, {"Retry-After": str(RETRY_AFTER_S)} if status == 429 else {})
        return Said({"code": _SERVICE[turned.kind], "message": turned.words, "data": None})


def _sorted_out(judged: list[Judged]) -> Row:
    """`fail` holds people who are there already as well: with a code of their own."""
    codes = {"refused": 4001, "skipped": 4002}
    return {
        "success": [
            {"bizSerialNo": one.row["bizSerialNo"], "bizId": one.online_id} for one in judged if one.what == "saved"
        ],
        "fail": [
            {"bizSerialNo": one.row["bizSerialNo"], "errCode": codes[one.what], "errMsg": one.words}
            for one in judged
            if one.what in codes
        ],
    }


def _span(body: Row) -> tuple[int, int]:
    number, size = int(body["pageNum"]), int(body["pageSize"])
    return (number - 1) * size, size


def _in_words(page: Page) -> Page:
    """It takes codes and lists words, or codes that nobody padded."""
    words = {"01": "1", "02": "市级", "03": "区市级", "04": "4"}
    rows = [{**row, "batchLevel": words[row["batchLevel"]]} for row in page.rows]
    return Page(rows, page.total, page.is_last)


def _page(page: Page) -> Said:
    return _ok({"list": page.rows, "total": str(page.total)})


def _ok(data: object) -> Said:
    return Said({"code": 0, "message": "success", "data": data})


MANNER = Manner(server=Tif, token=False, signature=True, clock_tolerance_s=_TOLERANCE_S, retry_after=True)
