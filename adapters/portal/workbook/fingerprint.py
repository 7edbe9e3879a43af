"""A template's fingerprint: what about it matters to the portal's import, and what has changed since it was accepted."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from xml.etree import ElementTree as ET  # only its types: `Package.parsed` parses

from adapters.ooxml.package import Package, local, named
from adapters.ooxml.spans import area
from adapters.portal.workbook.book import Book
from adapters.portal.workbook.grid import Sheet, head_of
from schemas.texts import T, Text
from schemas.workbook import ImportSheet

_BUILT_IN = {"0": "General", "1": "0", "14": "yyyy/m/d", "49": "@"}
_RULE_PARTS = ("type", "operator")
Rules = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """`sheets` are name and state in tab order; `heads` in column order; `rules` and `formats` are by head.

    A rule is a validation, with the words of its list; a format is the number format of the first row to be filled.
    """

    sheets: tuple[tuple[str, str], ...]
    heads: tuple[str, ...]
    rules: Rules
    formats: Rules


def fingerprint(book: Book, shape: ImportSheet) -> Fingerprint:
    """Raises SchemaDrift for a workbook without the sheet of the dialect."""
    xml = book.package.parsed(book.part(shape.sheet))
    rows = book.rows(shape.sheet)
    header = rows[shape.header_row - 1] if len(rows) >= shape.header_row else []
    columns = {column: head for column, cell in enumerate(header) if (head := head_of(cell))}
    return Fingerprint(
        tuple((sheet.name, sheet.state) for sheet in book.parts),
        tuple(columns.values()),
        dict(_rules(xml, columns, shape.header_row + 1, _lists(book))),
        dict(_formats(book.package, xml, columns, shape.header_row + 1)),
    )


def to_json(found: Fingerprint) -> bytes:
    return json.dumps(asdict(found), ensure_ascii=False, indent=1).encode()


def from_json(content: bytes) -> Fingerprint:
    """Raises ValueError."""
    try:
        stated = json.loads(content)
        sheets = tuple((str(name), str(state)) for name, state in stated["sheets"])
        return Fingerprint(sheets, tuple(stated["heads"]), dict(stated["rules"]), dict(stated["formats"]))
    except (KeyError, TypeError) as error:
        raise ValueError(str(error)) from None


def differences(expected: Fingerprint, found: Fingerprint) -> list[Text]:
    """What has changed, one sentence each; empty when nothing has that matters."""
    return [
        *_of_sheets(dict(expected.sheets), dict(found.sheets)),
        *_of_heads(expected.heads, found.heads),
        *_of_rules(expected, found),
    ]


def _of_sheets(before: Rules, now: Rules) -> Iterator[Text]:
    for name in before.keys() - now.keys():
        yield T("The sheet {sheet} is gone.", sheet=name)
    for name in now.keys() - before.keys():
        yield T("The sheet {sheet} is new.", sheet=name)
    for name in sorted(before.keys() & now.keys()):
        if before[name] != now[name]:
            yield T("The sheet {sheet} was {before} and is {now}.", sheet=name, before=before[name], now=now[name])


def _of_heads(before: Sequence[str], now: Sequence[str]) -> Iterator[Text]:
    """A head gone where a new one stands has been renamed."""
    gone, new = [head for head in before if head not in now], [head for head in now if head not in before]
    renamed = {head: now[at] for at, head in enumerate(before) if head in gone and at < len(now) and now[at] in new}
    for old, head in renamed.items():
        yield T("The column {before} is now called {now}.", before=old, now=head)
    for head in gone:
        if head not in renamed:
            yield T("The column {head} is gone.", head=head)
    for head in new:
        if head not in renamed.values():
            yield T("The column {head} is new.", head=head)
    stayed = [renamed.get(head, head) for head in before if head not in gone or head in renamed]
    order = [head for head in now if head in stayed]
    for head, other in zip(stayed, order, strict=True):
        if head != other:
            yield T("The columns are in another order, from {head} on: there now stands {now}.", head=head, now=other)
            return


def _of_rules(before: Fingerprint, now: Fingerprint) -> Iterator[Text]:
    for head in (head for head in before.heads if head in now.heads):
        for what, old, new in (
            (T("The values the column {head} takes were {before} and are {now}."), before.rules, now.rules),
            (T("The cell format of the column {head} was {before} and is {now}."), before.formats, now.formats),
        ):
            if (was := old.get(head, "-")) != (is_now := new.get(head, "-")):
                yield what.filled(head=head, before=was, now=is_now)


def _rules(xml: ET.Element, columns: Mapping[int, str], row: int, lists: _Lists) -> Iterator[tuple[str, str]]:
    for rule in named(xml, "dataValidation"):
        inside = {local(child.tag): "".join(child.itertext()).strip() for child in rule}
        ranges = (rule.get("sqref") or inside.get("sqref", "")).split()
        formulas = [inside[name] for name in ("formula1", "formula2") if inside.get(name)]
        told = [*(rule.get(name, "") for name in _RULE_PARTS), *map(lists.words, formulas)]
        for column, head in columns.items():
            if any(_covers(area(reference), column, row) for reference in ranges):
                yield head, " ".join(filter(None, told))


def _covers(found: tuple[tuple[int, int], tuple[int, int]], column: int, row: int) -> bool:
    (left, top), (right, bottom) = found
    return left <= column <= right and top <= row <= bottom


def _bare(formula: str) -> str:
    return formula.replace("$", "").replace("'", "").lstrip("=")


class _Lists:
    """What a reference or a defined name stands for: the words in those cells."""

    def __init__(self, sheets: Sequence[Sheet], names: Mapping[str, str]) -> None:
        self._rows = {sheet.name: sheet.rows for sheet in sheets}
        self._names = names

    def words(self, formula: str) -> str:
        """The formula itself where it is something else."""
        sheet, _, cells = _bare(self._names.get(_bare(formula), formula)).rpartition("!")
        if sheet not in self._rows:
            return formula
        try:
            (left, top), (right, bottom) = area(cells)
        except ValueError:
            return formula
        rows = self._rows[sheet][top - 1 : bottom]
        return "、".join(str(cell) for row in rows for cell in row[left : right + 1] if cell != "")


def _lists(book: Book) -> _Lists:
    names = named(book.package.parsed("xl/workbook.xml"), "definedName")
    return _Lists(book.sheets, {element.get("name", ""): element.text or "" for element in names})


def _formats(package: Package, xml: ET.Element, columns: Mapping[int, str], row: int) -> Iterator[tuple[str, str]]:
    """Of the cell in the first row below the header, else of its column."""
    codes = _codes(package)
    styles = {
        column: element.get("style", "0")
        for element in named(xml, "col")
        for column in range(int(element.get("min", "1")) - 1, int(element.get("max", "1")))
        if column in columns
    }
    styles |= {
        area(element.get("r", ""))[0][0]: element.get("s", "0")
        for element in named(xml, "c")
        if element.get("r", "").lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == str(row)
    }
    for column, head in columns.items():
        yield head, codes.get(styles.get(column, "0"), "General")


def _codes(package: Package) -> Mapping[str, str]:
    """Style number → number format."""
    if package.get("xl/styles.xml") is None:
        return {}
    xml = package.parsed("xl/styles.xml")
    own = {element.get("numFmtId", ""): element.get("formatCode", "") for element in named(xml, "numFmt")}
    table = next(named(xml, "cellXfs"), ())
    formats = [element.get("numFmtId", "0") for element in table]
    return {str(at): own.get(number, _BUILT_IN.get(number, number)) for at, number in enumerate(formats)}
