"""An older provincial data platform: MD5 in the query over a secret of 15 minutes, got with one of 48 hours; forms."""

from __future__ import annotations

import hashlib
import json
import time

from tests.adapters.dialects.desk import Book, Desk, Judged, Kind, Page, Row, Turned, without
from tests.adapters.dialects.host import Asked, Said
from tests.adapters.dialects.manner import Manner

_KEY, _SECRET = "bridge-9", "s3cret-of-the-bridge0"
_TOLERANCE_S = 300
_LONG_S, _SHORT_S = 48 * 3600, 15 * 60

_BOOK = Book(
    batch={
        "nd": r"\d{4}",
        "ghmc": ".+",
        "pcmc": ".+",
        "cj": "[1-4]",
        "jdmc": ".+",
        "ksrq": r"\d{8}",
        "jsrq": r"\d{8}",
        "rs": r"\d+",
        "ldrs": r"\d+",
        "outId": ".+",
    },
    person={
        "xm": ".+",
        "zjlx": "[1-4]",
        "zjhm": r"\w{18}",
        "sjhm": r"\d{11}",
        "dwmc": ".+",
        "rylb": "[1-5]",
        "outId": ".+",
    },
    batch_key=("nd", "ghmc", "pcmc"),
    year="nd",
    id_no="zjhm",
    phone="sjhm",
    status="zt",
    draft="0",
    submitted="1",
    reviewed="2",
    returned="3",
    first_id=40001,
)

_SAYS = {
    Kind.THROTTLED: (200, "31", "访问频率超限"),
    Kind.OUTAGE: (503, "99", "系统繁忙"),
    Kind.CLOSED: (200, "32", ""),
    Kind.TOKEN: (200, "15", "密钥已失效"),
    Kind.SIGNATURE: (200, "14", "签名错误"),
    Kind.CLOCK: (200, "14", "requestTime 已过期"),
    Kind.REFUSED: (200, "20", ""),
    Kind.EXISTS: (200, "20", ""),
    Kind.STRANGE: (200, "7777", ""),
}


class Legacy:
    """`issued` of the desk counts both kinds of secret; which of them are long ones stands in `_long`."""

    def __init__(self) -> None:
        self.desk = Desk(_BOOK)
        self._long: set[str] = set()

    def answer(self, asked: Asked) -> Said:
        match asked.path.removeprefix("/gateway/app/"):
            case "refreshTokenByKey.htm":
                self._admit(asked, [_SECRET], Kind.SIGNATURE)
                return _ok(self._secret("refresh", _LONG_S))
            case "refreshTokenBySec.htm":
                self._admit(asked, [one for one in self._alive() if one in self._long], Kind.TOKEN)
                return _ok(self._secret("request", _SHORT_S))
        self._admit(asked, [one for one in self._alive() if one not in self._long], Kind.TOKEN)
        self.desk.weather()
        return self._served(asked.path.removeprefix("/gateway/api/recuperation"), asked.form)

    def _served(self, path: str, form: dict[str, str]) -> Said:
        match path:
            case "/batch/save.htm":
                return _ok({"id": self.desk.save_batch(form)})
            case "/batch/update.htm":
                return _ok(self.desk.update_batch(form["id"], without(form, ["id"])))
            case "/batch/submit.htm":
                return _ok(self.desk.submit(form["id"]))
            case "/person/save.htm":
                return _ok(_sorted_out(self.desk.save_people(form["batchId"], json.loads(form["persons"]))))
            case "/person/update.htm":
                return _ok(self.desk.update_person(form["id"], without(form, ["id"])))
            case "/batch/list.htm":
                return _page(self.desk.list_batches(form["year"], int(form["start"]), int(form["limit"])))
            case "/person/list.htm":
                return _page(self.desk.list_people(form["batchId"], int(form["start"]), int(form["limit"])))
        return Said({"code": "10", "msg": "接口不存在", "datas": None})

    def _alive(self) -> list[str]:
        return [secret for secret, ends in self.desk.tokens.items() if ends > time.time()]

    def _secret(self, name: str, life_s: int) -> Row:
        secret = self.desk.issue(life_s)
        if name == "refresh":
            self._long.add(secret)
        return {f"{name}Secret": secret, f"{name}SecretEndTime": int((self.desk.now() + life_s) * 1000)}

    def _admit(self, asked: Asked, secrets: list[str], otherwise: Kind) -> None:
        if asked.query.keys() != {"appKey", "sign", "requestTime"}:
            raise Turned(Kind.SIGNATURE)
        key, stamp = asked.query["appKey"], asked.query["requestTime"]
        made = [hashlib.md5(f"{_KEY}{secret}{stamp}".encode()).hexdigest() for secret in secrets]
        if key != _KEY or asked.query["sign"] not in made:
            raise Turned(otherwise)
        self.desk.on_time(int(stamp) / 1000, _TOLERANCE_S)

    def turned(self, turned: Turned) -> Said:
        status, code, words = _SAYS[turned.kind]
        return Said({"code": code, "msg": words or turned.words, "datas": None}, status)


def _sorted_out(judged: list[Judged]) -> Row:
    saved = [{"outId": one.row["outId"], "id": one.online_id} for one in judged if one.what == "saved"]
    failed = [
        {"outId": one.row["outId"], "code": "20", "msg": one.words or "人员重复"}
        for one in judged
        if one.what != "saved"
    ]
    return {"success": saved, "fail": failed}


def _page(page: Page) -> Said:
    return _ok({"rows": page.rows, "total": page.total})


def _ok(datas: object) -> Said:
    return Said({"code": "00", "msg": "成功", "datas": datas})


MANNER = Manner(server=Legacy, token=True, signature=True, clock_tolerance_s=_TOLERANCE_S)
