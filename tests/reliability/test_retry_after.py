"""Retry-After in every form a portal may write it: no request comes earlier than was asked for, and none is endless."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from math import inf

import httpx

from adapters.portal.http import Retries
from schemas.outcome import Outcome
from schemas.portal import Operation, Payload, Record
from tests.reliability.far_portal import FarPortal, Time
from tests.reliability.lane import measured, owed, replayable, seeds

HOUR_S = 3600.0
OWED = {"short": 2_000, "long": 10_000}
START_S = datetime(2026, 3, 2, 1, 0, tzinfo=UTC).timestamp()
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True)
class Wish:
    """One header, and how many seconds it asks for; None: it says nothing one could keep to."""

    kind: str
    header: str
    seconds: float | None
    date: str = ""


def wish(chance: random.Random, now_s: float, skew_s: float) -> Wish:
    """The portal's clock may be another than ours, where its answers tell the time."""
    told = skew_s != 0 or chance.random() < 0.5
    theirs = datetime.fromtimestamp(now_s + skew_s, UTC)
    date = format_datetime(theirs, usegmt=True) if told else ""
    kind = chance.choice(
        ("seconds", "fraction", "fixdate", "rfc850", "asctime", "past", "absurd", "negative", "garbage")
    )
    ahead_s = chance.choice((1, 7, 45, 200, 900, 5000, 90_000))
    moment = (theirs + timedelta(seconds=ahead_s)).replace(microsecond=0) + timedelta(seconds=1)
    match kind:
        case "seconds":
            return Wish(kind, chance.choice((" ", "")) + str(ahead_s), ahead_s, date)
        case "fraction":
            return Wish(kind, f"{ahead_s}.5", ahead_s + 0.5, date)
        case "fixdate":
            return Wish(kind, format_datetime(moment, usegmt=True), ahead_s, date)
        case "rfc850":
            return Wish(kind, moment.strftime(f"{DAYS[moment.weekday()]}, %d-%b-%y %H:%M:%S GMT"), ahead_s, date)
        case "asctime":
            return Wish(kind, moment.strftime(f"%a %b {moment.day:2d} %H:%M:%S %Y"), ahead_s, date)
        case "past":
            return Wish(kind, format_datetime(theirs - timedelta(days=chance.randint(1, 9000)), usegmt=True), 0, date)
        case "absurd":
            return Wish(kind, chance.choice(("1000000000", "9" * 400, "Fri, 31 Dec 9999 23:59:59 GMT")), inf, date)
        case "negative":
            return Wish(kind, f"-{ahead_s}", None, date)
        case _:
            return Wish(
                kind, chance.choice(("", "soon", "٣", "1e3", "0x10", "NaN", "Mon, 99 Foo 2026", ",", "\x7f")), None
            )


def test_no_request_is_early_and_no_header_makes_us_wait_for_ever() -> None:
    trials, early, kinds, calls = 0, 0, Counter[str](), 0
    for seed in seeds(short=OWED["short"], long=OWED["long"]):
        with replayable(seed):
            told = trial(seed)
            early += told.early
            kinds[told.kind] += 1
            calls += told.calls
            assert told.early == 0, told
        trials += 1
    due = owed(short=OWED["short"], long=OWED["long"])
    measured("Retry-After headers", trials=trials, owed=due, early=early, forms=len(kinds), requests=calls)
    assert due == 1 or len(kinds) == 9


@dataclass(frozen=True)
class Told:
    kind: str
    early: int
    calls: int


def trial(seed: int) -> Told:
    """One run that meets a busy portal some times, is ended by it, and the run after it, at some time of its own."""
    random.seed(seed)
    chance = random.Random(seed)
    time = Time(START_S + chance.uniform(0, 86_400 * 300))
    wishes: list[tuple[float, Wish]] = []
    busy, skew_s = chance.randint(1, 6), chance.choice((0, 0, 0, -7200, 600))

    def weather(now_s: float) -> httpx.Response | None:
        if len(wishes) == busy:
            return None
        asked = wish(chance, now_s, skew_s)
        wishes.append((now_s, asked))
        headers = {"Retry-After": asked.header.encode()} | ({"Date": asked.date.encode()} if asked.date else {})
        return httpx.Response(chance.choice((429, 503)), headers=headers)

    far = FarPortal(time, weather)
    quiet_until = 0.0
    for _ in range(40):
        portal = far.reached(Retries(attempts=4, time_s=300.0), quiet_s=max(quiet_until - time.now_s, 0.0))
        outcome = next(iter(portal.send(batch(portal)).verdicts.values())).outcome
        assert outcome in {Outcome.ACCEPTED, Outcome.NOT_PROCESSED, Outcome.NOT_SENT}
        if outcome is Outcome.ACCEPTED:
            break
        quiet_until = time.now_s + portal.shut_for_s
        assert portal.shut_for_s <= HOUR_S
        time.now_s += chance.choice((1.0, 300.0, 1800.0))
    else:
        raise AssertionError("it never came through")
    return Told(wishes[0][1].kind, len([a for a in far.arrivals if too_early(a, wishes)]), len(far.arrivals))


def too_early(arrival: float, wishes: list[tuple[float, Wish]]) -> bool:
    """Against every wish uttered before it, each kept to for an hour at the most."""
    return any(said_at < arrival < said_at + min(one.seconds, HOUR_S) - 1e-6 for said_at, one in wishes if one.seconds)


def batch(portal: object) -> Payload:
    fields = {
        "year": "2026",
        "organiser": "测试总工会",
        "name": "第一批",
        "level": "22",
        "base": "测试基地",
        "start": "2026-01-03",
        "end": "2026-01-07",
        "headcount": "2",
        "leaders": "1",
    }
    return portal.prepare(Operation.SAVE_BATCH, [Record("serial-b", fields)])  # type: ignore[attr-defined]
