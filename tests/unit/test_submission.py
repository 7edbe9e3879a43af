"""Handing a batch in for review: whoever can settle what became of it is told, and no run is complete before that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.pipeline import compare, resync
from bridge.resync import Wish
from schemas.finding import Case, Code
from schemas.outcome import Outcome
from schemas.portal import Answer, DeliveryClass, OnlineStatus, Operation
from schemas.report import Item, Report, RunState
from schemas.revision import SUBMISSION, State
from tests.unit.cast import SPRING, A, B
from tests.unit.world import World, picture

ALL_AGREE = "complete\noffline 2: agreed=2\nonline 2: agreed=2"
SPRING_ONLY = Wish(batches=frozenset({SPRING}))
REFUSED, TAKEN_BACK, RETURNED = (
    (Code.REVIEW_OUTSTANDING, Case.REFUSED),
    (Code.REVIEW_OUTSTANDING, Case.TAKEN_BACK),
    (Code.REVIEW_OUTSTANDING, Case.RETURNED),
)
IN_DOUBT, ASK, VOUCHED = (
    (Code.OUTCOME_UNKNOWN, Case.SUBMISSION),
    (Code.OUTCOME_UNKNOWN, Case.SUBMISSION_ASK),
    (Code.OUTCOME_UNKNOWN, Case.SUBMISSION_VOUCHED),
)

Told = tuple[RunState, list[tuple[str, Case | None]]]


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.ledger(A, B)
    return world


def told(report: Report) -> Told:
    return report.state, [(item.code, item.case) for item in report.items]


def partial(*found: tuple[str, Case]) -> Told:
    return RunState.PARTIAL, list(found)


def sync_without_an_answer(world: World) -> Report:
    """One sync whose submission never arrives, and nobody knows."""
    world.when_sent(Operation.SUBMIT, lambda _: world.portal.store_late(1, seconds=10**9))
    return world.sync()


def in_quarantine(tmp_path: Path) -> World:
    """Of a portal that cannot be asked (K4): the submission was lost, and the waiting time is over."""
    world = World(tmp_path, delivery_class=DeliveryClass.K4)
    world.ledger(A, B)
    sync_without_an_answer(world)
    world.settle()
    world.sync()
    return world


def say(world: World, *, stored: bool) -> None:
    now = world.clock.instant()
    doubts = [one for one in world.journal.word.of_batch(SPRING, people=False, now=now) if one.open]
    assert [one.person for one in doubts] == [SUBMISSION]
    world.journal.word.decide(doubts, stored=stored, by="测试", now=now)


def asked(world: World, wish: Wish) -> tuple[str, Counter[str]]:
    with world.written() as calls:
        report = resync(world.house, wish)
    return picture(report), calls


def test_a_submission_that_is_refused_is_told_with_the_portal_s_words_until_somebody_asks_again(world: World) -> None:
    [item] = world.sync_with_refused(Operation.SUBMIT).items
    assert item.what == (
        "The portal refused to take “测试工会 第一批” in for review; online it is a draft still (due 2025-05-15)."
    )
    assert (item.words, item.owner, item.unit, item.to_do) == ("参数错误", "the organiser", "测试工会", True)
    assert "lxy-bridge resync --refused" in item.next_step
    with world.written() as calls:
        assert told(world.sync()) == partial(REFUSED)
    assert calls == {}
    assert asked(world, Wish(refused=True)) == (ALL_AGREE, {Operation.SUBMIT: 1})
    assert world.run() == ALL_AGREE


def test_what_the_portal_says_it_has_and_shows_as_a_draft_is_told_as_refused(world: World) -> None:
    def answering(answer: Answer) -> Answer:
        verdicts = {
            key: replace(said, outcome=Outcome.EXISTS, words="请不要重复上报") for key, said in answer.verdicts.items()
        }
        return replace(answer, verdicts=verdicts)

    def act(_: object) -> None:
        world.portal.refuse(1)
        world.portal.answering = answering

    world.when_sent(Operation.SUBMIT, act)
    report = world.sync()
    assert (told(report), report.items[0].words) == (partial(REFUSED), "请不要重复上报")


def test_a_refused_batch_that_somebody_hands_in_online_is_settled(world: World) -> None:
    world.sync_with_refused(Operation.SUBMIT)
    world.portal.hand_in(world.batch_id())
    assert world.run() == ALL_AGREE


def test_a_submission_of_which_nobody_knows_is_told_and_asked_for_when_its_window_has_passed(world: World) -> None:
    [item] = sync_without_an_answer(world).items
    assert item.what == "“测试工会 第一批” was handed in for review; whether the portal took it is not known."
    assert (item.owner, item.to_do) == ("the operator", True)
    assert "lxy-bridge resync --unknown" in item.next_step
    assert told(resync(world.house, Wish(unknown=True))) == partial(IN_DOUBT)
    world.settle()
    assert asked(world, Wish(unknown=True)) == (ALL_AGREE, {Operation.SUBMIT: 1})


def test_a_submission_taken_though_its_answer_was_lost_is_nobody_s_finding(world: World) -> None:
    world.when_sent(Operation.SUBMIT, lambda _: world.portal.lose_replies(1))
    assert (world.run(), world.writes[Operation.SUBMIT]) == (ALL_AGREE, 1)


def test_where_the_portal_cannot_be_asked_a_person_is_and_the_text_names_the_command(tmp_path: Path) -> None:
    world = in_quarantine(tmp_path)
    with world.written() as calls:
        report = world.sync()
    assert (told(report), calls) == (partial(ASK), {})
    assert 'lxy-bridge settle "测试工会 第一批" --stored --by WHO' in report.items[0].next_step


def test_a_submission_somebody_says_is_absent_is_handed_in_by_the_next_run(tmp_path: Path) -> None:
    world = in_quarantine(tmp_path)
    say(world, stored=False)
    with world.written() as calls:
        assert world.run() == ALL_AGREE
    assert calls == {Operation.SUBMIT: 1}


def test_a_submission_somebody_vouches_for_stays_open_asks_for_nothing_and_ends_by_reading_back(tmp_path: Path) -> None:
    world = in_quarantine(tmp_path)
    say(world, stored=True)
    report = world.sync()
    assert (told(report), report.items[0].to_do) == (partial(VOUCHED), False)
    world.portal.hand_in(world.batch_id())
    assert world.run() == ALL_AGREE


def test_a_word_the_portal_belies_is_asked_for_again(world: World) -> None:
    sync_without_an_answer(world)
    say(world, stored=True)
    assert told(world.sync()) == partial(VOUCHED)
    world.settle()
    assert told(world.sync()) == partial(ASK)


def test_a_quarantined_submission_is_handed_in_when_its_batch_is_asked_for(tmp_path: Path) -> None:
    assert asked(in_quarantine(tmp_path), SPRING_ONLY) == (ALL_AGREE, {Operation.SUBMIT: 1})


def test_a_batch_taken_back_to_a_draft_is_told_and_handed_in_only_because_somebody_asked(world: World) -> None:
    world.sync()
    world.portal.take_back(world.batch_id())
    with world.written() as calls:
        report = world.sync()
    assert (told(report), calls) == (partial(TAKEN_BACK), {})
    assert 'lxy-bridge resync "测试工会 第一批"' in report.items[0].next_step
    assert asked(world, Wish(refused=True))[1] == {}
    assert asked(world, SPRING_ONLY) == (ALL_AGREE, {Operation.SUBMIT: 1})


def test_what_is_entered_and_not_handed_in_yet_is_said_and_nothing_is_complete_before_it_is(world: World) -> None:
    world.when_sent(Operation.SAVE_PEOPLE, lambda _: setattr(world.stop, "requested", True))
    world.sync()
    world.stop.requested = False
    looked = compare(world.house)
    assert (told(looked), len(looked.banners)) == ((RunState.PARTIAL, []), 1)
    assert looked.banners[0].startswith("1 batches are entered and not yet handed in for review")
    assert world.run() == ALL_AGREE


def test_a_batch_its_reviewer_sent_back_is_told_until_somebody_hands_it_in_again(world: World) -> None:
    world.sync()
    world.portal.give_back(world.batch_id())
    with world.written() as calls:
        report = world.sync()
    assert told(report) == partial(RETURNED)
    assert (report.items[0].due, report.items[0].hours_left) == (None, None)  # it was entered in time
    assert calls == asked(world, SPRING_ONLY)[1] == {}
    world.ledger(A, replace(B, phone="19900000009"))
    with world.written() as calls:
        assert told(world.sync()) == partial(RETURNED)
    assert calls == {Operation.UPDATE_PERSON: 1}
    world.portal.hand_in(world.batch_id())
    assert world.run() == ALL_AGREE


@pytest.mark.parametrize("hand", ["hand_in", "review"])
def test_what_was_handed_in_online_is_not_handed_in_again_whoever_asks(world: World, hand: str) -> None:
    world.sync_with_refused(Operation.SUBMIT)
    getattr(world.portal, hand)(world.batch_id())
    assert asked(world, SPRING_ONLY) == (ALL_AGREE, {})
    [batch] = world.journal.deliveries.batches()
    assert batch.submission
    assert batch.submission.state is State.REFUSED


def test_nobody_is_told_to_review_what_the_portal_did_not_take(world: World) -> None:
    world.house = replace(world.house, rules=replace(world.house.rules, reviewed_online=True))
    assert told(world.sync_with_refused(Operation.SUBMIT)) == partial(REFUSED)
    resync(world.house, Wish(refused=True))
    [item] = world.sync().items
    assert (item.case, item.to_do) == (None, False)


def test_the_doubt_about_a_submission_and_the_header_s_own_are_two_findings(world: World) -> None:
    sync_without_an_answer(world)
    world.ledger(A, B, leaders=1)
    world.portal.store_late(1, seconds=10**9)
    found = {item.case: item for item in world.sync().items if item.code == Code.OUTCOME_UNKNOWN}
    assert found.keys() == {None, Case.SUBMISSION}
    assert len({item.id for item in found.values()}) == 2


def ledger_is_gone(world: World) -> None:
    world.source.take_away("rosters/第一批.xlsx")


def batch_is_deleted(world: World) -> None:
    world.portal.delete_batch(world.batch_id())


@pytest.mark.parametrize("act", [ledger_is_gone, batch_is_deleted])
def test_of_a_batch_that_one_side_has_lost_only_that_is_told(world: World, act: Callable[[World], None]) -> None:
    world.sync_with_refused(Operation.SUBMIT)
    act(world)
    assert Case.REFUSED not in {item.case for item in world.sync().items}


def test_a_finding_of_a_submission_is_one_however_often_it_is_seen(world: World) -> None:
    def of(report: Report) -> Item:
        [item] = report.items
        return item

    first = of(world.sync_with_refused(Operation.SUBMIT))
    world.clock.pass_s(3600)
    again = of(world.sync())
    assert (again.id, again.first_seen) == (first.id, first.first_seen)
    world.portal.hand_in(world.batch_id())
    world.sync()
    assert [seen.finding.id for seen in world.journal.findings.settled_since(None)] == [first.id]
    assert world.journal.deliveries.batches()[0].status is OnlineStatus.SUBMITTED
