"""The labels of the report: names of closed sets, days, moments, hours left."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date, datetime

from schemas.batch import Level
from schemas.finding import Bucket, FieldDifference, Moved
from schemas.portal import OnlineStatus
from schemas.report import Clock, ClockState, Item, Side
from schemas.roster import Place
from schemas.texts import Language, T, Text

BUCKETS: Mapping[Bucket, Text] = {
    Bucket.AGREED: T("agreed"),
    Bucket.DIFFERS: T("different"),
    Bucket.MISTYPED: T("probably mistyped"),
    Bucket.DUPLICATE: T("duplicate"),
    Bucket.NOT_OURS: T("not ours"),
    Bucket.PENDING: T("to be entered"),
    Bucket.REFUSED: T("refused"),
    Bucket.UNKNOWN: T("outcome unknown"),
    Bucket.BLOCKED: T("stopped by policy"),
    Bucket.REMOVED: T("removed online"),
    Bucket.DAMAGED: T("damaged rows"),
    Bucket.LEADER: T("leaders"),
    Bucket.ONLY_ONLINE: T("only online"),
}

CLOCKS: Mapping[ClockState, Text] = {
    ClockState.NOT_YET: T("not ended yet"),
    ClockState.IN_TIME: T("in time"),
    ClockState.DUE_SOON: T("due soon"),
    ClockState.DUE_TODAY: T("due today"),
    ClockState.OVERDUE: T("overdue"),
    ClockState.MET: T("done"),
    ClockState.MET_LATE: T("done late"),
}

MOVED: Mapping[Moved, Text] = {
    Moved.OFFLINE: T("changed offline"),
    Moved.ONLINE: T("changed online"),
    Moved.BOTH: T("changed on both sides"),
    Moved.NEVER_AGREED: T("never agreed before"),
}

LEVELS: Mapping[Level, Text] = {
    Level.DEMONSTRATION: T("provincial demonstration level"),
    Level.CITY: T("city level"),
    Level.DISTRICT: T("district level"),
    Level.GRASSROOTS: T("grassroots level"),
}

STATUSES: Mapping[OnlineStatus, Text] = {
    OnlineStatus.DRAFT: T("draft"),
    OnlineStatus.SUBMITTED: T("submitted"),
    OnlineStatus.REVIEWED: T("reviewed"),
    OnlineStatus.RETURNED: T("sent back"),
}

# What no mail, page or cell may carry: controls, lone surrogates of odd file names, and marks that reverse text.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufffe\uffff]")

_HOURS_SHOWN_UP_TO = 72
_HOURS_WATCHED = 48


def printable(text: str) -> str:
    return _UNPRINTABLE.sub("", text)


def shortened(text: str, most: int) -> str:
    """At most `most` characters, the cut marked."""
    return text if len(text) <= most else text[: most - 1] + "…"


def day(when: date) -> Text:
    return T("{when.year}-{when.month:02d}-{when.day:02d}", when=when)


def short_day(when: date) -> Text:
    return T("{when.month:02d}-{when.day:02d}", when=when)


def days(start: date, end: date) -> Text:
    """A span of days, the month said once where one is enough."""
    if (start.year, start.month) == (end.year, end.month):
        return T("{start.month:02d}-{start.day:02d} to {end.day:02d}", start=start, end=end)
    return T("{start.month:02d}-{start.day:02d} to {end.month:02d}-{end.day:02d}", start=start, end=end)


def moment(when: datetime | None) -> Text:
    if when is None:
        return T("not available")
    return T("{when.month:02d}-{when.day:02d} {when.hour:02d}:{when.minute:02d}", when=when)


def hours_left(hours: float | None) -> Text:
    """How long is left, or how many days have begun since the due day ended (domain.md 1: five days)."""
    if hours is None:
        return T("no deadline")
    if hours < 0:
        return T("{days} d overdue", days=math.ceil(-hours / 24))
    if hours < 1:
        return T("less than 1 h left")
    if hours < _HOURS_SHOWN_UP_TO:
        return T("{hours} h left", hours=math.floor(hours))
    return T("{days} d left", days=math.floor(hours / 24))


def tone(hours: float | None) -> str:
    """The accent of an item: overdue, within two days, or neither."""
    if hours is None or hours >= _HOURS_WATCHED:
        return "plain"
    return "urgent" if hours < 0 else "watch"


def standing(clock: Clock) -> Text:
    """A running clock shows what is left of it, the others their state."""
    if clock.hours_left is None or clock.state is ClockState.NOT_YET:
        return CLOCKS[clock.state]
    return hours_left(clock.hours_left)


def place(where: Place, language: Language) -> str:
    """File · sheet · row · column, as far as they are known."""
    row = T("row {row}", row=where.row).into(language) if where.row else ""
    return " · ".join(part for part in (where.file, where.sheet, row, where.column) if part)


def difference(one: FieldDifference, language: Language) -> str:
    """字段：线下 ｜ 线上（上次一致 …）."""
    absent = T("(empty)").into(language)
    values = {"field": one.field, "offline": one.offline or absent, "online": one.online or absent}
    text = T("{field}: {offline} | {online}", **values)
    if one.agreed:
        text = T("{field}: {offline} | {online} (last agreed: {agreed})", **values, agreed=one.agreed)
    return text.into(language)


def filled(side: Side) -> list[tuple[Bucket, int]]:
    """The buckets that hold something, in the order of the taxonomy."""
    return [(bucket, side.buckets[bucket]) for bucket in Bucket if side.buckets.get(bucket)]


def conservation(label: Text, side: Side, language: Language) -> str:
    """守恒等式 of one side, buckets that hold nothing left out; ≠ where it does not add up."""
    total = T("{label} {count}", label=label.into(language), count=side.rows).into(language)
    parts = [
        T("{label} {count}", label=BUCKETS[bucket].into(language), count=count).into(language)
        for bucket, count in filled(side)
    ]
    sign = "=" if side.conserved else "≠"
    return f"{total} {sign} {' + '.join(parts)}" if parts or not side.conserved else total


def news(item: Item) -> Text | None:
    """新 or 复发: what a reader has not seen in the last report."""
    if item.returned:
        return T("came back")
    return T("new") if item.is_new else None


def by_hours_left(items: tuple[Item, ...]) -> list[Item]:
    """Those nearest to their deadline first, those without one last."""
    return sorted(items, key=lambda item: math.inf if item.hours_left is None else item.hours_left)
