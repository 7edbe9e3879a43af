"""The law of the bridge, under random edits on both sides, random weather and power cuts.

After a run in good weather both sides agree wherever no hand has intervened online; what differs is an open
finding; a second run writes nothing. At any time: nothing is stored twice, nothing is sent that was not durable
in the journal first, only what offline says is written, and what a hand did online is never undone.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Mapping, Sequence

import orjson
import pytest
from hypothesis import currently_in_test_context, note
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from bridge import pipeline
from bridge.house import House
from bridge.resync import Wish
from schemas.finding import Code
from schemas.portal import Operation, Payload
from schemas.report import Report, RunState
from tests.adapters.fake_source import FakeSource
from tests.reliability.checker import check
from tests.reliability.lane import seeds
from tests.reliability.machines import FOLDER, STORMS, Counted, fuzz
from tests.reliability.offline import told
from tests.reliability.tiny import (
    FILE,
    IDS,
    KEY,
    MARKS,
    ONLY_BY_HAND,
    VALUES,
    WINDOW_S,
    Clock,
    Fuse,
    PowerCut,
    Sides,
    WeatheredPortal,
    house_of,
    new_journal,
    online_batch,
    online_person,
    open_cut,
    reading,
    wanted,
)

WHO = st.sampled_from(sorted(IDS))
VALUE = st.sampled_from(VALUES)
BASE = st.sampled_from((*VALUES, *VALUES, None))  # without a ledger there is little to go wrong
BY_HAND = st.sampled_from((*VALUES, ONLY_BY_HAND))
TURNS: dict[str, Callable[[WeatheredPortal], None]] = {
    "replies get lost": lambda portal: portal.lose_replies(2),
    "people are dropped in silence": lambda portal: portal.drop(1),
    "a record is refused": lambda portal: portal.refuse(1),
    "it stores late": lambda portal: portal.store_late(2, seconds=0.99 * WINDOW_S),
    "a request hangs": lambda portal: portal.hang(2.0 * WINDOW_S),
    "it is down": lambda portal: portal.go_down(0),
    "it goes down soon": lambda portal: portal.go_down(3),
    "it goes down later": lambda portal: portal.go_down(5),
}
REVIEWERS = WeatheredPortal.review, WeatheredPortal.give_back, WeatheredPortal.take_back, WeatheredPortal.hand_in
WEATHER = st.sets(st.sampled_from(sorted(TURNS)), min_size=1, max_size=2)
HEADER = ""
UNDECIDED = ("intent", "sending", "accepted", "exists", "unknown", "quarantined")


class Weather(Counted):
    """`touched` is whom a hand has touched online since both sides last agreed, `settled` what they agreed on."""

    def __init__(self) -> None:
        super().__init__()
        self.clock, self.fuse, self.source = Clock(), Fuse(), FakeSource()
        self.portal = WeatheredPortal(self.clock, self.fuse)
        self.portal.before_each = self.nothing_unheard_of_leaves
        self.file = new_journal(FOLDER, self.folder)
        self.journal = open_cut(self.file, self.fuse)
        self.offline: Sides = {}
        self.base: str | None = VALUES[0]
        self.touched: set[str] = set()
        self.settled: Sides = {}
        self.header_settled = False
        self.deleted: set[str] = set()
        self.last_good_day = self.both_sides()
        self.save_ledger()

    @initialize(people=st.sets(WHO), entered=st.booleans(), marks=st.booleans())
    def something_is_there_already(self, *, people: set[str], entered: bool, marks: bool) -> None:
        self.portal.change_marks = marks
        self.offline = dict.fromkeys(sorted(people), VALUES[0])
        self.save_ledger()
        if entered:
            self.good_day()

    # --- offline

    @rule(who=WHO, value=VALUE)
    def offline_says(self, who: str, value: str) -> None:
        self.offline[who] = value
        self.save_ledger()

    @rule(who=WHO)
    def offline_drops(self, who: str) -> None:
        self.offline.pop(who, None)
        self.deleted.discard(who)
        self.save_ledger()

    @rule(base=BASE)
    def ledger_names_another_base_or_is_gone(self, base: str | None) -> None:
        self.base = base
        self.deleted = set() if base is None else self.deleted
        self.save_ledger()

    def save_ledger(self) -> None:
        if self.base is not None:
            self.source.put(reading(self.offline, self.base))
        elif list(self.source.look()):
            self.source.take_away(FILE)

    # --- hands online

    @precondition(lambda self: self.portal.batch_id)
    @rule(who=WHO, value=BY_HAND)
    def hand_writes(self, who: str, value: str) -> None:
        held = self.portal.held()
        if who in held:
            self.portal.edit(held[who][0], unit=value)
        elif not self.portal.storing_late:
            self.portal.add(self.portal.batch_id, **online_person(who, value))
        self.touched.add(who)
        self.deleted.discard(who)

    @precondition(lambda self: self.portal.held())
    @rule(data=st.data())
    def hand_deletes(self, data: st.DataObject) -> None:
        held = self.portal.held()
        who = data.draw(st.sampled_from(sorted(held)))
        self.portal.delete(held[who][0])
        self.touched.add(who)
        if who in self.settled and who in self.wanted():
            self.deleted.add(who)

    @rule(base=BY_HAND)
    def hand_writes_the_header(self, base: str) -> None:
        if self.portal.batch_id:
            self.portal.edit_batch(self.portal.batch_id, base=base)
        elif not self.portal.storing_late:
            self.portal.add_batch(**online_batch(base, len(self.offline)))
            self.deleted.discard(HEADER)
        self.touched.add(HEADER)

    @precondition(lambda self: self.portal.batch_id)
    @rule()
    def hand_deletes_the_batch(self) -> None:
        held = self.portal.held()
        self.portal.delete_batch(self.portal.batch_id)
        self.touched |= {HEADER, *held}
        self.deleted |= {who for who in held if who in self.settled and who in self.wanted()}
        if self.header_settled and self.base is not None:
            self.deleted.add(HEADER)

    @precondition(lambda self: self.portal.batch_id)
    @rule(hand=st.sampled_from(REVIEWERS))
    def hand_reviews(self, *, hand: Callable[[WeatheredPortal, str], None]) -> None:
        hand(self.portal, self.portal.batch_id)

    # --- time and runs

    @rule(part=st.sampled_from((0.1, 0.6, 1.0)), reboot=st.booleans())
    def time_passes(self, *, part: float, reboot: bool) -> None:
        self.clock.passed_s += part * WINDOW_S
        if reboot:
            self.clock.reboot()

    @precondition(lambda self: self.wanted() or self.portal.held())
    @rule(runs=st.lists(st.tuples(WEATHER, st.none() | st.integers(0, 24)), min_size=1, max_size=2))
    def a_storm(self, runs: Sequence[tuple[set[str], int | None]]) -> None:
        """Runs close upon one another, each in weather of its own; some end in a power cut, after so many points."""
        for weather, points in runs:
            self.forgotten_on_both_sides()
            self.turn(weather)
            self.fuse.left = points
            try:
                pipeline.sync(self.house)
            except PowerCut:
                self.power_is_cut()
                self.journal.close()
                self.journal = open_cut(self.file, self.fuse)
            self.fuse.left = None

    def forgotten_on_both_sides(self) -> None:
        """A run may see that neither side has them any more: that was the end of what they agreed on."""
        wanted, held = self.wanted(), self.portal.held()
        self.settled = {who: unit for who, unit in self.settled.items() if who in wanted or who in held}
        self.header_settled = self.header_settled and (self.base is not None or self.portal.batch is not None)

    def turn(self, weather: set[str]) -> None:
        self.portal.clear_up()
        for name in sorted(weather):
            TURNS[name](self.portal)

    @rule(weather=WEATHER, wish=st.sampled_from((Wish(frozenset({KEY})), Wish(refused=True), Wish(unknown=True))))
    def somebody_asks_again(self, weather: set[str], wish: Wish) -> None:
        self.turn(weather)
        self.deleted.clear()
        self.forgotten_on_both_sides()
        if wish.batches:
            self.agreement_is_taken_back()
        pipeline.resync(self.house, wish)

    def agreement_is_taken_back(self) -> None:
        """Of what a hand has deleted and somebody asks for: it is entered anew, and agreed only once it is read back."""
        held = self.portal.held()
        self.settled = {who: unit for who, unit in self.settled.items() if who in held}
        self.header_settled = self.header_settled and bool(self.portal.batch_id)

    @precondition(lambda self: self.both_sides() != self.last_good_day)
    @rule()
    def a_run_in_good_weather(self) -> None:
        self.good_day()

    def good_day(self) -> Report:
        """The sky clears, the bridge starts again, and a settle window passes."""
        self.portal.clear_up()
        self.journal.deliveries.recover(self.clock.instant())
        self.clock.passed_s += WINDOW_S
        report = pipeline.sync(self.house)
        self.agree_or_say_why(report)
        self.last_good_day = self.both_sides()
        return report

    def a_second_run_writes_nothing(self, report: Report) -> Report:
        effects, calls = len(self.portal.effects), self.portal.calls.copy()
        second = pipeline.sync(self.house)
        writes = {name: count for name, count in (self.portal.calls - calls).items() if name in set(Operation)}
        assert not writes
        assert len(self.portal.effects) == effects
        assert second.state is report.state
        return second

    def teardown(self) -> None:
        try:
            self.the_checker_finds_nothing(self.a_second_run_writes_nothing(self.good_day()))
        finally:
            self.journal.close()
            shutil.rmtree(self.folder)

    # --- the law

    @invariant()
    def nothing_is_stored_twice(self) -> None:
        self.one_step_more()
        assert self.portal.stored_twice() == []

    def the_checker_finds_nothing(self, report: Report) -> None:
        self.portal.keep_ledger(self.folder)
        assert check(self.folder, self.file, wanted(self.wanted()), report=told(report)).violations == []

    def nothing_unheard_of_leaves(self, payload: Payload) -> None:
        """At the moment of each request: it is durable, says what offline says, and undoes nothing a hand did."""
        with sqlite3.connect(self.file) as journal:
            for serial in payload.serials:
                query = (
                    "SELECT state FROM attempt JOIN json_each(serials) JOIN revision ON serial = value WHERE serial=?"
                )
                assert {"sending"} == {state for (state,) in journal.execute(query, (serial,))}
        journal.close()
        for row in orjson.loads(payload.body)["rows"]:
            self.rightly_written(payload.operation, row["fields"])

    def rightly_written(self, operation: Operation, fields: Mapping[str, str]) -> None:
        held = self.portal.held()
        if operation in {Operation.SAVE_PEOPLE, Operation.UPDATE_PERSON}:
            who = fields["name"]
            assert fields == online_person(who, self.wanted()[who])
            assert operation is Operation.SAVE_PEOPLE or held[who][1] != ONLY_BY_HAND
            assert operation is Operation.UPDATE_PERSON or who not in self.deleted
        elif operation is not Operation.SUBMIT:
            assert self.base is not None
            assert fields == online_batch(self.base, len(self.offline))
            assert self.portal.batch is None or self.portal.batch["base"] != ONLY_BY_HAND
            assert operation is Operation.UPDATE_BATCH or HEADER not in self.deleted
        assert not self.portal.locked

    def agree_or_say_why(self, report: Report) -> None:
        wanted, held = self.wanted(), {who: value for who, (_, value) in self.portal.held().items()}
        tell(f"offline {wanted} {self.base}, online {held} {self.portal.batch}, {report.state}")
        said = {(seen.finding.person, seen.finding.code) for seen in self.journal.findings.open()}
        about = {person for person, _ in said}
        both = self.base is not None and self.portal.batch is not None
        for who in wanted.keys() | held.keys():
            if wanted.get(who) == held.get(who):
                self.touched.discard(who)
                self.settled[who] = held[who]
                continue
            assert (MARKS[who] if both else "") in about
            assert who not in wanted or self.justified(who, wanted[who])
        for who in IDS.keys() - wanted.keys() - held.keys():
            self.touched.discard(who)
            self.settled.pop(who, None)
        equal = self.header_agrees(about) and wanted == held
        assert equal or report.state is RunState.PARTIAL
        if equal and wanted and self.portal.draft:
            assert ("", Code.REVIEW_OUTSTANDING) in said
            assert report.state is RunState.PARTIAL
        self.nothing_is_undecided()

    def header_agrees(self, about: set[str]) -> bool:
        online = self.portal.batch
        if self.base is None and online is None:
            self.touched.discard(HEADER)
            self.header_settled = False
            return True
        if self.base is not None and online == online_batch(self.base, len(self.offline)):
            self.touched.discard(HEADER)
            self.header_settled = True
            return True
        assert "" in about
        if self.base is not None and self.offline:  # without people it is not entered
            refused = online_batch(self.base, len(self.offline)) in self.portal.refused
            assert HEADER in self.touched or self.portal.locked or refused
        return False

    def justified(self, who: str, value: str) -> bool:
        """A hand, a lock or a refusal stands behind the difference."""
        refused = online_person(who, value) in self.portal.refused
        header_refused = any("base" in fields for fields in self.portal.refused)
        not_there = self.portal.batch is None and (HEADER in self.touched or header_refused)
        return who in self.touched or self.portal.locked or refused or not_there

    def nothing_is_undecided(self) -> None:
        """More than the checker asks: here nothing has to wait, whatever a finding says."""
        with sqlite3.connect(self.file) as journal:
            states = {state for (state,) in journal.execute("SELECT DISTINCT state FROM revision")}
        journal.close()
        assert not states & set(UNDECIDED)

    def both_sides(self) -> tuple[object, ...]:
        portal = self.portal
        return dict(self.offline), self.base, portal.held(), dict(portal.batch or {}), portal.locked, portal.draft

    def wanted(self) -> Sides:
        return {} if self.base is None else self.offline

    @property
    def house(self) -> House:
        return house_of(self.source, self.portal, self.journal, self.clock)


def tell(text: str) -> None:
    if currently_in_test_context():
        note(text)


@pytest.mark.parametrize("storms", seeds(**STORMS, start=1))
def test_whatever_the_weather_both_sides_agree_after_a_good_day_and_nothing_is_stored_twice(storms: int) -> None:
    fuzz(Weather, storms)


def late_and_run_again(world: Weather) -> None:
    world.offline_says("甲", VALUES[0])
    world.a_storm([({"it stores late"}, None), (set(), None)])


def reboot_within_the_window(world: Weather) -> None:
    """The uptime of the new boot soon looks as if the window had passed."""
    world.offline_says("甲", VALUES[0])
    world.clock.passed_s, world.clock.boots = 5 * WINDOW_S, 1
    world.clock.reboot()
    world.a_storm([({"it stores late"}, None)])
    world.clock.reboot()
    world.time_passes(part=0.6, reboot=False)
    world.a_storm([(set(), None)])


def off_both_sides_and_on_again(world: Weather) -> None:
    world.offline_says("甲", VALUES[0])
    world.offline_says("乙", VALUES[0])
    world.good_day()
    world.offline_drops("甲")
    world.portal.delete(world.portal.held()["甲"][0])
    world.good_day()
    world.offline_says("甲", VALUES[0])


def refused_once(world: Weather) -> None:
    world.offline_says("甲", VALUES[0])
    world.good_day()
    world.offline_says("甲", VALUES[1])
    world.a_storm([({"a record is refused"}, None)])
    world.good_day()
    assert world.portal.held()["甲"][1] == VALUES[0]


def refused_for_review(world: Weather) -> None:
    world.offline_says("甲", VALUES[0])
    world.portal.before_each = lambda payload: world.portal.refuse(int(payload.operation is Operation.SUBMIT))
    pipeline.sync(world.house)
    world.portal.before_each = world.nothing_unheard_of_leaves
    assert world.good_day().state is RunState.PARTIAL
    assert world.portal.draft
    world.somebody_asks_again(set(), Wish(refused=True))
    assert world.good_day().state is RunState.COMPLETE


def taken_back_by_a_hand(world: Weather) -> None:
    world.offline_says("甲", VALUES[0])
    world.good_day()
    world.portal.take_back(world.portal.batch_id)
    assert world.good_day().state is RunState.PARTIAL
    world.somebody_asks_again(set(), Wish(frozenset({KEY})))
    assert world.good_day().state is RunState.COMPLETE


@pytest.mark.parametrize(
    "storm",
    [
        late_and_run_again,
        reboot_within_the_window,
        off_both_sides_and_on_again,
        refused_once,
        refused_for_review,
        taken_back_by_a_hand,
    ],
)
def test_the_law_holds_on_paths_that_chance_seldom_takes(storm: Callable[[Weather], None]) -> None:
    world = Weather()
    try:
        storm(world)
    finally:
        world.teardown()
    world.nothing_is_stored_twice()


@pytest.mark.parametrize("points", range(24))
def test_the_law_holds_wherever_the_power_is_cut_while_a_request_hangs(points: int) -> None:
    """It leaves long after it was intended: the settle window must begin with the restart."""
    world = Weather()
    world.offline_says("甲", VALUES[0])
    try:
        world.a_storm([({"a request hangs", "it stores late"}, points), (set(), None)])
    finally:
        world.teardown()
    world.nothing_is_stored_twice()
