"""A portal without an interface: what is exported, who has it in hand, and what alone proves that it is online."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bridge.findings.by_hand import UNREAD_DAYS
from bridge.pipeline import resync
from bridge.resync import Wish
from schemas.finding import Bucket, Case, Code
from schemas.journal import Carried
from schemas.portal import Operation, Payload, RefusedRow
from schemas.report import Report, RunState
from schemas.revision import State
from schemas.texts import T
from tests.unit.by_hand import DAY_S, WHO, WHY, HandWorld
from tests.unit.cast import BATCH, SPRING, A, B, C, another, damaged, key_of
from tests.unit.world import World, picture

A_MOVED = replace(A, phone="19900000009")
ALL_AGREE = "complete\noffline 2: agreed=2\nonline 2: agreed=2"
WAITS, UPLOADED = (Code.DUE, Case.WAITS), (Code.OUTCOME_UNKNOWN, Case.UPLOADED)
NOT_ENTERED, STALE = (Code.DUE, None), (Code.CHANGED_OFFLINE, Case.STALE)
MISSING = (Code.OUTCOME_UNKNOWN, Case.MISSING)
UNPLACED = (Code.OUTCOME_UNKNOWN, Case.UNPLACED)


@pytest.fixture
def world(tmp_path: Path) -> HandWorld:
    return HandWorld(tmp_path)


def exported(world: HandWorld) -> int:
    """How many files were written so far, the same one again counted again."""
    return sum(world.desk.written.values())


def test_a_new_batch_and_its_people_are_exported_in_one_run_and_wait_to_be_uploaded(world: HandWorld) -> None:
    world.ledger(A, B)
    report = world.sync()
    assert [payload.operation for payload in world.desk.outbox.values()] == [
        Operation.SAVE_BATCH,
        Operation.SAVE_PEOPLE,
    ]
    assert world.states() == {State.AWAITING_HUMAN: 3}
    assert (report.offline.buckets, world.said()) == ({Bucket.EXPORTED: 2}, [WAITS])


def test_an_exported_batch_is_no_acceptance_and_the_run_is_not_complete(world: HandWorld) -> None:
    world.ledger(A, B)
    report = world.sync()
    assert report.state is RunState.PARTIAL
    assert report.to_do == report.items
    assert report.banners == ("1 batches lie in the outbox to be uploaded, the oldest for 0 days.",)


@pytest.mark.parametrize("days", [0, 3, 30])
def test_nothing_is_exported_again_by_itself(world: HandWorld, days: int) -> None:
    world.ledger(A, B)
    world.sync()
    world.clock.pass_s(days * DAY_S)
    world.sync()
    assert exported(world) == 2


def test_a_file_that_waits_ages_and_then_is_overdue(world: HandWorld) -> None:
    world.ledger(A, B)
    world.sync()
    world.clock.pass_s(6 * DAY_S)
    [item] = world.sync().items
    assert (item.code, item.owner) == ("D02", "the operator")
    assert item.what == (
        "“测试工会 第一批” is 2 days overdue (due 2025-05-15); its files were exported 6 days ago"
        " and nobody has said that they are uploaded (2 people)."
    )


def test_said_to_be_uploaded_is_not_entered_until_an_export_shows_it(world: HandWorld) -> None:
    world.ledger(A, B)
    world.sync()
    world.upload()
    report = world.sync()
    assert world.states() == {State.ACCEPTED: 3}
    assert (report.offline.buckets, world.said()) == ({Bucket.UPLOADED: 2}, [NOT_ENTERED, UPLOADED])
    assert report.banners == ("1 batches were uploaded and are not read back yet, the oldest for 0 days.",)
    world.export()
    assert picture(world.sync()) == ALL_AGREE
    assert world.said() == []


def test_the_day_of_entry_is_that_of_the_export_which_proves_it(world: HandWorld) -> None:
    world.ledger(A, B)
    world.sync()
    world.upload()
    world.export()
    world.clock.pass_s(2 * DAY_S)
    [line] = world.sync().batches
    assert line.entry is not None
    assert line.entry.met_on == world.desk.inbox[-1].as_of.date() < world.clock.now.at.date()


def test_what_was_uploaded_and_not_read_back_for_days_becomes_the_federation_s(world: HandWorld) -> None:
    world.ledger(A, B)
    world.sync()
    world.upload()
    first = world.sync().items[0]
    world.clock.pass_s(UNREAD_DAYS * DAY_S)
    late = next(item for item in world.sync().items if item.code == "D15")
    assert (first.title, first.owner) == ("Uploaded, not read back", "the operator")
    assert (late.title, late.owner) == ("Uploaded long ago, not read back", "the federation")
    assert (late.id, late.first_seen) == (first.id, first.first_seen)
    assert f"{UNREAD_DAYS} days ago" in late.what


def test_a_reboot_makes_nothing_younger_that_waits_for_people(world: HandWorld) -> None:
    world.ledger(A, B)
    world.sync()
    world.upload()
    world.clock.pass_s(UNREAD_DAYS * DAY_S)
    world.clock.reboot()
    world.sync()
    assert (Code.OUTCOME_UNKNOWN, Case.UNREAD) in world.said()


def test_presence_is_a_proof_even_if_nobody_said_that_it_was_uploaded(world: HandWorld) -> None:
    world.ledger(A, B)
    world.sync()
    world.upload(told=False)
    world.export()
    assert picture(world.sync()) == ALL_AGREE
    assert world.states() == {State.AGREED: 3}


def test_absence_from_an_export_older_than_the_upload_says_nothing(world: HandWorld) -> None:
    world.ledger(A)
    world.entered()
    world.sync()
    world.ledger(A, B)
    world.sync()
    world.say_uploaded()
    world.sync()
    assert world.states() == {State.ACCEPTED: 2, State.AGREED: 2}  # B, and the head count of the header
    assert world.said() == [UPLOADED]


def test_absence_from_an_export_newer_than_the_upload_is_for_a_person_to_decide(world: HandWorld) -> None:
    world.ledger(A, B)
    world.sync()
    world.upload()
    world.desk.online.delete(online_id(world, B))
    world.export()
    report = world.sync()
    assert world.states() == {State.AGREED: 2, State.QUARANTINED: 1}
    assert (report.offline.buckets, world.said()) == ({Bucket.AGREED: 1, Bucket.UNKNOWN: 1}, [MISSING])
    world.clock.pass_s(9 * DAY_S)
    world.export()
    world.sync()
    assert exported(world) == 2


def online_id(world: HandWorld, who: object) -> str:
    [batch] = world.desk.online.batches(2025)
    people = world.desk.online.people(batch.online_id)
    return next(one.online_id for one in people if one.fields["name"] == who.name)  # type: ignore[attr-defined]


def test_a_missing_person_comes_back_into_the_outbox_only_when_the_file_is_void(world: HandWorld) -> None:
    world.ledger(A, B)
    world.sync()
    world.upload()
    world.desk.outbox.clear()
    world.desk.online.delete(online_id(world, B))
    world.export()
    world.sync()
    resync(world.house, Wish(frozenset({SPRING})))
    assert list(world.desk.outbox) == []
    [given_up] = world.void()
    assert (given_up.people, given_up.uploaded) == (1, True)
    world.sync()
    [again] = world.desk.outbox.values()
    assert (again.operation, len(again.serials)) == (Operation.SAVE_PEOPLE, 1)
    world.upload()
    world.export()
    assert picture(world.sync()) == ALL_AGREE


def test_a_void_file_is_exported_anew_under_the_next_number_and_never_before(world: HandWorld) -> None:
    world.ledger(A, B)
    world.sync()
    world.sync()
    assert exported(world) == 2
    [given_up] = world.void()
    assert (given_up.people, given_up.header, len(given_up.files)) == (2, True, 2)
    assert world.states() == {State.VOIDED: 3}
    world.sync()
    assert world.states() == {State.AWAITING_HUMAN: 3, State.VOIDED: 3}
    with world.journal.store.read() as connection:
        numbers = connection.exec_driver_sql("SELECT number FROM revision WHERE state='awaiting_human'").scalars()
        assert set(numbers) == {2}


def test_a_void_file_that_somebody_had_uploaded_is_found_online_and_not_exported(world: HandWorld) -> None:
    world.ledger(A, B)
    world.sync()
    world.upload(told=False)
    world.void()
    world.export()
    assert picture(world.sync()) == ALL_AGREE
    assert exported(world) == 2


def test_what_was_uploaded_before_it_was_void_and_changed_since_is_corrected_as_ours(world: HandWorld) -> None:
    world.ledger(A, B)
    world.sync()
    world.upload(told=False)
    world.desk.outbox.clear()
    world.void()
    world.ledger(A_MOVED, B)
    world.export()
    world.sync()
    [correction] = world.desk.outbox.values()
    assert correction.operation is Operation.UPDATE_PERSON


def test_a_header_that_was_uploaded_though_void_is_ours_to_correct(world: HandWorld) -> None:
    world.ledger(A, B)
    world.sync()
    world.upload(told=False)
    world.desk.outbox.clear()
    world.void()
    world.ledger(A, B, C)
    world.export()
    world.sync()
    assert Operation.UPDATE_BATCH in {payload.operation for payload in world.desk.outbox.values()}


def test_a_ledger_that_changes_makes_the_file_stale_and_exports_nothing(world: HandWorld) -> None:
    world.ledger(A, B)
    world.sync()
    world.ledger(A_MOVED, B)
    report = world.sync()
    assert exported(world) == 2
    assert world.said() == [WAITS, STALE]
    stale = next(item for item in report.items if item.code == "D17")
    assert "stale (1 records)" in stale.what
    assert "lxy-bridge void BATCH" in stale.next_step


def test_somebody_taken_off_the_ledger_makes_the_file_stale_too(world: HandWorld) -> None:
    world.ledger(A, B)
    world.sync()
    world.ledger(A)
    world.sync()
    [out] = world.journal.outgoing.carried()
    assert (out.people, out.stale) == (2, 2)  # B, and the head count of the header
    assert STALE in world.said()


def test_a_batch_stopped_by_the_check_makes_its_file_stale(world: HandWorld) -> None:
    world.ledger(A, B)
    world.sync()
    world.ledger(A, B, batch=replace(BATCH, base="名录之外的基地"))
    report = world.sync()
    assert (world.journal.outgoing.carried()[0].stale, STALE in world.said()) == (3, True)
    assert report.offline.buckets == {Bucket.EXPORTED: 2}


def test_a_stale_file_that_was_uploaded_is_corrected_once_it_is_read_back(world: HandWorld) -> None:
    world.ledger(A, B)
    world.sync()
    world.ledger(A_MOVED, B)
    world.sync()
    world.upload()
    world.desk.outbox.clear()
    world.export()
    world.sync()
    world.upload()
    world.export()
    assert picture(world.sync()) == ALL_AGREE


def test_a_portal_whose_import_overwrites_nobody_leaves_a_correction_to_people(tmp_path: Path) -> None:
    world = HandWorld(tmp_path, updates=False)
    world.ledger(A, B)
    world.entered()
    world.ledger(A_MOVED, B)
    world.sync()
    assert world.said() == [(Code.CHANGED_OFFLINE, None)]
    assert world.desk.outbox == {}


class Died(BaseException):
    """Nothing of the program runs after it."""


def dies(_payload: object) -> None:
    raise Died


@pytest.mark.parametrize("written", [False, True])
def test_a_stop_while_a_file_is_written_writes_the_same_bytes_again_and_leaves_nothing_unknown(
    world: HandWorld,
    written: bool,  # noqa: FBT001
) -> None:
    cut: list[bytes] = []

    def cut_short(payload: object) -> None:
        cut.append(payload.body)  # type: ignore[attr-defined]
        if written:
            world.desk.outbox[payload.path] = payload  # type: ignore[attr-defined, assignment]
        raise Died

    world.ledger(A, B)
    world.desk.writing = cut_short
    with pytest.raises(Died):
        world.sync()
    assert world.states() == {State.EXPORTED: 1}
    world.desk.writing = lambda _: None
    world.ledger(A_MOVED, B)  # a change meanwhile does not make another file of it
    world.sync()
    assert world.states() == {State.AWAITING_HUMAN: 3}
    assert next(iter(world.desk.outbox.values())).body == cut[0]
    assert set(world.desk.written.values()) == {1}


def test_a_file_cut_short_is_written_again_and_what_was_decided_meanwhile_of_its_people_stands(
    world: HandWorld,
) -> None:
    def people_cut_short(payload: Payload) -> None:
        if payload.operation is Operation.SAVE_PEOPLE:
            cut.append(payload)
            raise Died

    cut: list[Payload] = []
    world.ledger(A, B, C)
    world.sync()
    world.void()
    world.desk.writing = people_cut_short
    with pytest.raises(Died):
        world.sync()
    world.upload(told=False, refused={B.name})  # what was given up before: it says the same
    world.desk.online.delete(online_id(world, C))
    world.export()
    world.desk.writing = lambda _: None
    report = world.sync()
    assert world.desk.outbox[cut[0].path] == replace(cut[0], names=())
    assert world.states() == {State.AGREED: 2, State.AWAITING_HUMAN: 1, State.REFUSED: 1, State.VOIDED: 4}
    assert report.offline.buckets == {Bucket.AGREED: 1, Bucket.REFUSED: 1, Bucket.EXPORTED: 1}
    assert [item.words for item in report.items if item.words] == ["手机号码已被占用"]


def test_a_file_cut_short_that_cannot_be_written_now_is_the_same_file_in_the_next_run(world: HandWorld) -> None:
    """It may have been whole, and in somebody's hand."""
    world.ledger(A, B)
    world.desk.writing = dies
    with pytest.raises(Died):
        world.sync()
    world.desk.writing, world.desk.disk_full = lambda _: None, True
    world.ledger(A, B, C)
    report = world.sync()
    assert (report.state, world.states()) == (RunState.PARTIAL, {State.EXPORTED: 1})
    assert (Code.SILENCE, Case.UNFINISHED) in world.said()
    world.desk.disk_full = False
    world.sync()
    assert world.states() == {State.AWAITING_HUMAN: 4}


