"""How the bridge understands a ledger, shown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bridge.check import check
from bridge.ledger_view import Seen, Sight, as_data, heading, note_lines, people_rows, refusal_lines
from schemas.batch import Base, Level
from schemas.roster import Place, Problem, Reading, Rejection, Roster, Severity
from schemas.texts import Language
from tests.unit.cast import BATCH, POLICY, A, block, damaged

PATH = "rosters/台账.xlsx"
MASKED, REVEALED = Sight(Language.EN, reveal=False, policy=POLICY), Sight(Language.EN, reveal=True, policy=POLICY)
ROSTER = block(A, leaders=1, rejections=[damaged()], declared=2)


def seen(roster: Roster = ROSTER) -> Seen:
    bases = [Base(BATCH.base, Level.CITY, in_province=True)]
    return Seen(Reading(PATH, (roster,)), [check(roster, policy=POLICY, bases=bases)])


def test_a_ledger_as_data_has_the_documented_shape() -> None:
    assert as_data(seen(), MASKED) == {
        "path": PATH,
        "batches": [
            {
                "name": "第一批",
                "level": "city",
                "organiser": "测试工会",
                "base": "测试基地",
                "start": "2025-05-06",
                "end": "2025-05-10",
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
        "refused": [
            {
                "sheet": "名单",
                "row": 40,
                "column": "身份证号",
                "code": "id_check_digit",
                "message": "The check digit of the id number does not fit: at least one character is wrong.",
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
        "名单: 1 people, 1 leaders, 1 rows set aside, total row 2"
    )


def test_people_come_in_the_order_of_the_sheet() -> None:
    assert [row for row, *_ in people_rows(ROSTER, MASKED)] == ["4", "60"]


def test_a_refusal_says_where_why_and_what_to_do() -> None:
    [(what, step)] = refusal_lines(seen(), MASKED)
    assert (
        what
        == "名单 · row 40 · 身份证号 The check digit of the id number does not fit: at least one character is wrong."
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
