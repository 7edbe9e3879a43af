"""The engine against a real socket, and the two headers that say when to come back."""

from __future__ import annotations

import gzip
import os
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path
from threading import Barrier, Event, Thread

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from adapters.portal.http import Clients, Credentials, Ticks, open_clients
from adapters.wire.calls import Reply, exchange
from adapters.wire.grants import Grants
from adapters.wire.requests import Made, Maker
from adapters.wire.stamps import PortalClock
from adapters.wire.waiting import seconds_asked
from schemas.errors import ConfigError, Fenced
from schemas.outcome import Seen, Transport
from schemas.texts import T
from tests.adapters.portal_rig import QILU, TOKEN

NOON = "Sat, 03 May 2025 12:00:00 GMT"
HURRY = QILU.model_copy(
    update={"transport": QILU.transport.model_copy(update={"deadline_s": 0.3, "max_answer_bytes": 5000})}
)
SAVE = Made("POST", "/save", {}, {}, b"{}")


@contextmanager
def peer(*speakers: Callable[[socket.socket, Event], None], tls: bool = False) -> Iterator[str]:
    """A server that takes a connection for each speaker, which says what it likes; `over` is set when the test is done."""
    over = Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def run() -> None:
            for speak in speakers:
                with listening.accept()[0] as connection, suppress(OSError):
                    heard = b"" if tls else connection.recv(65536)
                    while heard.startswith(b"POST") and not heard.endswith(b"{}"):
                        heard += connection.recv(65536)
                    speak(connection, over)

        thread = Thread(target=run)
        thread.start()
        try:
            yield f"http{'s' * tls}://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            over.set()
            thread.join()


def ask(base_url: str, ca_file: Path | None = None) -> tuple[Reply, float]:
    started = time.monotonic()
    with closing(open_clients(base_url, HURRY.transport, ca_file=ca_file)) as clients:
        reply = exchange(clients, HURRY, SAVE, time.monotonic)
    return reply, time.monotonic() - started


def trickle(head: bytes, drop: bytes) -> Callable[[socket.socket, Event], None]:
    def speak(connection: socket.socket, over: Event) -> None:
        connection.sendall(head)
        for _ in range(150):  # it ends at last: a call without a deadline must fail, not hang
            if over.wait(0.02):
                return
            connection.sendall(drop)

    return speak


