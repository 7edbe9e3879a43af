"""What a source yields: rosters, and every row that could not become a participant, with its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from schemas.batch import Batch, BatchKey
from schemas.forms import Form
from schemas.identity import IdType


class Category(StrEnum):
    """The five groups who may take part (Weihai 2025 二; Weihai 2024 2)."""

    SKILLED = "skilled"
    COMMENDED = "commended"
    HARDSHIP = "hardship"
    CONTRIBUTOR = "contributor"
    NEW_EMPLOYMENT = "new_employment"


class Severity(StrEnum):
    """强制 / 核实 / 提示: what a problem does to the record it sits on."""

    BLOCK = "block"
    EXPLAIN = "explain"
    INFORM = "inform"


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a source: `row` counts from 1 as Excel shows it, `column` is the header as written."""

    file: str
    sheet: str = ""
    row: int = 0
    column: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong, by its code in the catalogue of problems or of policy rules.

    `values` fill the catalogue's sentence and are never personal data.
    """

    code: str
    severity: Severity
    where: Place | None = None
    values: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Participant:
    """参加职工, in canonical values (`schemas.identity` says what canonical means)."""

    name: str
    id_type: IdType
    id_no: str
    phone: str
    unit: str
    category: Category
    where: Place

    def __repr__(self) -> str:
        return f"Participant({self.where})"


@dataclass(frozen=True, slots=True)
class Leader:
    """带队人员: goes with the batch and does not count as a participant (domain.md 3)."""

    name: str
    phone: str
    unit: str
    where: Place

    def __repr__(self) -> str:
        return f"Leader({self.where})"


@dataclass(frozen=True, slots=True)
class Rejection:
    """A row, sheet or file set aside, with all its problems at once."""

    where: Place
    problems: tuple[Problem, ...]
    batch: BatchKey | None = None


class Told(StrEnum):
    """Who states a fact of a batch, from the farthest to the nearest."""

    SETTINGS = "settings"
    PATH = "path"
    SHEET = "sheet"
    LINE = "line"
    CELL = "cell"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where one fact of a batch was found. `row` counts from 1, `column` is Excel's letter; both as far as they apply."""

    told: Told
    row: int = 0
    column: str = ""


@dataclass(frozen=True, slots=True)
class ColumnTaken:
    """A column of a table by its letter: `heading` as written, and the `word` by which it was taken for `field`."""

    letter: str
    heading: str
    field: str
    word: str


@dataclass(frozen=True, slots=True)
class Understood:
    """How one table was understood: its header begins in `header_row` (from 1) and has `depth` rows.

    `unused` are the headings nobody knows, with their letters.
    """

    sheet: str
    header_row: int
    depth: int
    columns: tuple[ColumnTaken, ...]
    unused: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Checksum:
    """What a 合计 states against what was counted; `leaders` may be in it or not. `letter` is the column of its cell."""

    where: Place
    declared: int
    counted: int
    leaders: int = 0
    letter: str = field(default="", compare=False)

    @property
    def agrees(self) -> bool:
        return self.declared in (self.counted, self.counted + self.leaders)


@dataclass(frozen=True, slots=True)
class Roster:
    """实名制汇总表 of one batch as one block of one sheet holds it.

    `where` is never the place of one of its people: what stands there concerns the batch. `declared` is the head
    count the block's own 合计 row states, None when it has none. `origins` (field of the batch → who stated it) explain
    a reading; they are no part of what it says and no journal keeps them.
    """

    batch: Batch
    where: Place
    people: tuple[Participant, ...] = ()
    leaders: tuple[Leader, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    declared: int | None = None
    origins: Mapping[str, Origin] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Reading:
    """All that one file says. `rejections` are those that belong to no batch (the file, a sheet).

    `marks` (sheet → hex) stand for what its sheets show. Of the sheets in `kept` nothing else is here: they show
    what they showed last time. `tables` and `checksums` explain the reading to people; no run needs them. `forms` are
    its sheets that hold no people by their nature.
    """

    path: str
    rosters: tuple[Roster, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    notes: tuple[Problem, ...] = ()
    marks: Mapping[str, str] = field(default_factory=dict)
    kept: frozenset[str] = frozenset()
    tables: tuple[Understood, ...] = ()
    checksums: tuple[Checksum, ...] = ()
    forms: tuple[Form, ...] = ()


@dataclass(frozen=True, slots=True)
class FileStamp:
    """What a stat says of a file: the first gate of intake.

    `told` stands for what else its reading builds on, such as the settings of its source.
    """

    path: str
    size: int
    mtime_ns: int
    told: str = ""
