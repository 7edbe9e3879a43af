"""What hands and weather do to the portal: before day 1, during it, and between the days.

Each fault puts itself into the staging together with the finding that must come of it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from adapters.practice.acts import (
    AddBatch,
    AddPerson,
    DeletePerson,
    EditBatch,
    EditPerson,
    batch_fields,
    person_fields,
)
from adapters.practice.cast import Person
from adapters.practice.staging import At, Staging
from adapters.practice.weihai import BASES, DAY_1, YEAR, units_of
from adapters.practice.world import Form, Ledger, Row
from schemas.batch import Batch, BatchKey, Level
from schemas.finding import Code

_GUEST = BatchKey(YEAR, "烟台市总工会", "第01批")


def entered_by_hand(staging: Staging) -> None:
    """Before day 1: some as offline has them, some otherwise, some whom offline does not know."""
    key = staging.cast_batch(staging.in_time, lambda led: led.form is Form.DELIMITED)
    ledger = staging.ledger(key)
    staging.before.append(AddBatch(key, batch_fields(ledger)))
    for at in staging.deal(staging.count(6), [key]):
        staging.before.append(AddPerson(key, person_fields(staging.person(at))))
    for number, at in enumerate(staging.deal(staging.count(4), [key])):
        person = staging.person(at)
        staging.before.append(AddPerson(key, person_fields(staging.otherwise(person, ("phone", "unit")[number % 2]))))
        staging.expect(Code.FIELD_DIFFERS, key, person.id_no)
    for _ in range(staging.count(2)):
        stranger = staging.cast.stranger(ledger.rows[0].person.unit)
        staging.before.append(AddPerson(key, person_fields(stranger)))
        staging.expect(Code.ONLY_ONLINE, key, stranger.id_no)


def guests(staging: Staging) -> None:
    """Another city's batch at one of our bases is not ours to report."""
    end = DAY_1 - timedelta(days=3)
    batch = Batch(_GUEST, Level.CITY, BASES[1].name, end - timedelta(days=3), end)
    units = [units_of(_GUEST.organiser)[0]] * (staging.count(12) + 1)
    leader, *people = staging.cast.people(units)
    ledger = Ledger(batch, Form.SINGLE, "", 0, tuple(Row(person) for person in people), (leader,))
    staging.before.append(AddBatch(_GUEST, batch_fields(ledger)))
    staging.before.extend(AddPerson(_GUEST, person_fields(person)) for person in people)
    staging.expect(Code.NOT_OURS, _GUEST)


def not_taken(staging: Staging) -> None:
    """The portal refuses some people (S20006), skips some "with success", and says of some that it saved them.

    The replies lost are those to the first two writes: headers, or people of the batch entered by hand.
    """
    due_today = staging.open_to(lambda led: led.batch.end == DAY_1 - timedelta(days=5))
    refused = staging.deal(staging.count(3), staging.kept_offline_only) + staging.deal(1, due_today)
    skipped = staging.deal(staging.count(2), staging.kept_offline_only)
    dropped = staging.deal(staging.count(2), staging.kept_offline_only)
    for at in refused + skipped:
        staging.expect_not_entered(at.key, staging.person(at).id_no)
    for at in dropped:
        staging.expect(Code.OUTCOME_UNKNOWN, at.key, staging.person(at).id_no, days=(1,))
    staging.weather |= {
        "outage": 3,
        "retry_after_s": 1,
        "lose_replies": 2,
        "refuse_ids": [staging.person(at).id_no for at in refused],
        "skip_ids": [staging.person(at).id_no for at in skipped],
        "drop_ids": [staging.person(at).id_no for at in dropped],
    }


def edited_online(staging: Staging) -> None:
    for field in ("phone", "unit", "name"):
        for at in staging.deal(staging.count(2), staging.in_time):
            _edit(staging, at, staging.otherwise(staging.person(at), field))
            staging.expect(Code.CHANGED_ONLINE, at.key, staging.person(at).id_no, days=(2,))


def mistyped_online(staging: Staging) -> None:
    for at in staging.deal(staging.count(3), staging.in_time):
        person = staging.person(at)
        digit = (int(person.id_no[15]) + 1) % 10
        _edit(staging, at, replace(person, id_no=f"{person.id_no[:15]}{digit}{person.id_no[16:]}"))
        staging.expect(Code.MISTYPED_IDENTITY, at.key, person.id_no, days=(2,))


def deleted_online(staging: Staging) -> None:
    for at in staging.deal(staging.count(3), staging.in_time):
        staging.between.append(DeletePerson(at.key, staging.person(at).id_no))
        staging.expect(Code.CHANGED_ONLINE, at.key, staging.person(at).id_no, days=(2,))


def added_online(staging: Staging) -> None:
    for at in staging.deal(staging.count(3), staging.in_time):
        stranger = staging.cast.stranger(staging.person(at).unit)
        staging.between.append(AddPerson(at.key, person_fields(stranger)))
        staging.expect(Code.ONLY_ONLINE, at.key, stranger.id_no, days=(2,))


def twice_online(staging: Staging) -> None:
    """The portal knows nobody twice, unless the id is spelt otherwise: a small x, or the old 15 digits."""
    count = staging.count(2)
    small_x = staging.deal(count, staging.in_time, lambda id_no: id_no.endswith("X"))
    old = staging.deal(count - len(small_x), staging.in_time, lambda id_no: id_no[6:8] == "19")
    for at in small_x + old:
        person = staging.person(at)
        spelt = person.id_no.lower() if at in small_x else person.id_no[:6] + person.id_no[8:17]
        staging.between.append(AddPerson(at.key, person_fields(replace(person, id_no=spelt))))
        staging.expect(Code.DUPLICATE_ONLINE, at.key, person.id_no, days=(2,))


def dates_edited_online(staging: Staging) -> None:
    for _ in range(staging.count(2)):
        key = staging.cast_batch(staging.in_time, lambda led: led.form is not Form.JOINT)
        batch = staging.ledger(key).batch
        start = batch.start - timedelta(days=1)
        staging.between.append(EditBatch(key, {"startDate": start.isoformat()}))
        staging.expect(Code.BATCH_DIFFERS, key, days=(2,))


def _edit(staging: Staging, at: At, changed: Person) -> None:
    before, after = person_fields(staging.person(at)), person_fields(changed)
    fields = {name: value for name, value in after.items() if value != before[name]}
    staging.between.append(EditPerson(at.key, staging.person(at).id_no, fields))
