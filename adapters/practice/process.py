"""The practice portal as a process of its own: `python -m adapters.practice.process --dir DIR --port N`.

It prints one line, `ready PORT`, and ends when its stdin closes, so it never outlives who started it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Self

import httpx
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from adapters.practice.access import access_of
from adapters.practice.admin import Admin
from adapters.practice.effects import Effect, read_effects
from adapters.practice.portal import create_app
from adapters.practice.weather import Weather, weather_from

_ROOT = Path(__file__).resolve().parents[2]
_STOP_S = 5.0
_ADMIN_S = 30.0


class PracticePortal:
    """Runs the portal while the block runs; the folder keeps what it stored."""

    def __init__(self, folder: Path, *, weather: Weather | None = None, port: int = 0) -> None:
        self.folder = folder
        self._weather = weather or Weather()
        self._port = port

    def __enter__(self) -> Self:
        self.process = _start(self.folder, self._port, self._weather)
        self.base_url = f"http://127.0.0.1:{_ready_port(self.process)}"
        access = access_of(self.folder)
        self.app_id, self.app_secret = access.app_id, access.app_secret
        headers = {"Authorization": f"Bearer {access.admin_token}"}
        self._client = httpx.Client(base_url=self.base_url, headers=headers, trust_env=False, timeout=_ADMIN_S)
        self.admin = Admin(self._client)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()
        _stop(self.process)

    def set_weather(self, **switches: object) -> Weather:
        return self.admin.weather(**switches)

    def effects(self) -> list[Effect]:
        return read_effects(self.folder)


def _start(folder: Path, port: int, weather: Weather) -> subprocess.Popen[str]:
    options = ["--dir", str(folder), "--port", str(port), "--weather", json.dumps(asdict(weather))]
    path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
    return subprocess.Popen(
        [sys.executable, "-m", "adapters.practice.process", *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": path},
    )


def _ready_port(process: subprocess.Popen[str]) -> int:
    """Waits for the line; raises RuntimeError when the process ends without it."""
    line = process.stdout.readline() if process.stdout else ""
    if not line.startswith("ready "):
        _stop(process)
        raise RuntimeError("the practice portal did not start: its own words are on stderr")
    return int(line.split()[1])


def _stop(process: subprocess.Popen[str]) -> None:
    if process.stdin:
        process.stdin.close()
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout:
        process.stdout.close()


class _Connection:
    """What the app may do to a client's connection past the server; fits `replies.Connection`."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self.write = transport.write
        self.hang_up = transport.close
        self._requests = 0

    def again(self) -> bool:
        self._requests += 1
        return self._requests > 1


class _Protocol(H11Protocol):
    """Gives the app the connection, to close it or to write to it as no server would."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as its parent
        super().connection_made(transport)
        self.app_state = self.app_state | {"connection": _Connection(transport)}


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, say_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._say_ready = say_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._say_ready()

    def end_with_stdin(self) -> None:
        with suppress(OSError):
            while os.read(0, 1024):
                pass
        self.should_exit = True


def serve(folder: Path, port: int, weather: Weather) -> None:
    """Until stdin closes or a signal comes. Raises OSError when the port or the folder cannot be had."""
    folder.mkdir(parents=True, exist_ok=True)
    with listen(port) as listening:
        serve_on(listening, folder, weather)


def serve_on(listening: socket.socket, folder: Path, weather: Weather) -> None:
    """The same, for whoever listens already."""
    config = uvicorn.Config(
        create_app(folder, weather),
        http=_Protocol,
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        date_header=False,  # the portal goes by a clock of its own
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
    )
    actual = listening.getsockname()[1]
    server = _Server(config, lambda: _print(f"ready {actual}"))
    Thread(target=server.end_with_stdin, daemon=True).start()
    with suppress(KeyboardInterrupt):
        server.run(sockets=[listening])


def listen(port: int) -> socket.socket:
    """Says TCP aloud: asyncio sends small answers at once only on a socket that names its protocol."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", port))
    except OSError:
        listening.close()
        raise
    return listening


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _switches(text: str) -> Weather:
    try:
        return weather_from(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m adapters.practice.process")
    parser.add_argument("--dir", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--weather", type=_switches, default=Weather(), help="a JSON object of switches")
    asked = parser.parse_args(arguments)
    try:
        serve(asked.dir, asked.port, asked.weather)
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
