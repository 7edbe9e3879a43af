"""齐鲁工惠: Bearer, `{code, msg, data}` with "P00000", `page` and `pageSize`, names of skipped people with success."""

from __future__ import annotations

from schemas.outcome import Outcome
from tests.adapters.dialects.desk import RETRY_AFTER_S, Book, Desk, Judged, Kind, Page, Row, Turned, without
from tests.adapters.dialects.host import Asked, Said
from tests.adapters.dialects.manner import Manner

_ID, _SECRET = "bridge-9", "s3cret-of-the-bridge0"

_BOOK = Book(
    batch={
        "year": r"\d{4}",
        "organizerName": ".+",
        "batchName": ".+",
        "level": "21|22|24|26",
        "baseName": ".+",
        "startDate": r"\d{4}-\d\d-\d\d",
        "endDate": r"\d{4}-\d\d-\d\d",
        "personNum": r"\d+",
        "leaderNum": r"\d+",
        "serialNo": ".+",
    },
    person={
        "fullName": ".+",
        "idType": "0[1-4]",
        "idCard": r"\w{18}",
        "userPhone": r"\d{11}",
        "laborName": ".+",
        "personType": "[1-5]",
        "serialNo": ".+",
    },
    batch_key=("year", "organizerName", "batchName"),
    year="year",
    id_no="idCard",
    phone="userPhone",
    status="releaseStatus",
    draft="5",
    submitted="2",
    reviewed="1",
    returned="3",
)

_SAYS = {
    Kind.THROTTLED: (429, "P10012", "请求过于频繁"),
    Kind.OUTAGE: (503, "P10001", "系统异常"),
    Kind.CLOSED: (200, "P10002", "服务暂停"),
    Kind.TOKEN: (401, "P10013", ""),
    Kind.SIGNATURE: (200, "P10013", "获取访问票据失败"),
    Kind.REFUSED: (200, "S20006", ""),
    Kind.EXISTS: (200, "S10019", "系统中已存在"),
    Kind.STRANGE: (200, "S7777", "检查通过"),
}


class Qilu:
    def __init__(self) -> None:
        self.desk = Desk(_BOOK)

    def answer(self, asked: Asked) -> Said:
        if asked.path == "/auth/token":
            return self._token(asked.json)
        self.desk.weather()
        scheme, _, token = asked.headers.get("authorization", "").partition(" ")
        self.desk.admit(token if scheme == "Bearer" else "")
        match asked.method, asked.path.removeprefix("/recuperation"):
            case "POST", "/batch/save":
                return _ok({"id": self.desk.save_batch(asked.json)})
            case "POST", "/batch/update":
                return _ok(self.desk.update_batch(asked.json["id"], without(asked.json, ["id"])))
            case "POST", "/batch/submit":
                return _ok(self.desk.submit(asked.json["id"]))
            case "POST", "/person/saveBatch":
                return _ok(_sorted_out(self.desk.save_people(asked.json["batchId"], asked.json["list"])))
            case "POST", "/person/update":
                return _ok(self.desk.update_person(asked.json["id"], without(asked.json, ["id"])))
            case "GET", "/batch/page":
                return _page(asked, self.desk.list_batches(asked.query["year"], *_span(asked)))
            case "GET", "/person/page":
                return _page(asked, self.desk.list_people(asked.query["batchId"], *_span(asked)))
        return Said({"code": "P10007", "msg": "请求资源不存在", "data": None}, 404)

    def turned(self, turned: Turned) -> Said:
        status, code, words = _SAYS[turned.kind]
        headers = {"Retry-After": str(RETRY_AFTER_S)} if status == 429 else {}
        return Said({"code": code, "msg": words or turned.words, "data": None}, status, headers)

    def _token(self, body: Row) -> Said:
        if body != {"appId": _ID, "appSecret": _SECRET}:
            raise Turned(Kind.SIGNATURE)
        return _ok({"token": self.desk.issue(), "expiresIn": 7200})


def _sorted_out(judged: list[Judged]) -> Row:
    return {
        "saved": [{"serialNo": one.row["serialNo"], "id": one.online_id} for one in judged if one.what == "saved"],
        "failed": [
            {"serialNo": one.row["serialNo"], "code": "S20006", "msg": one.words}
            for one in judged
            if one.what == "refused"
        ],
        "skipped": [one.row["fullName"] for one in judged if one.what == "skipped"],
    }


def _span(asked: Asked) -> tuple[int, int]:
    size = int(asked.query["pageSize"])
    return (int(asked.query["page"]) - 1) * size, size


def _page(asked: Asked, page: Page) -> Said:
    size = int(asked.query["pageSize"])
    numbers = {"size": size, "current": int(asked.query["page"]), "pages": -(-page.total // size)}
    return _ok({"records": page.rows, "total": page.total, **numbers})


def _ok(data: object) -> Said:
    return Said({"code": "P00000", "msg": "操作成功", "data": data})


# P10002 is 服务超时 as well as 服务暂停, so a closed portal may have stored what it was sent
MANNER = Manner(server=Qilu, token=True, signature=False, retry_after=True, closed=Outcome.UNKNOWN)