def test_a_file_cut_short_that_turns_up_online_is_not_written_again(world: HandWorld) -> None:
    world.ledger(A, B)
    world.desk.writing = dies
    with pytest.raises(Died):
        world.sync()
    world.desk.writing = lambda _: None
    world.typed_in(A, B)
    world.export()
    assert picture(world.sync()) == ALL_AGREE
    assert world.desk.written == {}


def test_the_people_of_a_header_that_is_out_are_exported_without_waiting_for_it(world: HandWorld) -> None:
    world.ledger(A, B)
    world.desk.writing = lambda _: setattr(world.desk, "disk_full", True)
    world.sync()
    assert world.states() == {State.AWAITING_HUMAN: 1, State.READY: 2}
    world.desk.disk_full = False
    world.sync()
    assert world.states() == {State.AWAITING_HUMAN: 3}


def test_a_full_disk_exports_nothing_and_the_next_run_does(world: HandWorld) -> None:
    world.ledger(A, B)
    world.desk.disk_full = True
    report = world.sync()
    assert (report.state, report.offline.buckets, world.states()) == (
        RunState.PARTIAL,
        {Bucket.PENDING: 2},
        {State.READY: 1},
    )
    world.desk.disk_full = False
    world.sync()
    assert world.states() == {State.AWAITING_HUMAN: 3}


