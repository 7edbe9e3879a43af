"""The switches: how badly the practice portal behaves, and for how long."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from threading import Lock


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """The default is good weather. Whole numbers count down: the next N requests, writes or people rows.

    `latency_s` passes before anything else happens, `slow_s` between taking a write in and storing it,
    even when the client has hung up meanwhile. `expire_tokens` happens once and falls back to False.
    """

    latency_s: float = 0.0
    slow_s: float = 0.0
    closed: bool = False  # every call: P10002
    outage: int = 0  # requests: 503
    throttle: int = 0  # requests: 429
    retry_after_s: int = 1
    retry_after_as_date: bool = False
    html: int = 0  # requests: a page with 200, nothing processed
    lose_replies: int = 0  # writes: stored, then the connection closes without an answer
    refuse_people: int = 0  # rows: S20006
    drop_people: int = 0  # rows: reported as saved, not stored
    skip: int = 0  # rows: reported as skipped, not there
    refuse_ids: tuple[str, ...] = field(default=(), repr=False)  # idCards: as the three above, for as long as it holds
    drop_ids: tuple[str, ...] = field(default=(), repr=False)
    skip_ids: tuple[str, ...] = field(default=(), repr=False)
    expire_tokens: bool = False
    token_life_s: float = 7200.0
    doubles: bool = False  # what is there already is stored once more, as if nobody looked
    import_doubles: bool = False  # an imported row whose person is there already is stored once more
    mask: bool = False  # idCard and userPhone in listings
    auto_review: bool = False  # submit goes straight to 审核成功


class Count(StrEnum):
    """The switches that count down."""

    OUTAGE = "outage"
    THROTTLE = "throttle"
    HTML = "html"
    LOSE_REPLIES = "lose_replies"
    REFUSE_PEOPLE = "refuse_people"
    DROP_PEOPLE = "drop_people"
    SKIP = "skip"


def changed(weather: Weather, switches: Mapping[str, object]) -> Weather:
    """Raises ValueError for an unknown switch or a value of the wrong kind. A JSON list stands for a tuple."""
    known = {switch.name: type(getattr(weather, switch.name)) for switch in fields(Weather)}
    stated = {name: tuple(value) if isinstance(value, list) else value for name, value in switches.items()}
    for name, value in stated.items():
        if name not in known:
            raise ValueError(f"no such switch: {name}")
        kinds = (int, float) if known[name] is float else (known[name],)
        if type(value) not in kinds or (isinstance(value, tuple) and not all(isinstance(one, str) for one in value)):
            raise ValueError(f"{name} wants {'a list of texts' if known[name] is tuple else known[name].__name__}")
    return replace(weather, **stated)  # type: ignore[arg-type]  # the kinds were just compared


def weather_from(text: str) -> Weather:
    """From a JSON object of switches; raises ValueError."""
    switches = json.loads(text)
    if not isinstance(switches, dict):
        raise ValueError("the weather is a JSON object")  # noqa: TRY004  # one error for a bad text
    return changed(Weather(), switches)


class Sky:
    """The weather that is now, shared by all requests."""

    def __init__(self, weather: Weather) -> None:
        self._now = weather
        self._lock = Lock()

    @property
    def now(self) -> Weather:
        return self._now

    def change(self, switches: Mapping[str, object]) -> Weather:
        """Returns the weather asked for; `expire_tokens` is not kept in it."""
        with self._lock:
            asked = changed(self._now, switches)
            self._now = replace(asked, expire_tokens=False)
        return asked

    def take(self, count: Count) -> bool:
        """Whether the switch still has a turn left, which is then used up."""
        with self._lock:
            left: int = getattr(self._now, count.value)
            if left < 1:
                return False
            self._now = replace(self._now, **{count.value: left - 1})  # type: ignore[arg-type]  # counts are int
        return True
