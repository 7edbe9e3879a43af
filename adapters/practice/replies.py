"""What the practice portal answers, and how badly an answer may travel."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from adapters.practice.forms import Body, Code, Refusal
from adapters.practice.weather import Count, Sky, Weather

Act = Callable[[Body], object]
_STATUS = {Code.NOT_AUTHORISED: 401, Code.TOO_LARGE: 413}
_ENDLESS_CHUNK = b" " * 65_536
_PIECE = 65_536
_BREATH_S = 0.001  # what is not taken off us piles up


class Connection(Protocol):
    """One client's connection, as the server lends it to the app (see process.py)."""

    def again(self) -> bool:
        """Whether it has carried a request before this one."""

    def write(self, data: bytes) -> None: ...

    def hang_up(self) -> None: ...


def answer(act: Act, raw: bytes) -> Response:
    try:
        body = json.loads(raw)
    except ValueError:
        return envelope(Code.FORMAT, "请求体不是 JSON")
    return said(act, body) if isinstance(body, dict) else envelope(Code.MISSING, "请求体不是 JSON 对象")


def said(act: Act, body: Body) -> Response:
    try:
        return envelope(Code.OK, "操作成功", act(body))
    except Refusal as refusal:
        return envelope(refusal.code, refusal.message, status=_STATUS.get(refusal.code, 200))


def envelope(
    code: Code, message: str, data: object = None, *, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    return JSONResponse({"code": code, "msg": message, "data": data}, status, headers)


def renamed(response: Response, weather: Weather) -> Response:
    """The answer with its fields under other names, however deep they stand."""
    if not weather.renames or not isinstance(response, JSONResponse):
        return response
    names = dict(one.split("=") for one in weather.renames)
    document = json.loads(
        bytes(response.body), object_pairs_hook=lambda pairs: {names.get(name, name): value for name, value in pairs}
    )
    kept = {name: value for name, value in response.headers.items() if name != "content-length"}
    return JSONResponse(document, response.status_code, kept)


def spelt(response: Response, weather: Weather) -> Response:
    """The answer in another charset, and under the name of one, which need not be the same."""
    if isinstance(response, HungUp) or not (weather.charset or weather.declared):
        return response
    body = bytes(response.body).decode().encode(weather.charset or "utf-8", "replace")
    kind = f"application/json; charset={weather.declared}" if weather.declared else "application/json"
    kept = {name: value for name, value in response.headers.items() if name not in {"content-length", "content-type"}}
    return Response(body, response.status_code, {**kept, "content-type": kind})


class HungUp(Response):
    """Closes the connection without a byte of answer."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(status_code=200)
        self._connection = connection

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        self._connection.hang_up()
        await _until_gone(receive)


@dataclass(frozen=True, slots=True)
class Journey:
    """How the bytes of one answer travel: what Content-Length says, the body in pieces, and a pause after each."""

    length: int | None
    pieces: Iterator[bytes]
    pause_s: float = 0.0


class Roughly(Response):
    """Writes an answer past the server, which would not let it travel like this; then the connection closes."""

    def __init__(self, whole: Response, journey: Journey, connection: Connection) -> None:
        super().__init__(status_code=whole.status_code)
        self._whole = whole
        self._journey = journey
        self._connection = connection

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        gone = asyncio.ensure_future(_until_gone(receive))
        self._connection.write(_head(self._whole, self._journey.length))
        for piece in self._journey.pieces:
            if gone.done():
                break
            self._connection.write(piece)
            await asyncio.wait([gone], timeout=self._journey.pause_s)
        self._connection.hang_up()
        await gone


def on_its_way(response: Response, sky: Sky, connection: Connection) -> Response:
    """The answer, rough as the weather makes its journey."""
    body, weather = bytes(response.body), sky.now
    if sky.take(Count.CUT):
        return Roughly(response, Journey(len(body), iter([body[: len(body) // 2]])), connection)
    if sky.take(Count.WRONG_LENGTH):
        return Roughly(response, Journey(len(body) // 2, iter([body])), connection)
    if sky.take(Count.ENDLESS):
        return Roughly(response, Journey(None, _endless(body), _BREATH_S), connection)
    if weather.padding_bytes:
        return Roughly(response, Journey(None, _padded(body, weather.padding_bytes)), connection)
    if weather.trickle_s:
        single = (body[at : at + 1] for at in range(len(body)))
        return Roughly(response, Journey(len(body), single, weather.trickle_s), connection)
    if weather.close_each:
        return Roughly(response, Journey(len(body), iter([body])), connection)
    return response


def _endless(body: bytes) -> Iterator[bytes]:
    yield body
    while True:
        yield _ENDLESS_CHUNK


def _padded(body: bytes, padding: int) -> Iterator[bytes]:
    yield body
    yield from (b" " * min(_PIECE, padding - at) for at in range(0, padding, _PIECE))


def _head(response: Response, length: int | None) -> bytes:
    named = [(name, value) for name, value in response.raw_headers if name != b"content-length"]
    named += [(b"content-length", str(length).encode())] if length is not None else []
    lines = [b"HTTP/1.1 %d OK" % response.status_code, *(name + b": " + value for name, value in named)]
    return b"\r\n".join((*lines, b"", b""))


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
