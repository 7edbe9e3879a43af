"""The lines around a table: titles, unit-and-date lines, sub-titles, totals, tails, and what they state."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from functools import cache

from adapters.sources.aliases import NO_ALIASES, Aliases
from adapters.sources.cells import level_within, text_of
from adapters.sources.dates import period_in, year_in
from adapters.sources.facts import Facts
from adapters.sources.grid import Cell, Row
from schemas.header_words import Label, header_words, squeezed
from schemas.identity import canonical_text
from schemas.roster import Origin

_NUMBER = r"(?:[0-9]{1,3}|[〇零一二三四五六七八九十百两]{1,5})"
_BATCH_IN_LINE = re.compile(rf"第{_NUMBER}[批期]")
_COUNTED = r"(?:\(?(?:[0-9]{1,2}|[一二三四五六七八九十]{1,3})(?:\)、?|[、.])|[◆◇●○■□★▲※【〔\[]+)"
"""What stands before a sub-title that is counted or marked: 一、 (二) 3. ◆ 【"""
_YEAR = r"(?:20\d\d年?度?)?(?:\d{1,2}月份?)?"
_SUBTITLE = re.compile(rf"{_COUNTED}?{_YEAR}[\u4e00-\u9fff]{{0,6}}?{_YEAR}第{_NUMBER}[批期]")
_BATCH_CELL = re.compile(rf"(?:20\d\d年?度?)?第?({_NUMBER})(批次|批|期)?")
_HEADS = re.compile(r"(\d+)(?:人|名)")
_BETWEEN_PARTS = re.compile(r"[(),、;\s]+")
_IN_BRACKETS = re.compile(r"\(([^()]*)\)?")
_HALF_WIDTH = str.maketrans("：（），；", ":(),;")


class Line(StrEnum):
    """What a line is that is neither header nor person."""

    BLANK = "blank"
    TITLE = "title"
    SUBTITLE = "subtitle"
    STATEMENT = "statement"
    TOTAL = "total"
    GRAND_TOTAL = "grand_total"
    SUBTOTAL = "subtotal"
    TAIL = "tail"
    OTHER = "other"


TOTALS = (Line.TOTAL, Line.GRAND_TOTAL, Line.SUBTOTAL)


def line_text(row: Row) -> str:
    """The cells of a line as one text; three blanks keep them apart."""
    texts = (text_of(cell) for cell in row if cell != "")
    return "   ".join(text for text in dict.fromkeys(texts) if text)


def kind_of(text: str) -> Line:
    """What a line is by the way it begins."""
    plain = squeezed(text)
    if not plain:
        return Line.BLANK
    if found := _total_line().match(plain):
        return Line.SUBTOTAL if found[1] == "本页" else _kinds_of_total()[found[2]]
    label = _label_pattern().match(text.translate(_HALF_WIDTH))
    if label and _labels()[squeezed(label[1])] is not Label.IGNORE:
        return Line.STATEMENT
    if _tail_line().match(plain):
        return Line.TAIL
    if _SUBTITLE.match(plain):
        return Line.SUBTITLE
    return Line.TITLE if any(word in plain for word in header_words().lines.title) else Line.OTHER


def states_facts(text: str) -> bool:
    """Whether any label in the line announces a fact of the batch."""
    return any(label is not Label.IGNORE for label, _ in _labelled(text))


def total_in(row: Row) -> tuple[int | None, int]:
    """The head count a total line states, and the place of its cell: 12人, else its first whole number."""
    number = _head_count(row)
    spelt = re.compile(rf"(?<!\d){number}(?!\d)")
    return number, next((at for at, cell in enumerate(row) if spelt.search(squeezed(text_of(cell)))), 0)


def _head_count(row: Row) -> int | None:
    if found := _HEADS.search(squeezed(line_text(row))):
        return int(found[1])
    texts = (re.sub(r"\D*[计数]\W*", "", squeezed(text_of(cell))) for cell in row)
    return next((int(text) for text in texts if text.isascii() and text.isdigit()), None)


def stated_in_title(text: str, outer: Facts, origin: Origin | None = None) -> Facts:
    """Facts in free words: a title, a sheet's name, a file's name. `origin` is what says them."""
    plain = text.translate(_HALF_WIDTH)
    year = year_in(plain) or outer.year
    period = period_in(plain, year)
    name = _BATCH_IN_LINE.search(squeezed(plain))
    bases = [part for part in _BETWEEN_PARTS.split(plain) if part.endswith(header_words().lines.base)]
    own = Facts(
        name=name[0] if name else "",
        level=level_within(plain),
        base=canonical_text(bases[0]) if len(bases) == 1 else "",
        start=period.start,
        end=period.end,
        year=year,
    )
    return own.told(origin).over(outer)


def stated_in_subtitle(text: str, outer: Facts, origin: Origin | None = None, aliases: Aliases = NO_ALIASES) -> Facts:
    """第二批（2025年6月3日—6月7日，石岛赤山疗养基地，市级）: what is left in the brackets is the base."""
    parts = [
        part for inside in _IN_BRACKETS.findall(text.translate(_HALF_WIDTH)) for part in _BETWEEN_PARTS.split(inside)
    ]
    left = [part for part in parts if len(part) > 1 and not aliases.level(part) and not re.search(r"[\d续:批]", part)]
    facts = stated_in_title(text, Facts(year=outer.year), origin)
    level = next(filter(None, map(aliases.level, parts)), None)
    base = canonical_text(left[0]) if len(left) == 1 else ""
    return facts.over(Facts(level=level, base=base).told(origin)).over(outer)


def stated_in_line(text: str, outer: Facts, origin: Origin | None = None, aliases: Aliases = NO_ALIASES) -> Facts:
    """单位：… 疗休养时间：… 地点：… 层级：… A lone 单位： under a known organiser names the unit of its people."""
    said = {label: value for label, value in _labelled(text) if value}
    period = period_in(said.get(Label.PERIOD, ""), outer.year)
    body = _name(said.get(Label.BODY, ""))
    organiser = _name(said.get(Label.ORGANISER, ""))
    only_unit = bool(organiser) or (bool(outer.organiser) and not said.keys() - {Label.BODY, Label.IGNORE})
    level = aliases.level(_first(said.get(Label.LEVEL, "")))
    unclear = {"level"} if Label.LEVEL in said and level is None else set()
    own = Facts(
        name=batch_name(_first(said.get(Label.BATCH, ""))),
        organiser=organiser or ("" if only_unit else body),
        unit=_name(said.get(Label.UNIT, "")) or body,
        level=level,
        base=_name(said.get(Label.BASE, "")),
        start=period.start,
        end=period.end,
        unclear=frozenset(unclear | ({"start", "end"} if Label.PERIOD in said and period.end is None else set())),
    )
    return own.told(origin).over(outer)


def batch_name(cell: Cell) -> str:
    """A batch as its cell names it: 2 → 第2批, 2025年第二批 → 第二批, any other words as written."""
    text = text_of(cell)
    found = _BATCH_CELL.fullmatch(squeezed(text))
    if not found:
        return canonical_text(text)
    return f"第{found[1]}{'期' if found[2] == '期' else '批'}"


def _labelled(text: str) -> Iterator[tuple[Label, str]]:
    """Every label of the line with its value."""
    plain = text.translate(_HALF_WIDTH)
    found = list(_label_pattern().finditer(plain))
    ends = [*(match.start() for match in found[1:]), len(plain)]
    for match, end in zip(found, ends, strict=False):
        yield _labels()[squeezed(match[1])], plain[match.end() : end].strip(" \t\n,;、。(")


def _name(value: str) -> str:
    return canonical_text(_first(value))


def _first(value: str) -> str:
    """Up to the gap that two blanks make."""
    return re.split(r"\s{2,}", value, maxsplit=1)[0]


@cache
def _labels() -> dict[str, Label]:
    return {squeezed(word): label for label, words in header_words().labels.items() for word in words}


@cache
def _label_pattern() -> re.Pattern[str]:
    words = (r"\s*".join(map(re.escape, word)) for word in sorted(_labels(), key=len, reverse=True))
    return re.compile(rf"(?:^|(?<=[\s,、;。(]))({'|'.join(words)})(?:\((?:盖章|公章|签章)\))?\s*:")


@cache
def _kinds_of_total() -> dict[str, Line]:
    words = header_words().lines
    kinds = ((words.total, Line.TOTAL), (words.grand_total, Line.GRAND_TOTAL), (words.subtotal, Line.SUBTOTAL))
    return {word: kind for group, kind in kinds for word in group}


@cache
def _total_line() -> re.Pattern[str]:
    words = sorted(_kinds_of_total(), key=len, reverse=True)
    return re.compile(rf"\(?(本页|本批次?|以上)?({'|'.join(words)})\)?(?=$|[\d(:,共人一二三四五六七八九十])")


@cache
def _tail_line() -> re.Pattern[str]:
    words = sorted(header_words().lines.tail, key=len, reverse=True)
    return re.compile(rf"\(?(?:{'|'.join(words)})(?:\)|$|[:(、.,\d])|第\d+页|共\d+页|\d+/\d+页?$")
