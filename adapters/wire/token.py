"""The token: fetched when first needed, renewed early, and by one thread at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

import orjson

from adapters.wire.calls import Call, Reply
from adapters.wire.paths import at, text
from schemas.dialect import Auth
from schemas.errors import AuthError
from schemas.texts import T


@dataclass(frozen=True, slots=True)
class Credentials:
    app_id: str
    app_secret: str = field(repr=False)


class Token:
    """`fetch` makes the token call; it returns a success or raises."""

    def __init__(
        self, auth: Auth, credentials: Credentials, fetch: Callable[[Call], Reply], monotonic: Callable[[], float]
    ) -> None:
        self._auth = auth
        self._credentials = credentials
        self._fetch = fetch
        self._monotonic = monotonic
        self._lock = Lock()
        self._value = ""
        self._renew_at = float("inf")

    def current(self) -> str:
        """Raises AuthError when the portal gives us none, and whatever `fetch` raises."""
        with self._lock:
            if not self._value or self._monotonic() >= self._renew_at:
                self._renew()
            return self._value

    def refused(self, value: str) -> None:
        """The portal would not take `value`; unless another thread has renewed it already, it is forgotten."""
        with self._lock:
            if self._value == value:
                self._value = ""

    def header(self, value: str) -> dict[str, str]:
        return {self._auth.header: self._auth.template.format(token=value)}

    def _renew(self) -> None:
        asked_at = self._monotonic()
        names = {"app_id": self._credentials.app_id, "app_secret": self._credentials.app_secret}
        body = orjson.dumps({key: word.format(**names) for key, word in self._auth.body.items()})
        document = self._fetch(Call(self._auth.method, self._auth.path, body)).document
        value = text(at(document, self._auth.token_at))
        if not value or not value.isascii() or not value.isprintable():
            raise AuthError(T("The portal's answer has no usable token at {path}.", path=self._auth.token_at))
        self._value = value
        self._renew_at = asked_at + self._life_s(document)

    def _life_s(self, document: object) -> float:
        """How long the token is used; without a stated life until the portal refuses it."""
        try:
            life_s = float(text(at(document, self._auth.life_at)))
        except ValueError:
            return float("inf")
        return max(life_s - self._auth.refresh_early_s, life_s / 2)
