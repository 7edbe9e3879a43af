"""A jeecg-boot back end: X-Access-Token, `{success, code, message, result}`, `pageNo` and `pageSize`."""

from __future__ import annotations

from tests.adapters.dialects.desk import RETRY_AFTER_S, Book, Desk, Judged, Kind, Page, Row, Turned, without
from tests.adapters.dialects.host import Asked, Said
from tests.adapters.dialects.manner import Manner

_ROOT = "/jeecg-boot"
_USER, _PASSWORD = "bridge-9", "s3cret-of-the-bridge0"

_BOOK = Book(
    batch={
        "year": r"\d{4}",
        "unionName": ".+",
        "batchName": ".+",
        "batchLevel": "1|2|3|4",
        "baseName": ".+",
        "startDate": r"\d{4}-\d\d-\d\d",
        "endDate": r"\d{4}-\d\d-\d\d",
        "personNum": int,
        "leaderNum": int,
        "outId": ".+",
    },
    person={
        "realname": ".+",
        "idType": "1|2|3|4",
        "idCard": r"\w{18}",
        "phone": r"\d{11}",
        "workUnit": ".+",
        "personType": "[1-5]",
        "outId": ".+",
    },
    batch_key=("year", "unionName", "batchName"),
    year="year",
    id_no="idCard",
    phone="phone",
    status="bpmStatus",
    draft="1",
    submitted="2",
    reviewed="3",
    returned="4",
    extras={
        "createBy": "bridge-9",
        "createTime": "2025-05-08 09:00:00",
        "updateBy": None,
        "updateTime": None,
        "sysOrgCode": "A01",
    },
    first_id=1790000000000000001,
)

_SAYS = {
    Kind.THROTTLED: (429, 429, "请求过于频繁"),
    Kind.OUTAGE: (503, 503, "服务不可用"),
    Kind.CLOSED: (200, 510, ""),
    Kind.TOKEN: (401, 401, "Token失效，请重新登录!"),
    Kind.SIGNATURE: (200, 500, "用户名或密码错误"),
    Kind.REFUSED: (200, 500, ""),
    Kind.EXISTS: (200, 500, ""),
    Kind.STRANGE: (200, 7777, ""),
}


class Jeecg:
    def __init__(self) -> None:
        self.desk = Desk(_BOOK)

    def answer(self, asked: Asked) -> Said:
        if asked.path == f"{_ROOT}/sys/mLogin":
            return self._login(asked.json)
        self.desk.weather()
        self.desk.admit(asked.headers.get("x-access-token", ""))
        match asked.method, asked.path.removeprefix(_ROOT):
            case "POST", "/recuperation/batch/add":
                return _result({"id": self.desk.save_batch(asked.json)})
            case "PUT", "/recuperation/batch/edit":
                return _result(self.desk.update_batch(asked.json["id"], without(asked.json, ["id"])))
            case "POST", "/recuperation/batch/submit":
                return _result(self.desk.submit(asked.query["id"]))
            case "POST", "/recuperation/person/addBatch":
                judged = self.desk.save_people(asked.json["batchId"], asked.json["personList"])
                return _result([_line(one) for one in judged])
            case "PUT", "/recuperation/person/edit":
                return _result(self.desk.update_person(asked.json["id"], without(asked.json, ["id"])))
            case "GET", "/recuperation/batch/list":
                return _listed(asked, self.desk.list_batches(asked.query["year"], *_span(asked)))
            case "GET", "/recuperation/person/list":
                return _listed(asked, self.desk.list_people(asked.query["batchId"], *_span(asked)))
        return Said({"success": False, "code": 404, "message": "路径不存在", "result": None}, 404)

    def turned(self, turned: Turned) -> Said:
        status, code, words = _SAYS[turned.kind]
        headers = {"Retry-After": str(RETRY_AFTER_S)} if status == 429 else {}
        return Said({"success": False, "code": code, "message": words or turned.words, "result": None}, status, headers)

    def _login(self, body: Row) -> Said:
        if body != {"username": _USER, "password": _PASSWORD}:
            raise Turned(Kind.SIGNATURE)
        return _result({"token": self.desk.issue(), "userInfo": {"username": _USER}})


def _span(asked: Asked) -> tuple[int, int]:
    size = int(asked.query["pageSize"])
    return (int(asked.query["pageNo"]) - 1) * size, size


def _listed(asked: Asked, page: Page) -> Said:
    size = int(asked.query["pageSize"])
    numbers = {
        "total": page.total,
        "size": size,
        "current": int(asked.query["pageNo"]),
        "pages": -(-page.total // size),
    }
    return _result({"records": page.rows, **numbers})


def _result(result: object) -> Said:
    return Said({"success": True, "code": 200, "message": "操作成功", "result": result, "timestamp": 1746000000000})


def _line(judged: Judged) -> Row:
    code, words = {"saved": (200, "成功"), "skipped": (500, "该职工已存在"), "refused": (500, judged.words)}[
        judged.what
    ]
    return {"idCard": judged.row["idCard"], "code": code, "message": words, "id": judged.online_id}


MANNER = Manner(server=Jeecg, base_path=_ROOT, token=True, signature=False, retry_after=True)
