"""Hands a finished message to the mail server. The certificate is always verified; nothing goes out in clear."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path

from schemas.errors import BridgeError, RunError, TransientError
from schemas.texts import T


class Security(StrEnum):
    STARTTLS = "starttls"  # usually port 587 or 25
    SMTPS = "smtps"  # from the first byte, usually port 465


_WORDS_MAX = 200
_NOT_NOW = 4  # the first digit
_NOT_LET_IN = {530, 534, 535, 538}  # RFC 4954 6
_FOREIGN = (smtplib.SMTPException, OSError, ValueError)


class SmtpMailer:
    """Fits `bridge.ports.Mailer`. `ca_file` is trusted instead of the system's authorities."""

    def __init__(
        self,
        host: str,
        port: int,
        security: Security,
        user: str = "",
        password: str = "",
        ca_file: Path | None = None,
        timeout_s: float = 30,
    ) -> None:
        self._host = host
        self._port = port
        self._security = security
        self._user = user
        self._password = password
        self._ca_file = ca_file
        self._timeout_s = timeout_s

    def send(self, message: bytes, *, sender: str, recipients: Sequence[str]) -> Mapping[str, str]:
        """The refused recipients with the server's words, which begin with its SMTP code.

        Raises TransientError when nobody got the message and it may be tried again, RunError when staff must
        act first (certificate, security, password). A connection lost at the end leaves open whether the
        message was taken: only its unchanged Message-ID tells.
        """
        try:
            with self._session() as session:
                answers = session.sendmail(sender, list(recipients), message)
        except smtplib.SMTPRecipientsRefused as error:
            answers = error.recipients
            if all(_may_pass(code) for code, _ in answers.values()):
                raise self._later(*next(iter(answers.values()))) from error
        except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
            if _may_pass(error.smtp_code) or error.smtp_code in _NOT_LET_IN:
                raise self._understood(error) from error
            answers = dict.fromkeys(recipients, (error.smtp_code, _as_bytes(error.smtp_error)))
        except _FOREIGN as error:
            raise self._understood(error) from error
        return {who: _said(code, words) for who, (code, words) in answers.items()}

    def greet(self) -> None:
        """Connect, secure, log in and leave, to find out whether `send` could work. Raises as `send` does."""
        try:
            with self._session():
                pass
        except _FOREIGN as error:
            raise self._understood(error) from error

    @contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        session = self._connected(self._trust())
        try:
            if self._user:
                session.login(self._user, self._password)
            yield session
            with suppress(smtplib.SMTPException, OSError):  # what was taken stays taken
                session.quit()
        finally:
            session.close()

    def _connected(self, trust: ssl.SSLContext) -> smtplib.SMTP:
        if self._security is Security.SMTPS:
            return smtplib.SMTP_SSL(self._host, self._port, timeout=self._timeout_s, context=trust)
        session = smtplib.SMTP(self._host, self._port, timeout=self._timeout_s)
        try:
            session.starttls(context=trust)
        except BaseException:
            session.close()
            raise
        return session

    def _trust(self) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cafile=self._ca_file)
        except OSError as error:
            text = T("The mail server's certificate file {path} cannot be used.", path=self._ca_file)
            raise RunError(text) from error

    def _understood(self, error: Exception) -> BridgeError:
        """Our error for one of smtplib's, ssl's or the socket's."""
        match error:
            case smtplib.SMTPResponseException() if _may_pass(error.smtp_code):
                return self._later(error.smtp_code, _as_bytes(error.smtp_error))
            case smtplib.SMTPResponseException():
                return self._turned_away(error.smtp_code, _as_bytes(error.smtp_error))
            case ssl.SSLCertVerificationError():
                text = T(
                    "The certificate of the mail server {server} cannot be trusted ({reason}). Check the host, or name its ca_file.",
                    server=self._server,
                    reason=error.verify_message,
                )
                return RunError(text)
            case ssl.SSLEOFError() | ssl.SSLZeroReturnError() | smtplib.SMTPServerDisconnected():
                return self._broke_off(error)
            case ssl.SSLError() | smtplib.SMTPException():
                text = T(
                    "The mail server {server} does not offer the security or login that is set. Check security and port.",
                    server=self._server,
                )
                return RunError(text)
            case ValueError():
                return RunError(T("An address, the user or the password for mail holds a character it must not."))
            case _:
                return self._broke_off(error)

    def _later(self, code: int, words: bytes) -> TransientError:
        said = _said(code, words)
        return TransientError(T("The mail server {server} asks to try later: {said}", server=self._server, said=said))

    def _turned_away(self, code: int, words: bytes) -> RunError:
        said = _said(code, words)
        if code in _NOT_LET_IN:
            text = T(
                "The mail server {server} refused the login: {said}. Check the user and the password.",
                server=self._server,
                said=said,
            )
            return RunError(text)
        return RunError(T("The mail server {server} turned the bridge away: {said}", server=self._server, said=said))

    def _broke_off(self, error: Exception) -> TransientError:
        kind = type(error).__name__
        text = T(
            "The mail server {server} could not be reached, or broke off ({kind}).", server=self._server, kind=kind
        )
        return TransientError(text)

    @property
    def _server(self) -> str:
        return f"{self._host}:{self._port}"


def _may_pass(code: int) -> bool:
    """RFC 5321 4.2.1: a reply of the 4xx kind is about now, one of the 5xx kind about the request."""
    return code // 100 == _NOT_NOW


def _as_bytes(words: bytes | str) -> bytes:
    return words.encode() if isinstance(words, str) else words


def _said(code: int, words: bytes) -> str:
    return " ".join(f"{code} {words.decode('utf-8', 'replace')}".split())[:_WORDS_MAX]
