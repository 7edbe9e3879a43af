"""A local SMTP catcher with TLS and a certificate of its own; every message becomes an .eml file."""

from __future__ import annotations

import asyncio
import ssl
from concurrent.futures import Future
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from types import TracebackType
from typing import Self, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

_HOST = "127.0.0.1"
_VALID_FROM = datetime(2020, 1, 1, tzinfo=UTC)
_VALID_TO = datetime(2049, 12, 31, tzinfo=UTC)


class Mailbox:
    """Open as a context manager; messages lie in `folder` as 0001.eml, 0002.eml … in the order they came.

    Speaks STARTTLS, or TLS from the first byte with `implicit_tls`; takes no mail in clear. With `user` it asks
    for a login. Trouble on demand: `refuse` names recipients it does not know (550), the next `greylist`
    recipients are put off (451), the next `drop` messages are taken and the connection cut without an answer.
    """

    def __init__(self, folder: Path, *, user: str = "", password: str = "", implicit_tls: bool = False) -> None:
        self.host = _HOST
        self.port = 0
        self.ca_file = folder / "mailbox-ca.pem"
        self.refuse: set[str] = set()
        self.greylist = 0
        self.drop = 0
        self._folder = folder
        self._login = (user, password)
        self._implicit_tls = implicit_tls
        self._stop: asyncio.Event
        self._loop: asyncio.AbstractEventLoop
        self._thread: Thread

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        listening: Future[int] = Future()
        self._thread = Thread(target=lambda: asyncio.run(self._serve(listening)), daemon=True)
        self._thread.start()
        self.port = listening.result()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def messages(self) -> list[Path]:
        """Every message kept so far, the oldest first."""
        return sorted(self._folder.glob("*.eml"))

    async def _serve(self, listening: Future[int]) -> None:
        try:
            self._stop, self._loop = asyncio.Event(), asyncio.get_running_loop()
            trust = _tls(self.ca_file)
            server = await self._loop.create_server(
                lambda: self._speaker(trust), _HOST, 0, ssl=trust if self._implicit_tls else None
            )
        except BaseException as error:
            listening.set_exception(error)
            raise
        async with server:
            listening.set_result(server.sockets[0].getsockname()[1])
            await self._stop.wait()

    def _speaker(self, trust: ssl.SSLContext) -> SMTP:
        return SMTP(
            self,
            hostname="mailbox.invalid",
            tls_context=None if self._implicit_tls else trust,
            require_starttls=not self._implicit_tls,
            auth_required=bool(self._login[0]),
            auth_require_tls=not self._implicit_tls,
            authenticator=self._authenticate,
            enable_SMTPUTF8=True,
        )

    def _authenticate(self, *call: object) -> AuthResult:
        given = call[-1]
        good = isinstance(given, LoginPassword) and (given.login.decode(), given.password.decode()) == self._login
        return AuthResult(success=good, handled=False)

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refuse:
            return "550 5.1.1 no such user here"
        if self.greylist > 0:
            self.greylist -= 1
            return "451 4.7.1 greylisted, come back later"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        number = len(self.messages()) + 1
        unfinished = self._folder / f"{number:04d}.part"
        unfinished.write_bytes(envelope.original_content or b"")
        unfinished.replace(self._folder / f"{number:04d}.eml")
        if self.drop > 0:
            self.drop -= 1
            cast("asyncio.Transport", server.transport).abort()
        return "250 OK kept"


def _tls(ca_file: Path) -> ssl.SSLContext:
    """A context with a fresh key that never stays on the disk; its self-signed certificate goes to `ca_file`."""
    key = ec.generate_private_key(ec.SECP256R1())
    ca_file.write_bytes(_certificate(key).public_bytes(Encoding.PEM))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    with TemporaryDirectory() as folder:
        key_file = Path(folder) / "key.pem"
        key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        context.load_cert_chain(ca_file, key_file)
    return context


def _certificate(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "practice mailbox")])
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address(_HOST))])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_VALID_FROM)
        .not_valid_after(_VALID_TO)
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
