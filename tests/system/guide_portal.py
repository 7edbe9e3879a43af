"""The portal of the README's guide, written from its interface document alone: nothing here knows the bridge."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

APP_ID, TOKEN = "demo", "guide-token"
_FIVE_MINUTES_MS = 5 * 60 * 1000
_PER_PAGE = 50

Fields = dict[str, Any]


@dataclass
class Held:
    """What the portal holds: batches with their people below them, and every call by method and path."""

    secret: str
    batches: dict[str, Fields] = field(default_factory=dict)
    people: dict[str, list[Fields]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)


def sign(secret: str, query: str, moment: str, nonce: str, body: str) -> str:
    """Paragraph 3."""
    pairs = "&".join(f"{name}={value}" for name, value in sorted(parse_qsl(query)))
    text = f"{pairs}\n{moment}\n{nonce}\n{body}"
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


class _Desk(BaseHTTPRequestHandler):
    held: Held

    def do_GET(self) -> None:
        self._serve("")

    def do_POST(self) -> None:
        self._serve(self.rfile.read(int(self.headers["Content-Length"])).decode())

    def log_message(self, *_args: object) -> None:
        """Nothing: a test's output is its own."""

    def _serve(self, body: str) -> None:
        url = urlsplit(self.path)
        self.held.calls.append(f"{self.command} {url.path}")
        code, data = self._answer(url.path.removeprefix("/open"), url.query, body)
        said = json.dumps({"code": code, "msg": "成功" if code == 0 else "未受理", "data": data}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def _answer(self, path: str, query: str, body: str) -> tuple[int, object]:
        if path == "/token":
            asked = json.loads(body)
            known = asked == {"appId": APP_ID, "appSecret": self.held.secret}
            return (0, {"accessToken": TOKEN, "expires": 7200}) if known else (4001, None)
        if refused := self._refused(query, body):
            return refused, None
        match path.strip("/").split("/"), self.command:
            case ["batches"], "POST":
                return 0, self._save_batch(json.loads(body))
            case ["batches"], "GET":
                year = dict(parse_qsl(query))["year"]
                return 0, self._page([b for b in self.held.batches.values() if b["year"] == year], query)
            case ["batches", batch, "people"], "POST":
                return 0, {"results": [self._save_person(batch, row) for row in json.loads(body)["rows"]]}
            case ["batches", batch, "people"], "GET":
                return 0, self._page(self.held.people[batch], query)
        return 9999, None

    def _refused(self, query: str, body: str) -> int:
        moment, nonce = self.headers["X-Time"], self.headers["X-Nonce"]
        if self.headers["Access-Token"] != TOKEN:
            return 4001
        if abs(int(moment) - time.time() * 1000) > _FIVE_MINUTES_MS:
            return 4003
        mine = sign(self.held.secret, query, moment, nonce, body)
        return 0 if len(nonce) == 16 and self.headers["X-Sign"] == mine else 4002

    def _save_batch(self, batch: Fields) -> Fields:
        online_id = f"B{len(self.held.batches) + 1}"
        assert isinstance(batch["people"], int)
        assert len(batch["beginDate"]) == len("yyyyMMdd")
        self.held.batches[online_id] = {**batch, "id": online_id, "state": 0}
        self.held.people[online_id] = []
        return {"id": online_id}

    def _save_person(self, batch: str, row: Fields) -> Fields:
        rows = self.held.people[batch]
        if any(one["zjhm"] == row["zjhm"] for one in rows):
            return {"seq": row["seq"], "id": None, "code": 5101, "msg": "该人员已在批次中"}
        online_id = f"{batch}-{len(rows) + 1}"
        rows.append({**row, "id": online_id})
        return {"seq": row["seq"], "id": online_id, "code": 0, "msg": "成功"}

    def _page(self, rows: list[Fields], query: str) -> Fields:
        asked = dict(parse_qsl(query))
        size = min(int(asked["pageSize"]), _PER_PAGE)
        first = (int(asked["pageNo"]) - 1) * size
        return {"list": rows[first : first + size], "count": len(rows)}


@contextmanager
def guide_portal(secret: str) -> Iterator[tuple[str, Held]]:
    """Its address on this machine, and what it holds."""
    held = Held(secret)
    desk = type("Desk", (_Desk,), {"held": held})
    with ThreadingHTTPServer(("127.0.0.1", 0), desk) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/open", held
        server.shutdown()
        thread.join()
