"""The synthetic world, its ledgers as files, and what goes wrong in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import chain
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from adapters.practice.acts import (
    Act,
    AddBatch,
    AddPerson,
    DeletePerson,
    EditBatch,
    EditPerson,
    Expected,
    Review,
    batch_fields,
    person_fields,
)
from adapters.practice.carry_out import carry_out
from adapters.practice.cast import Person
from adapters.practice.faults import stage
from adapters.practice.ledgers import places, write_ledgers
from adapters.practice.pages import pages
from adapters.practice.process import PracticePortal
from adapters.practice.staging import Demo
from adapters.practice.weihai import BASES, DAY_1, DAY_2
from adapters.practice.world import Damage, Form, Ledger, World
from adapters.sources.folder import FolderSource
from schemas.batch import Batch, BatchKey
from schemas.finding import Code
from schemas.identity import IdType, id_fault
from schemas.roster import Place, Roster

FULL = stage(World.make())
MIDDLE = stage(World.make(batches=12, people=300))
SMALL = stage(World.make(batches=6, people=60))
BOTH = pytest.mark.parametrize("demo", [FULL, SMALL], ids=["full", "small"])


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The full day 1 as files, to be read only."""
    folder = tmp_path_factory.mktemp("ledgers")
    write_ledgers(FULL.day1, folder)
    return folder


def test_one_seed_makes_one_world():
    assert World.make(batches=8, people=200, seed=7) == World.make(batches=8, people=200, seed=7)
    assert World.make(batches=8, people=200, seed=7) != World.make(batches=8, people=200, seed=8)


@pytest.mark.parametrize(("batches", "people"), [(47, 2690), (6, 60), (31, 1234)])
def test_the_head_counts_add_up_to_what_was_asked(batches, people):
    world = World.make(batches=batches, people=people)
    assert len(world.ledgers) == batches
    assert sum(len(ledger.rows) for ledger in world.ledgers) == people


@pytest.mark.parametrize(("batches", "people"), [(5, 500), (6, 59)])
def test_a_world_too_small_for_its_faults_is_refused(batches, people):
    with pytest.raises(ValueError, match="fewest"):
        World.make(batches=batches, people=people)


def test_nobody_in_the_world_can_be_real():
    people = list(chain.from_iterable((*ledger.people, *ledger.leaders) for ledger in World.make().ledgers))
    residents = [person for person in people if person.id_type is IdType.RESIDENT]
    assert all(person.id_no.startswith("999") and id_fault(person.id_no, on=DAY_1) is None for person in residents)
    assert 0 < len(people) - len(residents) < 10
    assert len({person.id_no for person in people}) == len({person.phone for person in people}) == len(people)
    assert all(person.phone.startswith("1990000") and person.name.startswith("演") for person in people)


def test_a_few_people_of_one_batch_share_a_name():
    twins = [len(ledger.people) - len({person.name for person in ledger.people}) for ledger in World.make().ledgers]
    assert 0 < sum(twins) < 47


