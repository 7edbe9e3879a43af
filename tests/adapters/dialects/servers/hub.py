"""A city's data hub: rows by type code, listed as SM4 ciphertext in hex behind a cursor; two headers say who asks."""

from __future__ import annotations

import json

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from schemas.portal import Operation
from tests.adapters.dialects.desk import Book, Desk, Judged, Kind, Page, Row, Turned, without
from tests.adapters.dialects.host import Asked, Said
from tests.adapters.dialects.manner import Manner

_APP, _SECRET = "bridge-9", "s3cret-of-the-bridge0"
_DATA_KEY = "00112233445566778899aabbccddeeff"
_AT_MOST = 1000
_PEOPLE, _BATCHES = "recuperation_person", "recuperation_batch"

_BOOK = Book(
    batch={
        "year": int,
        "union_name": ".+",
        "batch_name": ".+",
        "batch_level": "[1-4]",
        "base_name": ".+",
        "start_date": r"\d{4}-\d\d-\d\d",
        "end_date": r"\d{4}-\d\d-\d\d",
        "person_count": int,
        "leader_count": int,
        "out_id": ".+",
    },
    person={
        "person_name": ".+",
        "cert_type": "[1-4]",
        "cert_no": r"\w{18}",
        "phone": r"\d{11}",
        "unit_name": ".+",
        "person_type": "[1-5]",
        "out_id": ".+",
    },
    batch_key=("year", "union_name", "batch_name"),
    year="year",
    id_no="cert_no",
    phone="phone",
    online_id="data_id",
    extras={"update_time": "2025-05-08 09:00:00"},
    first_id=80001,
)

_SAYS = {
    Kind.THROTTLED: (42900, "request too frequent"),
    Kind.OUTAGE: (50300, "busy"),
    Kind.CLOSED: (50301, ""),
    Kind.SIGNATURE: (40001, "invalid app or secret"),
    Kind.REFUSED: (40010, ""),
    Kind.EXISTS: (40009, ""),
    Kind.STRANGE: (7777, ""),
}


class Hub:
    def __init__(self) -> None:
        self.desk = Desk(_BOOK)

    def answer(self, asked: Asked) -> Said:
        if (asked.headers.get("x-hub-app"), asked.headers.get("x-hub-secret")) != (_APP, _SECRET):
            raise Turned(Kind.SIGNATURE)
        self.desk.weather()
        match asked.path, asked.json["data_type_code"]:
            case "/hub/data/push", "recuperation_batch":
                return _ok(data_id=self.desk.save_batch(asked.json["data"]))
            case "/hub/data/push", "recuperation_person":
                return self._people(asked.json["data"])
            case "/hub/data/update", "recuperation_batch":
                return _done(self.desk.update_batch(asked.json["data_id"], asked.json["data"]))
            case "/hub/data/update", "recuperation_person":
                return _done(self.desk.update_person(asked.json["data_id"], asked.json["data"]))
            case "/hub/data/query", kind:
                return self._query(kind, asked.json)
        raise Turned(Kind.REFUSED, "no such data type")

    def _people(self, rows: list[Row]) -> Said:
        (parent,) = {row["batch_id"] for row in rows}
        judged = self.desk.save_people(parent, [without(row, ["batch_id"]) for row in rows])
        return _ok(results=[_line(one) for one in judged])

    def _query(self, kind: str, body: Row) -> Said:
        """The cursor hides a position: rows shift past it when somebody edits."""
        limit, offset = body["limit"], int(body["cursor"] or "0", 16)
        if type(limit) is not int or not 1 <= limit <= _AT_MOST:
            raise Turned(Kind.REFUSED, "limit out of range")
        if kind == _BATCHES:
            page = self.desk.list_batches(body["filter"]["year"], offset, limit)
        else:
            page = self.desk.list_people(body["filter"]["batch_id"], offset, limit)
        return _ok(encrypt_data=_encrypted(page), next_cursor="" if page.is_last else f"{offset + limit:08x}")

    def turned(self, turned: Turned) -> Said:
        code, words = _SAYS[turned.kind]
        return Said({"errcode": code, "errmsg": words or turned.words})


def _encrypted(page: Page) -> object:
    if not isinstance(page.rows, list):
        return page.rows
    return [_row(json.dumps(row, ensure_ascii=False).encode()) for row in page.rows]


def _row(plain: bytes) -> str:
    missing = 16 - len(plain) % 16
    maker = Cipher(algorithms.SM4(bytes.fromhex(_DATA_KEY)), modes.ECB()).encryptor()
    return (maker.update(plain + bytes([missing]) * missing) + maker.finalize()).hex()


def _line(judged: Judged) -> Row:
    code = {"saved": 0, "skipped": 40009, "refused": 40010}[judged.what]
    return {"out_id": judged.row["out_id"], "errcode": code, "errmsg": judged.words, "data_id": judged.online_id}


def _done(_nothing: object) -> Said:
    return _ok()


def _ok(**more: object) -> Said:
    return Said({"errcode": 0, "errmsg": "ok", **more})


MANNER = Manner(
    server=Hub,
    own={"app_id": _APP, "app_secret": _SECRET, "data_key": _DATA_KEY},
    token=False,
    signature=False,
    lacks=frozenset({Operation.SUBMIT}),
)
