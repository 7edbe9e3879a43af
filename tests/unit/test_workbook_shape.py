import copy
import tomllib
from importlib.resources import files

import pytest
from pydantic import ValidationError

from bridge.config.mistakes import explain
from schemas.journal import BATCH_FIELDS, PERSON_FIELDS
from schemas.workbook import Workbook


def raw() -> dict:
    return tomllib.loads((files("schemas") / "dialects" / "import-workbook.toml").read_text(encoding="utf-8"))[
        "workbook"
    ]


def refused(stated: dict) -> str:
    with pytest.raises(ValidationError) as caught:
        Workbook.model_validate(stated)
    return "\n".join(map(str, explain(caught.value, Workbook, reference="import-workbook.toml")))


def column(stated: dict, head: str) -> dict:
    return next(column for column in stated["import_sheet"]["columns"] if column["head"] == head)


def test_the_shipped_shape_is_valid_and_names_every_field():
    shape = Workbook.model_validate(raw())
    fields = {f"batch.{name}" for name in BATCH_FIELDS} | {f"person.{name}" for name in PERSON_FIELDS}
    assert set(shape.export.fields) == fields
    assert {item.field for item in (*shape.tick_list.batch, *shape.tick_list.people)} == fields


def test_a_shape_without_a_tick_list_has_a_sensible_one():
    stated = raw()
    del stated["tick_list"]
    assert Workbook.model_validate(stated).tick_list == Workbook.model_validate(raw()).tick_list


def test_blanks_and_line_breaks_in_a_head_do_not_count():
    stated = raw()
    column(stated, "证件号码")["head"] = " 证件\n号码 "
    assert Workbook.model_validate(stated) == Workbook.model_validate(raw())


def change_columns(stated: dict, **fields: object) -> None:
    stated["import_sheet"]["columns"][3] |= fields


MISTAKES = {
    "an unknown key": (lambda s: s.update(speed=1), "speed: there is no such option"),
    "an unknown placeholder": (
        lambda s: s["import_sheet"].update(file_name="{batch}-{part}-{who}.xlsx"),
        "there is no {who} here; write organiser, batch, year, part",
    ),
    "a name without part": (lambda s: s["import_sheet"].update(file_name="{batch}.xlsx"), "does not name {part}"),
    "a name of another kind": (lambda s: s["import_sheet"].update(file_name="{batch}-{part}.xls"), "must end in .xlsx"),
    "no rows": (lambda s: s["import_sheet"].update(rows_per_file=0), "must be 1 or more"),
    "an unknown field": (lambda s: change_columns(s, field="person.age"), "there is no such field"),
    "a field and a constant": (lambda s: change_columns(s, constant="x"), "either a field or a constant"),
    "neither": (lambda s: s["import_sheet"]["columns"].append({"head": "备注"}), "either a field or a constant"),
    "a required empty constant": (
        lambda s: s["import_sheet"]["columns"].append({"head": "备注", "constant": "", "required": True}),
        "is required, and its constant is empty",
    ),
    "a head twice": (lambda s: change_columns(s, head="证件号码"), "columns: 证件号码 stands there twice"),
    "a field twice": (lambda s: change_columns(s, field="person.id_no"), "columns: person.id_no stands there twice"),
    "no id": (lambda s: s["import_sheet"]["columns"].pop(5), "person.id_no is missing"),
    "updates without a name": (
        lambda s: s["import_sheet"].pop("corrections_file_name"),
        "corrections_file_name goes with updates",
    ),
    "a name without updates": (
        lambda s: s["import_sheet"].update(updates=False),
        "corrections_file_name goes with updates",
    ),
    "a tick list with a gap": (lambda s: s["tick_list"]["people"].pop(), "people: person.category is missing"),
    "a person among batch facts": (
        lambda s: s["tick_list"]["batch"].append({"field": "person.name", "label": "姓名"}),
        "batch: person.name does not belong here",
    ),
    "an export without leaders": (
        lambda s: s["export"]["fields"].pop("batch.leaders"),
        "fields: batch.leaders is missing",
    ),
    "a column that is a constant too": (
        lambda s: s["export"].update(constants={"batch.level": "市级"}),
        "batch.level is a column and a constant",
    ),
    "a status without words": (lambda s: s["export"].pop("status_words"), "status and status_words go together"),
    "a word for two states": (
        lambda s: s["export"]["status_words"].update(returned=["草稿"]),
        "status_words: 草稿 stands there twice",
    ),
    "an unknown state": (lambda s: s["export"]["status_words"].update(lost=["丢"]), "draft"),
    "errors without an id": (lambda s: s["errors"]["fields"].pop("person.id_no"), "fields: person.id_no is missing"),
    "a reason that the export has": (lambda s: s["errors"].update(reason="状态"), "状态 is a head of the export too"),
}


@pytest.mark.parametrize("what", MISTAKES)
def test_a_mistake_is_named(what: str):
    stated = copy.deepcopy(raw())
    change, said = MISTAKES[what]
    change(stated)
    assert said in refused(stated)


@pytest.mark.parametrize("field", ["batch.year", "batch.headcount"])
def test_an_export_may_leave_out_what_can_be_counted(field: str):
    stated = raw()
    del stated["export"]["fields"][field]
    assert field not in Workbook.model_validate(stated).export.fields


def test_a_field_that_is_the_same_for_all_needs_no_column():
    stated = raw()
    del stated["export"]["fields"]["batch.level"]
    stated["export"]["constants"] = {"batch.level": "市级"}
    assert Workbook.model_validate(stated).export.constants == {"batch.level": "市级"}