def test_a_world_without_faults_keeps_the_rules_of_its_year():
    world = World.make()
    in_province = {base.name: base.in_province for base in BASES}
    assert all(ledger.batch.days <= (5 if in_province[ledger.batch.base] else 7) for ledger in world.ledgers)
    assert all(len(ledger.leaders) == -(-len(ledger.rows) // 40) for ledger in world.ledgers)
    assert all(20 <= len(ledger.rows) <= 90 for ledger in world.ledgers)


def test_most_batches_ended_in_the_five_days_before_day_1_and_some_have_not_ended():
    ages = [(DAY_1 - ledger.batch.end).days for ledger in World.make().ledgers]
    assert sum(1 <= age <= 5 for age in ages) > len(ages) / 2
    assert min(ages) < 0
    assert max(ages) > 5


def test_an_organiser_names_each_batch_once_and_in_the_order_of_their_last_days():
    world = World.make()
    keys = [ledger.batch.key for ledger in world.ledgers]
    assert len(set(keys)) == len(keys)
    for organiser in {key.organiser for key in keys}:
        own = [ledger.batch for ledger in world.ledgers if ledger.batch.key.organiser == organiser]
        assert [batch.key.name for batch in own] == [f"第{number:02d}批" for number in range(1, len(own) + 1)]
        assert [batch.end for batch in own] == sorted(batch.end for batch in own)


@BOTH
def test_ledgers_come_in_every_form_and_one_of_them_is_delimited(demo):
    forms = Counter(ledger.form for ledger in demo.day2.ledgers)
    assert set(forms) == set(Form)
    assert forms[Form.DELIMITED] == 1


@BOTH
def test_every_row_of_every_ledger_stands_in_one_place(demo):
    stood = places(demo.day2)
    assert set(stood) == {(led.batch.key, row) for led in demo.day2.ledgers for row in range(len(led.rows))}
    assert len(set(stood.values())) == len(stood)


def test_the_header_stands_in_row_3_under_a_merged_title_and_the_units_are_merged_downwards(written):
    for path in written.glob("*.xlsx"):
        sheet = CalamineWorkbook.from_path(path).get_sheet_by_index(0)
        rows, merged = sheet.to_python(skip_empty_area=False), sheet.merged_cell_ranges
        assert "汇总表" in rows[0][0]
        assert rows[1][0].startswith("单位：")
        assert str(rows[2][0]).strip() == "序号"
        assert ((0, 0), (0, 7)) in merged
        assert any(top[1] == bottom[1] == 1 for top, bottom in merged)


def test_a_longer_list_repeats_its_header_on_each_page():
    repeated = [page for page in pages(FULL.day1) if page.lines.count(page.header) > 1]
    assert repeated
    assert all(page.lines[2] == page.header for page in pages(FULL.day1))


def test_a_joint_batch_has_a_file_for_each_unit_with_its_own_people_only():
    joint = next(ledger for ledger in FULL.day1.ledgers if ledger.form is Form.JOINT)
    own = [page for page in pages(FULL.day1) if page.file.startswith(f"{joint.file}-")]
    assert len(own) == len({person.unit for person in joint.people}) > 1
    assert len({page.lines[1] for page in own}) == 1
    assert sum(len(page.spots) for page in own) == len(joint.rows)
    for page in own:
        assert len({joint.people[spot.row].unit for spot in page.spots}) == 1


def test_the_delimited_ledger_needs_the_whole_of_gb18030(written):
    (path,) = written.glob("*.csv")
    assert "合计" in path.read_text("gb18030")
    with pytest.raises(UnicodeDecodeError):
        path.read_text("gbk")


def test_an_id_damaged_by_its_cell_is_a_number_in_the_file(written):
    for ledger, row in _damaged(FULL.day1, Damage.NUMBER):
        where = places(FULL.day1)[ledger.batch.key, row]
        line = CalamineWorkbook.from_path(written / where.file).get_sheet_by_index(0).to_python()[where.row - 1]
        assert isinstance(line[4], float)
        assert line[4] > 1e15


@BOTH
def test_writing_the_same_ledgers_again_touches_no_file(demo, tmp_path):
    assert write_ledgers(demo.day1, tmp_path)
    assert write_ledgers(demo.day1, tmp_path) == ()


@BOTH
def test_day_2_rewrites_only_the_files_whose_ledgers_changed(demo, tmp_path):
    write_ledgers(demo.day1, tmp_path)
    written = {path.name for path in write_ledgers(demo.day2, tmp_path)}
    before = {ledger.batch.key: ledger for ledger in demo.day1.ledgers}
    changed = [ledger for ledger in demo.day2.ledgers if before.get(ledger.batch.key) != ledger]
    assert len(changed) < len(demo.day2.ledgers)
    assert all(any(name.startswith(ledger.file) for ledger in changed) for name in written)
    assert all(any(name.startswith(ledger.file) for name in written) for ledger in changed)


@BOTH
def test_one_ledger_arrives_only_on_day_2_when_its_five_days_are_long_over(demo):
    known = {ledger.batch.key for ledger in demo.day1.ledgers}
    (late,) = [ledger for ledger in demo.day2.ledgers if ledger.batch.key not in known]
    assert late.batch.end + timedelta(days=5) < DAY_1
    assert not [expected for expected in demo.truth.day2 if expected.batch == str(late.batch.key)]


@BOTH
def test_every_kind_of_fault_is_in_the_truth_of_its_day(demo):
    lasting = {"D01", "D03", "D04", "D07", "D09", "D13", "D14", "D18", "D22"}
    overdue_on_day_1 = {"D02"} if demo is FULL else set()
    assert {expected.code.value for expected in demo.truth.day1} == lasting | {"D15"} | overdue_on_day_1
    assert {expected.code.value for expected in demo.truth.day2} == lasting | {"D02", "D05", "D08", "D10", "D16", "D17"}


@BOTH
def test_nobody_carries_two_faults_on_one_day(demo):
    for day in (demo.truth.day1, demo.truth.day2):
        people = [expected.person_id_no for expected in day if expected.person_id_no]
        assert len(people) == len(set(people))


@BOTH
def test_every_damaged_row_is_in_the_truth_with_its_place(demo):
    for world, truth in ((demo.day1, demo.truth.day1), (demo.day2, demo.truth.day2)):
        expected = {found.where: found.batch for found in truth if found.code is Code.DAMAGED_ROW}
        where = places(world)
        keys = [(ledger.batch.key, row) for damage in Damage for ledger, row in _damaged(world, damage)]
        assert expected == {where[key]: str(key[0]) for key in keys}
    assert len(demo.truth.day2) > 0


@BOTH
def test_staff_put_some_damaged_rows_right_and_leave_others(demo):
    counts = [sum(len(_damaged(world, damage)) for damage in Damage) for world in (demo.day1, demo.day2)]
    assert counts[0] > counts[1] > 0


@BOTH
def test_a_batch_at_an_unlisted_base_is_due_on_day_1_and_overdue_on_day_2(demo):
    listed = {base.name for base in demo.day1.bases}
    last_day = DAY_1 - timedelta(days=5)
    (key,) = [led.batch.key for led in demo.day1.ledgers if led.batch.base not in listed and led.batch.end == last_day]
    assert {Expected(Code.POLICY, str(key)), Expected(Code.DUE, str(key))} <= demo.truth.day1
    assert {Expected(Code.POLICY, str(key)), Expected(Code.OVERDUE, str(key))} <= demo.truth.day2


@BOTH
def test_hands_change_only_people_whom_the_bridge_has_entered(demo):
    truth = {(expected.batch, expected.person_id_no) for expected in demo.truth.day1}
    for act in demo.acts_between:
        if isinstance(act, EditPerson | DeletePerson):
            assert act.id_no in _ids(demo.day1, act.batch)
            assert (str(act.batch), act.id_no) not in truth


@BOTH
def test_people_whom_the_portal_does_not_take_stand_in_ledgers_in_time(demo):
    not_taken = [*demo.weather_day1["refuse_ids"], *demo.weather_day1["skip_ids"]]
    for id_no in (*not_taken, *demo.weather_day1["drop_ids"]):
        (ledger,) = [ledger for ledger in demo.day1.ledgers if id_no in _ids(demo.day1, ledger.batch.key)]
        assert ledger.batch.end + timedelta(days=5) >= DAY_1
        assert ledger.batch.end < DAY_1
    assert {expected.code for expected in _of(demo.truth.day1, not_taken)} == {Code.DUE}
    assert {expected.code for expected in _of(demo.truth.day1, demo.weather_day1["drop_ids"])} == {Code.OUTCOME_UNKNOWN}
    assert not _of(demo.truth.day2, demo.weather_day1["drop_ids"])


@BOTH
def test_a_batch_entered_by_hand_states_the_header_the_bridge_would_enter(demo):
    (header, *_guest) = [act for act in demo.acts_before_day1 if not isinstance(act, AddPerson)]
    ledger = demo.day1.ledger(header.batch)
    assert header.fields["personNum"] == str(len({person.id_no for person in ledger.people}))
    assert header.fields["leaderNum"] == str(len(ledger.leaders))
    assert header.fields["startDate"] == ledger.batch.start.isoformat()
    assert not any(row.damage for row in ledger.rows)


@BOTH
def test_a_reviewed_batch_was_whole_on_day_1_and_only_its_corrections_are_found(demo):
    for act in demo.acts_between:
        if isinstance(act, Review):
            own = {expected.code for expected in demo.truth.day2 if expected.batch == str(act.batch)}
            assert own == {Code.CHANGED_OFFLINE}
            assert not [expected for expected in demo.truth.day1 if expected.batch == str(act.batch)]


@BOTH
def test_batches_whose_header_is_touched_are_in_time_on_both_days(demo):
    touched = [act.batch for act in demo.acts_between if isinstance(act, EditBatch)]
    assert touched
    assert all(demo.day1.ledger(key).batch.end + timedelta(days=5) >= DAY_2 for key in touched)


@BOTH
def test_nothing_personal_shows_when_something_of_the_world_is_printed(demo):
    personal = {text for person in demo.day2.people for text in (person.id_no, person.phone, person.name)}
    printed = repr((demo.day1.ledgers, demo.acts_before_day1, demo.acts_between, demo.truth))
    assert not [text for text in personal if text in printed]


@BOTH
@pytest.mark.parametrize("day", [1, 2])
def test_the_bridge_reads_in_the_ledgers_what_is_in_the_world(demo, day, tmp_path):
    world = demo.day1 if day == 1 else demo.day2
    write_ledgers(demo.day1, tmp_path)
    write_ledgers(world, tmp_path)
    source = FolderSource("ledgers", tmp_path, "*", year=2025)
    readings = [source.read(stamp, {}) for stamp in source.look()]
    rosters = [roster for reading in readings for roster in reading.rosters]
    assert not [reading.rejections for reading in readings if reading.rejections]
    assert _read_batches(rosters) == {(ledger.batch, len(ledger.leaders)) for ledger in world.ledgers}
    assert _read_people(rosters) == _people_at(world)
    refused = [(rejection.batch, rejection.where) for roster in rosters for rejection in roster.rejections]
    expected = demo.truth.day1 if day == 1 else demo.truth.day2
    damaged = [found for found in expected if found.code is Code.DAMAGED_ROW]
    assert sorted((str(batch), _spot(where)) for batch, where in refused) == sorted(
        (found.batch, _spot(found.where)) for found in damaged
    )
    assert _miscounts(rosters) == {led.batch.key: led.miscount for led in world.ledgers if led.miscount}


@pytest.mark.parametrize("demo", [MIDDLE, SMALL], ids=["middle", "small"])
def test_the_portal_takes_every_act_when_the_bridge_has_entered_day_1(demo, tmp_path):
    with PracticePortal(tmp_path) as portal:
        carry_out(demo.acts_before_day1, portal.admin)
        carry_out(_as_entered(demo, {act.batch for act in demo.acts_between}), portal.admin)
        carry_out(demo.acts_between, portal.admin)
        stored = {(batch["organizerName"], batch["batchName"]): batch for batch in portal.admin.batches()}
    for act in demo.acts_between:
        batch = stored[act.batch.organiser, act.batch.name]
        assert not isinstance(act, Review) or batch["releaseStatus"] == "1"
        assert not isinstance(act, EditBatch) or batch["startDate"] == act.fields["startDate"]


def test_an_act_about_somebody_the_portal_does_not_hold_is_refused(tmp_path):
    with PracticePortal(tmp_path) as portal, pytest.raises(LookupError):
        carry_out([Review(BatchKey(2025, "荣成市总工会", "第99批"))], portal.admin)


def _as_entered(demo: Demo, batches: set[BatchKey]) -> Iterator[Act]:
    """What the bridge would have entered of these batches, beside what hands have entered before."""
    held = {(act.batch, act.fields.get("idCard")) for act in demo.acts_before_day1}
    for key in sorted(batches):
        ledger = demo.day1.ledger(key)
        if (key, None) not in held:
            yield AddBatch(key, batch_fields(ledger))
        people = {row.person.id_no: row.person for row in ledger.rows if row.damage is None}
        for id_no, person in people.items():
            if (key, id_no) not in held:
                yield AddPerson(key, person_fields(person))


def _spot(where: Place) -> tuple[str, str, int]:
    return Path(where.file).name, where.sheet, where.row


def _read_batches(rosters: list[Roster]) -> set[tuple[Batch, int]]:
    leaders = Counter(chain.from_iterable([roster.batch] * len(roster.leaders) for roster in rosters))
    return {(roster.batch, leaders[roster.batch]) for roster in rosters}


def _read_people(rosters: list[Roster]) -> dict[tuple[str, str, int], tuple[BatchKey, Person]]:
    return {
        _spot(one.where): (
            roster.batch.key,
            Person(one.name, one.id_no, one.phone, one.unit, one.category, one.id_type),
        )
        for roster in rosters
        for one in roster.people
    }


def _people_at(world: World) -> dict[tuple[str, str, int], tuple[BatchKey, Person]]:
    where = places(world)
    return {
        _spot(where[ledger.batch.key, at]): (ledger.batch.key, row.person)
        for ledger in world.ledgers
        for at, row in enumerate(ledger.rows)
        if row.damage is None
    }


def _miscounts(rosters: list[Roster]) -> dict[BatchKey, int]:
    off: Counter[BatchKey] = Counter()
    for roster in rosters:
        assert roster.declared is not None
        off[roster.batch.key] += roster.declared - len(roster.people) - len(roster.rejections)
    return {key: count for key, count in off.items() if count}


def _ids(world: World, key: BatchKey) -> set[str]:
    return {person.id_no for person in world.ledger(key).people}


def _of(truth: frozenset[Expected], ids: list[str]) -> set[Expected]:
    return {expected for expected in truth if expected.person_id_no in ids}


def _damaged(world: World, damage: Damage) -> list[tuple[Ledger, int]]:
    return [(led, at) for led in world.ledgers for at, row in enumerate(led.rows) if row.damage is damage]
