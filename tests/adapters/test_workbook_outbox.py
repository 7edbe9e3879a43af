"""What goes out by hand: file names, whole files or none, and the tick list that lies beside them."""

import io
import os
import stat
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest

from adapters.portal.workbook.names import MAX_BYTES, file_name
from bridge.ports import Portal
from schemas.errors import Unmappable
from schemas.outcome import Outcome
from schemas.portal import DeliveryClass, Operation, Record
from tests.adapters.workbook_rig import BATCH, HEADS, cells_of, desk, grid, participant, shaped

ROOT = Path(__file__).parents[2]
PATTERN = "{year}-{organiser}-{batch}-{part}.xlsx"
IMPORT = "2025-演练市总工会-第一批-人员导入-1.xlsx"
PEOPLE = "2025-演练市总工会-第一批-录入核对单-人员-1.xlsx"
FACTS = "2025-演练市总工会-第一批-录入核对单-批次-1.xlsx"


def named(**batch: str) -> str:
    return file_name(PATTERN, BATCH | batch, part=1)


def facts(operation: Operation = Operation.SAVE_BATCH, **batch: str):
    return operation, [Record("b", BATCH | batch)]


def test_the_portal_by_files_promises_what_a_person_can_keep(tmp_path):
    portal: Portal = desk(tmp_path).portal
    assert (portal.delivery_class, portal.settle_window_s, portal.concurrency) == (DeliveryClass.K4, 0.0, 1)
    assert {operation for operation in Operation if portal.can(operation)} == set(Operation) - {Operation.SUBMIT}
    assert [portal.rows_at_once(each) for each in Operation] == [1, 1, 200, 200, 1]


def test_a_portal_whose_import_overwrites_nobody_takes_no_corrections(tmp_path):
    shape = shaped(updates=False, corrections_file_name=None)
    portal = desk(tmp_path, shape).portal
    assert not portal.can(Operation.UPDATE_PERSON)
    with pytest.raises(ValueError, match="has no update_person"):
        portal.prepare(Operation.UPDATE_PERSON, [participant(1)], batch=BATCH)


def test_people_go_out_as_a_workbook_and_its_tick_list(tmp_path):
    made = desk(tmp_path)
    answer = made.export(participant(1), participant(2))
    assert {serial: verdict.outcome for serial, verdict in answer.verdicts.items()} == {
        "serial-1": Outcome.EXPORTED,
        "serial-2": Outcome.EXPORTED,
    }
    assert answer.seen == "exported"
    assert made.names == [IMPORT, PEOPLE]


def test_a_payload_is_what_lies_in_the_outbox(tmp_path):
    made = desk(tmp_path)
    payload = made.portal.prepare(Operation.SAVE_PEOPLE, [participant(1, name="测试甲")], parent="1", batch=BATCH)
    assert made.names == []
    made.portal.send(payload)
    assert (made.outbox / payload.path).read_bytes() == payload.body
    assert payload.names == ("测试甲",)
    assert "测试甲" not in repr(payload)


def test_a_batch_goes_out_as_a_tick_list(tmp_path):
    made = desk(tmp_path)
    for operation in (Operation.SAVE_BATCH, Operation.UPDATE_BATCH):
        (verdict,) = made.portal.send(made.portal.prepare(*facts(operation))).verdicts.values()
        assert verdict.outcome is Outcome.EXPORTED
    assert made.names == [FACTS, FACTS.replace("-1.", "-2.")]


def test_only_the_owner_may_look_into_the_outbox(tmp_path):
    made = desk(tmp_path)
    made.export(participant(1))
    assert stat.S_IMODE(made.outbox.stat().st_mode) == 0o700
    assert {stat.S_IMODE((made.outbox / name).stat().st_mode) for name in made.names} == {0o600}


def test_the_same_people_again_are_the_same_file(tmp_path):
    made = desk(tmp_path)
    for _ in range(2):
        made.export(participant(1))
    assert made.names == [IMPORT, PEOPLE]


def test_other_people_of_the_batch_are_another_part(tmp_path):
    made = desk(tmp_path)
    made.export(participant(1))
    made.export(participant(2))
    assert made.names == sorted(name.replace("-1.", f"-{part}.") for name in (IMPORT, PEOPLE) for part in (1, 2))


def test_corrections_are_called_so(tmp_path):
    made = desk(tmp_path)
    made.export(participant(1), operation=Operation.UPDATE_PERSON)
    assert made.names == [IMPORT.replace("导入", "更正"), PEOPLE]
    (paper,) = made.outbox.glob("*录入核对单*")
    assert "更正 1 人" in openpyxl.load_workbook(paper).active["A4"].value


