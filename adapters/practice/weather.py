"""The switches: how badly the practice portal behaves, and for how long."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from threading import Lock

from adapters.practice.hours import is_span

_KINDS = ("K1", "K2", "K3", "K4")
_RENAMING = re.compile(r"\w+=\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """The default is good weather. Whole numbers count down: the next N requests, answers, writes, pages or people.

    `latency_s` passes before anything else happens, `slow_s` between taking a write in and storing it,
    even when the client has hung up meanwhile. `expire_tokens` happens once and falls back to False.
    `only` is the path that the weather of requests and answers keeps to; empty: it is everywhere.
    """

    # --- requests
    only: str = ""
    latency_s: float = 0.0
    slow_s: float = 0.0
    gives_up_s: float = 0.0  # a write not stored so long after it arrived never will be: P10003. 0: it never gives up
    closed: bool = False  # every call: P10002
    closing_hours: tuple[str, ...] = ()  # "22:00-06:00", by the portal's own clock in Shanghai: P10002
    outage: int = 0  # requests: 503
    throttle: int = 0  # requests: 429
    retry_after_s: int = 1
    retry_after_as_date: bool = False
    html: int = 0  # requests: a page with 200, nothing processed
    stale: int = 0  # requests over a connection that was used before: it closes, nothing processed
    expire_tokens: bool = False
    token_life_s: float = 7200.0
    # --- the clock, which stamps (X-Request-Time, ms), Date, tokens and closing hours go by
    clock_off_s: float = 0.0
    stamp_tolerance_s: float = 0.0  # a call stamped further off than so, or not at all: P10014. 0: nobody looks
    # --- writes
    rows_at_most: int = 0  # more people in one request: 413, nothing processed. 0: as many as ever
    normalises: bool = False  # what is stored is half width, and an idCard in capitals
    lose_replies: int = 0  # writes: stored, then the connection closes without an answer
    html_stored: int = 0  # writes: stored, then a page with 200
    delivers: str = "K3"  # K1 knows serials, K2 Idempotency-Key, K3 neither, K4 lists no people either
    key_life_s: float = 86400.0  # so long a K2 portal remembers a key
    refuse_people: int = 0  # rows: S20006
    drop_people: int = 0  # rows: reported as saved, not stored
    skip: int = 0  # rows: reported as skipped, not there
    refuse_ids: tuple[str, ...] = field(default=(), repr=False)  # idCards: as the three above, for as long as it holds
    drop_ids: tuple[str, ...] = field(default=(), repr=False)
    skip_ids: tuple[str, ...] = field(default=(), repr=False)
    doubles: bool = False  # what is there already is stored once more, as if nobody looked
    import_doubles: bool = False  # an imported row whose person is there already is stored once more
    auto_review: bool = False  # submit goes straight to 审核成功
    # --- verdicts, of those saved
    permute: bool = False  # the last one first
    leave_out: int = 0  # rows: stored, not mentioned
    repeat: int = 0  # rows: mentioned twice, with two ids
    contradict: int = 0  # rows: mentioned as saved and as failed
    strangers: int = 0  # answers: a verdict more, of a serial nobody sent
    swap: int = 0  # answers: the verdicts of another request, none of this one
    # --- listings
    mask: bool = False  # idCard and userPhone
    lag_s: float = 0.0  # they show what the portal held so long ago
    miscount: int = 0  # `total` is so many more than there are; for as long as it holds
    shift_pages: int = 0  # pages after the first: rows before them were removed or added meanwhile
    shift_rows: int = 1  # so many were removed; negative: added
    # --- how an answer travels
    renames: tuple[str, ...] = ()  # "laborName=unitName": answers call the field so
    charset: str = ""  # of its text, which is UTF-8 else
    declared: str = ""  # the charset its Content-Type names; empty: none
    cut: int = 0  # answers: the connection closes in the middle
    wrong_length: int = 0  # answers: Content-Length says less than there is
    endless: int = 0  # answers: spaces follow the document for ever
    padding_bytes: int = 0  # so many spaces follow the document; for as long as it holds
    trickle_s: float = 0.0  # passes after each byte
    close_each: bool = False  # the connection closes after each answer, unannounced


class Count(StrEnum):
    """The switches that count down."""

    OUTAGE = "outage"
    THROTTLE = "throttle"
    HTML = "html"
    STALE = "stale"
    LOSE_REPLIES = "lose_replies"
    HTML_STORED = "html_stored"
    REFUSE_PEOPLE = "refuse_people"
    DROP_PEOPLE = "drop_people"
    SKIP = "skip"
    LEAVE_OUT = "leave_out"
    REPEAT = "repeat"
    CONTRADICT = "contradict"
    STRANGERS = "strangers"
    SWAP = "swap"
    SHIFT_PAGES = "shift_pages"
    CUT = "cut"
    WRONG_LENGTH = "wrong_length"
    ENDLESS = "endless"


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
    return _sensible(replace(weather, **stated))  # type: ignore[arg-type]  # the kinds were just compared


def _sensible(weather: Weather) -> Weather:
    if weather.delivers not in _KINDS:
        raise ValueError(f"delivers wants one of {', '.join(_KINDS)}")
    if not all(_RENAMING.fullmatch(one) for one in weather.renames):
        raise ValueError('renames wants texts such as "laborName=unitName"')
    if not all(map(is_span, weather.closing_hours)):
        raise ValueError('closing_hours wants texts such as "22:00-06:00"')
    try:
        codecs.lookup(weather.charset or "utf-8")
    except LookupError:
        raise ValueError("charset wants the name of an encoding") from None
    return weather


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
