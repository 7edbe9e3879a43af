"""The fuse box of those who only look: the journal without its lock, ledgers by name, and reports in words."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, replace
from datetime import datetime
from pathlib import Path

from adapters.render import words
from adapters.render.labels import VALUES
from adapters.render.letter import subject
from adapters.render.mapping import mapping_book
from adapters.render.verdict import verdict
from adapters.sources.apart import Apart
from adapters.sources.copying import quiet_copy
from adapters.sources.folder import FolderSource, Understand
from adapters.sources.grid import Unreadable
from adapters.sources.ledger import Task
from adapters.sources.marking import has_macros, marked
from adapters.sources.workbook import read_workbook
from bridge.check import check
from bridge.conclusion import items_now
from bridge.config import Config
from bridge.config.edit import write_table
from bridge.config.packs import dialect_of, load_policy
from bridge.findings import Rules
from bridge.ledger_view import Seen
from bridge.mapping_import import Found, Row, words_of
from bridge.mapping_sheet import HEADS, Line, OnlineSide, columns_of, field_lines, word_lines
from bridge.ports import Journal
from bridge.report import Wording
from bridge.wiring.journal import open_memory
from bridge.wiring.service import SystemClock, bases_of, rules_of, wording_of
from bridge.wiring.sources import source_of
from schemas.errors import ConfigError
from schemas.finding import FieldDifference
from schemas.mark import Mark
from schemas.policy import Policy
from schemas.report import Item, Report
from schemas.roster import Place, Problem, Reading
from schemas.texts import Language, T
from schemas.workbook import WorkbookDialect


@dataclass(frozen=True, slots=True)
class View:
    """The journal as it is now, and the words its findings are told in."""

    journal: Journal
    policy: Policy
    rules: Rules
    wording: Wording
    now: datetime

    def items(self) -> list[Item]:
        return items_now(self.journal, self.rules, self.wording, now=self.now)


@contextmanager
def look_at(config: Config, language: Language) -> Iterator[View]:
    """For looking while somebody else may be at work: no lock, no portal. Raises ConfigError, JournalError."""
    policy = load_policy(config)
    wording = replace(wording_of(config, policy), language=language)
    memory = open_memory(config)
    try:
        yield View(memory, policy, rules_of(config, policy), wording, SystemClock().instant().at)
    finally:
        memory.close()


def read_files(paths: Sequence[Path], config: Config | None) -> list[Seen]:
    """Ledgers by name, and every one of a folder; read and checked as a run would, where the settings say how.

    Raises ConfigError for one that is not there.
    """
    with Apart() as apart:
        return [seen for path in paths for seen in _seen(path, config, apart)]


def read_one(path: Path, config: Config | None) -> tuple[Seen, bytes]:
    """One ledger, and the very bytes that were read. Raises ConfigError where it is none, several, or cannot be read."""
    contents: list[bytes] = []

    def keeping(task: Task, content: bytes) -> Reading:
        contents.append(content)
        return apart(task, content)

    with Apart() as apart:
        found = list(_seen(path, config, keeping))
    if len(found) != 1 or not contents:
        raise ConfigError(T("To be marked, name one ledger that can be read: {path}", path=path))
    return found[0], contents[0]


def marked_ledger(content: bytes, marks: Sequence[Mark], out: Path) -> bytes:
    """Raises ConfigError for a name that does not fit, and for what is no table at all."""
    suffix = ".xlsm" if has_macros(content) else ".xlsx"
    if out.suffix.lower() != suffix:
        raise ConfigError(T("The marked ledger is a {suffix} file: {path} must end so.", suffix=suffix, path=out))
    try:
        return marked(content, marks)
    except Unreadable:
        raise ConfigError(
            T("No cell of this file can be read, so none can be marked. What is wrong, says lxy-bridge read.")
        ) from None


def _seen(path: Path, config: Config | None, apart: Understand) -> Iterator[Seen]:
    folder, pattern = (path, "*") if path.is_dir() else (path.parent, glob.escape(path.name))
    source = _source_for(folder, pattern, config, apart)
    stamps = list(source.look()) if folder.is_dir() else []
    if not stamps:
        raise ConfigError(T("There is no ledger {path}.", path=path))
    for stamp in stamps:
        reading = replace(source.read(stamp, {}), path=str(folder / Path(stamp.path).name))
        yield Seen(reading, _checked(reading, config))


def _checked(reading: Reading, config: Config | None) -> list[tuple[Problem, ...]]:
    if config is None:
        return [() for _ in reading.rosters]
    policy, bases = load_policy(config), bases_of(config)
    return [check(roster, policy=policy, bases=bases) for roster in reading.rosters]


def _source_for(folder: Path, pattern: str, config: Config | None, apart: Understand) -> FolderSource:
    sections = config.source if config else ()
    own = next((one for one in sections if one.path and folder.absolute().is_relative_to(one.path)), None)
    if config is None or own is None:
        return FolderSource(str(folder), folder, pattern, understand=apart)
    return source_of(config, own, folder, pattern, apart)


def mapping_of(config: Config, ledgers: Sequence[Path], language: Language) -> tuple[bytes, list[Line]]:
    """The mapping of the settings in use as a workbook, and its lines that have a fault. Raises ConfigError."""
    side = _online_side(config)
    readings = [seen.reading for seen in read_files(ledgers, config)]
    tables = {
        T("fields").into(language): field_lines(side, readings, language),
        T("words").into(language): word_lines(side, language),
    }
    heads = [head.into(language) for head in HEADS]
    book = mapping_book([(title, heads, [astuple(line) for line in lines]) for title, lines in tables.items()])
    return book, [line for lines in tables.values() for line in lines if line.fault]


def import_mapping(config: Config, settings: Path, sheet: Path) -> Found:
    """Put the words that staff wrote into an exported mapping into `[aliases]` of the settings file.

    Nothing is written where none is new. Raises ConfigError for a file that is no mapping, and where it cannot write.
    """
    known = config.aliases.model_dump()
    found = words_of(_mapping_rows(sheet), known)
    for table, own in found.added.items():
        write_table(settings, "aliases", table, {**known[table], **own})
    return found


def _mapping_rows(sheet: Path) -> list[Row]:
    """The lines below each header: the last cell but the fault ends in the key of the field or word."""
    try:
        grids = list(read_workbook(quiet_copy(sheet)).grids)
    except Unreadable:
        raise ConfigError(T("{path} cannot be read as a workbook. Save it as .xlsx.", path=sheet)) from None
    lines = [
        Row(grid.sheet, at, str(row[0]), str(row[-2]).rpartition(" ")[2])
        for grid in grids
        for at, row in enumerate(grid.rows[1:], start=2)
        if len(row) == len(HEADS)
    ]
    if not any(columns_of(line.key) for line in lines):
        raise ConfigError(T("{path} is no mapping sheet. Make one: lxy-bridge mapping export FILE.xlsx", path=sheet))
    return lines


def _online_side(config: Config) -> OnlineSide:
    """Also of a dialect with mistakes: they are what somebody looks for."""
    dialect, _ = dialect_of(config.portal.pack)
    if isinstance(dialect, WorkbookDialect):
        by_hand = dialect.workbook
        items = (*by_hand.tick_list.batch, *by_hand.tick_list.people)
        heads = {column.field: column.head for column in by_hand.import_sheet.columns if column.field}
        return OnlineSide(
            dialect.name, dialect.version, {item.field: item.label for item in items} | heads, dialect.words
        )
    own = {"batch": dialect.fields.batch, "person": dialect.fields.person}
    fields = {f"{kind}.{name}": theirs for kind, names in own.items() for name, theirs in names.items()}
    return OnlineSide(dialect.name, dialect.version, fields, dialect.words, dialect.fields.date)


def verdict_in_words(report: Report, language: Language) -> tuple[str, ...]:
    """The headline as in the mail's subject, then whatever explains it."""
    return subject(report, language), *(text.into(language) for text in verdict(report).details)


def conservation(report: Report, language: Language) -> tuple[str, ...]:
    """Where every row of either side went, a line each."""
    sides = ((T("Offline"), report.offline), (T("Online"), report.online))
    return tuple(words.conservation(label, side, language) for label, side in sides)


def word_of(field: str, value: str, language: Language) -> str:
    """What people call a canonical word."""
    return VALUES[field][value].into(language)


def difference_in_words(one: FieldDifference, language: Language) -> str:
    return words.pair(one, language).in_a_line(language)


def place_in_words(where: Place, language: Language) -> str:
    return words.place(where, language)


def due_in_words(item: Item, language: Language) -> str:
    """How long is left, where there is a deadline."""
    return words.hours_left(item.hours_left).into(language) if item.to_do and item.hours_left is not None else ""
