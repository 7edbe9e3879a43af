"""A line to a portal that is cut after any byte: a TCP proxy between the bridge and a practice portal."""

from __future__ import annotations

import socket
import struct
from collections import deque
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from threading import Thread
from urllib.parse import urlsplit

_HEAD_END = b"\r\n\r\n"
_LONGEST_HEAD = 16_384
_LET_GO = struct.pack("ii", 1, 0)  # SO_LINGER: closing resets the connection


@dataclass(frozen=True, slots=True)
class Cut:
    """So many bytes of the request reach the portal, and when it is whole, so many of the answer come back.

    `resets`: the client sees a reset, else a plain end of the connection.
    """

    request: int | None = None
    answer: int = 0
    resets: bool = False


@dataclass(frozen=True, slots=True)
class Made:
    """What became of one cut: the lengths as they were (`answer` None where none was waited for)."""

    cut: Cut
    request: int
    answer: int | None

    @property
    def harmless(self) -> bool:
        """Everything had come through already."""
        return self.answer is not None and self.cut.answer >= self.answer


@dataclass
class CuttingLine:
    """`cuts` are made in turn, one for each request to `path`; what is left over passes whole."""

    base_url: str
    path: str = ""
    cuts: deque[Cut] = field(default_factory=deque)
    made: list[Made] = field(default_factory=list)
    whole: tuple[int, int] = (0, 0)  # bytes of the last request to `path` that passed whole, and of its answer

    def serve(self, client: socket.socket, portal: tuple[str, int]) -> None:
        """One connection of the client, which has one of its own to the portal.

        A cut's last byte and the end of the connection arrive together. Were the end later, the client could have its
        next request on the same connection by then, and that one would be lost as well, without a cut of its own.
        """
        with closing(client), socket.create_connection(portal) as upstream:
            while length := _coming(client):
                ours = self.path and client.recv(_LONGEST_HEAD, socket.MSG_PEEK).split(b" ")[1] == self.path.encode()
                if ours and self.cuts:
                    self._cut(self.cuts.popleft(), length, client, upstream)
                    return
                upstream.sendall(_exactly(client, length))
                answer = _exactly(upstream, _coming(upstream))
                if ours:
                    self.whole = length, len(answer)
                client.sendall(answer)

    def _cut(self, cut: Cut, length: int, client: socket.socket, upstream: socket.socket) -> None:
        if cut.resets:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LET_GO)
        arrives = length if cut.request is None else min(cut.request, length)
        request = _exactly(client, arrives if cut.resets else length)
        upstream.sendall(request[:arrives])
        if arrives < length:
            self.made.append(Made(cut, length, None))
            return
        answer = _exactly(upstream, _coming(upstream))
        self.made.append(Made(cut, length, len(answer)))
        client.sendall(answer[: cut.answer], socket.MSG_MORE)  # held back for the end: see `serve`
        if cut.answer:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 0, 0))  # it arrives first


@contextmanager
def cutting_line(portal_url: str) -> Iterator[CuttingLine]:
    parts = urlsplit(portal_url)
    portal = parts.hostname or "", parts.port or 0
    with socket.create_server(("127.0.0.1", 0)) as listening:
        line = CuttingLine(f"http://127.0.0.1:{listening.getsockname()[1]}")

        def work() -> None:
            while True:
                try:
                    client, _ = listening.accept()
                except OSError:  # closed: the test is over
                    return
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                Thread(target=line.serve, args=(client, portal), daemon=True).start()

        Thread(target=work, daemon=True).start()
        yield line
        listening.shutdown(socket.SHUT_RDWR)


def _coming(peer: socket.socket) -> int:
    """The length of the message that comes next, by its head, which is not taken yet; 0 when nothing comes."""
    head, flags = b"", socket.MSG_PEEK
    while _HEAD_END not in head:
        try:
            more = peer.recv(_LONGEST_HEAD, flags)
        except ConnectionResetError:
            return 0
        if not more or more == head:
            return 0
        head = more
    lines = head[: head.index(_HEAD_END)].split(b"\r\n")[1:]
    named = {name.strip().lower(): value for name, _, value in (line.partition(b":") for line in lines)}
    return head.index(_HEAD_END) + len(_HEAD_END) + int(named.get(b"content-length", b"0"))


def _exactly(peer: socket.socket, length: int) -> bytes:
    found = b""
    while len(found) < length:
        more = peer.recv(length - len(found))
        if not more:
            raise ConnectionError("the message ended early")
        found += more
    return found
