"""Every shipped dialect before a server of its own, over real HTTP: what each promises, asked in the same words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from importlib.resources import files
from itertools import zip_longest
from urllib.parse import unquote_plus

import pytest

from bridge.map import batch_from_online
from schemas.batch import Level
from schemas.dialect import Dialect, shipped_dialect
from schemas.errors import AuthError, SchemaDrift, TransientError
from schemas.identity import IdType
from schemas.outcome import Outcome
from schemas.portal import OnlineStatus, Operation
from schemas.roster import Category
from tests.adapters.dialects.desk import RETRY_AFTER_S, Kind
from tests.adapters.dialects.host import Host, hosted
from tests.adapters.dialects.manners import MANNERS
from tests.adapters.dialects.rig import BATCH, YEAR, Rig, person_values, rigged

_TEN_MINUTES_S = 600
_A_CROWD = range(1, 9)  # three pages of the rig's three

Make = Callable[..., AbstractContextManager[Rig]]


def those(fits: Callable[[str], object]) -> list[str]:
    return [name for name in MANNERS if fits(name)]


with_token = pytest.mark.parametrize("name", those(lambda name: MANNERS[name].token))
with_stamp = pytest.mark.parametrize("name", those(lambda name: MANNERS[name].clock_tolerance_s is not None))
with_review = pytest.mark.parametrize("name", those(lambda name: shipped_dialect(name).fields.record.status))
every = pytest.mark.parametrize("name", MANNERS)


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with hosted() as running:
        yield running


@pytest.fixture
def make(host: Host) -> Make:
    return lambda name, **options: rigged(host, name, **options)


@pytest.fixture
def rig(make: Make, name: str) -> Iterator[Rig]:
    with make(name) as made:
        yield made


# the table is true to the files


def test_every_shipped_dialect_has_a_server_of_its_own():
    """Every one but what is no interface at all: the import workbook has a counter of its own (D16)."""
    shipped = {file.name.removesuffix(".toml") for file in (files("schemas") / "dialects").iterdir()}
    assert MANNERS.keys() == shipped - {"import-workbook"}


def _is_stamped(dialect: Dialect) -> bool:
    signatures = (dialect.signature, *(grant.signature for grant in dialect.grants))
    return any(signature and "{time}" in signature.canonical for signature in signatures) or any(
        "{time}" in template for template in (*dialect.transport.headers.values(), *dialect.travel.envelope.values())
    )


@every
def test_what_a_manner_lacks_its_dialect_lacks(name):
    manner, dialect = MANNERS[name], shipped_dialect(name)
    shape = dialect.operations.save_people
    told = "one" if not shape.rows_at else "whole" if shape.whole else "each"
    lacks = {operation for operation in Operation if dialect.operations.write(operation) is None}
    assert (bool(dialect.grants), told, lacks) == (manner.token, manner.people, manner.lacks)
    signatures = (dialect.signature, *(grant.signature for grant in dialect.grants))
    assert any(signatures) == manner.signature
    assert _is_stamped(dialect) == (manner.clock_tolerance_s is not None)


# good weather


@every
def test_a_batch_is_listed_as_it_was_saved(rig):
    online_id = rig.save_batch()
    row, values = rig.the_batch()
    assert (row.online_id, row.status, row.headcount) == (online_id, OnlineStatus.DRAFT, 12)
    assert values == BATCH


@every
def test_people_go_into_their_batch_and_are_listed_as_they_were_saved(rig):
    other = rig.save_batch(name="第二批")
    batch = rig.filled(1, 2, 3)
    assert list(rig.people(batch).values()) == [person_values(number) for number in (1, 2, 3)]
    assert rig.people(other) == {}


@every
def test_a_listing_brings_no_field_that_its_dialect_does_not_know(rig):
    rig.people(rig.filled(1))
    rig.the_batch()
    assert rig.portal.notes() == ()


@every
def test_a_batch_saved_twice_is_there_already(rig):
    rig.save_batch()
    answer = rig.send(Operation.SAVE_BATCH, rig.batch_record())
    assert ([v.outcome for v in answer.verdicts.values()], answer.drift) == ([Outcome.EXISTS], "")
    assert len(rig.desk.batches) == 1


@every
def test_people_who_are_there_already_are_skipped_and_the_others_saved(rig):
    batch = rig.filled(1)
    answers = rig.save_people(batch, 1, 2)
    outcomes = [v.outcome for answer in answers for v in answer.verdicts.values()]
    assert (outcomes, {a.drift for a in answers}) == ([rig.manner.there_already, Outcome.ACCEPTED], {""})
    assert rig.names(batch) == {"测试1", "测试2"}


@every
def test_one_refused_of_several_is_told_as_the_manner_tells_it(rig):
    batch = rig.save_batch()
    rig.faults.refuse.add(person_values(2)["id_no"])
    answers = rig.save_people(batch, 1, 2, 3)
    outcomes = [v.outcome for answer in answers for v in answer.verdicts.values()]
    whole = rig.manner.people == "whole"
    others = Outcome.REFUSED if whole else Outcome.ACCEPTED
    assert (outcomes, {a.drift for a in answers}) == ([others, Outcome.REFUSED, others], {""})
    assert rig.names(batch) == (set() if whole else {"测试1", "测试3"})
    said = {v.words for answer in answers for v in answer.verdicts.values() if v.outcome is Outcome.REFUSED}
    assert said == {"证件号码校验不通过"}


@pytest.mark.parametrize("name", those(lambda name: Operation.UPDATE_PERSON not in MANNERS[name].lacks))
def test_a_person_is_changed(rig):
    batch = rig.filled(1, 2)
    (online_id, _), (other, _) = rig.people(batch).items()
    answer = rig.send(Operation.UPDATE_PERSON, rig.person_record(1, online_id=online_id, phone="19900009999"))
    assert {v.outcome for v in answer.verdicts.values()} == {Outcome.ACCEPTED}
    assert {i: values["phone"] for i, values in rig.people(batch).items()} == {
        online_id: "19900009999",
        other: "19900000002",
    }


@pytest.mark.parametrize("name", those(lambda name: Operation.UPDATE_BATCH not in MANNERS[name].lacks))
def test_a_batch_is_changed(rig):
    changed = replace(rig.batch_record(base="另一基地"), online_id=rig.save_batch())
    answer = rig.send(Operation.UPDATE_BATCH, changed)
    assert {v.outcome for v in answer.verdicts.values()} == {Outcome.ACCEPTED}
    assert rig.the_batch()[1] == {**BATCH, "base": "另一基地"}


@pytest.mark.parametrize("name", those(lambda name: Operation.SUBMIT not in MANNERS[name].lacks))
def test_a_batch_is_submitted(rig):
    answer = rig.send(Operation.SUBMIT, replace(rig.batch_record(), online_id=rig.save_batch()))
    assert {v.outcome for v in answer.verdicts.values()} == {Outcome.ACCEPTED}
    assert rig.the_batch()[0].status is OnlineStatus.SUBMITTED


@every
def test_every_word_goes_out_and_comes_back(rig):
    """A participant or a batch whose word is missing could never be entered."""
    for level in Level:
        rig.save_batch(name=level.value, level=level.value)
    rows = {row.fields["name"]: batch_from_online(row, rig.dialect.words)[1] for row in rig.portal.batches(YEAR)}
    assert {name: values["level"] for name, values in rows.items()} == {level.value: level.value for level in Level}
    batch = rig.save_batch()
    chosen = list(zip_longest(Category, IdType, fillvalue=IdType.RESIDENT))
    for number, (category, id_type) in enumerate(chosen):
        record = rig.person_record(number, category=category.value, id_type=id_type.value)
        rig.portal.send(rig.portal.prepare(Operation.SAVE_PEOPLE, [record], parent=batch))
    assert [(values["category"], values["id_type"]) for values in rig.people(batch).values()] == chosen


@with_review
@pytest.mark.parametrize("status", OnlineStatus)
def test_every_status_is_read(rig, status):
    batch = rig.save_batch()
    rig.desk.status[batch] = getattr(rig.desk.book, status.value)
    assert rig.the_batch()[0].status is status


@with_review
def test_what_is_reviewed_is_not_changed(rig):
    batch = rig.filled(1)
    rig.desk.status[batch] = rig.desk.book.reviewed
    (person,) = rig.people(batch)
    for operation, record in (
        (Operation.UPDATE_BATCH, replace(rig.batch_record(base="另一基地"), online_id=batch)),
        (Operation.UPDATE_PERSON, rig.person_record(1, online_id=person, phone="19900009999")),
    ):
        if operation in rig.manner.lacks:
            continue
        answer = rig.send(operation, record)
        assert ([v.outcome for v in answer.verdicts.values()], answer.drift) == ([Outcome.REFUSED], "")
    assert rig.the_batch()[1] == BATCH
    assert list(rig.people(batch).values()) == [person_values(1)]


@every
def test_a_listing_may_be_masked(rig):
    batch = rig.filled(1)
    rig.faults.mask = True
    (values,) = rig.people(batch).values()
    assert (values["id_no"], values["phone"]) == ("9990**********0001", "199****0001")


@every
def test_no_address_holds_anything_of_a_person(rig):
    """Addresses stand in the logs of everything between us and the portal."""
    batch = rig.filled(1)
    (online_id,) = rig.people(batch)
    if Operation.UPDATE_PERSON not in rig.manner.lacks:
        rig.send(Operation.UPDATE_PERSON, rig.person_record(1, online_id=online_id))
    addresses = " ".join(unquote_plus(f"{asked.path}?{asked.raw_query}") for asked in rig.desk.asked)
    values = person_values(1)
    assert [name for name in ("name", "id_no", "phone", "unit") if values[name] in addresses] == []


# bad weather


@every
def test_a_throttled_write_waits_and_is_sent_again(rig):
    batch = rig.filled(1)
    rig.faults.throttle = 1
    (answer,) = rig.save_people(batch, 2)
    assert ([v.outcome for v in answer.verdicts.values()], answer.tries) == ([Outcome.ACCEPTED], 2)
    assert sum(rig.patience.slept) >= (RETRY_AFTER_S if rig.manner.retry_after else 0)


@every
def test_an_outage_passes(rig):
    batch = rig.filled(1)
    rig.faults.outage = 1
    (answer,) = rig.save_people(batch, 2)
    assert ([v.outcome for v in answer.verdicts.values()], answer.tries) == ([Outcome.ACCEPTED], 2)


@every
def test_a_closed_portal_stores_nothing(rig):
    batch = rig.filled(1)
    rig.faults.closed = True
    (answer,) = rig.save_people(batch, 2)
    assert ([v.outcome for v in answer.verdicts.values()], answer.drift) == ([rig.manner.closed], "")
    assert len(rig.desk.people) == 1


@with_token
def test_a_token_that_ends_in_mid_run_is_renewed_once_and_the_same_bytes_go_again(rig):
    batch = rig.filled(1)
    issued = rig.desk.issued
    rig.desk.expire()
    sent = len(rig.desk.asked)
    (answer,) = rig.save_people(batch, 2)
    assert [v.outcome for v in answer.verdicts.values()] == [Outcome.ACCEPTED]
    assert rig.desk.issued == issued + len(rig.dialect.grants)
    first, *_, last = rig.desk.asked[sent:]
    assert (first.path, first.body) == (last.path, last.body)


@with_token
def test_a_token_that_ends_while_pages_are_read_is_renewed(rig):
    batch = rig.filled(*_A_CROWD)
    rig.faults.expire_between_pages = True
    assert len(rig.people(batch)) == len(_A_CROWD)


@every
def test_a_throttled_listing_waits_and_goes_on(rig):
    batch = rig.filled(*_A_CROWD)
    rig.faults.throttle = 1
    assert len(rig.people(batch)) == len(_A_CROWD)
    assert rig.desk.turned == [Kind.THROTTLED]


@every
def test_with_a_wrong_secret_nothing_is_stored(make, name):
    with make(name, spoiled=(MANNERS[name].secret,)) as rig:
        with pytest.raises(AuthError):
            rig.send(Operation.SAVE_BATCH, rig.batch_record())
        assert rig.desk.batches == {}
        assert rig.desk.turned


@with_stamp
@pytest.mark.parametrize("ahead", [True, False], ids=["ahead", "behind"])
def test_a_clock_that_differs_is_learned_from_the_answers(rig, ahead):
    tolerance_s = rig.manner.clock_tolerance_s
    off_s = _TEN_MINUTES_S + (tolerance_s if tolerance_s >= _TEN_MINUTES_S else 0)
    rig.faults.clock_offset_s = off_s if ahead else -off_s
    batch = rig.save_batch()
    assert rig.outcomes(batch, 1) == [Outcome.ACCEPTED]
    assert rig.desk.turned == [Kind.CLOCK]


@every
def test_a_lost_reply_leaves_it_unknown_and_reading_back_shows_it(rig):
    batch = rig.save_batch()
    rig.faults.lose_replies = 1
    (answer,) = rig.save_people(batch, 1)
    assert [v.outcome for v in answer.verdicts.values()] == [Outcome.UNKNOWN]
    assert rig.names(batch) == {"测试1"}
    assert len(rig.desk.people) == 1


@every
def test_a_web_page_in_place_of_an_answer_leaves_it_unknown(rig):
    batch = rig.filled(1)
    rig.faults.page = 1
    (answer,) = rig.save_people(batch, 2)
    assert ([v.outcome for v in answer.verdicts.values()], answer.seen) == ([Outcome.UNKNOWN], "not_ours:200")


# pages


@every
def test_every_row_of_three_pages_is_read_once_in_order(rig):
    batch = rig.filled(*_A_CROWD)
    before = len(rig.desk.asked)
    assert [values["name"] for values in rig.people(batch).values()] == [f"测试{n}" for n in _A_CROWD]
    assert len(rig.desk.asked) - before >= 3


@every
def test_batches_are_read_over_their_pages(rig):
    names = [f"第{number}批" for number in range(1, 9)]
    for name in names:
        rig.save_batch(name=name)
    rig.save_batch(year="2024", name="去年的")
    assert [row.fields["name"] for row in rig.portal.batches(YEAR)] == names


@every
@pytest.mark.parametrize("shift", ["remove", "insert", "swap"])
def test_no_row_is_lost_or_doubled_while_somebody_works_on_the_portal(rig, shift):
    batch = rig.filled(*_A_CROWD)
    before = set(rig.desk.people)
    rig.faults.shift, rig.faults.shifts = shift, 1
    listed = set(rig.people(batch))
    after = set(rig.desk.people)
    assert before & after <= listed <= before | after
    assert rig.faults.shifts == 0


@every
@pytest.mark.parametrize("shift", ["remove", "insert"])
def test_a_listing_that_never_comes_to_rest_is_left_to_the_next_run(rig, shift):
    batch = rig.filled(*range(1, 16))
    rig.faults.shift, rig.faults.shifts = shift, 1000
    with pytest.raises(TransientError):
        rig.people(batch)


# drift


@every
def test_a_renamed_field_stops_the_listing(rig):
    batch = rig.filled(1)
    rig.faults.renamed = {rig.desk.book.phone: "newName"}
    with pytest.raises(SchemaDrift, match=rig.dialect.fields.person["phone"]):
        rig.people(batch)


@every
def test_a_retyped_field_stops_the_listing(rig):
    batch = rig.filled(1)
    rig.faults.retyped = rig.desk.book.phone
    with pytest.raises(SchemaDrift, match=rig.dialect.fields.person["phone"]):
        rig.people(batch)


@every
def test_a_list_that_is_none_any_more_stops_the_listing(rig):
    batch = rig.filled(1)
    rig.faults.rows_as_text = True
    with pytest.raises(SchemaDrift):
        rig.people(batch)


@every
def test_a_code_that_nobody_knows_leaves_it_unknown_and_is_named(rig):
    batch = rig.filled(1)
    rig.faults.strange = 1
    (answer,) = rig.save_people(batch, 2)
    assert [v.outcome for v in answer.verdicts.values()] == [Outcome.UNKNOWN]
    assert rig.manner.strange in answer.drift


@every
def test_a_new_field_is_noted_once_and_stops_nothing(rig):
    batch = rig.filled(1, 2)
    rig.faults.extra = "brandNew"
    assert len(rig.people(batch)) == 2
    (note,) = rig.portal.notes()
    assert "brandNew" in str(note)