@pytest.mark.parametrize(("trouble", "code"), [("unreadable", Code.SILENCE), ("export_changed", Code.DRIFT)])
def test_nobody_exports_who_could_not_look(world: HandWorld, trouble: str, code: Code) -> None:
    world.ledger(A, B)
    setattr(world.desk, trouble, True)
    world.sync()
    assert world.desk.outbox == {}
    assert world.said() == [NOT_ENTERED, (code, None)]


def test_into_a_changed_template_nothing_is_put_and_each_change_is_named(world: HandWorld) -> None:
    world.ledger(A)
    world.entered()
    world.ledger(A, B)
    world.desk.template_changed = True
    report = world.sync()
    assert (world.desk.outbox, report.state) == ({}, RunState.PARTIAL)
    assert sorted((item.what for item in report.items if item.code == "D19"), reverse=True) == [
        "The template or the interface has changed: The import template has changed:.",
        "The template or the interface has changed: The column 证件号码 is gone.",
    ]
    assert world.states() == {State.AGREED: 2}  # what an export shows is read back all the same


def test_a_file_of_the_inbox_that_nobody_can_use_is_said_and_holds_nothing_up(world: HandWorld) -> None:
    world.ledger(A, B)
    world.desk.faults = [T("The file {file} is not an export.", file="名单.xlsx")]
    report = world.sync()
    assert len(world.desk.outbox) == 2
    assert (Code.DRIFT, None) in world.said()
    assert report.state is RunState.PARTIAL


