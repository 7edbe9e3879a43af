"""The mapping as a table: every field has its line, what has no place is a fault, and the examples are true."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.sources.cells import id_cell, name_cell, phone_cell, unit_of
from adapters.sources.dates import period_of
from adapters.sources.lines import batch_name
from bridge.mapping_sheet import OnlineSide, field_lines, word_lines
from schemas.dialect import Dictionaries, shipped_dialect
from schemas.header_words import Column, category_of, header_words, level_named
from schemas.identity import identify
from schemas.journal import BATCH_FIELDS, PERSON_FIELDS
from schemas.roster import Category, ColumnTaken, Place, Problem, Reading, Rejection, Severity, Understood
from schemas.specimen import BATCH, PERSON
from schemas.texts import Language

QILU = shipped_dialect("qilu")
KEYS = [f"{kind}.{name}" for kind, names in (("person", PERSON_FIELDS), ("batch", BATCH_FIELDS)) for name in names]
FIELDS = {
    f"{kind}.{name}": theirs
    for kind, names in (("person", QILU.fields.person), ("batch", QILU.fields.batch))
    for name, theirs in names.items()
}
SIDE = OnlineSide("qilu", 1, FIELDS, QILU.words)


def by_key(side: OnlineSide = SIDE, *ledgers: Reading):
    lines = field_lines(side, ledgers, Language.EN)
    return {line.source.rpartition(" ")[2]: line for line in lines}


def test_every_field_has_its_line_and_the_shipped_dialect_no_fault() -> None:
    assert sorted(by_key()) == sorted(KEYS)
    assert [line.fault for line in (*by_key().values(), *word_lines(SIDE, Language.EN)) if line.fault] == []


def test_a_line_says_where_a_field_comes_from_and_where_it_goes() -> None:
    line = by_key()["person.id_no"]
    assert line.offline.split("、") == list(header_words().columns[Column.ID_NO])
    assert (line.field, line.online, line.online_example) == ("Id number", "idCard", PERSON["id_no"])
    assert line.source == "header_words.toml [columns] id_no · qilu 1 person.id_no"


def test_the_examples_become_what_the_sheet_says() -> None:
    example = {key: line.example for key, line in by_key().items()}
    period = period_of(example["batch.start"], None)
    read = {
        "name": name_cell(example["person.name"]).name,
        "id_type": identify(id_cell(example["person.id_type"]).text),
        "id_no": id_cell(example["person.id_no"]).text,
        "phone": phone_cell(example["person.phone"]).digits,
        "unit": unit_of(example["person.unit"]),
        "category": category_of(example["person.category"]),
    }
    assert read == PERSON
    assert (str(period.start), str(period.end)) == (BATCH["start"], BATCH["end"])
    assert (level_named(example["batch.level"]), example["batch.base"]) == (BATCH["level"], BATCH["base"])
    assert batch_name(example["batch.name"]) == BATCH["name"]


def test_a_field_the_portal_has_no_name_for_is_a_fault_beside_its_example() -> None:
    without = replace(SIDE, fields={key: theirs for key, theirs in FIELDS.items() if key != "person.phone"})
    [line] = [line for line in by_key(without).values() if line.fault]
    assert (line.field, line.example, line.online) == ("Phone", "199 0000 0001", "")


def test_a_word_the_portal_has_none_for_is_a_fault() -> None:
    words = QILU.words.model_copy(update={"category": {Category.SKILLED.value: ("1",)}})
    lines = word_lines(replace(SIDE, words=Dictionaries.model_validate(words.model_dump())), Language.EN)
    assert [line.source.rpartition(".")[2] for line in lines if line.fault] == [*Category][1:]


@pytest.mark.parametrize(("field", "faults"), [("id_no", ["person.category"]), ("category", ["person.id_no"])])
def test_a_column_a_ledger_lacks_is_a_fault_with_its_first_row(field: str, faults: list[str]) -> None:
    codes = {"person.category": "category_missing", "person.id_no": "id_missing"}
    rows = [
        Rejection(where, (Problem(code, Severity.BLOCK, where),))
        for code in codes.values()
        for where in (Place("台账.xlsx", "名单", 9), Place("台账.xlsx", "名单", 7))
    ]
    table = Understood("名单", 4, 1, (ColumnTaken("D", "列", field, "列"),))
    found = by_key(SIDE, Reading("台账.xlsx", rejections=tuple(rows), tables=(table,)))
    assert {key: line.fault for key, line in found.items() if line.fault} == dict.fromkeys(
        faults, "台账.xlsx · 名单: no column holds it, as in row 7"
    )
