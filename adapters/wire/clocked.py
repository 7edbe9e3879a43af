"""A total deadline for one HTTP call, kept where it cannot be dodged: at every read and write of the socket.

httpx bounds each phase, not the call: a portal that sends one byte a minute would hold us for hours. At each write it is
also asked whether we may still write: a process may have been stopped for long between making a request and sending it.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import httpcore
import httpx

_SOON_S = 0.001  # 0 would mean "do not wait" to a socket, None "for ever"

MayWrite = Callable[[], None]

_left_s: ContextVar[Callable[[], float] | None] = ContextVar("left_s", default=None)
_may_write: ContextVar[MayWrite | None] = ContextVar("may_write", default=None)


@contextmanager
def within(left_s: Callable[[], float], may_write: MayWrite | None = None) -> Iterator[None]:
    """Every socket operation of this thread ends when `left_s()` seconds are over, and each write by what `may_write` raises.

    A request that is stopped so was not sent as a whole, so nobody can have acted upon it.
    """
    reset, reset_too = _left_s.set(left_s), _may_write.set(may_write)
    try:
        yield
    finally:
        _left_s.reset(reset)
        _may_write.reset(reset_too)


def _bounded(timeout: float | None) -> float | None:
    left_s = _left_s.get()
    if left_s is None:
        return timeout
    left = max(left_s(), _SOON_S)
    return left if timeout is None else min(left, timeout)


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _bounded(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        timeout = _bounded(timeout)
        if may_write := _may_write.get():
            may_write()
        self._inner.write(buffer, timeout)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, _bounded(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Network(httpcore.NetworkBackend):
    def __init__(self) -> None:
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.connect_tcp(host, port, _bounded(timeout), local_address, socket_options))


class ClockedTransport(httpx.HTTPTransport):
    """httpx's own transport on sockets that know the deadline."""

    def __init__(self, *, verify: ssl.SSLContext | bool, limits: httpx.Limits) -> None:
        super().__init__(verify=verify, limits=limits, trust_env=False)
        # httpcore takes a backend, httpx does not pass one on
        self._pool._network_backend = _Network()  # noqa: SLF001
