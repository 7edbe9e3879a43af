"""What every portal keeps to: the fake in memory and the HTTP portal against the practice portal's own process."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count

import pytest

from adapters.portal.http import Credentials, HttpPortal, Line, Retries, Ticks, open_clients
from adapters.practice.process import PracticePortal
from bridge.ports import Portal
from schemas.errors import TransientError
from schemas.outcome import Outcome
from schemas.portal import OnlineBatch, OnlinePerson, OnlineStatus, Operation, Payload, Record
from tests.adapters.fake_portal import FakePortal
from tests.adapters.portal_rig import QILU, person

HEADER = {
    "organiser": "测试总工会",
    "name": "第一批",
    "level": "22",
    "base": "测试基地",
    "start": "2025-05-03",
    "end": "2025-05-07",
    "headcount": "2",
    "leaders": "1",
}


GOOD_WEATHER = {
    "outage": 0,
    "lose_replies": 0,
    "refuse_people": 0,
    "drop_people": 0,
    "mask": False,
}
YEARS = count(2001)  # each test has a year of its own: the practice portal is one for all


@dataclass
class Stage:
    """A portal and the means to make it misbehave, the same for both."""

    portal: Portal
    year: int
    lose_reply: Callable[[], object]
    drop_one: Callable[[], object]
    refuse_one: Callable[[], object]
    go_down: Callable[[], object]
    mask: Callable[[], object]
    review: Callable[[str], object]
    edit_phone: Callable[[str, str], object]

    def send(self, operation: Operation, record: Record) -> tuple[Outcome, str]:
        (verdict,) = self.portal.send(self.portal.prepare(operation, [record])).verdicts.values()
        return verdict.outcome, verdict.online_id

    def header(self, **changed: str) -> dict[str, str]:
        return HEADER | {"year": str(self.year)} | changed

    def batch(self, **changed: str) -> str:
        outcome, online_id = self.send(Operation.SAVE_BATCH, Record("b", self.header(**changed)))
        assert outcome is Outcome.ACCEPTED
        return online_id

    def people_payload(self, batch: str, *records: Record) -> Payload:
        return self.portal.prepare(Operation.SAVE_PEOPLE, records, parent=batch)

    def save(self, batch: str, *records: Record) -> list[Outcome]:
        answer = self.portal.send(self.people_payload(batch, *records))
        assert not answer.drift
        assert list(answer.verdicts) == [record.serial for record in records]
        return [verdict.outcome for verdict in answer.verdicts.values()]

    def people(self, batch: str) -> list[OnlinePerson]:
        return list(self.portal.people(batch))

    def the_batch(self) -> OnlineBatch:
        (found,) = self.portal.batches(self.year)
        return found


def fake_stage(fake: FakePortal) -> Stage:
    return Stage(
        portal=fake,
        year=next(YEARS),
        lose_reply=fake.lose_replies,
        drop_one=fake.drop,
        refuse_one=fake.refuse,
        go_down=lambda: setattr(fake, "down", True),
        mask=lambda: setattr(fake, "mask", True),
        review=fake.review,
        edit_phone=lambda person, phone: fake.edit(person, phone=phone),
    )


def http_stage(practice: PracticePortal, portal: HttpPortal) -> Stage:
    practice.set_weather(**GOOD_WEATHER)
    return Stage(
        portal=portal,
        year=next(YEARS),
        lose_reply=lambda: practice.set_weather(lose_replies=1),
        drop_one=lambda: practice.set_weather(drop_people=1),
        refuse_one=lambda: practice.set_weather(refuse_people=1),
        go_down=lambda: practice.set_weather(outage=1000),
        mask=lambda: practice.set_weather(mask=True),
        review=practice.admin.review,
        edit_phone=lambda person, phone: practice.admin.edit_person(person, userPhone=phone),
    )


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PracticePortal]:
    with PracticePortal(tmp_path_factory.mktemp("portal")) as portal:
        yield portal


@pytest.fixture(params=["fake", "http"])
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    if request.param == "fake":
        yield fake_stage(FakePortal())
        return
    practice = request.getfixturevalue("practice")
    with closing(open_clients(practice.base_url, QILU.transport)) as clients:
        credentials = Credentials(practice.app_id, practice.app_secret)
        ticks = Ticks(time.monotonic, lambda _seconds: None, lambda: datetime.now(UTC), os.urandom)
        yield http_stage(practice, HttpPortal(Line(QILU, clients, credentials, Retries(), ticks)))


def test_a_batch_is_listed_in_its_year_with_what_was_saved(stage):
    online_id = stage.batch()
    found = stage.the_batch()
    assert (found.online_id, found.status, found.headcount) == (online_id, OnlineStatus.DRAFT, 2)
    assert found.fields == stage.header()


def test_a_batch_saved_twice_exists_once(stage):
    stage.batch()
    assert stage.send(Operation.SAVE_BATCH, Record("b2", stage.header()))[0] is Outcome.EXISTS
    assert stage.the_batch()


def test_people_are_listed_in_their_batch_with_what_was_saved(stage):
    batch = stage.batch()
    assert stage.save(batch, person(1), person(2)) == [Outcome.ACCEPTED] * 2
    assert [found.fields for found in stage.people(batch)] == [person(1).fields, person(2).fields]


def test_a_verdict_names_the_id_under_which_the_person_is_listed(stage):
    batch = stage.batch()
    answer = stage.portal.send(stage.people_payload(batch, person(1)))
    assert [found.online_id for found in stage.people(batch)] == [answer.verdicts["serial-1"].online_id]


def test_listings_in_the_known_shape_are_nothing_to_note(stage):
    stage.people(stage.batch())
    stage.the_batch()
    assert stage.portal.notes() == ()


def test_people_the_portal_has_already_are_skipped_and_the_others_saved(stage):
    batch = stage.batch()
    stage.save(batch, person(1))
    assert stage.save(batch, person(1), person(2)) == [Outcome.EXISTS, Outcome.ACCEPTED]
    assert len(stage.people(batch)) == 2


def test_the_same_bytes_sent_again_store_nothing_again(stage):
    payload = stage.people_payload(stage.batch(), person(1), person(2))
    outcomes = [{verdict.outcome for verdict in stage.portal.send(payload).verdicts.values()} for _ in range(2)]
    assert outcomes == [{Outcome.ACCEPTED}, {Outcome.EXISTS}]


def test_one_person_may_be_refused_and_the_others_saved(stage):
    batch = stage.batch()
    stage.refuse_one()
    assert stage.save(batch, person(1), person(2)) == [Outcome.REFUSED, Outcome.ACCEPTED]
    assert [found.fields["name"] for found in stage.people(batch)] == ["测试2"]


def test_a_reply_lost_after_storing_leaves_the_outcome_unknown_and_the_people_stored(stage):
    batch = stage.batch()
    stage.lose_reply()
    assert stage.save(batch, person(1), person(2)) == [Outcome.UNKNOWN] * 2
    assert len(stage.people(batch)) == 2


def test_a_person_said_to_be_saved_may_not_be_there(stage):
    batch = stage.batch()
    stage.drop_one()
    assert stage.save(batch, person(1), person(2)) == [Outcome.ACCEPTED] * 2
    assert [found.fields["name"] for found in stage.people(batch)] == ["测试2"]


def test_a_portal_that_is_down_has_processed_nothing(stage):
    batch = stage.batch()
    stage.go_down()
    assert set(stage.save(batch, person(1))) <= {Outcome.NOT_SENT, Outcome.NOT_PROCESSED}


def test_a_portal_that_is_down_lists_nothing_rather_than_something(stage):
    batch = stage.batch()
    stage.go_down()
    with pytest.raises(TransientError):
        stage.people(batch)
    with pytest.raises(TransientError):
        stage.the_batch()


def test_a_person_is_updated_by_the_portals_own_id(stage):
    batch = stage.batch()
    stage.save(batch, person(1))
    (found,) = stage.people(batch)
    changed = Record("u", {"phone": "19900009999"}, online_id=found.online_id)
    assert stage.send(Operation.UPDATE_PERSON, changed)[0] is Outcome.ACCEPTED
    assert [each.fields for each in stage.people(batch)] == [{**person(1).fields, "phone": "19900009999"}]


def test_a_batch_is_updated_by_the_portals_own_id(stage):
    changed = Record("u", {"base": "另一基地"}, online_id=stage.batch())
    assert stage.send(Operation.UPDATE_BATCH, changed)[0] is Outcome.ACCEPTED
    assert stage.the_batch().fields == stage.header(base="另一基地")


def test_what_is_not_there_cannot_be_updated(stage):
    for operation in (Operation.UPDATE_PERSON, Operation.UPDATE_BATCH, Operation.SUBMIT):
        record = Record("u", {} if operation is Operation.SUBMIT else {"name": "测试"}, online_id="999999")
        assert stage.send(operation, record)[0] is Outcome.REFUSED


def test_people_of_a_batch_that_is_not_there_are_refused(stage):
    assert stage.save("999999", person(1)) == [Outcome.REFUSED]


def test_a_batch_is_submitted_once(stage):
    record = Record("s", {}, online_id=stage.batch())
    assert stage.send(Operation.SUBMIT, record)[0] is Outcome.ACCEPTED
    assert stage.the_batch().status is OnlineStatus.SUBMITTED
    assert stage.send(Operation.SUBMIT, record)[0] is Outcome.EXISTS


def test_a_reviewed_batch_is_locked(stage):
    batch = stage.batch()
    stage.save(batch, person(1))
    stage.review(batch)
    (found,) = stage.people(batch)
    assert stage.the_batch().status is OnlineStatus.REVIEWED
    assert stage.save(batch, person(2)) == [Outcome.REFUSED]
    for operation, online_id in ((Operation.UPDATE_BATCH, batch), (Operation.UPDATE_PERSON, found.online_id)):
        assert stage.send(operation, Record("u", {"name": "测试"}, online_id=online_id))[0] is Outcome.REFUSED
    assert len(stage.people(batch)) == 1


def test_a_hand_edit_shows_in_the_listing(stage):
    batch = stage.batch()
    stage.save(batch, person(1))
    stage.edit_phone(stage.people(batch)[0].online_id, "19900008888")
    assert stage.people(batch)[0].fields["phone"] == "19900008888"


def test_a_portal_may_mask_ids_and_phones(stage):
    batch = stage.batch()
    stage.save(batch, person(1))
    stage.mask()
    (found,) = stage.people(batch)
    for name in ("id_no", "phone"):
        assert "*" in found.fields[name]
        assert found.fields[name].endswith("0001")
        assert len(found.fields[name]) == len(person(1).fields[name])


def test_a_batch_of_more_people_than_a_page_is_listed_whole(stage):
    batch = stage.batch()
    numbers = range(1, 151)
    for chunk in (numbers[:100], numbers[100:]):
        stage.save(batch, *(person(number) for number in chunk))
    assert [found.fields["name"] for found in stage.people(batch)] == [f"测试{number}" for number in numbers]


def test_the_fake_tells_what_it_stored_and_what_twice():
    fake = FakePortal(skips_existing=False)
    stage = fake_stage(fake)
    batch = stage.batch()
    for _ in range(2):
        stage.save(batch, person(1), person(2))
    assert [effect.serial for effect in fake.effects] == ["b", "serial-1", "serial-2", "serial-1", "serial-2"]
    assert fake.stored_twice() == [effect.online_id for effect in fake.effects[1:]]
    assert fake.calls == {"save_batch": 1, "save_people": 2}


def test_the_fake_may_store_late():
    now_s = 0.0
    fake = FakePortal(uptime_s=lambda: now_s)
    stage = fake_stage(fake)
    batch = stage.batch()
    fake.store_late(seconds=60)
    assert stage.save(batch, person(1)) == [Outcome.UNKNOWN]
    assert stage.people(batch) == []
    now_s = 60.0
    assert len(stage.people(batch)) == 1