def test_a_tick_list_names_the_workbook_beside_it_among_new_people_and_corrections(tmp_path):
    made = desk(tmp_path)
    made.export(participant(1))
    made.export(participant(2), operation=Operation.UPDATE_PERSON)
    made.export(participant(3))
    for path in made.outbox.glob("*录入核对单*"):
        told = openpyxl.load_workbook(path).active["A4"].value.partition("：")[2]
        assert (made.outbox / told).exists()
        assert told[-6:] == path.name[-6:]
    assert len(made.names) == 6


def test_no_file_is_ever_written_over(tmp_path):
    """Somebody puts a file of that name there between the making and the sending."""
    made = desk(tmp_path)
    payload = made.portal.prepare(Operation.SAVE_PEOPLE, [participant(1)], batch=BATCH)
    made.outbox.mkdir()
    (made.outbox / PEOPLE).write_bytes(b"somebody's")
    made.portal.send(payload)
    assert (made.outbox / PEOPLE).read_bytes() == b"somebody's"
    assert made.names == sorted([PEOPLE, *(name.replace(".xlsx", " (2).xlsx") for name in (IMPORT, PEOPLE))])


def test_more_people_than_a_file_holds_are_refused(tmp_path):
    portal = desk(tmp_path, shaped(rows_per_file=2)).portal
    with pytest.raises(ValueError, match="no more records"):
        portal.prepare(Operation.SAVE_PEOPLE, [participant(number) for number in range(3)], batch=BATCH)


def test_people_need_a_batch_to_go_into(tmp_path):
    with pytest.raises(ValueError, match="known batch"):
        desk(tmp_path).portal.prepare(Operation.SAVE_PEOPLE, [participant(1)])


def test_a_constant_and_our_serial_may_stand_in_a_column(tmp_path):
    columns = [*shaped().model_dump()["import_sheet"]["columns"], {"head": "来源", "constant": "线下"}]
    columns.append({"head": "流水号", "field": "serial"})
    made = desk(tmp_path, shaped(columns=columns))
    made.export(participant(1))
    assert grid((made.outbox / IMPORT).read_bytes(), "人员导入")[1] == [*cells_of(participant(1)), "线下", "serial-1"]


@pytest.mark.parametrize("value", ["a\x00b", "a\x0bb", "\ud800", "\uffff", "a\rb", "x" * 32_768])
def test_what_no_cell_can_hold_names_the_field_and_never_the_value(tmp_path, value):
    portal = desk(tmp_path).portal
    for ask in (
        lambda: portal.prepare(Operation.SAVE_PEOPLE, [participant(1, unit=value)], batch=BATCH),
        lambda: portal.prepare(Operation.SAVE_PEOPLE, [participant(1)], batch=BATCH | {"unit": value}),
        lambda: portal.prepare(Operation.SAVE_BATCH, [Record("b", BATCH | {"unit": value})]),
    ):
        with pytest.raises(Unmappable) as caught:
            ask()
        assert str(caught.value) == "A workbook cannot hold what stands in field unit."


def test_a_required_column_that_would_be_empty_is_named(tmp_path):
    with pytest.raises(Unmappable, match="wants 证件号码, and it is empty"):
        desk(tmp_path).export(participant(1, id_no=""))


def test_an_outbox_that_cannot_be_written_has_taken_nothing(tmp_path):
    (tmp_path / "outbox").write_text("a file where a folder should be")
    answer = desk(tmp_path).export(participant(1))
    assert {verdict.outcome for verdict in answer.verdicts.values()} == {Outcome.NOT_SENT}
    assert answer.seen == "outbox_not_writable"


DYING = """
import os, sys
from pathlib import Path
from tests.adapters.workbook_rig import desk, participant

rename, names_left = Path.rename, int(sys.argv[2])

def dying_rename(path, target):
    global names_left
    names_left -= 1
    return rename(path, target) if names_left >= 0 else os._exit(9)

Path.rename = dying_rename
desk(Path(sys.argv[1])).export(participant(1))
"""


