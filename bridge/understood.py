"""Why a ledger was read as it was: its headers, who stated each fact of a batch, its total rows, and cells by their names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

from schemas.header_words import Column
from schemas.roster import Checksum, ColumnTaken, Origin, Place, Reading, Told, Understood
from schemas.spreadsheet import column_of
from schemas.texts import Language, T, Text

FIELDS: Mapping[str, Text] = {
    Column.SERIAL: T("Serial number"),
    Column.NAME: T("Name"),
    Column.ID_NO: T("Id number"),
    Column.PHONE: T("Phone"),
    Column.UNIT: T("Unit"),
    Column.CATEGORY: T("Category"),
    Column.ROLE: T("Role"),
    Column.POST: T("Post"),
    Column.REMARK: T("Remark"),
    Column.SEX: T("Sex"),
    Column.BATCH: T("batch"),
    Column.PERIOD: T("First and last day"),
    Column.START: T("Start"),
    Column.END: T("End"),
    Column.BASE: T("Base"),
    Column.LEVEL: T("Level"),
    Column.ORGANISER: T("Organiser"),
    Column.HEADCOUNT: T("Head count"),
    Column.QUOTA: T("Quota"),
    Column.SITE: T("Address"),
    Column.BEDS: T("Beds"),
    Column.PROVINCE: T("Province"),
    Column.VALIDITY: T("Valid until"),
}
"""What a column of a ledger holds, as people say it."""

FACTS: Mapping[str, Text] = {
    "name": T("batch"),
    "organiser": T("Organiser"),
    "level": T("Level"),
    "base": T("Base"),
    "start": T("Start"),
    "end": T("End"),
}
"""What a batch must state."""


def cell_of(place: Place, tables: Sequence[Understood]) -> str:
    """D18; empty where the place is no single cell, or its column is not in the table."""
    above = [table for table in tables if table.sheet == place.sheet and table.header_row <= place.row]
    if not above or not place.column:
        return ""
    letter = next((taken.letter for taken in above[-1].columns if taken.heading == place.column), "")
    return f"{letter}{place.row}" if letter else ""


def spot_of(place: Place, tables: Sequence[Understood]) -> tuple[int, int]:
    """Row from 1 and column from 0 of the cell to point at: of a row its name, of a line or a sheet the first cell."""
    above = [table for table in tables if table.sheet == place.sheet and table.header_row + table.depth <= place.row]
    letters = {column: taken.letter for table in above[-1:] for taken in table.columns for column in _keys(taken)}
    letter = letters.get(place.column) or letters.get(Column.NAME.value) or "A"
    return max(place.row, 1), column_of(letter)


def _keys(taken: ColumnTaken) -> tuple[str, str]:
    return taken.field, taken.heading


def place_in_words(place: Place, tables: Sequence[Understood], language: Language) -> str:
    """Sheet, cell (else the row) and heading, as far as they are known."""
    row = T("row {row}", row=place.row).into(language) if place.row else ""
    return " · ".join(part for part in (place.sheet, cell_of(place, tables) or row, place.column) if part)


def tables_as_data(reading: Reading) -> list[dict[str, object]]:
    return [
        {
            "sheet": table.sheet,
            "header_row": table.header_row,
            "depth": table.depth,
            "columns": [asdict(taken) for taken in table.columns],
            "unused": [{"letter": letter, "heading": heading} for letter, heading in table.unused],
        }
        for table in reading.tables
    ]


def checksums_as_data(reading: Reading) -> list[dict[str, object]]:
    return [
        {
            "sheet": found.where.sheet,
            "row": found.where.row,
            "cell": f"{found.letter}{found.where.row}" if found.letter else "",
            "declared": found.declared,
            "counted": found.counted,
            "leaders": found.leaders,
            "agrees": found.agrees,
        }
        for found in reading.checksums
    ]


def stated_as_data(origins: Mapping[str, Origin]) -> dict[str, object]:
    return {fact: {"by": origins[fact].told.value, "cell": _spot(origins[fact])} for fact in FACTS if fact in origins}


def header_line(table: Understood, language: Language) -> str:
    last = table.header_row + table.depth - 1
    rows = str(table.header_row) if table.depth == 1 else f"{table.header_row}-{last}"
    return T("{sheet}: the header is row {rows}", sheet=table.sheet or "-", rows=rows).into(language)


def column_rows(table: Understood, language: Language) -> Iterator[tuple[str, str, str, str]]:
    """Letter, heading as written, what it was taken for, and the word that decided."""
    for taken in table.columns:
        yield taken.letter, taken.heading, FIELDS[taken.field].into(language), taken.word
    for letter, heading in table.unused:
        yield letter, heading, T("not used").into(language), "-"


def origin_line(origins: Mapping[str, Origin], language: Language) -> str:
    """Who stated what: `row 2 (Organiser, Level) · row 3 (batch)`. Empty where nobody knows."""
    by_origin: dict[str, list[str]] = {}
    for fact, text in FACTS.items():
        if origin := origins.get(fact):
            by_origin.setdefault(_told(origin).into(language), []).append(text.into(language))
    return " · ".join(
        T("{origin} ({facts})", origin=origin, facts="/".join(facts)).into(language)
        for origin, facts in by_origin.items()
    )


def checksum_line(found: Checksum, reading: Reading, language: Language) -> str:
    """Of a roster with its leaders, of a form without people by its lines."""
    if any(form.sheet == found.where.sheet for form in reading.forms):
        return T(
            "{place}: the total row states {declared}; the lines add up to {counted}",
            place=place_in_words(found.where, (), language) or "-",
            declared=found.declared,
            counted=found.counted,
        ).into(language)
    return T(
        "{place}: the total row states {declared}; counted: people {counted}, leaders {leaders}",
        place=place_in_words(found.where, (), language) or "-",
        declared=found.declared,
        counted=found.counted,
        leaders=found.leaders,
    ).into(language)


def _told(origin: Origin) -> Text:
    return {
        Told.SETTINGS: T("the settings"),
        Told.PATH: T("the name of the file or folder"),
        Told.SHEET: T("the name of the sheet"),
        Told.LINE: T("row {row}", row=origin.row),
        Told.CELL: T("cell {cell}", cell=_spot(origin)),
    }[origin.told]


def _spot(origin: Origin) -> str:
    """D18, or a whole row as its number; empty for a name and for the settings."""
    return f"{origin.column}{origin.row}" if origin.row else ""
