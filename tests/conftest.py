"""For every test: no network but this machine itself, and hypothesis in one fixed order."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from hypothesis import settings

from bridge.config import is_loopback

settings.register_profile("bridge", deadline=None, derandomize=True, database=None)
settings.load_profile("bridge")


class OutsideWorld(Exception):
    """A test tried to leave this machine."""


@pytest.fixture(autouse=True, scope="session")
def loopback_only() -> Iterator[None]:
    """Sockets connect, send and ask for addresses only here. (Processes that a test starts are on their own.)"""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name)))
        patch.setattr(socket, "getaddrinfo", _guarded_lookup(socket.getaddrinfo))
        yield


def _guarded(connect):
    def guarded(self: socket.socket, address):
        if self.family in {socket.AF_INET, socket.AF_INET6} and not is_loopback(address[0]):
            raise OutsideWorld(f"to {address[0]}")
        return connect(self, address)

    return guarded


def _guarded_lookup(getaddrinfo):
    def guarded(host, *args, **kwargs):
        name = host.decode() if isinstance(host, bytes) else host
        if name and not is_loopback(name):
            raise OutsideWorld(f"to {name}")
        return getaddrinfo(host, *args, **kwargs)

    return guarded
