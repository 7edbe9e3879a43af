"""Clients on loan: each serves one call at a time, and the next call finds its connection open."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import httpx

from adapters.wire.clocked import ClockedTransport
from schemas.dialect.access import Transport
from schemas.errors import ConfigError
from schemas.texts import T


class Clients:
    """`open_one` makes a client; `close` closes all that were made. (A client is no more than a transport: what
    `httpx.Client` adds to one, a call to a portal does not need, and it costs as much as the call.)
    """

    def __init__(self, base_url: str, open_one: Callable[[], httpx.BaseTransport]) -> None:
        self.base_url = base_url
        self._open_one = open_one
        self._idle: list[httpx.BaseTransport] = []
        self._all: list[httpx.BaseTransport] = []

    @contextmanager
    def lent(self) -> Iterator[httpx.BaseTransport]:
        """The one given back last: of all connections its is the freshest."""
        try:
            client = self._idle.pop()
        except IndexError:
            client = self._open_one()
            self._all.append(client)
        try:
            yield client
        finally:
            self._idle.append(client)

    def url(self, path: str, query: Mapping[str, str]) -> httpx.URL:
        """Where a path of the portal is."""
        url = _url(self.base_url, path)
        return url.copy_with(params=query) if query else url

    def close(self) -> None:
        for client in self._all:
            client.close()


@lru_cache(maxsize=64)
def _url(base_url: str, path: str) -> httpx.URL:
    """Most calls go to the same few places."""
    return httpx.URL(f"{base_url.rstrip('/')}/{path.lstrip('/')}")


def open_clients(
    base_url: str,
    wait: Transport,
    *,
    ca_file: Path | None = None,
    certificate: tuple[Path, Path] | None = None,
) -> Clients:
    """`ca_file` replaces the public authorities; `certificate` is ours with its key. Raises ConfigError."""
    trust = _trust(ca_file, certificate)
    return Clients(base_url, lambda: ClockedTransport(trust, connect_s=wait.connect_s))


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
