"""What comes back by hand: the portal's exports and its error rows, told apart, and what they are worth."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
import xlwt

from adapters.portal.workbook import WorkbookPortal
from schemas.errors import TransientError
from schemas.portal import OnlineStatus
from schemas.texts import Language
from schemas.workbook import Workbook
from tests.adapters.workbook_rig import (
    BATCH,
    EXPORT_HEADS,
    RAW,
    Desk,
    book_of,
    desk,
    export_of,
    listed,
    participant,
)

ERROR_HEADS = ["行号", "年度", "组织单位", "批次名称", "姓名", "证件号码", "手机号码", "失败原因"]
PERSON = participant(1)


@pytest.fixture
def here(tmp_path) -> Desk:
    return desk(tmp_path)


def seen(portal: WorkbookPortal) -> dict[str, list[str]]:
    """Batch id → names."""
    return {
        batch.online_id: [person.fields["name"] for person in portal.people(batch.online_id)]
        for batch in portal.batches(2025)
    }


def faults(portal: WorkbookPortal) -> list[str]:
    list(portal.batches(2025))
    for text in portal.faults:
        assert text.into(Language.ZH_CN) != text.into(Language.EN)
    return [text.into(Language.EN) for text in portal.faults]


def test_an_empty_inbox_lists_nothing_and_blames_nothing(here):
    assert (seen(here.portal), here.portal.faults) == ({}, ())


def test_an_export_says_what_the_portal_holds(here):
    here.received("导出.xlsx", export_of(listed(PERSON)))
    (batch,) = here.portal.batches(2025)
    assert (batch.online_id, batch.fields, batch.status, batch.headcount) == ("7", BATCH, OnlineStatus.DRAFT, 2)
    (person,) = here.portal.people("7")
    assert (person.online_id, person.fields) == ("101", PERSON.fields)


def test_it_is_as_old_as_its_file(here):
    path = here.received("导出.xlsx", export_of(listed(PERSON)))
    (batch,) = here.portal.batches(2025)
    assert batch.as_of == datetime.fromtimestamp(path.stat().st_mtime, ZoneInfo("Asia/Shanghai"))
    assert str(batch.as_of.tzinfo) == "Asia/Shanghai"


def test_only_the_year_asked_for_is_listed(here):
    here.received("导出.xlsx", export_of(listed(PERSON), listed(PERSON, batch_id="8", year="2024")))
    assert [batch.online_id for batch in here.portal.batches(2024)] == ["8"]


def test_columns_may_stand_in_any_order_among_others(here):
    heads = ["序号", *reversed(EXPORT_HEADS), "备注"]
    here.received("导出.xlsx", export_of(listed(PERSON), heads=heads))
    assert seen(here.portal) == {"7": [PERSON.fields["name"]]}


def test_masked_ids_stay_masked(here):
    here.received("导出.xlsx", export_of(listed(participant(1, id_no="999***********0001", phone="199****0001"))))
    list(here.portal.batches(2025))
    (person,) = here.portal.people("7")
    assert (person.fields["id_no"], person.fields["phone"]) == ("999***********0001", "199****0001")


def test_a_batch_without_people_is_listed_with_nobody(here):
    here.received("导出.xlsx", export_of(listed(None)))
    assert seen(here.portal) == {"7": []}


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("草稿", OnlineStatus.DRAFT),
        ("待审核", OnlineStatus.SUBMITTED),
        ("审核通过", OnlineStatus.REVIEWED),
        ("已退回", OnlineStatus.RETURNED),
    ],
)
def test_a_status_word_is_understood(here, word, status):
    here.received("导出.xlsx", export_of(listed(PERSON, status=word)))
    assert [batch.status for batch in here.portal.batches(2025)] == [status]


def test_the_newest_file_that_mentions_a_batch_speaks_for_it(here):
    one, other = participant(1, name="旧"), participant(2, name="新")
    here.received("b.xlsx", export_of(listed(one), listed(one, batch_id="8", name="第二批")), day=1)
    here.received("a.xlsx", export_of(listed(other)), day=2)
    assert seen(here.portal) == {"7": ["新"], "8": ["旧"]}


def test_of_two_files_of_one_moment_the_later_name_speaks(here):
    for name in ("a.xlsx", "b.xlsx"):
        here.received(name, export_of(listed(participant(1, name=name))))
    assert seen(here.portal) == {"7": ["b.xlsx"]}


def test_people_are_those_of_the_look_at_the_batches(here):
    """A file that comes in between does not make half of the people vanish."""
    here.received("a.xlsx", export_of(listed(PERSON)))
    listing = list(here.portal.batches(2025))
    here.received("b.xlsx", export_of(listed(None)), day=2)
    assert [person.online_id for person in here.portal.people(listing[0].online_id)] == ["101"]
    assert seen(here.portal) == {"7": []}


def test_a_batch_that_no_file_mentions_is_not_a_batch_without_people(here):
    list(here.portal.batches(2025))
    with pytest.raises(TransientError):
        here.portal.people("7")


def test_a_file_saved_again_is_read_again(here):
    here.received("a.xlsx", export_of(listed(participant(1, name="甲"))))
    assert seen(here.portal) == {"7": ["甲"]}
    here.received("a.xlsx", export_of(listed(participant(1, name="乙"))), day=2)
    assert seen(here.portal) == {"7": ["乙"]}


@pytest.mark.parametrize("name", ["~$导出.xlsx", ".导出.xlsx", "导出.xlsx.part", "导出.tmp", "导出.xlsx.crdownload"])
def test_files_on_their_way_are_not_looked_at(here, name):
    here.received(name, b"PK half")
    assert faults(here.portal) == []


def test_a_folder_in_the_inbox_is_no_file(here):
    (here.inbox / "以前").mkdir()
    assert faults(here.portal) == []


def test_an_old_xls_is_read_too(here, tmp_path):
    book = xlwt.Workbook()
    page = book.add_sheet("疗休养信息")
    for column, head in enumerate(EXPORT_HEADS):
        page.write(0, column, head)
        page.write(1, column, listed(PERSON)[head])
    book.save(str(tmp_path / "old.xls"))
    here.received("导出.xls", (tmp_path / "old.xls").read_bytes())
    assert seen(here.portal) == {"7": [PERSON.fields["name"]]}


BAD = {
    "no workbook": (b"hello", "cannot be read as a workbook"),
    "half a workbook": (export_of(listed(PERSON))[:900], "cannot be read as a workbook"),
    "an empty file": (b"", "cannot be read as a workbook"),
    "a head renamed": (
        export_of(listed(PERSON), heads=["电话" if head == "手机号码" else head for head in EXPORT_HEADS]),
        "is no export of the portal: it lacks 手机号码.",
    ),
    "another table": (book_of([["姓名"], ["测试"]]), "is no export of the portal: it lacks 年度、组织单位、"),
    "a status nobody knows": (export_of(listed(PERSON, status="注销")), "does not know the status 注销 in row 3"),
    "a row of no batch": (export_of(listed(PERSON), listed(PERSON, name="")), "row 4 names no batch"),
    "ids as numbers": (
        book_of([EXPORT_HEADS, [999001199001010001 if h == "证件号码" else t for h, t in listed(PERSON).items()]]),
        "their last digits are lost",
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_a_file_that_is_no_export_is_named_and_the_others_still_speak(here, what):
    content, sentence = BAD[what]
    here.received("好.xlsx", export_of(listed(PERSON)), day=1)
    here.received("坏.xlsx", content, day=2)
    (fault,) = faults(here.portal)
    assert fault.startswith(("坏.xlsx in the inbox ", "坏.xlsx in the inbox:"))
    assert sentence in fault
    assert seen(here.portal) == {"7": [PERSON.fields["name"]]}


def test_nearest_heads_are_compared_in_a_file_of_several_sheets(here):
    content = export_of(listed(PERSON), heads=[head for head in EXPORT_HEADS if head not in ("状态", "层级")])
    here.received("坏.xlsx", content)
    (fault,) = faults(here.portal)
    assert set(fault.rstrip(".").rpartition(" ")[2].split("、")) == {"状态", "层级"}


def test_an_inbox_that_is_gone_lists_nothing_rather_than_something(here):
    here.inbox.rmdir()
    with pytest.raises(TransientError):
        here.portal.batches(2025)


def test_numbers_and_days_are_read_as_people_read_them(here):
    line = listed(PERSON) | {"年度": 2025, "开始日期": datetime(2025, 5, 3), "手机号码": 19900000001.0, "参加人数": 2.0}
    here.received("导出.xlsx", export_of(line))
    (batch,) = here.portal.batches(2025)
    (person,) = here.portal.people("7")
    assert batch.fields == BATCH
    assert person.fields["phone"] == "19900000001"


def without_ids(**export: object) -> Workbook:
    stated = {name: part for name, part in RAW["export"].items() if name not in ("person_id", "batch_id")}
    return Workbook.model_validate(RAW | {"export": stated | export})


def test_an_export_without_ids_gets_ids_that_stay_the_same_and_say_nothing(tmp_path):
    made = desk(tmp_path, without_ids())
    lines = [listed(participant(number)) for number in (1, 2)]
    ids = []
    for day, order in enumerate((lines, lines[::-1]), start=1):
        made.received("导出.xlsx", export_of(*order), day=day)
        (batch,) = made.portal.batches(2025)
        ids.append((batch.online_id, {p.fields["id_no"]: p.online_id for p in made.portal.people(batch.online_id)}))
    assert ids[0] == ids[1]
    assert all(id_no not in online_id for id_no, online_id in ids[0][1].items())
    assert len(set(ids[0][1].values())) == 2


@pytest.mark.parametrize("own_ids", [True, False])
def test_a_person_listed_twice_is_two_people_of_the_portal(tmp_path, own_ids):
    made = desk(tmp_path) if own_ids else desk(tmp_path, without_ids())
    made.received("导出.xlsx", export_of(listed(PERSON), listed(PERSON, own_id="102")))
    (batch,) = made.portal.batches(2025)
    assert len({person.online_id for person in made.portal.people(batch.online_id)}) == 2


def test_year_and_head_count_may_be_worked_out(tmp_path):
    fields = {
        name: head for name, head in RAW["export"]["fields"].items() if name not in ("batch.year", "batch.headcount")
    }
    made = desk(tmp_path, without_ids(fields=fields))
    made.received("导出.xlsx", export_of(listed(PERSON), listed(participant(2))))
    (batch,) = made.portal.batches(2025)
    assert (batch.fields["year"], batch.fields["headcount"], batch.headcount) == ("2025", "2", 2)


def errors_of(*lines: list[object]) -> bytes:
    return book_of([ERROR_HEADS, *lines], "导入失败数据")


REFUSED = [2, "2025", "演练市总工会", "第一批", "测试甲", "999001199001010001", "19900000001", "身份证号码格式不正确"]


def test_an_error_file_says_who_was_refused_and_why(here):
    path = here.received("导入失败数据.xlsx", errors_of(REFUSED))
    (row,) = here.portal.refusals()
    assert (row.file, row.row, row.id_no, row.name) == ("导入失败数据.xlsx", 2, "999001199001010001", "测试甲")
    assert row.batch == {"year": "2025", "organiser": "演练市总工会", "name": "第一批"}
    assert row.words == "身份证号码格式不正确"
    assert row.as_of.timestamp() == path.stat().st_mtime
    assert repr(row) == "RefusedRow(导入失败数据.xlsx, 2)"


def test_error_files_and_exports_are_told_apart_by_their_heads(here):
    here.received("a.xlsx", errors_of(REFUSED))
    here.received("b.xlsx", export_of(listed(PERSON)))
    assert faults(here.portal) == []
    assert seen(here.portal) == {"7": [PERSON.fields["name"]]}
    assert len(list(here.portal.refusals())) == 1


def test_the_oldest_error_file_comes_first(here):
    for day, name in ((2, "a.xlsx"), (1, "b.xlsx")):
        here.received(name, errors_of(REFUSED), day=day)
    assert [row.file for row in here.portal.refusals()] == ["b.xlsx", "a.xlsx"]


def test_rows_without_a_reason_were_not_refused(here):
    here.received("a.xlsx", errors_of(REFUSED, [*REFUSED[:-1], ""]))
    assert len(list(here.portal.refusals())) == 1


def test_an_error_file_that_lost_digits_is_named(here):
    here.received("a.xlsx", errors_of([*REFUSED[:5], 999001199001010001, *REFUSED[6:]]))
    assert list(here.portal.refusals()) == []
    (fault,) = faults(here.portal)
    assert "their last digits are lost" in fault
