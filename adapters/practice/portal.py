"""演练平台, the practice portal: a stand-in for the online system that really stores, over real HTTP.

It speaks schemas/dialects/qilu.toml but shares no code with the client that reads that file.
"""

from __future__ import annotations

import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.practice.access import Access, Tokens, access_of, same
from adapters.practice.counter import Counter
from adapters.practice.desk import Desk
from adapters.practice.forms import Code
from adapters.practice.gate import Endpoint, Gate
from adapters.practice.hands import Hands
from adapters.practice.hours import off
from adapters.practice.keys import Keys
from adapters.practice.replies import answer, envelope
from adapters.practice.store import Store
from adapters.practice.traffic import Traffic
from adapters.practice.weather import Sky, Weather

_LOOPBACK = ("127.0.0.1", "::1")


def create_app(folder: Path, weather: Weather, *, clock: Callable[[], float] = time.time) -> Starlette:
    """`folder` exists and holds all the portal's data; `clock` gives seconds since 1970."""
    access, sky, traffic = access_of(folder), Sky(weather), Traffic(folder)
    own_clock = off(clock, lambda: sky.now.clock_off_s)
    store, tokens = Store(folder, clock), Tokens(own_clock)
    desk, gate = Desk(store, sky, access, tokens), Gate(sky, tokens, own_clock, Keys(time.monotonic), traffic)
    hands = Hands(store, sky, tokens, Counter(store, desk, sky))
    person, batch = "/recuperation/person", "/recuperation/batch"

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        store.close()
        traffic.close()

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


def _back_door(access: Access, hands: Hands) -> Endpoint:
    """Only from this machine, and only with the admin token."""

    async def endpoint(request: Request) -> Response:
        known = same(request.headers.get("Authorization", ""), f"Bearer {access.admin_token}")
        if request.client is None or request.client.host not in _LOOPBACK or not known:
            return Response(status_code=403)
        if (act := hands.acts.get(request.path_params["act"])) is None:
            return Response(status_code=404)
        return await run_in_threadpool(answer, act, await request.body())

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
    return envelope(Code.FAULT, "系统异常", status=500)
