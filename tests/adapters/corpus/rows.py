"""What single cells hold: identity documents, phones, names, categories, formulas."""

from __future__ import annotations

from schemas.identity import check_digit
from tests.adapters.corpus.shape import Case, batch, book, says
from tests.adapters.ledgers import HEADER, LINE, TITLE, Formula, id_no, ledger, name, row

WITH_X = next(number for number in range(1, 99) if id_no(number).endswith("X"))
WIDE = {ord(str(digit)): chr(ord("０") + digit) for digit in range(10)}


def whole(first_17: str) -> str:
    return first_17 + check_digit(first_17)


def taken(title: str, *, called: str = name(1), notes: tuple[str, ...] = (), **cells: object) -> Case:
    """A row with these cells becomes a participant."""
    return Case(title, book(ledger(row(1, **cells))), says(batch(called), notes=notes))


def refused(title: str, *codes: str, **cells: object) -> Case:
    """A row with these cells is set aside; the one after it is not."""
    return Case(title, book(ledger(row(1, **cells), row(2))), says(batch(2, refused={5: codes})))


def no_phones() -> list[list[object]]:
    at = HEADER.index("联系电话")
    return [TITLE, LINE, ["批次：第三批"], *([*cells[:at], *cells[at + 1 :]] for cells in (HEADER, row(1)))]


ROWS = [
    refused("id-number", "id_damaged", id_no=float(id_no(1)[:17] + "0")),
    refused("id-number-000", "id_damaged", id_no=999001199001028000.0),
    refused("id-e-notation", "id_damaged", id_no="9.99E+17"),
    refused("id-e-notation-wide", "id_damaged", id_no="９.99001e+17"),
    refused("id-short", "id_length", id_no=id_no(1)[:-1]),
    refused("id-letters", "id_characters", id_no=id_no(1)[:-2] + "ZZ"),
    refused("id-check-digit", "id_check_digit", id_no=id_no(1)[:-1] + ("1" if id_no(1)[-1] == "0" else "0")),
    refused("id-month-13", "id_birth_date", id_no=whole("99900119901301001")),
    refused("id-born-later", "id_birth_date", id_no=whole("99900120990101001")),
    refused("id-missing", "id_missing", id_no=""),
    refused("id-formula-empty", "formula_empty", id_no=Formula("=D99")),
    refused("id-formula-number", "id_damaged", id_no=Formula("=D99", 999001199001011234.0)),
    taken("id-formula", id_no=Formula("=D99", id_no(1))),
    taken("id-lower-case", called=name(1), id_no=id_no(WITH_X).lower()),
    taken("id-full-width", id_no=id_no(WITH_X).translate(WIDE)),
    taken("id-apostrophe", id_no="'" + id_no(1)),
    taken("id-invisible", id_no=f"\u200b\u3000{id_no(1)}\xa0"),
    taken("id-with-break", id_no=id_no(1) + "\n"),
    taken("id-15-digits", id_no="999001900101123"),
    taken("id-15-digits-number", id_no=999001900101123.0),
    taken("id-residence-permit", id_no=whole("81000019900101001")),
    taken("id-foreign-permit", id_no=whole("93715619900101001")),
    taken("id-old-foreign-permit", id_no="ABC990019900101"),
    taken("id-passport", id_no="E99000001"),
    refused("name-missing", "name_missing", name=""),
    refused("name-digits", "name_format", name="测1"),
    refused("name-two", "name_format", name="测甲、测乙"),
    refused("name-unreadable", "name_format", name="测?"),
    refused("absent-remark", "row_absent", remark="因病未参加"),
    refused("absent-serial", "row_absent", serial="取消"),
    taken("absent-in-other-years", remark="未参加过疗休养"),
    taken("name-padded", called="测甲", name=" 测　甲 "),
    taken("name-with-point", called="测甲·测乙", name="测甲.测乙"),
    taken("name-rare", called="测䶮", name="测䶮"),
    taken("name-beyond-the-plane", called="测𠮷", name="测𠮷"),
    taken("name-note", called="测甲", name="测甲（组长）"),
    Case("leader-in-name", book(ledger(row(1, name="测甲(领队)"), row(2))), says(batch(2, leaders=1))),
    Case("leader-in-remark", book(ledger(row(1, remark="带队"), row(2))), says(batch(2, leaders=1))),
    Case("leader-as-category", book(ledger(row(1, category="工作人员"), row(2))), says(batch(2, leaders=1))),
    refused("family", "family_member", remark="随行家属"),
    taken("phone-number", phone=19900000001.0),
    taken("phone-dashes", phone="199-0000-0001"),
    taken("phone-prefix", phone="+86 19900000001"),
    taken("phone-two", notes=("phone_format",), phone="19900000001/19900000002"),
    taken("phone-landline", notes=("phone_format",), phone="0631-5999999"),
    Case("phone-no-column", book(no_phones()), says(batch(1), notes=["column_missing"])),
    taken("category-words", category="劳模先进"),
    taken("category-number-and-word", category="3.苦脏累险毒岗位"),
    taken("category-circled", category="⑤"),
    refused("category-two", "unknown_category", category="工匠、劳模"),
    refused("category-missing", "category_missing", category=""),
    refused(
        "everything-wrong",
        "name_missing",
        "id_damaged",
        "category_missing",
        "unit_missing",
        name="",
        id_no=9.99e17,
        category="",
        unit="",
    ),
    Case("same-person-twice", book(ledger(row(1), row(1))), says(batch(1, 1))),
    Case(
        "error-cell",
        book(ledger(row(1, id_no=Formula("=1/0", "#DIV/0!")), row(2))),
        says(batch(2, refused={5: ["formula_empty"]})),
    ),
]
