"""How the report says days, moments, hours left, places, differences and sums."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date, datetime

from adapters.render.labels import BUCKETS, CLOCKS, FIELDS, RULES, VALUES
from schemas.finding import Bucket, FieldDifference
from schemas.report import Clock, ClockState, Item, Side
from schemas.roster import Place
from schemas.texts import Language, T, Text

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


@dataclass(frozen=True, slots=True)
class Pair:
    """One field of both sides as people read it; a side without a value says so."""

    field: str
    offline: str
    online: str
    agreed: str
    note: str

    def in_a_line(self, language: Language) -> str:
        """字段：线下 ｜ 线上（上次一致 …）."""
        sides = {"field": self.field, "offline": self.offline, "online": self.online}
        text = T("{field}: {offline} | {online}", **sides).into(language)
        if self.agreed:
            text = T("{pair} (last agreed: {agreed})", pair=text, agreed=self.agreed).into(language)
        return f"{text} {self.note}".strip()


def pair(one: FieldDifference, language: Language) -> Pair:
    def told(value: str) -> str:
        text = VALUES.get(one.field, {}).get(value)
        return text.into(language) if text else value

    absent = T("(empty)").into(language)
    label = FIELDS.get(one.field)
    return Pair(
        field=label.into(language) if label else one.field,
        offline=told(one.offline) or absent,
        online=told(one.online) or absent,
        agreed=told(one.agreed),
        note=_note(one, language),
    )


def _note(one: FieldDifference, language: Language) -> str:
    """What the two values do not show: which hidden characters differ, or why they count as equal."""
    if one.rule:
        return T("(counted as equal: {rule})", rule=RULES[one.rule].into(language)).into(language)
    if one.positions:
        positions = T(" and ").into(language).join(map(str, one.positions))
        return T("(differs at character {positions})", positions=positions).into(language)
    return ""


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
