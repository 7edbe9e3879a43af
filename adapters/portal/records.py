"""Records in the portal's fields and spellings, and its rows in ours."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from adapters.wire.locks import OpenLock
from adapters.wire.pages import Row, drift
from adapters.wire.paths import MISSING, is_plain, member, put, steps, text
from schemas.dialect import Dialect
from schemas.dialect.part import Words
from schemas.errors import SchemaDrift, Unmappable
from schemas.portal import Record
from schemas.texts import T

_DAYS = frozenset({"start", "end"})
_CANONICAL_DAY = "%Y-%m-%d"

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RecordForm:
    """How one kind of record (batches, or people) is written and read."""

    names: Mapping[str, Path]
    serial: Path | None
    constants: Mapping[Path, str | int | bool]
    numbers: Collection[str]
    sealed: Collection[str]
    respelt: Collection[str]
    date: str
    mask: str
    expected: Collection[str] = field(repr=False)

    @classmethod
    def of_batches(cls, dialect: Dialect) -> RecordForm:
        return _form(dialect, dialect.fields.batch, dialect.fields.constants.batch)

    @classmethod
    def of_people(cls, dialect: Dialect) -> RecordForm:
        return _form(dialect, dialect.fields.person, dialect.fields.constants.person)

    def written(self, record: Record, lock: Callable[[], OpenLock | None]) -> dict[str, Any]:
        """Raises Unmappable for a field the portal has no name for."""
        made: dict[str, Any] = {}
        for name, value in record.fields.items():
            if name not in self.names:
                raise Unmappable(T("The portal has no field for {field}.", field=name))
            spelt = self._spelt(name, value, lock) if name in self.respelt else value
            put(made, self.names[name], spelt)
        if self.serial:
            put(made, self.serial, record.serial)
        for path, constant in self.constants.items():
            put(made, path, constant)
        return made

    def _spelt(self, name: str, value: str, lock: Callable[[], OpenLock | None]) -> str | int:
        if name in self.numbers and value.isascii() and value.isdecimal():
            return int(value)
        if name in _DAYS and self.date != _CANONICAL_DAY:
            value = date.fromisoformat(value).strftime(self.date)
        opener = lock() if name in self.sealed else None
        return opener.close(value.encode()) if opener else value

    def read(self, row: Row, rows_at: str, lock: Callable[[], OpenLock | None], *, sealed: bool) -> dict[str, str]:
        """A value may be null; a field that is not there has been renamed, one that is no text or number retyped."""
        found: dict[str, str] = {}
        for name, path in self.names.items():
            value = member(row, path)
            if value is MISSING or not is_plain(value):
                raise drift(f"{rows_at}[].{'.'.join(path)}")
            found[name] = self._understood(name, text(value), lock if sealed and name in self.sealed else None)
        return found

    def _understood(self, name: str, value: str, lock: Callable[[], OpenLock | None] | None) -> str:
        opener = lock() if lock and value else None
        if opener:
            value = opener.open(value).decode(errors="replace")
        if name in _DAYS and self.date != _CANONICAL_DAY:
            return _day(value, self.date)
        return value if self.mask == "*" else value.replace(self.mask, "*")

    def unknown(self, row: Row) -> Collection[str]:
        """Fields of a row that the dialect does not speak of."""
        return row.keys() - self.expected


def _form(dialect: Dialect, names: Words, constants: Mapping[str, str | int | bool]) -> RecordForm:
    fields, record = dialect.fields, dialect.fields.record
    of_record = {record.online_id, record.serial, record.status, record.change, record.row_code, record.row_message}
    sealed = frozenset(dialect.sealing.fields) if dialect.sealing else frozenset()
    days = _DAYS if fields.date != _CANONICAL_DAY else frozenset()
    tops = {path.partition(".")[0] for path in (*names.values(), *of_record, *constants)}
    return RecordForm(
        names={ours: steps(theirs) for ours, theirs in names.items()},
        serial=steps(record.serial) if record.serial else None,
        constants={steps(path): value for path, value in constants.items()},
        numbers=fields.numbers,
        sealed=sealed,
        respelt=sealed | days | set(fields.numbers),
        date=fields.date,
        mask=fields.mask,
        expected=frozenset(tops | fields.ignored),
    )


def _day(value: str, pattern: str) -> str:
    """As YYYY-MM-DD where it is written as the dialect says; else as it is: mapping knows more forms."""
    try:
        return datetime.strptime(value, pattern).date().isoformat()  # noqa: DTZ007  # a day has no zone
    except ValueError:
        return value


def sealed_row(value: object, lock: Callable[[], OpenLock | None], parse: Callable[[bytes], object]) -> object:
    """A row that comes as one ciphertext. Raises SchemaDrift."""
    opener = lock()
    if not isinstance(value, str) or opener is None:
        raise SchemaDrift(T("The portal's encrypted value cannot be opened with the dialect's key."))
    return parse(opener.open(value))
