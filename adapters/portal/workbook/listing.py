"""What the portal's exports say it holds: of each batch the newest file that mentions it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from adapters.portal.workbook.inbox import Found, Row
from schemas.batch import canonical_day
from schemas.portal import OnlineBatch, OnlinePerson, OnlineStatus
from schemas.texts import T, Text
from schemas.workbook import ExportSheet

Mark = Callable[[Sequence[str]], bytes]
"""A keyed mark of some texts, so that an id made from them tells nobody what they are."""


@dataclass(frozen=True, slots=True)
class ListedBatch:
    batch: OnlineBatch
    year: int
    people: tuple[OnlinePerson, ...]


@dataclass(slots=True)
class _Group:
    rows: list[Mapping[str, str]] = field(default_factory=list)
    status: OnlineStatus = OnlineStatus.DRAFT
    own_ids: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Listing:
    """`faults`: what no file could be believed for, by file."""

    batches: Mapping[str, ListedBatch]
    faults: tuple[Text, ...]


def listing(found: Iterable[Found], shape: ExportSheet, mark: Mark) -> Listing:
    """`found` has the newest file first. A file with a fault says nothing at all; the others still speak."""
    batches: dict[str, ListedBatch] = {}
    faults: list[Text] = []
    for file in found:
        if file.fault is not None:
            faults.append(file.fault)
        elif file.export is not None:
            said = _of_file(file.file, file.as_of, file.export, shape, mark)
            if isinstance(said, Text):
                faults.append(said)
            else:
                batches = said | batches
    return Listing(batches, tuple(faults))


def _of_file(
    file: str, as_of: datetime, rows: Iterable[Row], shape: ExportSheet, mark: Mark
) -> dict[str, ListedBatch] | Text:
    groups: dict[str, _Group] = {}
    status_of = {word: status for status, words in shape.status_words.items() for word in words}
    for row in rows:
        fields = {**shape.constants, **{name: row.cells[head] for name, head in shape.fields.items()}}
        fields.setdefault("batch.year", canonical_day(fields["batch.start"])[:4])
        if not fields["batch.name"]:
            return T("{file} in the inbox: row {row} names no batch.", file=file, row=row.number)
        key = row.cells[shape.batch_id] if shape.batch_id else ""
        group = groups.setdefault(key or _made_id(mark, *_natural_key(fields)), _Group())
        if shape.status is not None:
            word = row.cells[shape.status]
            if word not in status_of:
                return T(
                    "{file} in the inbox: the dialect does not know the status {word} in row {row}.",
                    file=file,
                    word=word,
                    row=row.number,
                )
            group.status = status_of[word]
        group.rows.append(fields)
        group.own_ids.append(row.cells[shape.person_id] if shape.person_id else "")
    return {key: _batch(key, group, as_of, mark) for key, group in groups.items()}


def _batch(key: str, group: _Group, as_of: datetime, mark: Mark) -> ListedBatch:
    header = _part(group.rows[0], "batch")
    people = _people(key, group, mark)
    fields = {"headcount": str(len(people))} | header
    count = fields["headcount"]
    told = OnlineBatch(
        key, fields, group.status, int(count) if count.isascii() and count.isdecimal() else None, as_of=as_of
    )
    return ListedBatch(told, int(header["year"]) if header["year"].isdecimal() else 0, people)


def _people(key: str, group: _Group, mark: Mark) -> tuple[OnlinePerson, ...]:
    """A row without a name and an id says that the batch has nobody. Two rows with one id are two people of the portal."""
    people = []
    seen: Counter[str] = Counter()
    for fields, own in zip(group.rows, group.own_ids, strict=True):
        person = _part(fields, "person")
        if person["name"] or person["id_no"]:
            made = own or _made_id(mark, key, person["id_no"] or person["name"])
            seen[made] += 1
            people.append(OnlinePerson(made if seen[made] == 1 else f"{made}-{seen[made]}", person))
    return tuple(people)


def _part(fields: Mapping[str, str], of: str) -> dict[str, str]:
    return {name.partition(".")[2]: value for name, value in fields.items() if name.startswith(f"{of}.")}


def _natural_key(fields: Mapping[str, str]) -> tuple[str, str, str]:
    return fields["batch.year"], fields["batch.organiser"], fields["batch.name"]


def _made_id(mark: Mark, *texts: str) -> str:
    return mark(("online id", *texts)).hex()[:20]
