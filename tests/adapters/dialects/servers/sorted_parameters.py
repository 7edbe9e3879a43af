"""Sorted parameters: a form whose fields are sorted, joined, closed with the key and hashed; valid for five minutes."""

from __future__ import annotations

import hashlib
import json

from tests.adapters.dialects.desk import Book, Desk, Judged, Kind, Page, Row, Turned, without
from tests.adapters.dialects.host import Asked, Said
from tests.adapters.dialects.manner import Manner

_APP, _SECRET = "bridge-9", "s3cret-of-the-bridge0"
_VALID_S = 300
_COMMON = ("app_id", "timestamp", "nonce_str", "sign")

_BOOK = Book(
    batch={
        "year": r"\d{4}",
        "organiser": ".+",
        "title": ".+",
        "level": "[1-4]",
        "base": ".+",
        "begin_date": r"\d{4}/\d\d/\d\d",
        "end_date": r"\d{4}/\d\d/\d\d",
        "planned": r"\d+",
        "leaders": r"\d+",
        "out_no": ".+",
    },
    person={
        "name": ".+",
        "id_type": "[1-4]",
        "id_no": r"\w{18}",
        "mobile": r"\d{11}",
        "company": ".+",
        "group": "[1-5]",
        "out_no": ".+",
    },
    batch_key=("year", "organiser", "title"),
    year="year",
    id_no="id_no",
    phone="mobile",
    status="state",
    draft="0",
    submitted="1",
    reviewed="2",
    returned="3",
    first_id=90001,
)

_SAYS = {
    Kind.THROTTLED: ("TOO_FREQUENT", "每分钟调用次数超限"),
    Kind.OUTAGE: ("BUSY", "系统繁忙"),
    Kind.CLOSED: ("MAINTENANCE", ""),
    Kind.SIGNATURE: ("SIGN_ERROR", "签名错误"),
    Kind.CLOCK: ("TIMESTAMP_EXPIRED", ""),
    Kind.REFUSED: ("INVALID", ""),
    Kind.EXISTS: ("DUPLICATE", ""),
    Kind.STRANGE: ("7777", ""),
}


class Sorted:
    def __init__(self) -> None:
        self.desk = Desk(_BOOK)

    def answer(self, asked: Asked) -> Said:
        form = asked.form
        self._admit(form)
        self.desk.weather()
        fields = without(form, _COMMON)
        match asked.path.removeprefix("/openapi/recuperation"):
            case "/batch/add":
                return _ok({"id": self.desk.save_batch(fields)})
            case "/batch/modify":
                return _ok(self.desk.update_batch(fields["id"], without(fields, ["id"])))
            case "/batch/submit":
                return _ok(self.desk.submit(fields["id"]))
            case "/person/add":
                return _ok(_sorted_out(self.desk.save_people(fields["batch_id"], json.loads(fields["persons"]))))
            case "/person/modify":
                return _ok(self.desk.update_person(fields["id"], without(fields, ["id"])))
            case "/batch/list":
                return _page(self.desk.list_batches(fields["year"], *_span(fields)))
            case "/person/list":
                return _page(self.desk.list_people(fields["batch_id"], *_span(fields)))
        raise Turned(Kind.REFUSED, "接口不存在")

    def _admit(self, form: dict[str, str]) -> None:
        counted = sorted(name for name, value in form.items() if value and name != "sign")
        text = "".join(f"{name}={form[name]}&" for name in counted) + "key=" + _SECRET
        if form.get("app_id") != _APP or form.get("sign") != hashlib.md5(text.encode()).hexdigest().upper():
            raise Turned(Kind.SIGNATURE)
        self.desk.on_time(int(form["timestamp"]), _VALID_S)
        self.desk.first_use(form["nonce_str"])

    def turned(self, turned: Turned) -> Said:
        code, words = _SAYS[turned.kind]
        return Said({"success": False, "code": code, "message": words or turned.words})


def _sorted_out(judged: list[Judged]) -> Row:
    saved = [{"out_no": one.row["out_no"], "id": one.online_id} for one in judged if one.what == "saved"]
    codes = {"skipped": "DUPLICATE", "refused": "INVALID"}
    failed = [
        {"out_no": one.row["out_no"], "code": codes[one.what], "message": one.words}
        for one in judged
        if one.what in codes
    ]
    return {"saved": saved, "failed": failed}


def _span(fields: Row) -> tuple[int, int]:
    size = int(fields["page_size"])
    return (int(fields["page_no"]) - 1) * size, size


def _page(page: Page) -> Said:
    return _ok({"items": page.rows, "total": page.total})


def _ok(data: object) -> Said:
    return Said({"success": True, "data": data})


MANNER = Manner(server=Sorted, token=False, signature=True, clock_tolerance_s=_VALID_S)