def test_an_older_export_put_into_the_inbox_takes_nothing_back(world: HandWorld) -> None:
    world.ledger(A)
    world.entered()
    world.ledger(A, B)
    world.entered()
    assert picture(world.sync()) == ALL_AGREE
    world.desk.inbox.append(world.desk.inbox[0])
    assert picture(world.sync()) == ALL_AGREE
    assert world.said() == []


def test_a_batch_that_an_export_leaves_out_is_not_taken_for_deleted(world: HandWorld) -> None:
    world.ledger(A, B)
    world.entered()
    assert picture(world.sync()) == ALL_AGREE
    world.clock.pass_s(1)
    world.desk.inbox.append(replace(world.desk.inbox[-1], as_of=world.clock.now.at, batches=()))
    assert picture(world.sync()) == ALL_AGREE


def test_somebody_deleted_online_is_found_in_the_next_export(world: HandWorld) -> None:
    world.ledger(A, B)
    world.entered()
    world.sync()
    world.desk.online.delete(online_id(world, B))
    world.export()
    world.sync()
    assert world.said() == [(Code.CHANGED_ONLINE, None)]
    assert world.desk.outbox == {}


def test_a_masked_export_proves_as_well(world: HandWorld) -> None:
    world.desk.mask = True
    world.ledger(A, B)
    world.entered()
    assert picture(world.sync()) == ALL_AGREE


