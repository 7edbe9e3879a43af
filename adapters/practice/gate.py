"""What every request passes before the desk and after it: the weather, the token, the key, and the way of its answer."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from email.utils import formatdate

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from adapters.practice.access import Tokens
from adapters.practice.forms import Body, Code, Refusal
from adapters.practice.hours import closed_at
from adapters.practice.keys import KEY_HEADER, Keys
from adapters.practice.replies import Act, Connection, HungUp, answer, envelope, on_its_way, renamed, said, spelt
from adapters.practice.traffic import Traffic
from adapters.practice.weather import Count, Sky

Endpoint = Callable[[Request], Awaitable[Response]]
_PAGE = "<!doctype html><title>系统提示</title><p>系统正在升级，请稍后访问。</p>"


class Gate:
    """`clock` is the portal's own, in seconds since 1970."""

    def __init__(self, sky: Sky, tokens: Tokens, clock: Callable[[], float], keys: Keys, traffic: Traffic) -> None:
        self._sky = sky
        self._tokens = tokens
        self._clock = clock
        self._keys = keys
        self._traffic = traffic

    def door(self, act: Act) -> Endpoint:
        async def serve(request: Request, arrived: float) -> Response:  # noqa: ARG001
            raw = await request.body()
            if turned_away := await self._weathered(request):
                return turned_away
            return await run_in_threadpool(answer, act, raw)

        return self._endpoint(serve)

    def read(self, act: Act) -> Endpoint:
        async def serve(request: Request, arrived: float) -> Response:  # noqa: ARG001
            if turned_away := await self._weathered(request) or self._stranger(request):
                return turned_away
            return await run_in_threadpool(said, act, dict(request.query_params))

        return self._endpoint(serve)

    def write(self, act: Act) -> Endpoint:
        """The body is taken in first: from then on the client may hang up and the portal still stores."""

        async def serve(request: Request, arrived: float) -> Response:
            raw = await request.body()
            if turned_away := await self._weathered(request) or self._stranger(request):
                return turned_away
            stored = await self._once(request, raw, lambda: self._stored(self._in_time(act, arrived), raw))
            if self._hits(request):
                if self._sky.take(Count.LOSE_REPLIES):
                    return HungUp(_connection(request))
                if self._sky.take(Count.HTML_STORED):
                    return HTMLResponse(_PAGE)
            return stored

        return self._endpoint(serve)

    def _endpoint(self, serve: Callable[[Request, float], Awaitable[Response]]) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            arrived, hits = time.monotonic(), self._hits(request)
            used = "connection" in request.scope["state"] and _connection(request).again()
            if hits and used and self._sky.take(Count.STALE):
                response: Response = HungUp(_connection(request))
            else:
                weather = self._sky.now
                response = spelt(renamed(await serve(request, arrived), weather), weather)
                response.headers["Date"] = formatdate(self._clock(), usegmt=True)
            self._note(request, arrived, response)
            return response if isinstance(response, HungUp) or not hits else self._sent_off(request, response)

        return endpoint

    def _sent_off(self, request: Request, response: Response) -> Response:
        connection = request.scope["state"].get("connection")
        return response if connection is None else on_its_way(response, self._sky, connection)

    def _note(self, request: Request, arrived: float, response: Response) -> None:
        status = 0 if isinstance(response, HungUp) else response.status_code
        asked = self._sky.now.retry_after_s if "Retry-After" in response.headers else None
        self._traffic.note(arrived, time.monotonic(), request, status, retry_after_s=asked)

    def _hits(self, request: Request) -> bool:
        return self._sky.now.only in {"", request.url.path}

    async def _stored(self, act: Act, raw: bytes) -> Response:
        await asyncio.sleep(self._sky.now.slow_s)
        return await run_in_threadpool(answer, act, raw)

    def _in_time(self, act: Act, arrived: float) -> Act:
        def timely(body: Body) -> object:
            patience_s = self._sky.now.gives_up_s
            if patience_s and time.monotonic() - arrived > patience_s:
                raise Refusal(Code.TIMED_OUT, "处理超时")
            return act(body)

        return timely

    async def _once(self, request: Request, raw: bytes, store: Callable[[], Awaitable[Response]]) -> Response:
        """A key is honoured by a portal of class K2 alone."""
        key, weather = request.headers.get(KEY_HEADER, ""), self._sky.now
        if weather.delivers != "K2" or not key:
            return await store()
        match self._keys.begin(key, raw, weather.key_life_s):
            case None:
                pass
            case 409:
                return envelope(Code.IN_FLIGHT, "相同请求正在处理", status=409)
            case int():
                return envelope(Code.KEY_REUSED, "幂等键已用于其他内容", status=422)
            case before:
                return before
        try:
            done = await store()
        except BaseException:
            self._keys.forget(key)
            raise
        self._keys.keep(key, done)
        return done

    async def _weathered(self, request: Request) -> Response | None:
        weather = self._sky.now
        if not self._hits(request):
            return None
        await asyncio.sleep(weather.latency_s)
        if weather.closed or closed_at(self._clock(), weather.closing_hours):
            return envelope(Code.CLOSED, "系统维护中")
        if self._sky.take(Count.OUTAGE):
            return envelope(Code.FAULT, "系统繁忙，请稍后再试", status=503, headers=self._retry_after())
        if self._sky.take(Count.THROTTLE):
            return envelope(Code.THROTTLED, "访问过于频繁，请稍后再试", status=429, headers=self._retry_after())
        return HTMLResponse(_PAGE) if self._sky.take(Count.HTML) else None

    def _stamped_wrong(self, request: Request) -> Response | None:
        tolerance_s = self._sky.now.stamp_tolerance_s
        stamp = request.headers.get("X-Request-Time", "")
        stamped_s = int(stamp) / 1000 if stamp.isascii() and stamp.isdecimal() else 0.0
        if not tolerance_s or abs(self._clock() - stamped_s) <= tolerance_s:
            return None
        return envelope(Code.STAMP, "请求时间戳超出允许范围", status=403)

    def _stranger(self, request: Request) -> Response | None:
        if stamped_wrong := self._stamped_wrong(request):
            return stamped_wrong
        if self._tokens.admit(request.headers.get("Authorization", "")):
            return None
        return envelope(Code.STRANGER, "token 无效或已过期", status=401)

    def _retry_after(self) -> dict[str, str]:
        weather = self._sky.now
        date = formatdate(math.ceil(self._clock()) + weather.retry_after_s, usegmt=True)
        return {"Retry-After": date if weather.retry_after_as_date else str(weather.retry_after_s)}


def _connection(request: Request) -> Connection:
    connection: Connection = request.scope["state"]["connection"]
    return connection
