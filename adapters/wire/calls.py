"""One HTTP call: the only place where httpx sends, and where its exceptions become what was `Seen`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import cast

import httpx

from adapters.wire.clients import Clients
from adapters.wire.clocked import DEADLINE, MAY_WRITE, MayWrite
from adapters.wire.forms import decoded
from adapters.wire.paths import at, machine_word, text
from adapters.wire.requests import Made
from adapters.wire.waiting import seconds_asked
from schemas.dialect import Dialect
from schemas.dialect.answer import AnswerShape
from schemas.outcome import Seen, Transport

_ALWAYS = {"Accept": "*/*", "User-Agent": "lxy-bridge"}
_SAY_HOW_LONG = {"POST", "PUT", "PATCH"}
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_LOST = (httpx.HTTPError, httpx.StreamError)


class DeadlineExceeded(httpx.TransportError):
    """The whole call took longer than the dialect allows."""


class AnswerTooLarge(httpx.TransportError):
    """The answer goes on beyond what the dialect allows."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of one call. `cause` is a machine word such as "answered:P00000" or "lost:ReadTimeout".

    `date` and `next_link` are what the answer's headers say: the portal's time, and the address of the next page.
    `page`: it is one for people's eyes, such as a portal shows while it is closed.
    """

    seen: Seen = field(repr=False)
    cause: str
    document: object = field(default=None, repr=False)
    retry_after_s: float | None = None
    date: str = ""
    next_link: str = field(default="", repr=False)
    page: bool = False


def exchange(
    clients: Clients,
    dialect: Dialect,
    made: Made,
    monotonic: Callable[[], float],
    now: datetime | None = None,
    *,
    may_write: MayWrite | None = None,
) -> Reply:
    """Send one request and look at what came back. Never raises for what the network or the portal did.

    `now` is the portal's time as we know it, for answers that do not tell theirs. `may_write` is asked before the request
    is written; what it raises ends the call, and nothing was sent.
    """
    end = monotonic() + dialect.transport.deadline_s

    def left_s() -> float:
        return end - monotonic()

    request = _request(made, clients.url(made.path, made.query), {DEADLINE: left_s, MAY_WRITE: may_write})
    try:
        with clients.lent() as client:
            response = client.handle_request(request)
            body = _whole(response, dialect.transport.max_answer_bytes, left_s)
    except _NEVER_SENT as error:
        return Reply(Seen(Transport.CONNECT_FAILED), f"connect_failed:{type(error).__name__}")
    except _LOST as error:
        return Reply(Seen(Transport.LOST), f"lost:{type(error).__name__}")
    return understood(response, body, dialect.answer, now)


def _request(made: Made, url: httpx.URL, extensions: Mapping[str, object]) -> httpx.Request:
    """Given all its headers, httpx need not work them out of the body."""
    headers = {"Host": url.netloc.decode("ascii"), **_ALWAYS, **made.headers}
    if made.body or made.method in _SAY_HOW_LONG:
        headers["Content-Length"] = str(len(made.body))
    stream = httpx.ByteStream(made.body)
    return httpx.Request(made.method, url, headers=headers, stream=stream, extensions=extensions)


def _whole(response: httpx.Response, max_bytes: int, left_s: Callable[[], float]) -> bytes:
    """Unpacked where the portal packs what was to come plain."""
    body = bytearray()
    packed = "Content-Encoding" in response.headers
    chunks: Iterable[bytes] = response.iter_bytes() if packed else cast("httpx.SyncByteStream", response.stream)
    try:
        for chunk in chunks:
            body += chunk
            if len(body) > max_bytes:
                raise AnswerTooLarge(str(len(body)))
            if left_s() <= 0:
                raise DeadlineExceeded(str(len(body)))
    finally:
        response.close()
    return bytes(body)


def understood(response: httpx.Response, body: bytes, shape: AnswerShape, now: datetime | None = None) -> Reply:
    """A 2xx without a document, or without its code, is not the portal's; any other status speaks for itself.

    Where the status is the code, a 204 says all there is: it has no document (RFC 9110, 15.3.5).
    """
    document = decoded(body, shape)
    status = response.status_code
    code = text(at(document, shape.code_at)) if shape.code_at else str(status)
    headers = dict(response.headers.multi_items())
    date, link = headers.get("date", ""), response.links.get("next", {}).get("url", "") if "link" in headers else ""
    asked_s = seconds_asked(headers.get("retry-after", ""), date, now)
    says_all = status == HTTPStatus.NO_CONTENT and not shape.code_at
    if response.is_success and (not code or document is None) and not says_all:
        page = document is None and body.lstrip().startswith(b"<")
        return Reply(Seen(Transport.NOT_OURS, status), f"not_ours:{status}", None, asked_s, date, page=page)
    message = text(at(document, shape.message_at)) if shape.message_at else ""
    seen = Seen(Transport.ANSWERED, status, code, message)
    return Reply(seen, f"answered:{machine_word(code) or status}", document, asked_s, date, link)