def test_a_file_uploaded_twice_is_found_by_its_doubles(tmp_path: Path) -> None:
    world = HandWorld(tmp_path, updates=False)
    world.ledger(A, B)
    world.sync()
    world.upload()
    world.upload(told=False)
    world.export()
    report = world.sync()
    assert world.said() == [(Code.DUPLICATE_ONLINE, None)] * 2
    assert report.online.buckets == {Bucket.AGREED: 2, Bucket.DUPLICATE: 2}


def test_a_refused_row_comes_back_to_its_person_with_the_portal_s_words(world: HandWorld) -> None:
    world.ledger(A, B)
    world.sync()
    world.upload(refused={B.name})
    report = world.sync()
    assert world.states() == {State.ACCEPTED: 2, State.REFUSED: 1}
    [refused] = [item for item in report.items if item.words]
    assert (refused.code, refused.name, refused.words, refused.to_do) == ("D01", "乙*", "手机号码已被占用", True)
    assert report.offline.buckets == {Bucket.UPLOADED: 1, Bucket.REFUSED: 1}
    world.export()
    assert picture(world.sync()) == "partial\noffline 2: agreed=1 refused=1\nonline 1: agreed=1\nD01 乙*"
    assert exported(world) == 2


def test_a_refused_row_corrected_in_the_ledger_is_exported_and_its_old_error_file_says_no_more(
    world: HandWorld,
) -> None:
    world.ledger(A, B)
    world.sync()
    world.upload(refused={B.name})
    world.sync()
    world.desk.outbox.clear()
    world.ledger(A, replace(B, phone="19900000008"))
    world.sync()
    assert len(world.desk.outbox) == 0  # the header is not read back yet
    world.export()
    world.sync()
    [again] = world.desk.outbox.values()
    world.sync()
    assert world.states() == {State.AGREED: 2, State.AWAITING_HUMAN: 1, State.REFUSED: 1}
    world.upload()
    world.export()
    assert picture(world.sync()) == ALL_AGREE
    assert len(again.serials) == 1


def test_what_was_refused_is_exported_again_when_somebody_asks_for_it(world: HandWorld) -> None:
    world.ledger(A, B)
    world.sync()
    world.upload(refused={B.name})
    world.export()
    world.sync()
    world.desk.outbox.clear()
    resync(world.house, Wish(refused=True))
    [again] = world.desk.outbox.values()
    assert len(again.serials) == 1


@pytest.mark.parametrize("whose", ["masked", "nobody's"])
def test_a_refused_row_of_nobody_known_is_a_finding_and_never_a_guess(world: HandWorld, whose: str) -> None:
    world.ledger(A, B)
    world.sync()
    world.upload(refused={B.name}, masked=whose == "masked")
    if whose == "nobody's":
        world.desk.errors = [replace(world.desk.errors[0], id_no=C.id_no)]
    report = world.sync()
    assert UNPLACED in world.said()
    assert world.states() == {State.ACCEPTED: 3}
    [item] = [item for item in report.items if item.where]
    assert (item.where.row, item.words) == (world.desk.errors[0].row, "手机号码已被占用")


