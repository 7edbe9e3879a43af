"""How the bridge understands a ledger, shown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bridge.check import check
from bridge.ledger_view import Seen, Sight, as_data, heading, marks, note_lines, people_rows, refusal_lines
from bridge.understood import FACTS, FIELDS, cell_of, checksum_line, column_rows, header_line, origin_line, spot_of
from schemas.batch import Base, Level
from schemas.forms import UnitLine, UnitSummary
from schemas.header_words import Column, header_words
from schemas.roster import (
    Checksum,
    ColumnTaken,
    Origin,
    Place,
    Problem,
    Reading,
    Rejection,
    Roster,
    Severity,
    Told,
    Understood,
)
from schemas.texts import Language
from tests.unit.cast import BATCH, POLICY, A, block, damaged

PATH = "rosters/台账.xlsx"
MASKED, REVEALED = Sight(Language.EN, reveal=False, policy=POLICY), Sight(Language.EN, reveal=True, policy=POLICY)
ORIGINS = {"name": Origin(Told.SHEET), "base": Origin(Told.CELL, 4, "G")}
ROSTER = replace(block(A, leaders=1, rejections=[damaged()], declared=2), origins=ORIGINS)
TABLE = Understood(
    "名单",
    header_row=3,
    depth=1,
    columns=(ColumnTaken("B", "姓 名", "name", "姓名"), ColumnTaken("D", "身份证号", "id_no", "身份证号")),
    unused=(("F", "民族"),),
)


def seen(roster: Roster = ROSTER) -> Seen:
    bases = [Base(BATCH.base, Level.CITY, in_province=True)]
    reading = Reading(PATH, (roster,), tables=(TABLE,), checksums=(Checksum(Place(PATH, "名单", 3), 2, 2, 1, "C"),))
    return Seen(reading, [check(roster, policy=POLICY, bases=bases)])


def test_a_ledger_as_data_has_the_documented_shape() -> None:
    assert as_data(seen(), MASKED) == {
        "path": PATH,
        "tables": [
            {
                "sheet": "名单",
                "header_row": 3,
                "depth": 1,
                "columns": [
                    {"letter": "B", "heading": "姓 名", "field": "name", "word": "姓名"},
                    {"letter": "D", "heading": "身份证号", "field": "id_no", "word": "身份证号"},
                ],
                "unused": [{"letter": "F", "heading": "民族"}],
            }
        ],
        "batches": [
            {
                "name": "第一批",
                "level": "city",
                "organiser": "测试工会",
                "base": "测试基地",
                "start": "2025-05-06",
                "end": "2025-05-10",
                "stated": {"name": {"by": "sheet", "cell": ""}, "base": {"by": "cell", "cell": "G4"}},
                "leaders": [{"name": "带队0", "phone": "", "unit": "测试单位", "sheet": "名单", "row": 60}],
                "people": [
                    {
                        "name": "甲测试",
                        "id_type": "resident",
                        "id_no": f"999***********{A.id_no[-4:]}",
                        "phone": "199****1101",
                        "unit": "测试单位",
                        "category": "skilled",
                        "sheet": "名单",
                        "row": 4,
                    }
                ],
            }
        ],
        "checksums": [
            {"sheet": "名单", "row": 3, "cell": "C3", "declared": 2, "counted": 2, "leaders": 1, "agrees": True}
        ],
        "forms": [],
        "refused": [
            {
                "sheet": "名单",
                "row": 40,
                "column": "身份证号",
                "cell": "D40",
                "code": "id_check_digit",
                "message": "The check digit of the id number does not fit: at least one character is wrong.",
                "next_step": "Compare the ledger with the document character by character and correct it.",
            }
        ],
        "notes": [],
    }


@pytest.mark.parametrize(("sight", "shown"), [(MASKED, False), (REVEALED, True)])
def test_ids_and_phones_are_shown_only_to_whom_asks_for_them(sight: Sight, *, shown: bool) -> None:
    text = repr(as_data(seen(), sight)) + repr([row[2:] for row in people_rows(ROSTER, sight)])
    assert [secret in text for secret in (A.id_no, A.phone)] == [shown, shown]


def test_the_heading_of_a_roster_says_its_facts_and_its_counts() -> None:
    assert heading(ROSTER, MASKED) == (
        "测试工会 第一批 · 2025-05-06 to 2025-05-10 · 测试基地\n"
        "名单: people: 1, leaders: 1, rows set aside: 1, total row: 2"
    )


def test_people_come_in_the_order_of_the_sheet() -> None:
    assert [row for row, *_ in people_rows(ROSTER, MASKED)] == ["4", "60"]


def test_a_refusal_says_where_why_and_what_to_do() -> None:
    [(what, step)] = refusal_lines(seen(), MASKED)
    assert (
        what
        == "台账.xlsx · 名单 · D40 · 身份证号 The check digit of the id number does not fit: at least one character is wrong."
    )
    assert step == "Compare the ledger with the document character by character and correct it."


def test_a_blocking_rule_refuses_and_an_other_problem_is_a_note() -> None:
    against = block(A, batch=replace(BATCH, base="名录外基地"), declared=5)
    found = seen(against)
    assert [said["code"] for said in as_data(found, MASKED)["refused"]] == ["base_listed"]  # type: ignore[attr-defined]
    assert len(list(note_lines(found, MASKED))) == 1
    assert found.refused


def test_a_file_that_is_no_ledger_is_refused_at_its_own_place() -> None:
    where = Place(PATH)
    nothing = Rejection(where, (Problem("header_not_found", Severity.BLOCK, where),))
    found = Seen(Reading(PATH, rejections=(nothing,)), ())
    [(what, _)] = refusal_lines(found, MASKED)
    assert (found.refused, bool(what), what[0] != " ") == (True, True, True)


def test_a_ledger_without_a_fault_is_not_refused() -> None:
    assert not seen(block(A)).refused


def test_a_cell_is_named_by_the_table_above_it() -> None:
    below = replace(TABLE, header_row=30, columns=(ColumnTaken("H", "身份证号", "id_no", "身份证号"),))
    cells = [cell_of(Place(PATH, "名单", row, "身份证号"), (TABLE, below)) for row in (2, 4, 29, 31)]
    assert cells == ["", "D4", "D29", "H31"]


@pytest.mark.parametrize(
    "where", [Place(PATH, "名单", 4), Place(PATH, "别处", 4, "身份证号"), Place(PATH, "名单", 4, "类别")]
)
def test_no_cell_is_named_where_none_is_known(where: Place) -> None:
    assert cell_of(where, (TABLE,)) == ""


def test_a_header_is_explained_column_by_column() -> None:
    assert header_line(TABLE, Language.EN) == "名单: the header is row 3"
    assert header_line(replace(TABLE, depth=2), Language.ZH_CN) == "名单：表头为第3-4行"
    assert list(column_rows(TABLE, Language.EN)) == [
        ("B", "姓 名", "Name", "姓名"),
        ("D", "身份证号", "Id number", "身份证号"),
        ("F", "民族", "not used", "-"),
    ]


@pytest.mark.parametrize(
    ("language", "line"),
    [
        (Language.EN, "row 2 (batch/Level) · cell G4 (Base) · the settings (Organiser)"),
        (Language.ZH_CN, "第2行（批次/层级） · 单元格G4（疗休养基地） · 配置文件（组织单位）"),
    ],
)
def test_facts_are_told_with_who_stated_them(language: Language, line: str) -> None:
    row = Origin(Told.LINE, 2)
    told = {"name": row, "base": Origin(Told.CELL, 4, "G"), "organiser": Origin(Told.SETTINGS), "level": row}
    assert sorted(origin_line(told, language).split(" · ")) == sorted(line.split(" · "))


@pytest.mark.parametrize(("declared", "agrees"), [(2, True), (3, True), (4, False)])
def test_a_total_agrees_with_the_people_or_with_people_and_leaders(declared: int, *, agrees: bool) -> None:
    found = Checksum(Place(PATH, "名单", 3), declared, counted=2, leaders=1)
    assert found.agrees is agrees
    assert f"states {declared}; counted: people 2, leaders 1" in checksum_line(found, Reading(PATH), Language.EN)


def test_every_column_and_every_fact_of_a_batch_has_its_name() -> None:
    assert set(FIELDS) == set(Column)
    assert set(FACTS) == set(header_words().missing)


def test_a_refusal_is_marked_at_its_cell_in_the_words_of_staff() -> None:
    step = "Compare the ledger with the document character by character and correct it."
    [mark] = marks(seen(), MASKED)
    assert (mark.sheet, mark.row, mark.column, mark.refused) == ("名单", 40, 3, True)
    assert mark.text.endswith(f"wrong.\n{step}")
    assert "校验不通过" in marks(seen(), replace(MASKED, language=Language.ZH_CN))[0].text


@pytest.mark.parametrize(
    ("place", "spot"),
    [
        (Place(PATH, "名单", 40, "身份证号"), (40, 3)),
        (Place(PATH, "名单", 40), (40, 1)),
        (Place(PATH, "名单", 40, "类别"), (40, 1)),
        (Place(PATH, "名单", 2), (2, 0)),
        (Place(PATH, "名单"), (1, 0)),
        (Place(PATH), (1, 0)),
    ],
)
def test_what_has_no_cell_points_at_the_name_of_its_row_or_the_first_cell(place: Place, spot: tuple[int, int]) -> None:
    assert spot_of(place, (TABLE,)) == spot


def test_a_note_is_marked_only_where_it_stands_on_a_cell() -> None:
    notes = (
        Problem("phone_format", Severity.INFORM, Place(PATH, "名单", 4, "身份证号")),
        Problem("unknown_region", Severity.INFORM, Place(PATH, "名单", 4)),
    )
    reading = Reading(PATH, (block(A),), notes=notes, tables=(TABLE,))
    assert [(mark.row, mark.column, mark.refused) for mark in marks(Seen(reading, [()]), MASKED)] == [(4, 3, False)]


WRONG = Checksum(Place(PATH, "名单", 9), declared=7, counted=2, leaders=1, letter="C")
SUMMARY = UnitSummary("名单", (UnitLine(4, "甲厂", 2),))


@pytest.mark.parametrize(
    ("notes", "forms", "text"),
    [
        ((), (), "The total row states 7; people in the list: 2."),
        (("total_differs",), (), "The sheet's total states 7; people listed: 2."),
        (("form_total_differs",), (SUMMARY,), "The total states 7; the lines add up to 2."),
    ],
    ids=["of a batch", "of several batches", "of a form"],
)
def test_a_wrong_total_is_marked_once_at_the_cell_that_states_it(
    notes: tuple[str, ...], forms: tuple[UnitSummary, ...], text: str
) -> None:
    values = {"declared": 7, "listed": 2}
    told = tuple(Problem(code, Severity.EXPLAIN, WRONG.where, values) for code in notes)
    reading = Reading(PATH, notes=told, tables=(TABLE,), checksums=(WRONG,), forms=forms)
    [mark] = marks(Seen(reading, ()), MASKED)
    assert (mark.sheet, mark.row, mark.column, mark.refused) == ("名单", 9, 2, False)
    assert mark.text.splitlines()[0] == text


def test_a_total_that_checking_compares_too_is_marked_once() -> None:
    roster = replace(block(A), declared=7)
    reading = Reading(PATH, (roster,), tables=(TABLE,), checksums=(WRONG,))
    checked = check(roster, policy=POLICY, bases=[])
    assert "declared_differs" in [problem.code for problem in checked]
    assert [(mark.row, mark.column) for mark in marks(Seen(reading, [checked]), MASKED)] == [(9, 2)]


def test_no_total_is_marked_that_agrees_or_of_which_a_form_says_nothing() -> None:
    right = replace(WRONG, declared=3)
    silent = Reading(PATH, checksums=(right, WRONG), forms=(SUMMARY,))
    assert marks(Seen(silent, ()), MASKED) == []
