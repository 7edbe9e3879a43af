"""The mapping as a table: which offline words become which field, how, and what the portal gets; what has no place is a fault."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from bridge.understood import FIELDS
from schemas.batch import Level
from schemas.dialect import Dictionaries
from schemas.header_words import Column, Label, header_words
from schemas.identity import IdType
from schemas.roster import Category, Reading
from schemas.specimen import BATCH, PERSON
from schemas.texts import Language, T, Text


@dataclass(frozen=True, slots=True)
class OnlineSide:
    """What the settings in use make of the portal. `fields`: `person.name` → the portal's field, or the head of its column."""

    name: str
    version: int
    fields: Mapping[str, str]
    words: Dictionaries
    date: str = "%Y-%m-%d"


@dataclass(frozen=True, slots=True)
class Line:
    """One field or one word. `example` is an invented cell, `online_example` what becomes of it; `fault` is empty where all is well."""

    offline: str
    field: str
    change: str
    example: str
    online: str
    online_example: str
    source: str
    fault: str = ""


HEADS = (
    T("offline column or words"),
    T("field"),
    T("transformation"),
    T("example"),
    T("online field"),
    T("example online"),
    T("source of the rule"),
    T("fault"),
)


@dataclass(frozen=True, slots=True)
class _Rule:
    """Where a field comes from, and by which change. `missing` is the problem of a row that lacks it."""

    columns: tuple[Column, ...]
    change: Text
    example: str
    label: Label | None = None
    name: Text | None = None
    missing: str = ""


_DAYS = "2025年5月3日-5月7日"
_SQUEEZED = T("half width, without blanks")
_RULES: Mapping[str, _Rule] = {
    "person.name": _Rule(
        (Column.NAME,),
        T("half width, without blanks; what stands in brackets is a remark"),
        "示例职工（劳模）",
        missing="name_missing",
    ),
    "person.id_type": _Rule(
        (Column.ID_NO,), T("told by the form of the number"), "999001199001010011", name=T("Type of document")
    ),
    "person.id_no": _Rule(
        (Column.ID_NO,),
        T("half width, without blanks, X in upper case; a number of more than 15 digits is refused, never repaired"),
        "９９９００１ 19900101 0011",
        missing="id_missing",
    ),
    "person.phone": _Rule((Column.PHONE,), T("the first mobile number of the cell, digits alone"), "199 0000 0001"),
    "person.unit": _Rule(
        (Column.UNIT,),
        T("half width; where no column says it, the line above the table"),
        "示例机械厂",
        missing="unit_missing",
    ),
    "person.category": _Rule(
        (Column.CATEGORY,), T("by word, number or keyword: see the words"), "技能人才", missing="category_missing"
    ),
    "batch.year": _Rule((Column.PERIOD, Column.START), T("the year of the first day"), _DAYS, Label.PERIOD, T("Year")),
    "batch.organiser": _Rule(
        (Column.ORGANISER,),
        T("a cell, else the line above the table, else the settings"),
        "示例市总工会",
        Label.ORGANISER,
    ),
    "batch.name": _Rule(
        (Column.BATCH,), T("as 第N批; a cell, else a line, the sheet's or the file's name"), "2025年第一批", Label.BATCH
    ),
    "batch.level": _Rule((Column.LEVEL,), T("by word: see the words; else the settings"), "市级", Label.LEVEL),
    "batch.base": _Rule((Column.BASE,), _SQUEEZED, "示例海滨疗养基地", Label.BASE),
    "batch.start": _Rule((Column.PERIOD, Column.START), T("the first day, in any usual form"), _DAYS, Label.PERIOD),
    "batch.end": _Rule((Column.PERIOD, Column.END), T("the last day, in any usual form"), _DAYS, Label.PERIOD),
    "batch.headcount": _Rule((), T("counted: the people who are not set aside"), "-"),
    "batch.leaders": _Rule(
        (Column.ROLE, Column.REMARK, Column.POST), T("counted: the rows that say 带队"), "带队", name=T("Leaders")
    ),
}


def columns_of(key: str) -> tuple[Column, ...]:
    """The columns a field of ours, such as `person.name`, comes from; none for what is no field, or is counted."""
    return _RULES[key].columns if key in _RULES else ()


