"""A portal at the end of a wire that is only made of time: it answers, is away, asks for quiet; nobody sleeps for real."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx

from adapters.portal.http import Clients, Credentials, HttpPortal, Line, Retries, Ticks
from schemas.dialect import Dialect, shipped_dialect
from tests.adapters.dialects.desk import Turned
from tests.adapters.dialects.host import Asked
from tests.adapters.dialects.servers.qilu import Qilu

Weather = Callable[[float], httpx.Response | None]
"""What comes instead of the portal's own answer at this second; raises what the network does."""

QILU = shipped_dialect("qilu")
ADDRESS = "https://portal.test"


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
    answered: int = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.arrivals.append(self.time.now_s)
        instead = self.weather(self.time.now_s)
        if instead is not None:
            return instead
        self.answered += 1
        path, _, query = request.url.raw_path.decode().partition("?")
        asked = Asked(request.method, path, query, dict(request.headers), request.content)
        try:
            said = self.server.answer(asked)
        except Turned as turned:
            said = self.server.turned(turned)
        return httpx.Response(said.status, content=said.body, headers={"Content-Type": "application/json"})

    def reached(self, retries: Retries, *, dialect: Dialect = QILU, quiet_s: float = 0.0) -> HttpPortal:
        """As `bridge.wiring.portal` makes it for one run."""
        clients = Clients(ADDRESS, lambda: httpx.MockTransport(self))
        ticks = Ticks(lambda: self.time.now_s, self.time.sleep, self.time.now, random.randbytes)
        line = Line(dialect, clients, Credentials("bridge-9", "s3cret-of-the-bridge0"), retries, ticks)
        line.be_quiet(quiet_s)
        return HttpPortal(line)
