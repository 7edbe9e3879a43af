"""A portal that costs next to nothing: it speaks as much of qilu as pushing needs, accepts everything and keeps nothing.

`python -m tests.benchmarks.quick_portal LATENCY_S` prints one line, `ready PORT`, and ends when its stdin closes. What is
measured against it is the client: one process answers some ten thousand requests a second.
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.benchmarks.measuring import ROOT, environment

APP_ID, TOKEN, SECRET = "benchmark", "benchmark-token", "benchmark-secret"
SAVE_PEOPLE = "/recuperation/person/saveBatch"

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_SERIALS = re.compile(rb'"serialNo":"([0-9a-f]+)"')
_FIXED = {
    b"/auth/token": b'{"code":"P00000","msg":"","data":{"token":"%s","expiresIn":7200}}' % TOKEN.encode(),
    b"/recuperation/batch/save": b'{"code":"P00000","msg":"","data":{"id":"1"}}',
}
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


class _Connection(asyncio.Protocol):
    """One request after another, as HTTP/1.1 clients send them: no chunks, no pipelining."""

    latency_s = 0.0

    def __init__(self) -> None:
        self._got = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._got += data
        head, end, body = self._got.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not end or len(body) < (int(length[1]) if length else 0):
            return
        self._got = b""
        answer = _answer(head.split(b" ", 2)[1], body)
        if self.latency_s:
            asyncio.get_running_loop().call_later(self.latency_s, self._say, answer)
        else:
            self._say(answer)

    def _say(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(_HEAD % len(answer) + answer)


def _answer(path: bytes, body: bytes) -> bytes:
    """A verdict for each serial."""
    if path != SAVE_PEOPLE.encode():
        return _FIXED[path]
    saved = b",".join(b'{"serialNo":"%b","id":"%b"}' % (serial, serial) for serial in _SERIALS.findall(body))
    return b'{"code":"P00000","msg":"","data":{"saved":[%b],"failed":[],"skipped":[]}}' % saved


async def _serve(latency_s: float) -> None:
    _Connection.latency_s = latency_s
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Connection, "127.0.0.1", 0, backlog=256)
    sys.stdout.write(f"ready {server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)


@contextmanager
def quick_portal(latency_s: float) -> Iterator[str]:
    """Its base URL, while the block runs."""
    command = [sys.executable, "-m", "tests.benchmarks.quick_portal", str(latency_s)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment()
    ) as process:
        assert process.stdout
        assert process.stdin
        yield f"http://127.0.0.1:{process.stdout.readline().split()[1]}"
        process.stdin.close()


if __name__ == "__main__":
    asyncio.run(_serve(float(sys.argv[1])))
