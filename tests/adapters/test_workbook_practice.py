"""There and back by hand: what the portal by files hands out, the practice portal takes in, and says so in its export."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from adapters.practice.clerk import Clerk
from adapters.practice.effects import EffectKind
from adapters.practice.process import PracticePortal
from schemas.dialect import shipped_dialect
from schemas.outcome import Outcome
from schemas.portal import OnlineBatch, OnlinePerson, OnlineStatus, Operation, Record
from tests.adapters.workbook_rig import BATCH, Desk, book_of, desk, grid, participant

GOOD_WEATHER = {
    "import_doubles": False,
    "mask": False,
    "refuse_people": 0,
    "drop_people": 0,
    "skip": 0,
    "refuse_ids": (),
}
YEARS = count(2001)  # each test has a year of its own: the practice portal is one for all


class Stage:
    """A portal by files, the practice portal, and the clerk between them."""

    def __init__(self, made: Desk, practice: PracticePortal) -> None:
        self.desk = made
        self.practice = practice
        self.clerk = Clerk(practice.admin, made.outbox, made.inbox, made.folder / "done")
        self.batch = BATCH | {"year": str(next(YEARS))}

    def enter(self, operation: Operation = Operation.SAVE_BATCH, **changed: str) -> None:
        self.batch |= changed
        portal = self.desk.portal
        portal.send(portal.prepare(operation, [Record("b", self.batch)]))
        self.clerk.carry()

    def hand_over(self, *records: Record, operation: Operation = Operation.SAVE_PEOPLE) -> None:
        answer = self.desk.export(*records, operation=operation, **self.batch)
        assert {verdict.outcome for verdict in answer.verdicts.values()} == {Outcome.EXPORTED}
        self.clerk.carry()

    def read_back(self) -> tuple[OnlineBatch, list[OnlinePerson]]:
        self.clerk.export(int(self.batch["year"]))
        (batch,) = self.desk.portal.batches(int(self.batch["year"]))
        assert self.desk.portal.faults == ()
        return batch, list(self.desk.portal.people(batch.online_id))

    def fields(self) -> list[dict[str, str]]:
        return [person.fields for person in self.read_back()[1]]


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PracticePortal]:
    with PracticePortal(tmp_path_factory.mktemp("portal")) as portal:
        yield portal


@pytest.fixture
def stage(practice: PracticePortal, tmp_path: Path) -> Stage:
    practice.set_weather(**GOOD_WEATHER)
    return Stage(desk(tmp_path), practice)


def test_a_batch_typed_in_by_its_tick_list_is_read_back_as_it_was_handed_out(stage):
    stage.enter()
    batch, people = stage.read_back()
    assert (batch.fields, batch.status, people) == (stage.batch, OnlineStatus.DRAFT, [])


def test_people_imported_are_read_back_as_they_were_handed_out(stage):
    stage.enter()
    stage.hand_over(participant(1), participant(2, id_type="护照", id_no="TEST12345", name="李·测试", phone=""))
    assert stage.fields() == [
        participant(1).fields,
        participant(2, id_type="护照", id_no="TEST12345", name="李·测试", phone="").fields,
    ]


def test_a_batch_corrected_by_its_tick_list_is_one_batch(stage):
    stage.enter()
    stage.enter(Operation.UPDATE_BATCH, base="另一基地", headcount="3")
    assert stage.read_back()[0].fields == stage.batch


def test_a_correction_overwrites_the_person(stage):
    stage.enter()
    stage.hand_over(participant(1), participant(2))
    changed = participant(1, phone="19900009999")
    stage.hand_over(changed, operation=Operation.UPDATE_PERSON)
    assert stage.fields() == [changed.fields, participant(2).fields]


def test_one_file_uploaded_twice_changes_nothing(stage):
    stage.enter()
    stage.hand_over(participant(1))
    effects = len(stage.practice.effects())
    (path,) = stage.clerk.done.glob("*人员导入*")
    stage.clerk.upload(path)
    assert len(stage.practice.effects()) == effects


def test_one_file_uploaded_twice_is_seen_where_the_portal_takes_doubles(stage):
    stage.enter()
    stage.hand_over(participant(1), participant(2))
    stage.practice.set_weather(import_doubles=True)
    (path,) = stage.clerk.done.glob("*人员导入*")
    stage.clerk.upload(path)
    people = stage.read_back()[1]
    assert [person.fields for person in people] == [participant(1).fields, participant(2).fields] * 2
    assert len({person.online_id for person in people}) == 4


def test_people_of_several_parts_are_all_there(stage):
    stage.enter()
    stage.hand_over(*(participant(number) for number in range(1, 201)))
    stage.hand_over(*(participant(number) for number in range(201, 251)))
    assert stage.fields() == [participant(number).fields for number in range(1, 251)]


def test_refused_rows_come_back_with_the_portals_words(stage):
    stage.enter()
    stage.practice.set_weather(refuse_ids=(participant(2).fields["id_no"],))
    stage.hand_over(participant(1), participant(2))
    (row,) = stage.desk.portal.refusals()
    assert (row.name, row.id_no) == (participant(2).fields["name"], participant(2).fields["id_no"])
    assert row.batch == {name: stage.batch[name] for name in ("year", "organiser", "name")}
    assert row.words == "人员信息格式校验不通过"
    assert stage.fields() == [participant(1).fields]


def test_people_of_a_batch_nobody_typed_in_come_back(stage):
    stage.hand_over(participant(1), participant(2))
    assert [row.words for row in stage.desk.portal.refusals()] == ["批次不存在，请先录入批次"] * 2


def test_a_reviewed_batch_takes_nobody(stage):
    stage.enter()
    online_id = stage.read_back()[0].online_id
    stage.practice.admin.review(online_id)
    stage.hand_over(participant(1))
    assert [row.words for row in stage.desk.portal.refusals()] == ["该批次已审核，不能修改"]
    assert stage.read_back()[0].status is OnlineStatus.REVIEWED


def test_a_word_the_portal_does_not_know_comes_back(stage):
    stage.enter()
    stage.hand_over(participant(1, category="其他"))
    (row,) = stage.desk.portal.refusals()
    assert "不在字典内" in row.words


def test_a_person_the_import_drops_is_not_in_the_export(stage):
    stage.enter()
    stage.practice.set_weather(drop_people=1)
    stage.hand_over(participant(1), participant(2))
    assert list(stage.desk.portal.refusals()) == []
    assert stage.fields() == [participant(2).fields]


def test_an_export_may_mask_ids_and_phones(stage):
    stage.enter()
    stage.hand_over(participant(1))
    stage.practice.set_weather(mask=True)
    (fields,) = stage.fields()
    assert (fields["id_no"], fields["phone"]) == ("999***********0001", "199****0001")


def test_a_hand_edit_shows_in_the_export(stage):
    stage.enter()
    stage.hand_over(participant(1))
    person = stage.read_back()[1][0]
    stage.practice.admin.edit_person(person.online_id, userPhone="19900008888")
    assert stage.fields() == [participant(1, phone="19900008888").fields]


def test_what_an_import_did_is_in_the_ledger_of_effects(stage):
    before = len(stage.practice.effects())
    stage.enter()
    stage.hand_over(participant(1))
    stage.hand_over(participant(1, unit="另一单位"), operation=Operation.UPDATE_PERSON)
    effects = stage.practice.effects()[before:]
    assert [effect.effect for effect in effects] == [
        EffectKind.BATCH_CREATED,
        EffectKind.PERSON_CREATED,
        EffectKind.PERSON_UPDATED,
    ]
    assert not any(effect.by_hand or effect.serial for effect in effects)


def test_the_words_of_both_sides_stand_for_the_same_codes(stage):
    """What is imported as a word is listed by the interface as the code that the other dialect gives it."""
    stage.enter()
    stage.hand_over(participant(1))
    (stored,) = stage.practice.admin.people(stage.read_back()[0].online_id)
    words = shipped_dialect("qilu").words
    assert (stored["idType"], stored["personType"]) == (
        words.person["id_type"]["resident"],
        words.person["category"]["skilled"],
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"no workbook", "文件不是有效的导入模板"),
        (book_of([["姓名"], ["测试"]], "人员导入"), "导入模板不正确"),
        (book_of([["姓名"]], "Sheet1"), "文件不是有效的导入模板"),
    ],
)
def test_the_practice_portal_takes_no_other_file(stage, content, said):
    with pytest.raises(ValueError, match=said):
        stage.practice.admin.import_workbook(content)


def test_the_practice_portal_takes_no_more_rows_than_its_limit_and_no_number_for_an_id(stage):
    stage.enter()
    stage.desk.export(participant(1), **stage.batch)
    (path,) = stage.desk.outbox.glob("*人员导入*")
    head, row = grid(path.read_bytes(), "人员导入")
    with pytest.raises(ValueError, match="每次导入不超过200行"):
        stage.practice.admin.import_workbook(book_of([head, *[row] * 201], "人员导入"))
    with pytest.raises(ValueError, match="单元格不是文本格式：证件号码"):
        stage.practice.admin.import_workbook(book_of([head, [*row[:5], 999001199001010001, *row[6:]]], "人员导入"))
