"""A client for each thread: one httpx client collapses when many threads share it."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path
from threading import Lock, local

import httpx

from adapters.wire.clocked import ClockedTransport
from schemas.dialect.access import Transport
from schemas.errors import ConfigError
from schemas.texts import T

_CONNECTIONS = 8
_KEEPALIVE_S = 2.0  # shorter than any server's: a write on a connection just closed has an unknown outcome


class Clients:
    """`open_one` makes a client; `close` closes all that were made."""

    def __init__(self, base_url: str, open_one: Callable[[], httpx.Client]) -> None:
        self.base_url = base_url
        self._open_one = open_one
        self._mine = local()
        self._lock = Lock()
        self._all: list[httpx.Client] = []

    def mine(self) -> httpx.Client:
        """The client of this thread."""
        client: httpx.Client | None = getattr(self._mine, "client", None)
        if client is None:
            client = self._mine.client = self._open_one()
            with self._lock:
                self._all.append(client)
        return client

    def close(self) -> None:
        for client in self._all:
            client.close()


def open_clients(
    base_url: str,
    wait: Transport,
    *,
    ca_file: Path | None = None,
    certificate: tuple[Path, Path] | None = None,
) -> Clients:
    """`ca_file` replaces the public authorities; `certificate` is ours with its key. Raises ConfigError."""
    verify = _trust(ca_file, certificate)
    limits = httpx.Limits(
        max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS, keepalive_expiry=_KEEPALIVE_S
    )

    def open_one() -> httpx.Client:
        return httpx.Client(
            base_url=base_url,
            transport=ClockedTransport(verify=verify, limits=limits),
            timeout=httpx.Timeout(wait.deadline_s, connect=wait.connect_s, pool=wait.connect_s),
            trust_env=False,
            follow_redirects=False,
        )

    return Clients(base_url, open_one)


def _trust(ca_file: Path | None, certificate: tuple[Path, Path] | None) -> ssl.SSLContext:
    try:
        context = (
            ssl.create_default_context(cafile=str(ca_file)) if ca_file else httpx.create_ssl_context(trust_env=False)
        )
    except OSError:  # ssl.SSLError is one
        raise ConfigError(T("The portal's CA file cannot be used: {file}", file=ca_file)) from None
    if certificate:
        try:
            context.load_cert_chain(*map(str, certificate))
        except OSError:
            raise ConfigError(T("The client certificate cannot be used: {file}", file=certificate[0])) from None
    return context
