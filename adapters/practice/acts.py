"""What hands do to the portal in the practice, and what must be found of it: the demo's own truth.

Field names and words are the practice portal's, written out here on purpose: a dialect that mixes them up is found out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from adapters.practice.cast import Person
from adapters.practice.world import Ledger
from schemas.batch import BatchKey, Level
from schemas.finding import Code
from schemas.identity import IdType
from schemas.roster import Category, Place

Fields = Mapping[str, str]
_LEVELS = {Level.DEMONSTRATION: "21", Level.CITY: "22", Level.DISTRICT: "24", Level.GRASSROOTS: "26"}
_ID_TYPES = {IdType.RESIDENT: "01", IdType.HMT_PERMIT: "02", IdType.FOREIGN_PERMIT: "03", IdType.PASSPORT: "04"}
_CATEGORIES = {
    Category.SKILLED: "1",
    Category.COMMENDED: "2",
    Category.HARDSHIP: "3",
    Category.CONTRIBUTOR: "4",
    Category.NEW_EMPLOYMENT: "5",
}


@dataclass(frozen=True, slots=True)
class AddBatch:
    batch: BatchKey
    fields: Fields


@dataclass(frozen=True, slots=True)
class EditBatch:
    batch: BatchKey
    fields: Fields


@dataclass(frozen=True, slots=True)
class Review:
    """审核通过: from now on the batch is locked."""

    batch: BatchKey


@dataclass(frozen=True, slots=True)
class AddPerson:
    batch: BatchKey
    fields: Fields

    def __repr__(self) -> str:
        return f"AddPerson({self.batch})"


@dataclass(frozen=True, slots=True)
class EditPerson:
    """`id_no` says who, as the portal holds them before the edit."""

    batch: BatchKey
    id_no: str
    fields: Fields

    def __repr__(self) -> str:
        return f"EditPerson({self.batch})"


@dataclass(frozen=True, slots=True)
class DeletePerson:
    batch: BatchKey
    id_no: str

    def __repr__(self) -> str:
        return f"DeletePerson({self.batch})"


Act = AddBatch | EditBatch | Review | AddPerson | EditPerson | DeletePerson


@dataclass(frozen=True, slots=True)
class Expected:
    """One finding that must be open: of a person by id, of a damaged row by its place, else of the batch."""

    code: Code
    batch: str
    person_id_no: str = ""
    where: Place | None = None

    def __repr__(self) -> str:
        return f"Expected({self.code}, {self.batch}, {self.where})"


QUIET = frozenset({Code.DUE, Code.NOT_OURS, Code.REVIEW_OUTSTANDING})
"""Information that may be open beside what is expected."""


@dataclass(frozen=True, slots=True)
class DemoTruth:
    """What must be open after each day's run. Beside it only `QUIET` codes may be."""

    day1: frozenset[Expected]
    day2: frozenset[Expected]


def batch_fields(ledger: Ledger) -> Fields:
    batch = ledger.batch
    return {
        "year": str(batch.key.year),
        "organizerName": batch.key.organiser,
        "batchName": batch.key.name,
        "level": _LEVELS[batch.level],
        "baseName": batch.base,
        "startDate": batch.start.isoformat(),
        "endDate": batch.end.isoformat(),
        "personNum": str(len(ledger.rows)),
        "leaderNum": str(len(ledger.leaders)),
    }


def person_fields(person: Person) -> Fields:
    return {
        "fullName": person.name,
        "idType": _ID_TYPES[person.id_type],
        "idCard": person.id_no,
        "userPhone": person.phone,
        "laborName": person.unit,
        "personType": _CATEGORIES[person.category],
    }
