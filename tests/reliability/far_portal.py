"""A portal at the end of a wire that is only made of time: it answers, is away, asks for quiet; nobody sleeps for real.

It keeps the same books as the practice portal, for the independent checker.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx

from adapters.portal.http import Clients, Credentials, HttpPortal, Line, Retries, Ticks
from schemas.dialect import Dialect, shipped_dialect
from tests.adapters.dialects.desk import Turned
from tests.adapters.dialects.host import Asked
from tests.adapters.dialects.servers.qilu import Qilu
from tests.reliability.paper import digest

Weather = Callable[[float], httpx.Response | None]
"""What comes instead of the portal's own answer at this second; raises what the network does."""

QILU = shipped_dialect("qilu")
ADDRESS = "https://portal.test"
_SECONDS = re.compile(r"[0-9]{1,9}")


@dataclass
class Time:
    """Seconds since 1970, on one clock; it passes when somebody sleeps, or the test says so."""

    now_s: float

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.now_s, UTC)

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


@dataclass
class FarPortal:
    """qilu's own server behind a weather. `arrivals` are the seconds at which a request came, whatever became of it."""

    time: Time
    weather: Weather
    server: Qilu = field(default_factory=Qilu)
    arrivals: list[float] = field(default_factory=list)
    requests: list[dict[str, object]] = field(default_factory=list)
    effects: list[dict[str, object]] = field(default_factory=list)
    _shown: dict[tuple[str, str], Mapping[str, object]] = field(default_factory=dict)
    _handed_in: set[str] = field(default_factory=set)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.arrivals.append(self.time.now_s)
        noted: dict[str, object] = {
            "when": self.time.now().isoformat(),
            "at": self.time.now_s,
            "answered_at": self.time.now_s,
            "method": request.method,
            "path": request.url.path,
            "key": "",
            "status": 0,
            "retry_after_s": None,
        }
        self.requests.append(noted)
        answer = self.weather(self.time.now_s) or self._answered(request)
        wish = answer.headers.get("Retry-After", "")
        noted |= {"status": answer.status_code, "retry_after_s": float(wish) if _SECONDS.fullmatch(wish) else None}
        return answer

    def _answered(self, request: httpx.Request) -> httpx.Response:
        path, _, query = request.url.raw_path.decode().partition("?")
        asked = Asked(request.method, path, query, dict(request.headers), request.content)
        try:
            said = self.server.answer(asked)
        except Turned as turned:
            said = self.server.turned(turned)
        self._note_what_changed()
        return httpx.Response(said.status, content=said.body, headers={"Content-Type": "application/json"})

    def _note_what_changed(self) -> None:
        desk = self.server.desk
        for online_id, row in desk.batches.items():
            self._note("batch", online_id, row, of=row)
        for online_id, person in desk.people.items():
            self._note("person", online_id, person.row, of=desk.batches[person.parent])
        for online_id, status in desk.status.items():
            if status == desk.book.submitted and online_id not in self._handed_in:
                self._handed_in.add(online_id)
                self._put("batch_submitted", online_id, {}, of=desk.batches[online_id])

    def _note(self, what: str, online_id: str, row: Mapping[str, object], *, of: Mapping[str, object]) -> None:
        before = self._shown.get((what, online_id))
        if row != before:
            self._shown[what, online_id] = dict(row)
            self._put(f"{what}_{'updated' if before else 'created'}", online_id, row, of=of)

    def _put(self, kind: str, online_id: str, row: Mapping[str, object], *, of: Mapping[str, object]) -> None:
        entry = {
            "at": self.time.now().isoformat(),
            "effect": kind,
            "by_hand": False,
            "id": online_id,
            "serial": row.get("serialNo", ""),
            "batch": "/".join(str(of[name]) for name in self.server.desk.book.batch_key),
            "person": digest(str(row["idCard"])) if "idCard" in row else "",
            "content": {"laborName": row.get("laborName", "")},
        }
        self.effects.append(entry)

    def keep_books(self, folder: Path) -> None:
        for name, entries in (("effects", self.effects), ("requests", self.requests)):
            text = "".join(json.dumps(entry) + "\n" for entry in entries)
            (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")

    def reached(self, retries: Retries, *, dialect: Dialect = QILU, quiet_s: float = 0.0) -> HttpPortal:
        """As `bridge.wiring.portal` makes it for one run."""
        clients = Clients(ADDRESS, lambda: httpx.MockTransport(self))
        ticks = Ticks(lambda: self.time.now_s, self.time.sleep, self.time.now, random.randbytes)
        line = Line(dialect, clients, Credentials("bridge-9", "s3cret-of-the-bridge0"), retries, ticks)
        line.be_quiet(quiet_s)
        return HttpPortal(line)
