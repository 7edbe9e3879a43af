"""A REST portal: OAuth2 client credentials (RFC 6749), HTTP status as code, problems (RFC 9457), Link (RFC 8288)."""

from __future__ import annotations

import base64

from tests.adapters.dialects.desk import RETRY_AFTER_S, Book, Desk, Judged, Kind, Page, Row, Turned
from tests.adapters.dialects.host import Asked, Said
from tests.adapters.dialects.manner import Manner

_ROOT = "/api/v1"
_CLIENT, _SECRET = "bridge-9", "s3cret-of-the-bridge0"

_BOOK = Book(
    batch={
        "year": int,
        "organiser.name": ".+",
        "title": ".+",
        "level": "province|city|district|grassroots",
        "place.base": ".+",
        "period.from": r"\d{4}-\d\d-\d\d",
        "period.to": r"\d{4}-\d\d-\d\d",
        "headcount": int,
        "leaders": int,
        "externalId": ".+",
    },
    person={
        "name": ".+",
        "document.type": "resident|hmt|foreigner|passport",
        "document.number": r"\w{18}",
        "document.country": "CN",
        "phone": r"\d{11}",
        "employer": ".+",
        "group": "[1-5]",
        "externalId": ".+",
    },
    batch_key=("year", "organiser.name", "title"),
    year="year",
    id_no="document.number",
    phone="phone",
    status="state",
    draft="draft",
    submitted="submitted",
    reviewed="reviewed",
    returned="returned",
    extras={"links": {}, "createdAt": "2025-05-08T09:00:00+08:00"},
    first_id=70001,
)

_SAYS = {
    Kind.THROTTLED: (429, "too many requests"),
    Kind.OUTAGE: (503, "temporarily overloaded"),
    Kind.CLOSED: (503, "closed for maintenance"),
    Kind.TOKEN: (401, "invalid_token"),
    Kind.SIGNATURE: (401, "invalid_client"),
    Kind.REFUSED: (422, ""),
    Kind.EXISTS: (409, ""),
    Kind.STRANGE: (418, "a teapot"),
}


class OAuth2:
    def __init__(self) -> None:
        self.desk = Desk(_BOOK)

    def answer(self, asked: Asked) -> Said:
        if asked.path == "/oauth/token":
            return self._token(asked)
        self.desk.weather()
        self.desk.admit(asked.headers.get("authorization", "").removeprefix("Bearer "))
        match asked.method, *asked.path.removeprefix(_ROOT).strip("/").split("/"):
            case "POST", "batches":
                return Said({"id": self.desk.save_batch(asked.json)}, 201)
            case "PUT", "batches", batch:
                return _changed(self.desk.update_batch(batch, asked.json))
            case "POST", "batches", batch, "submission":
                return _changed(self.desk.submit(batch))
            case "POST", "batches", batch, "people":
                return Said({"results": [_line(one) for one in self.desk.save_people(batch, asked.json["people"])]})
            case "PUT", "people", person:
                return _changed(self.desk.update_person(person, asked.json))
            case "GET", "batches":
                return _page(asked, self.desk.list_batches(asked.query["year"], *_span(asked)))
            case "GET", "batches", batch, "people":
                return _page(asked, self.desk.list_people(batch, *_span(asked)))
        return Said({"title": "Not Found", "status": 404}, 404)

    def turned(self, turned: Turned) -> Said:
        status, words = _SAYS[turned.kind]
        if turned.kind is Kind.SIGNATURE:
            return Said({"error": words}, status, {"WWW-Authenticate": "Basic"})
        kind = {"Content-Type": "application/problem+json"}
        wait = {"Retry-After": str(RETRY_AFTER_S)} if status == 429 else {}
        return Said({"type": "about:blank", "status": status, "detail": words or turned.words}, status, kind | wait)

    def _token(self, asked: Asked) -> Said:
        basic = base64.b64encode(f"{_CLIENT}:{_SECRET}".encode()).decode()
        wanted = {"grant_type": "client_credentials", "scope": "recuperation"}
        if asked.headers.get("authorization") != f"Basic {basic}" or asked.form != wanted:
            raise Turned(Kind.SIGNATURE)
        return Said({"access_token": self.desk.issue(), "token_type": "Bearer", "expires_in": 3600})


def _line(judged: Judged) -> Row:
    status = {"saved": 201, "skipped": 409, "refused": 422}[judged.what]
    return {
        "externalId": judged.row["externalId"],
        "status": status,
        "id": judged.online_id,
        "detail": judged.words,
    }


def _changed(_nothing: object) -> Said:
    return Said(b"", 204)


def _span(asked: Asked) -> tuple[int, int]:
    return int(asked.query.get("after", "0")), int(asked.query["limit"])


def _page(asked: Asked, page: Page) -> Said:
    after = sum(_span(asked))
    more = {name: value for name, value in asked.query.items() if name != "after"} | {"after": str(after)}
    query = "&".join(f"{name}={value}" for name, value in more.items())
    link = {} if page.is_last else {"Link": f'<{asked.path}?{query}>; rel="next"'}
    return Said({"items": page.rows}, 200, link)


MANNER = Manner(server=OAuth2, token=True, signature=False, retry_after=True, strange="418")
