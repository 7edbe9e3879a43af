"""One HTTP call: the only place where httpx sends, and where its exceptions become what was `Seen`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import httpx
import orjson

from adapters.wire.clocked import within
from adapters.wire.paths import at, machine_word, text
from adapters.wire.waiting import seconds_asked
from schemas.dialect import AnswerShape, Dialect
from schemas.outcome import Seen, Transport

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_LOST = (httpx.HTTPError, httpx.StreamError)


class DeadlineExceeded(httpx.TransportError):
    """The whole call took longer than the dialect allows."""


class AnswerTooLarge(httpx.TransportError):
    """The answer goes on beyond what the dialect allows."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request without its token. `body` goes out as it is."""

    method: str
    path: str
    body: bytes = field(default=b"", repr=False)
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of one call. `cause` is a machine word such as "answered:P00000" or "lost:ReadTimeout"."""

    seen: Seen = field(repr=False)
    cause: str
    document: object = field(default=None, repr=False)
    retry_after_s: float | None = None


def exchange(
    client: httpx.Client, dialect: Dialect, call: Call, headers: Mapping[str, str], monotonic: Callable[[], float]
) -> Reply:
    """Send one call and look at what came back. Never raises for what the network or the portal did."""
    end = monotonic() + dialect.transport.deadline_s

    def left_s() -> float:
        return end - monotonic()

    request = client.build_request(
        call.method, call.path, content=call.body or None, params=call.query or None, headers=_headers(call, headers)
    )
    try:
        with within(left_s):
            response = client.send(request, stream=True, follow_redirects=False)
            body = _whole(response, dialect.transport.max_answer_bytes, left_s)
    except _NEVER_SENT as error:
        return Reply(Seen(Transport.CONNECT_FAILED), f"connect_failed:{type(error).__name__}")
    except _LOST as error:
        return Reply(Seen(Transport.LOST), f"lost:{type(error).__name__}")
    return _understood(response, body, dialect.answer)


def _headers(call: Call, headers: Mapping[str, str]) -> dict[str, str]:
    # an answer is counted as it arrives: a compressed one could grow a thousandfold
    kind = {"Content-Type": "application/json"} if call.body else {}
    return {"Accept": "application/json", "Accept-Encoding": "identity", **kind, **headers}


def _whole(response: httpx.Response, max_bytes: int, left_s: Callable[[], float]) -> bytes:
    body = bytearray()
    try:
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > max_bytes:
                raise AnswerTooLarge(str(len(body)))
            if left_s() <= 0:
                raise DeadlineExceeded(str(len(body)))
    finally:
        response.close()
    return bytes(body)


def _understood(response: httpx.Response, body: bytes, shape: AnswerShape) -> Reply:
    """A 2xx that carries no code is not the portal's; any other status speaks for itself, by the rules."""
    document = _json(body)
    code = text(at(document, shape.code_at))
    status = response.status_code
    asked_s = seconds_asked(response.headers.get("Retry-After", ""), response.headers.get("Date", ""))
    if not code and response.is_success:
        return Reply(Seen(Transport.NOT_OURS, status), f"not_ours:{status}", retry_after_s=asked_s)
    seen = Seen(Transport.ANSWERED, status, code, text(at(document, shape.message_at)))
    return Reply(seen, f"answered:{machine_word(code) or status}", document, asked_s)


def _json(body: bytes) -> object:
    try:
        document: object = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return document