def export_and_die(folder: Path, *, names: int) -> None:
    """A process that ends as in a power cut: it gives so many files their names and dies at the next."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", DYING, str(folder), str(names)]
    assert subprocess.run(command, env=environment, cwd=ROOT, check=False).returncode == 9


def test_a_crash_before_the_file_has_its_name_leaves_no_half_file(tmp_path):
    made = desk(tmp_path)
    export_and_die(tmp_path, names=0)
    (left,) = made.names
    assert left.startswith(".")
    made.export(participant(1))
    assert made.names == [IMPORT, PEOPLE]


def test_the_workbook_comes_after_its_tick_list(tmp_path):
    """Whoever finds the workbook finds the list too, whenever the process died."""
    made = desk(tmp_path)
    export_and_die(tmp_path, names=1)
    assert [name for name in made.names if not name.startswith(".")] == [PEOPLE]
    made.export(participant(1))
    assert made.names == [IMPORT, PEOPLE]


NASTY = {
    "a path": ("../../etc/第一批", "_.._etc_第一批"),
    "Windows' signs": ('a<b>c:d"e/f\\g|h?i*j', "a_b_c_d_e_f_g_h_i_j"),
    "controls": ("第\x00一\n批\x1f", "第_一_批_"),
    "reversed text": ("第一批\u202excslx", "第一批_xcslx"),
    "unseen": ("第\u200b一\ufeff批", "第_一_批"),
    "dots and blanks": (" .第一批. ", "第一批"),
    "nothing": ("", "_"),
    "an id": ("张三999001199001010001", "张三999___________0001"),
    "a surrogate": ("第\ud800批", "第_批"),
    "braces": ("{part}", "{part}"),
}


@pytest.mark.parametrize("what", NASTY)
def test_a_file_name_is_one_that_every_system_takes(what):
    batch, shown = NASTY[what]
    assert named(name=batch) == f"2025-演练市总工会-{shown}-1.xlsx"


@pytest.mark.parametrize("device", ["CON", "nul", "Com1", "LPT9"])
def test_a_file_is_not_called_as_a_device(device):
    assert file_name("{batch}.{part}.xlsx", {"name": device}, part=1).startswith("_")


def test_a_long_name_is_cut_and_keeps_its_part():
    names = {file_name("{organiser}" * 9 + PATTERN, BATCH | {"organiser": "演" * 99}, part=part) for part in (1, 12)}
    assert len(names) == 2
    assert all(len(name.encode()) <= MAX_BYTES + len(".xlsx") for name in names)
    assert {name[-6:] for name in names} == {"1.xlsx", "2.xlsx"}


def sheet_of(path: Path):
    return openpyxl.load_workbook(path).active


@pytest.fixture
def printed(tmp_path):
    """Both tick lists of a batch of two."""
    made = desk(tmp_path)
    made.portal.send(made.portal.prepare(*facts()))
    made.export(participant(1), participant(2, name="=1+1"))
    return sheet_of(made.outbox / FACTS), sheet_of(made.outbox / PEOPLE)


def rows_of(sheet) -> list[list[object]]:
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def test_the_tick_list_of_a_batch_has_its_facts_in_the_order_of_the_screen(printed):
    rows = rows_of(printed[0])
    assert [row[0] for row in rows[:4]] == [
        "录入核对单",
        "演练市总工会 第一批",
        "2025-05-03 至 2025-05-07 · 石岛赤山疗养基地 · 2 人",
        "批次信息：请逐项录入",
    ]
    assert rows[4] == ["序号", "项目", "内容", "已录入", "已核对"]
    labels = ["年度", "组织单位", "批次名称", "层级", "疗休养基地", "开始日期", "结束日期", "参加人数", "带队人数"]
    assert rows[5:14] == [
        [str(number), label, value, "☐", "☐"]
        for number, (label, value) in enumerate(zip(labels, BATCH.values(), strict=True), start=1)
    ]
    assert "录入人" in rows[14][0]


def test_the_tick_list_of_people_names_the_workbook_they_stand_in(printed):
    rows = rows_of(printed[1])
    assert rows[3][0] == f"新增 2 人，导入文件：{IMPORT}"
    assert rows[4] == ["序号", *HEADS[3:], "已核对"]
    assert rows[5:7] == [
        ["1", *participant(1).fields.values(), "☐"],
        ["2", *participant(2, name="=1+1").fields.values(), "☐"],
    ]
    assert {cell.data_type for row in printed[1].iter_rows(min_row=6, max_row=7) for cell in row} == {"s"}


def test_a_tick_list_is_made_for_paper(printed):
    for sheet, orientation in zip(printed, ("portrait", "landscape"), strict=True):
        assert (sheet.page_setup.paperSize, sheet.page_setup.orientation) == (9, orientation)
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.page_setup.fitToHeight == 0  # as many pages as it takes, each as wide as the paper
        assert sheet.print_title_rows == "$5:$5"
        assert sheet.oddFooter.left.text == "演练市总工会 第一批"
        assert sheet.oddFooter.center.text == "第 &P 页，共 &N 页"


def test_an_ampersand_in_a_batch_is_no_order_to_the_printer(tmp_path):
    made = desk(tmp_path)
    made.portal.send(made.portal.prepare(*facts(name="A&B")))
    (path,) = made.outbox.iterdir()
    with io.BytesIO(path.read_bytes()) as content:
        assert "A&&B" in openpyxl.load_workbook(content).active.oddFooter.left.text
