"""One connection to a portal, as a transport of httpx on which a whole call has one deadline.

httpx's own bounds each phase, not the call: a portal that sends one byte a minute would hold us for hours. Its layers
were also the half of what a request cost us. This one writes a request at once and lets the standard library read. Before
it writes it asks whether we still may: a process may have been stopped for long between making a request and sending it.
"""

from __future__ import annotations

import io
import select
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPException, HTTPResponse
from typing import cast

import httpx

DEADLINE = "left_s"
"""The extension of a request that tells the seconds its call has left, whenever it is asked."""

MAY_WRITE = "may_write"
"""The extension that is asked before a request is written: what it raises ends the call, and nothing was sent."""

MayWrite = Callable[[], None]

_SLACK_S = 0.05  # setting a time-out lets go of the interpreter: not for less
_KEEPALIVE_S = 2.0  # shorter than any server's: a write on a connection just closed has an unknown outcome
_AT_ONCE = 65536


class ClockedTransport(httpx.BaseTransport):
    """Keeps its one connection from call to call; for one thread at a time."""

    def __init__(self, trust: ssl.SSLContext, *, connect_s: float) -> None:
        self._trust = trust
        self._connect_s = connect_s
        self._kept: _Peer | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        left_s: Callable[[], float] = request.extensions[DEADLINE]
        peer = self._connected(request.url, left_s)
        may_write: MayWrite | None = request.extensions.get(MAY_WRITE)
        try:
            peer.say(_written(request), may_write)
            answer = peer.answer(request.method)
        except BaseException:
            peer.close()
            raise
        headers = [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in answer.getheaders()]
        return httpx.Response(answer.status, headers=headers, stream=_Body(answer, peer, self))

    def keep(self, peer: _Peer) -> None:
        self._kept = peer

    def close(self) -> None:
        if self._kept:
            self._kept.close()

    def _connected(self, url: httpx.URL, left_s: Callable[[], float]) -> _Peer:
        """The connection kept, while it is open and of this origin; else a new one."""
        origin = url.scheme, url.raw_host.decode("ascii"), url.port or {"http": 80, "https": 443}[url.scheme]
        kept, self._kept = self._kept, None
        if kept and kept.origin == origin and kept.idles():
            kept.left_s = left_s
            return kept
        if kept:
            kept.close()
        with _as_of_httpx(httpx.ConnectTimeout, httpx.ConnectError):
            return _Peer(origin, self._opened(origin, min(self._connect_s, max(left_s(), _SLACK_S))), left_s)

    def _opened(self, origin: tuple[str, str, int], timeout_s: float) -> socket.socket:
        scheme, host, port = origin
        plain = socket.create_connection((host, port), timeout_s)
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return self._trust.wrap_socket(plain, server_hostname=host) if scheme == "https" else plain
        except BaseException:
            plain.close()
            raise


class _Peer:
    """A socket that waits no longer than the call it serves has left."""

    def __init__(self, origin: tuple[str, str, int], connected: socket.socket, left_s: Callable[[], float]) -> None:
        self.origin = origin
        self.left_s = left_s
        self._socket = self._hasty = connected
        if not isinstance(connected, ssl.SSLSocket):  # a second one would not share its session
            self._hasty = connected.dup()
            self._hasty.settimeout(0)
        self._timeout_s = float("inf")
        self._last_s = time.monotonic()
        self.ended = False

    def idles(self) -> bool:
        """Whether it may be used again: not for long unused, and the portal has neither closed it nor said more."""
        fresh = time.monotonic() - self._last_s < _KEEPALIVE_S
        return fresh and not select.select([self._socket], [], [], 0)[0]

    def rest(self) -> None:
        self._last_s = time.monotonic()

    def say(self, request: bytes, may_write: MayWrite | None) -> None:
        """A portal may answer and close before it has read everything: that is for the reader to see.

        `may_write` is asked last, and what follows waits for nobody: a process that is stopped in between sends when it is
        resumed.
        """
        try:
            self._bound()
            if may_write:
                may_write()
            sent = self._at_once(request)
            if sent < len(request):
                self._socket.sendall(request[sent:])
        except TimeoutError as error:
            raise httpx.WriteTimeout(str(error)) from error
        except OSError:
            return

    def _at_once(self, request: bytes) -> int:
        """How much the system takes now. A socket with a time-out first waits until it may, which lets go of the interpreter."""
        try:
            return self._hasty.send(request)
        except BlockingIOError:
            return 0

    def answer(self, method: str) -> HTTPResponse:
        """The head of the answer."""
        with _as_of_httpx(httpx.ReadTimeout, httpx.ReadError):
            answer = HTTPResponse(cast("socket.socket", self), method=method)
            answer.begin()
        if self.ended:
            raise httpx.RemoteProtocolError("closed within the head of the answer")
        return answer

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Ear(self), _AT_ONCE)

    def read_into(self, buffer: memoryview) -> int:
        self._bound()
        got = self._socket.recv_into(buffer)
        self.ended = not got
        return got

    def _bound(self) -> None:
        left_s = self.left_s()
        if left_s <= 0:
            raise TimeoutError
        if abs(left_s - self._timeout_s) > _SLACK_S:
            self._timeout_s = left_s
            self._socket.settimeout(left_s)

    def close(self) -> None:
        self._hasty.close()
        self._socket.close()


class _Ear(io.RawIOBase):
    """What one answer is read through; that it is closed does not close the connection."""

    def __init__(self, peer: _Peer) -> None:
        self._peer = peer

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # a buffer is all that is ever handed in
        return self._peer.read_into(buffer)


class _Body(httpx.SyncByteStream):
    """The rest of an answer. Read to its end, it leaves the connection to the next call."""

    def __init__(self, answer: HTTPResponse, peer: _Peer, owner: ClockedTransport) -> None:
        self._answer = answer
        self._peer = peer
        self._owner = owner

    def __iter__(self) -> Iterator[bytes]:
        with _as_of_httpx(httpx.ReadTimeout, httpx.ReadError):
            while chunk := self._answer.read(_AT_ONCE):
                yield chunk
        if self._answer.length:
            raise httpx.RemoteProtocolError("closed within the answer")

    def close(self) -> None:
        if self._answer.isclosed() and not self._answer.length and not self._answer.will_close:
            self._peer.rest()
            self._owner.keep(self._peer)
        else:
            self._answer.close()
            self._peer.close()


@contextmanager
def _as_of_httpx(late: type[httpx.TimeoutException], failed: type[httpx.NetworkError]) -> Iterator[None]:
    """What the standard library raises, as httpx would."""
    try:
        yield
    except TimeoutError as error:
        raise late(str(error)) from error
    except HTTPException as error:
        raise httpx.RemoteProtocolError(type(error).__name__) from error
    except OSError as error:
        raise failed(str(error)) from error


def _written(request: httpx.Request) -> bytes:
    """Head and body in one piece. A line break in a header would begin another one."""
    start = b"%b %b HTTP/1.1" % (request.method.encode(), request.url.raw_path)
    lines = [start, *(name + b": " + value for name, value in request.headers.raw)]
    if any(b"\n" in line or b"\r" in line for line in lines):
        raise httpx.LocalProtocolError("a header holds a line break")
    return b"\r\n".join([*lines, b"", request.read()])