def test_a_refused_row_that_may_speak_of_two_batches_is_told_to_people(world: HandWorld) -> None:
    world.ledger(A)
    world.ledger(A, batch=another("第二批"))
    world.sync()
    world.clock.pass_s(1)
    row = RefusedRow("错误行.xlsx", 2, A.id_no, A.name, {}, "重复", world.clock.now.at)
    world.desk.errors = [row]
    world.sync()
    assert UNPLACED in world.said()
    world.desk.errors = [replace(row, batch={"name": "第二批", "year": "2025"})]
    world.sync()
    assert UNPLACED not in world.said()
    assert world.states() == {State.AWAITING_HUMAN: 3, State.REFUSED: 1}


def test_an_error_row_about_somebody_read_back_already_changes_nothing(world: HandWorld) -> None:
    world.ledger(A, B)
    world.entered()
    world.sync()
    world.clock.pass_s(1)
    world.desk.errors = [RefusedRow("错误行.xlsx", 2, A.id_no, A.name, {}, "重复", world.clock.now.at)]
    assert picture(world.sync()) == ALL_AGREE


def test_typed_in_with_a_slip_differs(world: HandWorld) -> None:
    world.ledger(A, B)
    world.sync()
    world.upload()
    world.desk.online.edit(online_id(world, A), phone="19900000007")
    world.export()
    assert picture(world.sync()).splitlines()[-1].startswith("D04 甲* moved never_agreed phone:")
    assert world.states() == {State.AGREED: 2, State.DIFFERS: 1}


def test_nothing_out_is_nothing_to_upload_and_nothing_to_give_up(world: HandWorld) -> None:
    world.ledger(A, B)
    assert world.say_uploaded() == world.void() == ()
    world.entered()
    world.sync()
    assert world.say_uploaded() == world.void() == ()
    assert picture(world.sync()) == ALL_AGREE


def test_who_when_and_why_are_kept(world: HandWorld) -> None:
    world.ledger(A, B)
    world.sync()
    world.say_uploaded()
    world.void()
    told = {
        (event.what, event.detail.get("by"), event.detail.get("why"))
        for event in world.journal.timeline.of_batch(SPRING)
        if event.what.startswith("by_hand")
    }
    assert told == {("by_hand.uploaded", WHO, None), ("by_hand.voided", WHO, WHY)}
    mine = [event.what for event in world.journal.timeline.of_person(key_of(A))]
    assert mine[-2:] == ["by_hand.uploaded", "by_hand.voided"]


def test_only_the_batch_that_was_named_is_touched(world: HandWorld) -> None:
    summer = another("第二批")
    world.ledger(A)
    world.ledger(B, batch=summer)
    world.sync()
    world.say_uploaded(summer.key)
    carried = world.journal.outgoing.carried()
    assert [(one.batch, one.uploaded) for one in carried] == [(SPRING, False), (summer.key, True)]


def test_once_there_is_an_interface_what_is_out_is_not_sent_there_before_it_is_given_up(tmp_path: Path) -> None:
    by_hand = HandWorld(tmp_path)
    by_hand.ledger(A, B)
    by_hand.sync()
    (tmp_path / "later").mkdir()
    later = World(tmp_path / "later")
    later.ledger(A, B)
    by_hand.house = replace(later.house, journal=by_hand.journal, clock=by_hand.clock)
    by_hand.sync()
    assert later.writes == {}
    by_hand.void()
    by_hand.sync()
    assert later.writes[Operation.SAVE_PEOPLE] == 1


def test_counting_days_never_goes_below_none(world: HandWorld) -> None:
    now = world.clock.now.at
    assert Carried(SPRING, False, now, 1, 0, header=False).days(now - timedelta(days=2)) == 0


def test_every_row_stands_in_one_bucket_whatever_is_out(world: HandWorld) -> None:
    world.ledger(A, B, C, leaders=1, rejections=[damaged()])
    world.sync()
    world.upload(refused={B.name})
    world.export()
    world.ledger(A_MOVED, B, C, leaders=2)
    for report in (world.sync(), world.sync()):
        assert conserved(report)


def conserved(report: Report) -> bool:
    return report.offline.conserved and report.online.conserved
