"""导入模板: the files that go to and fro where a portal has no interface, as data (domain.md 4, D16).

Staff upload the import workbook by hand and type the batch's facts in by the tick list; the portal's own export and
its error-row file come back. Values stand in the portal's words everywhere: here it says only where they stand.
"""

from __future__ import annotations

import difflib
import string
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from schemas.dialect.words import Dictionaries
from schemas.errors import Wrong
from schemas.journal import BATCH_FIELDS, PERSON_FIELDS
from schemas.portal import DeliveryClass, OnlineStatus
from schemas.texts import T

SERIAL = "serial"
PLACEHOLDERS = ("organiser", "batch", "year", "part")

_PERSON = tuple(f"person.{name}" for name in PERSON_FIELDS)
_BATCH = tuple(f"batch.{name}" for name in BATCH_FIELDS)
_COUNTED = {"batch.year", "batch.headcount"}
"""What an export need not state: the year is that of the first day, and heads can be counted."""


def _pattern(text: str) -> str:
    names = [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
    if unknown := [name for name in names if name not in PLACEHOLDERS]:
        raise Wrong(
            T("{key}: there is no {{{name}}} here; write {known}.", name=unknown[0], known=", ".join(PLACEHOLDERS))
        )
    if missing := [name for name in ("batch", "part") if name not in names]:
        raise Wrong(T("{key}: does not name {{{name}}}: two files would have one name.", name=missing[0]))
    if not text.endswith((".xlsx", ".xlsm")):
        raise Wrong(T("{key}: must end in .xlsx, or in .xlsm for a template with macros."))
    return text


def _field(text: str) -> str:
    if text not in (*_PERSON, *_BATCH, SERIAL):
        known = (*_PERSON, *_BATCH, SERIAL)
        near = difflib.get_close_matches(text, known, n=1)
        raise Wrong(T("{key}: there is no such field. Write {known}.", known=", ".join(near or known)))
    return text


def _head(text: str) -> str:
    """As it is compared: line breaks and blanks around it do not count."""
    return "".join(text.split())


def _once(where: str, names: Iterable[str]) -> None:
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise Wrong(T("{key}.{where}: {name} stands there twice.", where=where, name=twice[0]))


def _has(where: str, needed: Iterable[str], stated: Iterable[str | None]) -> None:
    have = set(stated)
    if missing := [name for name in needed if name not in have]:
        raise Wrong(T("{key}.{where}: {name} is missing.", where=where, name=missing[0]))


Head = Annotated[str, Field(min_length=1), AfterValidator(_head)]
FieldName = Annotated[str, AfterValidator(_field)]
FileName = Annotated[str, AfterValidator(_pattern)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Column(_Part):
    """One column of the import sheet: a field, or the same text in every row."""

    head: Head
    field: FieldName | None = None
    constant: str | None = None
    required: bool = False

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if (self.field is None) == (self.constant is None):
            raise Wrong(T("{key}: column {head} needs either a field or a constant.", head=self.head))
        if self.required and self.constant == "":
            raise Wrong(T("{key}: column {head} is required, and its constant is empty.", head=self.head))
        return self


class ImportSheet(_Part):
    """What staff upload. `updates`: the import overwrites a person whom the portal has already.

    `example_rows` stand below the header of the portal's own template; the portal wants them kept, or replaced.
    A template in which one of the words of `not_if_it_says` stands at the top is another table.
    """

    sheet: Annotated[str, Field(min_length=1, max_length=31)]
    header_row: Annotated[int, Field(ge=1, le=50)] = 1
    rows_per_file: Annotated[int, Field(ge=1, le=100_000)]
    file_name: FileName
    corrections_file_name: FileName | None = None
    updates: bool = False
    example_rows: Annotated[int, Field(ge=0, le=50)] = 0
    keep_examples: bool = False
    not_if_it_says: tuple[str, ...] = ("单位汇总表",)
    columns: Annotated[tuple[Column, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        _once("columns", (column.head for column in self.columns))
        _once("columns", (column.field for column in self.columns if column.field))
        fields = {column.field for column in self.columns}
        _has("columns", ("person.name", "person.id_no", "batch.name"), fields)
        if self.updates != (self.corrections_file_name is not None):
            raise Wrong(
                T("{key}: corrections_file_name goes with updates = true: staff must see which file overwrites.")
            )
        return self


class Item(_Part):
    """One line or column of the tick list: a field under its name on the portal's screen."""

    field: FieldName
    label: Annotated[str, Field(min_length=1)]


_BATCH_LABELS = {
    "year": "年度",
    "organiser": "组织单位",
    "name": "批次名称",
    "level": "层级",
    "base": "疗休养基地",
    "start": "开始日期",
    "end": "结束日期",
    "headcount": "参加人数",
    "leaders": "带队人数",
}
_PERSON_LABELS = {
    "name": "姓名",
    "id_type": "证件类型",
    "id_no": "证件号码",
    "phone": "手机号码",
    "unit": "所在单位",
    "category": "人员类别",
}


def _items(of: str, labels: Mapping[str, str]) -> tuple[Item, ...]:
    return tuple(Item(field=f"{of}.{name}", label=label) for name, label in labels.items())


class TickList(_Part):
    """录入核对单, to type from and to check by: batch facts and people in the order of the portal's screen."""

    batch_file_name: FileName = "{year}-{organiser}-{batch}-录入核对单-批次-{part}.xlsx"
    people_file_name: FileName = "{year}-{organiser}-{batch}-录入核对单-人员-{part}.xlsx"
    batch: tuple[Item, ...] = _items("batch", _BATCH_LABELS)
    people: tuple[Item, ...] = _items("person", _PERSON_LABELS)

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        for name, items, fields in (("batch", self.batch, _BATCH), ("people", self.people, _PERSON)):
            _once(name, (item.field for item in items))
            _has(name, fields, {item.field for item in items})
            if strange := next((item.field for item in items if item.field not in fields), ""):
                raise Wrong(T("{key}.{where}: {name} does not belong here.", where=name, name=strange))
        return self


class ExportSheet(_Part):
    """The portal's own export: one row a person, the batch's facts in each (and alone where it has nobody).

    `fields` is field → head. A field that stands nowhere but is the same for all goes into `constants`. Without
    `person_id` and `batch_id` the portal's own ids are not in it, and ids that stay the same are made.
    """

    sheet: str = ""
    fields: Mapping[FieldName, Head]
    constants: Mapping[FieldName, str] = {}
    person_id: Head | None = None
    batch_id: Head | None = None
    status: Head | None = None
    status_words: Mapping[OnlineStatus, tuple[str, ...]] = {}

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        _once("fields", self.heads)
        stated = {*self.fields, *self.constants}
        _has("fields", (name for name in (*_BATCH, *_PERSON) if name not in _COUNTED), stated)
        if both := sorted(self.fields.keys() & self.constants.keys()):
            raise Wrong(T("{key}: {name} is a column and a constant; leave one out.", name=both[0]))
        if (self.status is None) != (not self.status_words):
            raise Wrong(T("{key}: status and status_words go together."))
        _once("status_words", (word for words in self.status_words.values() for word in words))
        return self

    @property
    def heads(self) -> tuple[str, ...]:
        """Every head that must be there."""
        own = (self.batch_id, self.person_id, self.status)
        return (*self.fields.values(), *(head for head in own if head is not None))


class ErrorSheet(_Part):
    """The portal's file of rows it did not import: by which columns a row is known, and where the reason stands."""

    sheet: str = ""
    fields: Mapping[FieldName, Head]
    reason: Head

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        _once("fields", self.heads)
        _has("fields", ("person.id_no", "batch.name"), self.fields)
        return self

    @property
    def heads(self) -> tuple[str, ...]:
        return (*self.fields.values(), self.reason)


class Workbook(_Part):
    """The `[workbook]` section of a dialect."""

    import_sheet: ImportSheet
    tick_list: TickList = TickList()
    export: ExportSheet
    errors: ErrorSheet

    @model_validator(mode="after")
    def _tells_its_files_apart(self) -> Self:
        if self.errors.reason in self.export.heads:
            raise Wrong(
                T(
                    "{key}.errors.reason: {name} is a head of the export too: nobody could tell the files apart.",
                    name=self.errors.reason,
                )
            )
        return self


class WorkbookDialect(_Part):
    """A portal without an interface: the files people carry to it and back, and its words."""

    name: Annotated[str, Field(min_length=1)]
    version: Annotated[int, Field(ge=1)]
    words: Dictionaries
    workbook: Workbook

    @property
    def delivery_class(self) -> DeliveryClass:
        """A person decides what is sent again."""
        return DeliveryClass.K4
