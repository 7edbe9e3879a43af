"""The workers' real-name system: one address, a signed form around JSON, encrypted ids, tickets, pages from 0."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from schemas.portal import Operation
from tests.adapters.dialects.desk import Book, Desk, Judged, Kind, Page, Row, Turned, without
from tests.adapters.dialects.host import Asked, Said
from tests.adapters.dialects.manner import Manner

_APPID, _SECRET = "bridge-9", "an-app-secret-of-32-characters-0"
_TOLERANCE_S = 600
_AT_ONCE = 5
_ID = "idCardNumber"
_BEIJING = timezone(timedelta(hours=8))
_SIGNED = ("appid", "data", "format", "method", "nonce", "timestamp", "version")

_BOOK = Book(
    batch={
        "year": r"\d{4}",
        "corpName": ".+",
        "teamName": ".+",
        "teamLevel": "[1-4]",
        "projectName": ".+",
        "entryTime": r"\d{4}-\d\d-\d\d",
        "exitTime": r"\d{4}-\d\d-\d\d",
        "workerNum": int,
        "leaderNum": int,
        "outNo": ".+",
    },
    person={
        "workerName": ".+",
        "idCardType": "[1-4]",
        _ID: r"\w{18}",
        "cellPhone": r"\d{11}",
        "employer": ".+",
        "workerType": "[1-5]",
        "outNo": ".+",
    },
    batch_key=("year", "corpName", "teamName"),
    year="year",
    id_no=_ID,
    phone="cellPhone",
    online_id="sysNo",
    id_type=int,
    first_id=600001,
)

_SAYS = {
    Kind.THROTTLED: (-5, "访问超过限制"),
    Kind.OUTAGE: (-7, "系统繁忙"),
    Kind.CLOSED: (-6, ""),
    Kind.SIGNATURE: (-2, "签名错误"),
    Kind.CLOCK: (-2, "timestamp 无效"),
    Kind.REFUSED: (-1, ""),
    Kind.EXISTS: (-1, ""),
    Kind.STRANGE: (7777, ""),
}


class Construction:
    """A ticket is still waiting when it is asked about for the first time."""

    def __init__(self) -> None:
        self.desk = Desk(_BOOK)
        self._tickets: dict[str, list[Row]] = {}

    def answer(self, asked: Asked) -> Said:
        form = asked.form
        self._admit(form)
        self.desk.weather()
        data: Row = json.loads(form["data"])
        match form["method"]:
            case "Team.Add":
                return self._ticket(lambda: {"teamSysNo": self.desk.save_batch(data)})
            case "Team.Update":
                batch = without(data, ["teamSysNo"])
                return self._ticket(lambda: self.desk.update_batch(data["teamSysNo"], batch))
            case "ProjectWorker.Add":
                return self._ticket(lambda: self._added(data["teamSysNo"], data["workerList"]))
            case "ProjectWorker.Update":
                return self._ticket(lambda: self.desk.update_person(data["sysNo"], _readable(without(data, ["sysNo"]))))
            case "AsyncHandleResult.Query":
                return _ok(self._asked_about(data["requestSerialCode"]))
            case "Team.Query":
                return _page(self.desk.list_batches(data["year"], *_span(data)))
            case "ProjectWorker.Query":
                return _page(self.desk.list_people(data["teamSysNo"], *_span(data)))
        raise Turned(Kind.REFUSED, "method 不存在")

    def _admit(self, form: dict[str, str]) -> None:
        if form.keys() != {*_SIGNED, "sign"} or (form["appid"], form["format"]) != (_APPID, "json"):
            raise Turned(Kind.SIGNATURE)
        text = "&".join(f"{name}={form[name]}" for name in _SIGNED) + f"&appsecret={_SECRET}"
        if form["sign"] != hashlib.sha256(text.lower().encode()).hexdigest():
            raise Turned(Kind.SIGNATURE)
        stamp = datetime.strptime(form["timestamp"], "%Y%m%d%H%M%S").replace(tzinfo=_BEIJING)
        self.desk.on_time(stamp.timestamp(), _TOLERANCE_S)
        self.desk.first_use(form["nonce"])

    def _ticket(self, work: Callable[[], object]) -> Said:
        try:
            came = {"status": "20", "message": "", "result": work()}
        except Turned as turned:
            came = {"status": "30", "message": turned.words, "result": None}
        ticket = f"R{len(self._tickets) + 1:08}"
        self._tickets[ticket] = [came, {"status": "10", "message": "处理中", "result": None}]
        return _ok({"requestSerialCode": ticket})

    def _asked_about(self, ticket: str) -> Row:
        if ticket not in self._tickets:
            raise Turned(Kind.REFUSED, "requestSerialCode 不存在")
        waiting = self._tickets[ticket]
        return waiting.pop() if len(waiting) > 1 else waiting[0]

    def _added(self, team: object, workers: list[Row]) -> list[Row]:
        if len(workers) > _AT_ONCE:
            raise Turned(Kind.REFUSED, "一次最多5人")
        return [_line(one) for one in self.desk.save_people(team, [_readable(worker) for worker in workers])]

    def turned(self, turned: Turned) -> Said:
        code, words = _SAYS[turned.kind]
        return Said({"code": code, "message": words or turned.words, "data": None})


def _cipher() -> Cipher[modes.CBC]:
    return Cipher(algorithms.AES256(_SECRET.encode()), modes.CBC(_SECRET[:16].encode()))


def _encrypted(plain: str) -> str:
    missing = 16 - len(plain.encode()) % 16
    maker = _cipher().encryptor()
    return base64.b64encode(maker.update(plain.encode() + bytes([missing]) * missing) + maker.finalize()).decode()


def _readable(worker: Row) -> Row:
    """An id in clear is refused as any other text that is no ciphertext."""
    try:
        opener = _cipher().decryptor()
        padded = opener.update(base64.b64decode(worker[_ID], validate=True)) + opener.finalize()
        return {**worker, _ID: padded[: -padded[-1]].decode()}
    except (ValueError, IndexError):
        raise Turned(Kind.REFUSED, "idCardNumber 解密失败") from None


def _line(judged: Judged) -> Row:
    code, words = {"saved": (0, ""), "skipped": (-1, "工人已存在"), "refused": (-1, judged.words)}[judged.what]
    return {"code": code, "message": words, "sysNo": judged.online_id}


def _span(data: Row) -> tuple[int, int]:
    return data["pageIndex"] * data["pageSize"], data["pageSize"]


def _page(page: Page) -> Said:
    rows = page.rows
    if isinstance(rows, list):
        rows = [{**row, _ID: _encrypted(row[_ID])} if _ID in row else row for row in rows]
    return _ok({"rows": rows, "totalCount": page.total})


def _ok(data: object) -> Said:
    return Said({"code": 0, "message": "", "data": data})


MANNER = Manner(
    server=Construction,
    own={"app_id": _APPID, "app_secret": _SECRET},
    token=False,
    signature=True,
    clock_tolerance_s=_TOLERANCE_S,
    lacks=frozenset({Operation.SUBMIT}),
)
