"""演练平台, the practice portal: a stand-in for the online system that really stores, over real HTTP.

It speaks schemas/dialects/qilu.toml but shares no code with the client that reads that file.
"""

from __future__ import annotations

import asyncio
import json
import math
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from email.utils import formatdate
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from adapters.practice.access import Access, Tokens, access_of, same
from adapters.practice.counter import Counter
from adapters.practice.desk import Desk
from adapters.practice.forms import Body, Code, Refusal
from adapters.practice.hands import Hands
from adapters.practice.store import Store
from adapters.practice.weather import Count, Sky, Weather

Act = Callable[[Body], object]
Endpoint = Callable[[Request], Awaitable[Response]]
_LOOPBACK = ("127.0.0.1", "::1")
_PAGE = "<!doctype html><title>系统提示</title><p>系统正在升级，请稍后访问。</p>"


def create_app(folder: Path, weather: Weather, *, clock: Callable[[], float] = time.time) -> Starlette:
    """`folder` exists and holds all the portal's data; `clock` gives seconds since 1970."""
    access, store, sky, tokens = access_of(folder), Store(folder, clock), Sky(weather), Tokens(clock)
    desk, gate = Desk(store, sky, access, tokens), Gate(sky, tokens, clock)
    hands = Hands(store, sky, tokens, Counter(store, desk, sky))
    person, batch = "/recuperation/person", "/recuperation/batch"

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        store.close()

    return Starlette(
        routes=[
            Route("/auth/token", gate.door(desk.token), methods=["POST"]),
            Route(f"{batch}/save", gate.write(desk.save_batch), methods=["POST"]),
            Route(f"{batch}/update", gate.write(desk.update_batch), methods=["POST"]),
            Route(f"{batch}/submit", gate.write(desk.submit), methods=["POST"]),
            Route(f"{batch}/page", gate.read(desk.list_batches), methods=["GET"]),
            Route(f"{person}/saveBatch", gate.write(desk.save_people), methods=["POST"]),
            Route(f"{person}/update", gate.write(desk.update_person), methods=["POST"]),
            Route(f"{person}/page", gate.read(desk.list_people), methods=["GET"]),
            Route("/__practice__/{act}", _back_door(access, hands), methods=["POST"]),
        ],
        exception_handlers={ClientDisconnect: _nobody_there, Exception: _fault},
        lifespan=lifespan,
    )


class Gate:
    """What every request passes before the desk: the weather, then the token."""

    def __init__(self, sky: Sky, tokens: Tokens, clock: Callable[[], float]) -> None:
        self._sky = sky
        self._tokens = tokens
        self._clock = clock

    def door(self, act: Act) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            raw = await request.body()
            if turned_away := await self._weathered():
                return turned_away
            return await run_in_threadpool(_answer, act, raw)

        return endpoint

    def read(self, act: Act) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            if turned_away := await self._weathered() or self._stranger(request):
                return turned_away
            return await run_in_threadpool(_said, act, dict(request.query_params))

        return endpoint

    def write(self, act: Act) -> Endpoint:
        """The body is taken in first: from then on the client may hang up and the portal still stores."""

        async def endpoint(request: Request) -> Response:
            raw = await request.body()
            if turned_away := await self._weathered() or self._stranger(request):
                return turned_away
            await asyncio.sleep(self._sky.now.slow_s)
            answer = await run_in_threadpool(_answer, act, raw)
            return LostReply() if self._sky.take(Count.LOSE_REPLIES) else answer

        return endpoint

    async def _weathered(self) -> Response | None:
        weather = self._sky.now
        await asyncio.sleep(weather.latency_s)
        if weather.closed:
            return _envelope(Code.CLOSED, "系统维护中")
        if self._sky.take(Count.OUTAGE):
            return _envelope(Code.FAULT, "系统繁忙，请稍后再试", status=503, headers=self._retry_after())
        if self._sky.take(Count.THROTTLE):
            return _envelope(Code.THROTTLED, "访问过于频繁，请稍后再试", status=429, headers=self._retry_after())
        return HTMLResponse(_PAGE) if self._sky.take(Count.HTML) else None

    def _stranger(self, request: Request) -> Response | None:
        if self._tokens.admit(request.headers.get("Authorization", "")):
            return None
        return _envelope(Code.STRANGER, "token 无效或已过期", status=401)

    def _retry_after(self) -> dict[str, str]:
        weather = self._sky.now
        date = formatdate(math.ceil(self._clock()) + weather.retry_after_s, usegmt=True)
        return {"Retry-After": date if weather.retry_after_as_date else str(weather.retry_after_s)}


class LostReply(Response):
    """Closes the connection without a byte of answer, through the server's `hang_up` (see process.py)."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        scope["state"]["hang_up"]()
        while (await receive())["type"] != "http.disconnect":
            pass


def _answer(act: Act, raw: bytes) -> Response:
    try:
        body = json.loads(raw)
    except ValueError:
        return _envelope(Code.FORMAT, "请求体不是 JSON")
    return _said(act, body) if isinstance(body, dict) else _envelope(Code.MISSING, "请求体不是 JSON 对象")


def _said(act: Act, body: Body) -> Response:
    try:
        return _envelope(Code.OK, "操作成功", act(body))
    except Refusal as refusal:
        status = 401 if refusal.code is Code.NOT_AUTHORISED else 200
        return _envelope(refusal.code, refusal.message, status=status)


def _envelope(
    code: Code, message: str, data: object = None, *, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    return JSONResponse({"code": code, "msg": message, "data": data}, status, headers)


def _back_door(access: Access, hands: Hands) -> Endpoint:
    """Only from this machine, and only with the admin token."""

    async def endpoint(request: Request) -> Response:
        known = same(request.headers.get("Authorization", ""), f"Bearer {access.admin_token}")
        if request.client is None or request.client.host not in _LOOPBACK or not known:
            return Response(status_code=403)
        if (act := hands.acts.get(request.path_params["act"])) is None:
            return Response(status_code=404)
        return await run_in_threadpool(_answer, act, await request.body())

    return endpoint


async def _nobody_there(_request: Request, _error: Exception) -> Response:
    return Response(status_code=400)


async def _fault(_request: Request, error: Exception) -> Response:
    """Kind and place of a bug, without the message: it may quote the request."""
    where = error.__traceback__
    while where is not None and where.tb_next is not None:
        where = where.tb_next
    place = f"{where.tb_frame.f_code.co_qualname}:{where.tb_lineno}" if where else ""
    sys.stderr.write(f"practice portal fault: {type(error).__name__} in {place}\n")
    return _envelope(Code.FAULT, "系统异常", status=500)