def field_lines(side: OnlineSide, ledgers: Sequence[Reading], language: Language) -> list[Line]:
    """Every field of ours in the order of the portal's forms; `ledgers` are looked at for columns they lack."""
    return [_field_line(key, rule, side, ledgers, language) for key, rule in _RULES.items()]


def word_lines(side: OnlineSide, language: Language) -> list[Line]:
    """Every word of ours that the portal has one for, or ought to."""
    return list(_word_lines(side, language))


def _field_line(key: str, rule: _Rule, side: OnlineSide, ledgers: Sequence[Reading], language: Language) -> Line:
    kind, _, field = key.partition(".")
    words = header_words()
    offline = [word for column in rule.columns for word in words.columns[column]]
    offline += [f"{word}：" for word in words.labels[rule.label]] if rule.label else []
    sections = [f"[columns] {column.value}" for column in rule.columns]
    sections += [f"[labels] {rule.label.value}"] if rule.label else []
    faults = [] if key in side.fields else [T("the portal's field for it is not stated").into(language)]
    faults += _faults_of(ledgers, rule, language)
    own = {"name": Column.BATCH.value}.get(field, field) if kind == "batch" else field
    return Line(
        offline="、".join(dict.fromkeys(offline)) or "-",
        field=(rule.name or FIELDS[own]).into(language),
        change=rule.change.into(language),
        example=rule.example,
        online=side.fields.get(key, ""),
        online_example=_spelt(side, kind, field),
        source=" · ".join(
            [f"header_words.toml {' '.join(sections)}"] * bool(sections) + [f"{side.name} {side.version} {key}"]
        ),
        fault="; ".join(faults),
    )


def _spelt(side: OnlineSide, kind: str, field: str) -> str:
    """The specimen's value as the portal gets it; empty where it has no word for it."""
    value = (BATCH if kind == "batch" else PERSON)[field]
    if field in {"start", "end"}:
        return date.fromisoformat(value).strftime(side.date)
    words = (side.words.batch if kind == "batch" else side.words.person).get(field)
    return value if words is None else words.get(value, "")


def _faults_of(ledgers: Sequence[Reading], rule: _Rule, language: Language) -> Iterator[str]:
    """Each table that lacks a column its rows were refused for, with the first of these rows."""
    for reading in ledgers if rule.missing else ():
        for table in reading.tables:
            if any(taken.field in rule.columns for taken in table.columns):
                continue
            rows = [
                problem.where.row
                for refused in (*reading.rejections, *(one for roster in reading.rosters for one in roster.rejections))
                for problem in refused.problems
                if problem.code == rule.missing and problem.where and problem.where.sheet == table.sheet
            ]
            if below := [row for row in rows if row > table.header_row]:
                where = {"file": reading.path, "sheet": table.sheet or "-", "row": min(below)}
                yield T("{file} · {sheet}: no column holds it, as in row {row}", **where).into(language)


_NEEDED: Mapping[str, tuple[str, ...]] = {
    "level": tuple(Level),
    "category": tuple(Category),
    "id_type": (IdType.RESIDENT,),
}


def _word_lines(side: OnlineSide, language: Language) -> Iterator[Line]:
    """A dictionary that is not written means that the portal takes our own words."""
    words = header_words()
    offline: Mapping[str, Mapping[str, tuple[str, ...]]] = {
        "level": {level.value: said for level, said in words.levels.items()},
        "category": {one.value: (*said, *words.category_numbers[one]) for one, said in words.categories.items()},
        "id_type": {one.value: () for one in IdType},
    }
    written = {**side.words.batch, **side.words.person}
    names = {"level": FIELDS[Column.LEVEL], "category": FIELDS[Column.CATEGORY], "id_type": T("Type of document")}
    for field, said_of in offline.items():
        theirs = written.get(field)
        for word, said in said_of.items():
            online = word if theirs is None else theirs.get(word, "")
            missing = not online and word in _NEEDED[field]
            yield Line(
                offline="、".join(said) or "-",
                field=names[field].into(language),
                change=T("the word of the dictionary").into(language),
                example=said[0] if said else "-",
                online=side.fields.get(f"person.{field}") or side.fields.get(f"batch.{field}", ""),
                online_example=online,
                source=f"header_words.toml · {side.name} {side.version} words.{field}.{word}",
                fault=T("the portal's word for it is not stated").into(language) if missing else "",
            )