SLOW = {
    "silence": trickle(b"", b""),
    "headers without end": trickle(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"a"),
    "a body without end": trickle(b"HTTP/1.1 200 OK\r\nContent-Length: 4999\r\n\r\n", b" "),
    "chunks without end": trickle(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
}


@pytest.mark.parametrize("speak", SLOW.values(), ids=SLOW)
def test_a_call_ends_at_its_deadline_however_slowly_the_portal_speaks(speak):
    with peer(speak) as base_url:
        reply, took_s = ask(base_url)
    assert reply.seen.transport is Transport.LOST
    assert 0.25 < took_s < 1.5


CUT = {
    "shorter than it says": (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}", "lost:RemoteProtocolError"),
    "only half of its headers": (b"HTTP/1.1 200 OK\r\nContent-", "lost:RemoteProtocolError"),
    "nothing": (b"", "lost:RemoteProtocolError"),
    "no HTTP": (b"hello\r\n\r\n", "lost:RemoteProtocolError"),
    "too much": (b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n" + b" " * 9000, "lost:AnswerTooLarge"),
    "half a JSON": (b'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{"code": "P00', "not_ours:200"),
}


@pytest.mark.parametrize(("said", "cause"), CUT.values(), ids=CUT)
def test_an_answer_that_is_not_whole_proves_nothing(said, cause):
    with peer(lambda connection, _over: connection.sendall(said)) as base_url:
        assert ask(base_url)[0].cause == cause


def test_a_port_nobody_listens_on_means_nothing_was_sent():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    reply, _took_s = ask(f"http://127.0.0.1:{port}")
    assert (reply.seen.transport, reply.cause) == (Transport.CONNECT_FAILED, "connect_failed:ConnectError")


def test_a_portal_without_tls_behind_https_means_nothing_was_sent():
    with peer(lambda connection, _over: connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")) as base_url:
        reply, _took_s = ask(base_url.replace("http://", "https://"))
    assert reply.seen.transport is Transport.CONNECT_FAILED


@pytest.fixture
def own_authority(tmp_path: Path) -> Path:
    """One PEM file: the key and the certificate of 127.0.0.1, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "portal.test")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime(2025, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2125, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "own.pem").write_bytes(private + certificate.public_bytes(Encoding.PEM))
    return tmp_path / "own.pem"


def over_tls(pem: Path) -> Callable[[socket.socket, Event], None]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)

    def speak(connection: socket.socket, _over: Event) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            heard = secured.recv(65536)
            while heard and not heard.endswith(b"{}"):  # closing on what was not read would reset the connection
                heard += secured.recv(65536)
            secured.sendall(OK)

    return speak


def test_an_authority_of_our_own_is_trusted_by_its_file_only(own_authority):
    with peer(over_tls(own_authority), tls=True) as base_url:
        reply, _took_s = ask(base_url, own_authority)
    assert reply.cause == "answered:P00000"
    with peer(over_tls(own_authority), tls=True) as base_url:
        reply, _took_s = ask(base_url)
    assert reply.cause == "connect_failed:ConnectError"


OK = b'HTTP/1.1 200 OK\r\nContent-Length: 18\r\n\r\n{"code": "P00000"}'
CLOSES = OK.replace(b"OK", b"OK\r\nConnection: close")
IN_CHUNKS = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n12\r\n{"code": "P00000"}\r\n0\r\n\r\n'


def in_turn(*said: bytes) -> Callable[[socket.socket, Event], None]:
    """One answer after another on the same connection."""

    def speak(connection: socket.socket, _over: Event) -> None:
        connection.sendall(said[0])
        for answer in said[1:]:
            heard = b""
            while not heard.endswith(b"{}"):
                heard += connection.recv(65536)
            connection.sendall(answer)

    return speak


def twice(base_url: str) -> list[str]:
    with closing(open_clients(base_url, HURRY.transport)) as clients:
        causes = [exchange(clients, HURRY, SAVE, time.monotonic).cause]
        time.sleep(0.05)
        return [*causes, exchange(clients, HURRY, SAVE, time.monotonic).cause]


@pytest.mark.parametrize("first", [OK, IN_CHUNKS])
def test_calls_after_one_another_share_a_connection(first):
    with peer(in_turn(first, OK)) as base_url:
        assert twice(base_url) == ["answered:P00000"] * 2


@pytest.mark.parametrize("first", [OK, CLOSES])
def test_a_connection_the_portal_has_closed_is_not_written_to(first):
    with peer(in_turn(first), in_turn(OK)) as base_url:
        assert twice(base_url) == ["answered:P00000"] * 2


def test_two_calls_at_once_are_lent_two_clients_and_the_next_one_the_last_of_them():
    with closing(open_clients("http://127.0.0.1:9", HURRY.transport)) as clients, clients.lent() as first:
        with clients.lent() as second:
            assert first is not second
        with clients.lent() as again:
            assert again is second


def test_a_header_with_a_line_break_is_not_sent():
    split = Made("POST", "/save", {}, {"X-Name": "a\r\nX-More: b"}, b"{}")
    with (
        peer(lambda connection, _over: connection.sendall(OK)) as base_url,
        closing(open_clients(base_url, HURRY.transport)) as clients,
    ):
        assert exchange(clients, HURRY, split, time.monotonic).cause == "lost:LocalProtocolError"


def test_a_request_that_may_not_be_written_any_more_never_leaves():
    """A process that was stopped past its lease finds out between making a request and writing it."""
    heard: list[bytes] = []

    def no_more() -> None:
        raise Fenced(T("taken over"))

    with (
        peer(lambda connection, _: heard.append(connection.recv(65536)), tls=True) as base_url,
        closing(open_clients(base_url.replace("https", "http"), HURRY.transport)) as clients,
        pytest.raises(Fenced),
    ):
        exchange(clients, HURRY, SAVE, time.monotonic, may_write=no_more)
    assert heard == [b""]


def test_a_packed_answer_is_unpacked_though_nobody_asked_for_it():
    body = gzip.compress(b'{"code": "P00000"}')
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
    with peer(lambda connection, _over: connection.sendall(head + body)) as base_url:
        assert ask(base_url)[0].cause == "answered:P00000"


def test_a_client_trusts_no_environment(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with peer(lambda connection, _over: connection.sendall(OK)) as base_url:
        assert ask(base_url)[0].cause == "answered:P00000"


def test_a_path_stands_below_the_portals_address():
    clients = Clients("http://127.0.0.1:9/api/", lambda: httpx.MockTransport(lambda _request: httpx.Response(200)))
    assert str(clients.url("/auth/token", {})) == "http://127.0.0.1:9/api/auth/token"
    assert str(clients.url("/page", {"year": "2025", "q": "一"})) == "http://127.0.0.1:9/api/page?year=2025&q=%E4%B8%80"


def test_a_ca_file_that_is_none_stops_the_start(tmp_path):
    (tmp_path / "ca.pem").write_text("no certificate")
    for name in ("ca.pem", "missing.pem"):
        with pytest.raises(ConfigError, match=name):
            open_clients("https://portal.test", QILU.transport, ca_file=tmp_path / name)


@pytest.mark.parametrize(
    ("retry_after", "date", "seconds"),
    [
        ("0", "", 0),
        (" 120 ", "", 120),
        ("999999999", "", 3600),
        ("-5", "", None),
        ("1.5", "", 1.5),
        ("soon", NOON, None),
        ("", NOON, None),
        ("٣", "", None),
        ("Sat, 03 May 2025 12:00:30 GMT", NOON, 30),
        ("Sat, 03 May 2025 12:00:30 -0000", NOON, 30),
        ("Saturday, 03-May-25 12:00:30 GMT", NOON, 30),
        ("Sat May  3 12:00:30 2025", NOON, 30),
        ("Sat, 03 May 2025 11:00:00 GMT", NOON, 0),
        ("Mon, 05 May 2025 12:00:00 GMT", NOON, 3600),
        ("Sat, 03 May 2025 12:00:30 GMT", "", None),
        ("Sat, 03 May 2025 12:00:30 GMT", "today", None),
    ],
)
def test_retry_after_is_read_in_both_its_forms(retry_after, date, seconds):
    assert seconds_asked(retry_after, date) == seconds


HEADERS = st.text(max_size=30) | st.from_regex(r"\w{3}, \d{1,3} \w{3} \d{1,6} \d\d:\d\d:\d\d ([+-]\d{4,9}|GMT)")


@given(HEADERS, HEADERS)
def test_no_header_can_make_us_wait_longer_than_an_hour_or_fail(retry_after, date):
    seconds = seconds_asked(retry_after, date)
    assert seconds is None or 0 <= seconds <= 3600


def grants(fetch: Callable[[Made], Reply], monotonic_s: float = 0.0) -> Grants:
    ticks = Ticks(lambda: monotonic_s, time.sleep, lambda: datetime.now(UTC), os.urandom)
    clock = PortalClock(QILU.stamp, ticks)
    return Grants(
        QILU.grants, Maker(QILU, Credentials("app", "secret"), "", clock, ticks), fetch, clock, ticks.monotonic
    )


def test_many_threads_fetch_one_token():
    fetched: list[Made] = []
    together = Barrier(8)

    def fetch(made: Made) -> Reply:
        fetched.append(made)
        time.sleep(0.02)
        return Reply(Seen(Transport.ANSWERED, 200, "P00000"), "", TOKEN)

    token = grants(fetch)

    def use() -> None:
        together.wait()
        token.current()

    threads = [Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(fetched) == 1


def test_a_token_of_unknown_life_is_used_until_it_is_refused():
    tokens = iter(("t1", "t2"))

    def fetch(_made: Made) -> Reply:
        return Reply(Seen(Transport.ANSWERED, 200), "", {"data": {"token": next(tokens), "expiresIn": None}})

    token = grants(fetch, 1e12)
    assert [token.current()["token"], token.current()["token"]] == ["t1", "t1"]
    token.refused({"token": "an older one"})
    assert token.current() == {"token": "t1"}
    token.refused({"token": "t1"})
    assert token.current() == {"token": "t2"}


def test_credentials_do_not_show_their_secret():
    assert "secret" not in repr(Credentials("app", "secret")).replace("app_secret", "")
