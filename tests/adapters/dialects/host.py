"""A real HTTP server in a thread, for whichever portal a test puts behind it."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from threading import Event, Thread
from typing import Any, Protocol
from urllib.parse import parse_qsl

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from tests.adapters.dialects.desk import Desk, Turned

_START_S = 10.0
_PAGE = "<!doctype html><title>系统提示</title><p>系统正在升级，请稍后访问。</p>".encode()


@dataclass(frozen=True)
class Asked:
    """One request as it came in. Header names are lower case; `raw_query` is not decoded."""

    method: str
    path: str
    raw_query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.raw_query, keep_blank_values=True))

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Said:
    """One answer; `document` goes as JSON unless it is bytes."""

    document: object
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> bytes:
        if isinstance(self.document, bytes):
            return self.document
        return json.dumps(self.document, ensure_ascii=False).encode()


class Server(Protocol):
    """One portal's manner. `answer` raises Turned for what it turns away, and `turned` says it in the portal's words."""

    @property
    def desk(self) -> Desk: ...
    def answer(self, asked: Asked) -> Said: ...
    def turned(self, turned: Turned) -> Said: ...


class Host:
    """`server` answers all that comes in."""

    def __init__(self, port: int) -> None:
        self.base_url = f"http://127.0.0.1:{port}"
        self.server: Server | None = None

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if (server := self.server) is None:
            raise RuntimeError("no test has put a server behind this host")
        asked = await _asked(scope, receive)
        said = _answered(server, asked)
        if server.desk.reply_is_lost():
            scope["state"]["hang_up"]()
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        headers = {"Content-Type": "application/json", "Date": formatdate(server.desk.now(), usegmt=True)}
        named = [(name.encode(), value.encode()) for name, value in {**headers, **said.headers}.items()]
        await send({"type": "http.response.start", "status": said.status, "headers": named})
        await send({"type": "http.response.body", "body": said.body})


def _answered(server: Server, asked: Asked) -> Said:
    desk = server.desk
    desk.asked.append(asked)
    if desk.faults.page > 0:
        desk.faults.page -= 1
        return Said(_PAGE, 200, {"Content-Type": "text/html; charset=utf-8"})
    try:
        return server.answer(asked)
    except Turned as turned:
        desk.turned.append(turned.kind)
        return server.turned(turned)


async def _asked(scope: dict[str, Any], receive: Any) -> Asked:
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
    return Asked(scope["method"], scope["path"], scope["query_string"].decode(), headers, body)


class _Protocol(H11Protocol):
    """Gives the app the means to close a connection without an answer."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as its parent
        super().connection_made(transport)
        self.app_state = self.app_state | {"hang_up": transport.close}


class _Uvicorn(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


@contextmanager
def hosted() -> Iterator[Host]:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        host = Host(listening.getsockname()[1])
        server = _Uvicorn(
            uvicorn.Config(
                host,
                http=_Protocol,
                ws="none",
                lifespan="off",
                log_config=None,
                log_level="critical",
                access_log=False,
                server_header=False,
                date_header=False,
                timeout_graceful_shutdown=1,
            )
        )
        thread = Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            if not server.ready.wait(_START_S):
                raise RuntimeError("the test portal did not start")
            yield host
        finally:
            server.should_exit = True
            thread.join()
