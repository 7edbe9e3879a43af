"""A RuoYi back end: login → Bearer token, `{code, msg}` with 200, `rows` and `total`, `pageNum` and `pageSize`."""

from __future__ import annotations

from schemas.outcome import Outcome
from tests.adapters.dialects.desk import Book, Desk, Kind, Page, Row, Turned, without
from tests.adapters.dialects.host import Asked, Said
from tests.adapters.dialects.manner import Manner

_USER, _PASSWORD = "bridge-9", "s3cret-of-the-bridge0"

_BOOK = Book(
    batch={
        "planYear": int,
        "deptName": ".+",
        "batchName": ".+",
        "batchLevel": "[1-4]",
        "baseName": ".+",
        "beginTime": r"\d{4}-\d\d-\d\d 00:00:00",
        "endTime": r"\d{4}-\d\d-\d\d 00:00:00",
        "personCount": int,
        "leaderCount": int,
    },
    person={
        "nickName": ".+",
        "certType": "0|1|2|3",
        "certNo": r"\w{18}",
        "phonenumber": r"\d{11}",
        "deptName": ".+",
        "workerType": "[1-5]",
    },
    batch_key=("planYear", "deptName", "batchName"),
    year="planYear",
    id_no="certNo",
    phone="phonenumber",
    online_id="recordId",
    status="status",
    draft="0",
    submitted="1",
    reviewed="2",
    returned="3",
    extras={
        "createBy": "bridge-9",
        "createTime": "2025-05-08 09:00:00",
        "updateBy": "",
        "updateTime": None,
        "remark": None,
        "searchValue": None,
        "params": {},
        "delFlag": "0",
    },
    id_type=int,
    first_id=101,
)

# the framework answers with HTTP 200 whatever happened
_SAYS = {
    Kind.THROTTLED: (500, "访问过于频繁，请稍候再试"),
    Kind.OUTAGE: (503, "服务不可用"),
    Kind.CLOSED: (500, "系统维护中，请稍后访问"),
    Kind.TOKEN: (401, "请求访问：/recuperation，认证失败，无法访问系统资源"),
    Kind.SIGNATURE: (500, "用户不存在/密码错误"),
    Kind.REFUSED: (500, ""),
    Kind.EXISTS: (500, "新增批次失败，批次已存在"),
    Kind.STRANGE: (7777, ""),
}


class Ruoyi:
    def __init__(self) -> None:
        self.desk = Desk(_BOOK)

    def answer(self, asked: Asked) -> Said:
        if asked.path == "/login":
            return self._login(asked.json)
        self.desk.weather()
        self.desk.admit(asked.headers.get("authorization", "").removeprefix("Bearer "))
        match asked.method, *asked.path.strip("/").split("/"):
            case "POST", "recuperation", "batch":
                return _ok(data=self.desk.save_batch(asked.json))
            case "PUT", "recuperation", "batch":
                return _done(self.desk.update_batch(asked.json["recordId"], without(asked.json, ["recordId"])))
            case "PUT", "recuperation", "batch", "submit", online_id:
                return _done(self.desk.submit(online_id))
            case "POST", "recuperation", "person", "batchAdd", parent:
                return _done(self.desk.save_people(parent, asked.json, whole=True))
            case "PUT", "recuperation", "person":
                return _done(self.desk.update_person(asked.json["recordId"], without(asked.json, ["recordId"])))
            case "GET", "recuperation", "batch", "list":
                return _table(self.desk.list_batches(asked.query["planYear"], *_span(asked)))
            case "GET", "recuperation", "person", "list":
                return _table(self.desk.list_people(asked.query["batchId"], *_span(asked)))
        return Said({"code": 404, "msg": "路径不存在"})

    def turned(self, turned: Turned) -> Said:
        code, words = _SAYS[turned.kind]
        return Said({"code": code, "msg": words or turned.words})

    def _login(self, body: Row) -> Said:
        if body != {"username": _USER, "password": _PASSWORD}:
            raise Turned(Kind.SIGNATURE)
        return _ok(token=self.desk.issue())


def _span(asked: Asked) -> tuple[int, int]:
    size = int(asked.query["pageSize"])
    return (int(asked.query["pageNum"]) - 1) * size, size


def _table(page: Page) -> Said:
    return Said({"total": page.total, "rows": page.rows, "code": 200, "msg": "查询成功"})


def _done(_nothing: object) -> Said:
    return _ok()


def _ok(**more: object) -> Said:
    return Said({"msg": "操作成功", "code": 200, **more})


MANNER = Manner(
    server=Ruoyi,
    token=True,
    signature=False,
    people="whole",
    there_already=Outcome.ACCEPTED,  # it skips them without a word
)
