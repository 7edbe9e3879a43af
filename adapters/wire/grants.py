"""What the portal grants us for a time: each fetched when first needed, renewed early, by one thread at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock

from adapters.wire.calls import Reply
from adapters.wire.paths import at, text
from adapters.wire.requests import Made, Maker
from adapters.wire.stamps import PortalClock
from schemas.dialect.access import Grant
from schemas.errors import AuthError
from schemas.texts import T

_MILLISECONDS_FROM = 1e11  # a moment beyond this is no count of seconds: that would be the year 5138
_FOR_EVER = float("inf")


@dataclass(frozen=True, slots=True)
class _Held:
    value: str
    renew_at: float


class Grants:
    """All grants of one portal, in the order of the dialect: a later one may be asked for with an earlier one.

    `fetch` makes one call; it returns a success or raises.
    """

    def __init__(
        self,
        grants: tuple[Grant, ...],
        maker: Maker,
        fetch: Callable[[Made], Reply],
        clock: PortalClock,
        monotonic: Callable[[], float],
    ) -> None:
        self._grants = grants
        self._maker = maker
        self._fetch = fetch
        self._clock = clock
        self._monotonic = monotonic
        self._lock = Lock()
        self._held: dict[str, _Held] = {}

    def current(self) -> Mapping[str, str]:
        """Grant's name → its value. Raises AuthError when the portal gives us none, and whatever `fetch` raises."""
        if not self._grants:
            return {}
        with self._lock:
            values: dict[str, str] = {}
            for grant in self._grants:
                held = self._held.get(grant.name)
                if held is None or self._monotonic() >= held.renew_at:
                    held = self._held[grant.name] = self._asked_for(grant, values)
                values[grant.name] = held.value
            return values

    def held(self) -> Mapping[str, str]:
        """What there is so far, without asking for more."""
        return {name: held.value for name, held in self._held.items()}

    def refused(self, values: Mapping[str, str]) -> None:
        """The portal would not take these; what another thread has not renewed already is forgotten."""
        with self._lock:
            for name, value in values.items():
                held = self._held.get(name)
                if held is not None and held.value == value:
                    del self._held[name]

    def _asked_for(self, grant: Grant, granted: Mapping[str, str]) -> _Held:
        asked_at = self._monotonic()
        document = self._fetch(self._maker.make_grant(grant, granted)).document
        value = text(at(document, grant.value_at))
        if value and grant.lock:
            value = self._maker.lock(grant.lock, granted).open(value).decode(errors="replace")
        if not value or not value.isascii() or not value.isprintable():
            raise AuthError(
                T("The portal's answer has no usable {name} at {path}.", name=grant.name, path=grant.value_at)
            )
        return _Held(value, asked_at + self._life_s(grant, document))

    def _life_s(self, grant: Grant, document: object) -> float:
        """How long it is used; without a stated life until the portal refuses it."""
        life_s = _FOR_EVER if grant.life_s is None else grant.life_s
        if grant.life_at:
            life_s = _number(at(document, grant.life_at)) / (1000 if grant.life_unit == "ms" else 1)
        elif grant.ends_at:
            life_s = self._until(text(at(document, grant.ends_at)))
        return max(life_s - grant.refresh_early_s, life_s / 2)

    def _until(self, moment: str) -> float:
        """Seconds to a moment: seconds or milliseconds since 1970, or a day and time of the portal's zone."""
        now = self._clock.now()
        number = _number(moment)
        if number < _FOR_EVER:
            end = datetime.fromtimestamp(number / (1000 if number > _MILLISECONDS_FROM else 1), UTC)
            return max((end - now).total_seconds(), 0.0)
        try:
            end = datetime.fromisoformat(moment.replace("/", "-"))
        except ValueError:
            return _FOR_EVER
        return max(((end if end.tzinfo else end.replace(tzinfo=now.tzinfo)) - now).total_seconds(), 0.0)


def _number(value: object) -> float:
    try:
        return float(text(value))
    except ValueError:
        return _FOR_EVER
