"""An IRS gateway: four X-BG headers, HMAC-SHA256 over method, address, sorted query, key and date; 90 s of tolerance.

Behind it stands a service that it does not touch: `{success, errorCode, errorMsg, data}`, `start` and `limit`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qsl

from tests.adapters.dialects.desk import RETRY_AFTER_S, Book, Desk, Judged, Kind, Page, Row, Turned, without
from tests.adapters.dialects.host import Asked, Said
from tests.adapters.dialects.manner import Manner

_ROUTE = "/restapi/prod/IC00000020250001"
_ACCESS, _SECRET = "bridge-9", b"s3cret-of-the-bridge0"
_TOLERANCE_S = 90

_BOOK = Book(
    batch={
        "year": int,
        "ghmc": ".+",
        "pcmc": ".+",
        "jb": "省级示范性|市级|区市级|基层",
        "jdmc": ".+",
        "ksrq": r"\d{4}/\d\d/\d\d",
        "jsrq": r"\d{4}/\d\d/\d\d",
        "rs": int,
        "ldrs": int,
        "wybs": ".+",
    },
    person={
        "xm": ".+",
        "zjlx": "居民身份证|港澳台居民居住证|外国人永久居留身份证|护照",
        "zjhm": r"\w{18}",
        "sjhm": r"\d{11}",
        "dwmc": ".+",
        "lb": "技能人才|先进职工|艰苦岗位职工|重大贡献职工|新就业形态劳动者",
        "wybs": ".+",
    },
    batch_key=("year", "ghmc", "pcmc"),
    year="year",
    id_no="zjhm",
    phone="sjhm",
    online_id="uuid",
    status="zt",
    draft="草稿",
    submitted="待审核",
    reviewed="审核通过",
    returned="退回",
    extras={"gxsj": "2025-05-08 09:00:00"},
)

_GATEWAY = {
    Kind.THROTTLED: (429, "API rate limit exceeded"),
    Kind.OUTAGE: (503, "The upstream server is temporarily unavailable"),
    Kind.SIGNATURE: (401, "Invalid signature"),
    Kind.CLOCK: (401, "Clock skew exceeded"),
}
_SERVICE = {Kind.CLOSED: "E9000", Kind.REFUSED: "E1001", Kind.EXISTS: "E1002", Kind.STRANGE: "E7777"}


class Irs:
    def __init__(self) -> None:
        self.desk = Desk(_BOOK)

    def answer(self, asked: Asked) -> Said:
        self._admit(asked)
        self.desk.weather()
        match asked.method, asked.path.removeprefix(_ROUTE):
            case "POST", "/batch":
                return _ok({"uuid": self.desk.save_batch(asked.json)})
            case "POST", "/batch/modify":
                return _ok(self.desk.update_batch(asked.json["uuid"], without(asked.json, ["uuid"])))
            case "POST", "/batch/submit":
                return _ok(self.desk.submit(asked.json["uuid"]))
            case "POST", "/person":
                return _ok([_line(one) for one in self.desk.save_people(asked.query["pcid"], asked.json)])
            case "POST", "/person/modify":
                return _ok(self.desk.update_person(asked.json["uuid"], without(asked.json, ["uuid"])))
            case "GET", "/batch":
                return _page(self.desk.list_batches(asked.query["year"], *_span(asked)))
            case "GET", "/person":
                return _page(self.desk.list_people(asked.query["pcid"], *_span(asked)))
        return Said({"message": "The route_id is forbidden."}, 401)

    def _admit(self, asked: Asked) -> None:
        names = ("access-key", "algorithm", "signature")
        access, algorithm, signature = (asked.headers.get(f"x-bg-hmac-{name}", "") for name in names)
        stamp = asked.headers.get("x-bg-date-time", "")
        query = "&".join(
            f"{name}={value}" for name, value in sorted(parse_qsl(asked.raw_query, keep_blank_values=True))
        )
        lines = "".join(f"{line}\n" for line in (asked.method, asked.path, query, access, stamp))
        wanted = base64.b64encode(hmac.new(_SECRET, lines.encode(), hashlib.sha256).digest()).decode()
        if (access, algorithm, signature) != (_ACCESS, "hmac-sha256", wanted) or not stamp.endswith(" GMT"):
            raise Turned(Kind.SIGNATURE)
        self.desk.on_time(parsedate_to_datetime(stamp).timestamp(), _TOLERANCE_S)

    def turned(self, turned: Turned) -> Said:
        if turned.kind in _GATEWAY:
            status, words = _GATEWAY[turned.kind]
            return Said({"message": words}, status, {"Retry-After": str(RETRY_AFTER_S)} if status == 429 else {})
        return Said({"success": False, "errorCode": _SERVICE[turned.kind], "errorMsg": turned.words, "data": None})


def _line(judged: Judged) -> Row:
    code = {"saved": "true", "skipped": "E1002", "refused": "E1001"}[judged.what]
    return {"wybs": judged.row["wybs"], "uuid": judged.online_id, "errorCode": code, "errorMsg": judged.words}


def _span(asked: Asked) -> tuple[int, int]:
    return int(asked.query["start"]), int(asked.query["limit"])


def _page(page: Page) -> Said:
    return _ok({"list": page.rows, "totalCount": page.total})


def _ok(data: object) -> Said:
    return Said({"success": True, "errorCode": "", "errorMsg": "", "data": data})


MANNER = Manner(
    server=Irs,
    base_path=_ROUTE,
    token=False,
    signature=True,
    clock_tolerance_s=_TOLERANCE_S,
    retry_after=True,
    strange="E7777",
)
