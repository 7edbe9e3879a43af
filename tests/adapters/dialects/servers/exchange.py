"""The national exchange platform: four headers, HMAC-SHA256 with a secret it hands out AES-encrypted, for two hours."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from tests.adapters.dialects.desk import Book, Desk, Judged, Kind, Page, Row, Turned, without
from tests.adapters.dialects.host import Asked, Said
from tests.adapters.dialects.manner import Manner

_RID, _APP_KEY = "bridge-9", "0123456789abcde0"
_TOLERANCE_S = 300
_LIFE_S = 7200
_REFRESH = "/sysapi/auth/refreshappsecret"
_SERVICES = {
    "/recuperation/batch/save": "1001",
    "/recuperation/batch/update": "1002",
    "/recuperation/person/save": "1003",
    "/recuperation/person/update": "1004",
    "/recuperation/batch/submit": "1005",
    "/recuperation/batch/query": "1006",
    "/recuperation/person/query": "1007",
    _REFRESH: "1008",
}

_BOOK = Book(
    batch={
        "year": r"\d{4}",
        "unionName": ".+",
        "batchName": ".+",
        "batchLevel": "[1-4]",
        "baseName": ".+",
        "startDate": r"\d{4}-\d\d-\d\d",
        "endDate": r"\d{4}-\d\d-\d\d",
        "personNum": int,
        "leaderNum": int,
        "outId": ".+",
    },
    person={
        "personName": ".+",
        "certType": "[1-4]",
        "certNo": r"\w{18}",
        "mobile": r"\d{11}",
        "unitName": ".+",
        "personType": "[1-5]",
        "outId": ".+",
    },
    batch_key=("year", "unionName", "batchName"),
    year="year",
    id_no="certNo",
    phone="mobile",
    status="auditStatus",
    draft="0",
    submitted="1",
    reviewed="2",
    returned="3",
    first_id=30001,
)

_SAYS = {
    Kind.THROTTLED: (200, "E-301", "访问过于频繁"),
    Kind.OUTAGE: (503, "E-500", "服务不可用"),
    Kind.CLOSED: (200, "E-302", ""),
    Kind.TOKEN: (200, "E-106", "未授权"),
    Kind.SIGNATURE: (200, "-1", "认证失败"),
    Kind.CLOCK: (200, "-1", "认证失败:rtime 超出有效时间"),
    Kind.REFUSED: (200, "E-201", ""),
    Kind.EXISTS: (200, "E-202", ""),
    Kind.STRANGE: (200, "7777", ""),
}


class Exchange:
    def __init__(self) -> None:
        self.desk = Desk(_BOOK)

    def answer(self, asked: Asked) -> Said:
        if asked.path == _REFRESH:
            return self._refresh(asked)
        self._admit(asked, self._secrets(), Kind.TOKEN)
        self.desk.weather()
        match asked.path.removeprefix("/recuperation"):
            case "/batch/save":
                return _ok({"id": self.desk.save_batch(asked.json)})
            case "/batch/update":
                return _ok(self.desk.update_batch(asked.json["id"], without(asked.json, ["id"])))
            case "/batch/submit":
                return _ok(self.desk.submit(asked.json["id"]))
            case "/person/save":
                judged = self.desk.save_people(asked.json["batchId"], asked.json["list"])
                return _ok([_line(one) for one in judged])
            case "/person/update":
                return _ok(self.desk.update_person(asked.json["id"], without(asked.json, ["id"])))
            case "/batch/query":
                return _page(self.desk.list_batches(asked.json["year"], *_span(asked.json)))
            case "/person/query":
                return _page(self.desk.list_people(asked.json["batchId"], *_span(asked.json)))
        return Said({"code": "E-404", "message": "服务不存在", "data": None})

    def _secrets(self) -> list[str]:
        return [secret for secret, ends in self.desk.tokens.items() if ends > time.time()]

    def _admit(self, asked: Asked, keys: list[str], otherwise: Kind) -> None:
        rid, sid, rtime, sign = (asked.headers.get(f"gjgxjhpt_{name}", "") for name in ("rid", "sid", "rtime", "sign"))
        if rid != _RID or sid != _SERVICES.get(asked.path):
            raise Turned(Kind.SIGNATURE)
        text = f"{sid}{rid}{rtime}".encode()
        made = [base64.b64encode(hmac.new(key.encode(), text, hashlib.sha256).digest()).decode() for key in keys]
        if sign not in made:
            raise Turned(otherwise)
        self.desk.on_time(int(rtime) / 1000, _TOLERANCE_S)

    def _refresh(self, asked: Asked) -> Said:
        self._admit(asked, [_APP_KEY], Kind.SIGNATURE)
        ends_ms = int((self.desk.now() + _LIFE_S) * 1000)
        return _ok({"secret": _encrypted(self.desk.issue(_LIFE_S)), "secretEndTime": ends_ms})

    def turned(self, turned: Turned) -> Said:
        status, code, words = _SAYS[turned.kind]
        return Said({"code": code, "message": words or turned.words, "data": None}, status)


def _encrypted(secret: str) -> str:
    plain = secret.encode()
    missing = 16 - len(plain) % 16
    maker = Cipher(algorithms.AES(_APP_KEY.encode()), modes.ECB()).encryptor()
    return base64.b64encode(maker.update(plain + bytes([missing]) * missing) + maker.finalize()).decode()


def _line(judged: Judged) -> Row:
    code = {"saved": "0", "skipped": "E-202", "refused": "E-201"}[judged.what]
    return {"outId": judged.row["outId"], "code": code, "message": judged.words, "id": judged.online_id}


def _span(body: Row) -> tuple[int, int]:
    return (body["pageNum"] - 1) * body["pageSize"], body["pageSize"]


def _page(page: Page) -> Said:
    return _ok({"list": page.rows, "total": page.total})


def _ok(data: object) -> Said:
    return Said({"code": "0", "message": "成功", "data": data})


MANNER = Manner(
    server=Exchange,
    own={
        "app_id": _RID,
        "app_secret": _APP_KEY,
        "sid_save_batch": "1001",
        "sid_update_batch": "1002",
        "sid_save_people": "1003",
        "sid_update_person": "1004",
        "sid_submit": "1005",
        "sid_list_batches": "1006",
        "sid_list_people": "1007",
        "sid_refresh": "1008",
    },
    token=True,
    signature=True,
    clock_tolerance_s=_TOLERANCE_S,
)
