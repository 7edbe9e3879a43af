"""The import template: the province's own file, looked at anew each time, or one made from the dialect."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import xlsxwriter

from adapters.ooxml.spans import area, layout
from adapters.portal.workbook.book import Book
from adapters.portal.workbook.fill import filled, not_to_be_filled
from adapters.portal.workbook.fingerprint import Fingerprint, differences, fingerprint, from_json, to_json
from adapters.portal.workbook.grid import head_of
from schemas.errors import SchemaDrift
from schemas.texts import T, Text
from schemas.workbook import ImportSheet

MADE_AT = datetime(2025, 1, 1)  # noqa: DTZ001  # a workbook knows no zone; fixed: equal contents are equal bytes

_SAMPLE_ROWS = 5
_COLUMN_WIDTH = 18


@dataclass(frozen=True, slots=True)
class Template:
    """`path` is the province's file, None where there is none; `accepted` remembers its fingerprint (JSON)."""

    shape: ImportSheet
    path: Path | None
    accepted: Path

    def check(self) -> None:
        """Raises SchemaDrift, naming what is wrong; the first template that is right becomes the accepted one."""
        self._book()

    def filled(self, rows: Sequence[Sequence[str]]) -> bytes:
        """The import workbook; `rows` have their values in the order of the dialect's columns. Raises SchemaDrift."""
        book, shape = self._book(), self.shape
        places = self._places(book)
        examples = range(shape.header_row + 1, shape.header_row + 1 + shape.example_rows)
        return filled(
            book.package,
            book.part(shape.sheet),
            [dict(zip(places, row, strict=True)) for row in rows],
            first_row=examples.stop if shape.keep_examples else examples.start,
            examples=range(0) if shape.keep_examples else examples,
        )

    def _book(self) -> Book:
        """The template as it is now, found to be right. Raises SchemaDrift."""
        if self.path is None:
            return Book.open(blank(self.shape), file=self.shape.sheet)
        try:
            content = self.path.read_bytes()
        except OSError as error:
            raise SchemaDrift(
                T("The import template {path} cannot be read: {reason}.", path=self.path, reason=error.strerror)
            ) from None
        book = Book.open(content, file=self.path.name)
        self._refuse_other_tables(book)
        try:
            found = fingerprint(book, self.shape)
            faults = [*self._faults_of_file(book), *self._faults_of_heads(book.file, found.heads)]
            faults += self._changes(book.file, found)
            if faults := faults or list(self._used_rows(book)):
                raise SchemaDrift(*faults)
        except ValueError:
            raise not_to_be_filled(book.file) from None
        if not self.accepted.exists():
            self.accepted.parent.mkdir(parents=True, exist_ok=True)
            self.accepted.write_bytes(to_json(found))
        return book

    def _changes(self, file: str, found: Fingerprint) -> list[Text]:
        """Since it was accepted: a sentence about all, and one for each."""
        try:
            expected = from_json(self.accepted.read_bytes())
        except FileNotFoundError:
            return []
        except (OSError, ValueError):
            return [T("{path} cannot be read: look at the import template, then delete that file.", path=self.accepted)]
        if not (changes := differences(expected, found)):
            return []
        changed = T(
            "The import template {file} is not the one that was accepted; nothing was exported. Where the portal really "
            "has a new template, adapt the dialect to it and delete {accepted}.",
            file=file,
            accepted=self.accepted,
        )
        return [changed, *changes]

    def _refuse_other_tables(self, book: Book) -> None:
        for sheet in book.sheets:
            said = [sheet.name, *(head_of(cell) for row in sheet.rows[:_SAMPLE_ROWS] for cell in row)]
            for word in self.shape.not_if_it_says:
                if not sheet.hidden and any(word in text for text in said):
                    raise SchemaDrift(
                        T(
                            "{file} looks like another table: it says {word}. Put the portal's import template there.",
                            file=book.file,
                            word=word,
                        )
                    )

    def _faults_of_file(self, book: Book) -> Iterator[Text]:
        """Excel opens a workbook with macros only under the name of one, and the other way round."""
        has_macros = b"macroEnabled" in (book.package.get("[Content_Types].xml") or b"")
        suffix = ".xlsm" if has_macros else ".xlsx"
        if not self.shape.file_name.endswith(suffix):
            yield T(
                "The import template {file} is a {suffix} file: file_name must end so.", file=book.file, suffix=suffix
            )

    def _faults_of_heads(self, file: str, found: Sequence[str]) -> Iterator[Text]:
        heads = [column.head for column in self.shape.columns]
        row = self.shape.header_row
        if missing := [head for head in heads if head not in found]:
            yield T(
                "Row {row} of the import template {file} lacks what the dialect fills in: {heads}.",
                row=row,
                file=file,
                heads="、".join(missing),
            )
        if twice := [head for head in heads if found.count(head) > 1]:
            yield T("Row {row} of the import template {file} has {head} twice.", row=row, file=file, head=twice[0])

    def _used_rows(self, book: Book) -> Iterator[Text]:
        """Where our rows go nothing may stand that would be written over, and no cells may be merged."""
        first = self.shape.header_row + 1 + self.shape.example_rows
        last = first + self.shape.rows_per_file
        places = self._places(book)
        rows = enumerate(book.rows(self.shape.sheet)[:last], start=1)
        used = [row for row, cells in rows if row >= first and _says_something(cells, places)]
        merged = layout(book.package.get(book.part(self.shape.sheet)) or b"").merged
        used += [top for (_, top), (_, bottom) in map(area, merged) if bottom >= first and top < last]
        if used:
            yield T(
                "Row {row} of the import template {file} is not empty: how many example rows are there?",
                row=min(used),
                file=book.file,
            )

    def _places(self, book: Book) -> list[int]:
        """Where each column of the dialect stands, from 0."""
        heads = [head_of(cell) for cell in book.rows(self.shape.sheet)[self.shape.header_row - 1]]
        return [heads.index(column.head) for column in self.shape.columns]


def blank(shape: ImportSheet) -> bytes:
    """A template made from the dialect's columns, all of them text."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        book.set_properties({"created": MADE_AT})
        sheet = book.add_worksheet(shape.sheet)
        text = book.add_format({"num_format": "@"})
        looks = {
            required: book.add_format(
                {"num_format": "@", "bold": True, "border": 1, "bg_color": "#EEF1F4", "font_color": colour}
            )
            for required, colour in ((True, "#B42318"), (False, "#000000"))
        }
        for at, column in enumerate(shape.columns):
            sheet.set_column(at, at, _COLUMN_WIDTH, text)
            sheet.write_string(shape.header_row - 1, at, column.head, looks[column.required])
        sheet.freeze_panes(shape.header_row, 0)
    return out.getvalue()


def _says_something(cells: Sequence[object], places: Sequence[int]) -> bool:
    return any(place < len(cells) and cells[place] != "" for place in places)
