"""The law of the bridge where people carry files, under whatever they do with them, and power cuts.

After good weather both sides agree wherever no hand has intervened online; nothing is exported twice without a void
in between; a second run exports nothing. At any time: nothing is out that was not durable in the journal first.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import replace

import orjson
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from bridge import pipeline
from bridge.house import House
from schemas.finding import Case
from schemas.portal import Answer, Operation, Payload
from schemas.report import Report
from schemas.revision import OUT, State
from tests.adapters.fake_source import FakeSource
from tests.adapters.fake_workbook_portal import Export, FakeWorkbookPortal
from tests.reliability.checker import Bounds, check
from tests.reliability.lane import seeds
from tests.reliability.machines import CROWDS, FOLDER, Counted, fuzz
from tests.reliability.tiny import (
    IDS,
    KEY,
    MARKS,
    ONLY_BY_HAND,
    VALUES,
    Clock,
    Fuse,
    PowerCut,
    Sides,
    house_of,
    new_journal,
    online_batch,
    open_cut,
    reading,
)
from tests.unit.by_hand import BY_HAND

WHO = st.sampled_from(sorted(IDS))
VALUE = st.sampled_from(VALUES)
TO_CARRY = {Case.WAITS, Case.UPLOADED, Case.UNREAD, Case.MISSING, Case.STALE}
A_MINUTE_S = 60.0
A_HEADER = ""
DECIDED = {State.AGREED, State.DIFFERS, State.REFUSED}
STATES = "SELECT state, group_concat(serial, ' ') FROM revision GROUP BY state"
WAS_CUT = "SELECT run < (SELECT max(id) FROM run) FROM attempt WHERE path=? ORDER BY id DESC"


class CutWorkbookPortal(FakeWorkbookPortal):
    """The power may be cut before the file is written, and after it."""

    def __init__(self, clock: Clock, fuse: Fuse) -> None:
        super().__init__(lambda: clock.instant().at)
        self._fuse = fuse
        self.before_each: Callable[[Payload], None] = lambda _payload: None
        self.taken_in: Callable[[str, str], None] = lambda _who, _unit: None

    def _import(self, batch_id: str, fields: Mapping[str, str]) -> None:
        super()._import(batch_id, fields)
        self.taken_in(fields["name"], fields["unit"])

    def send(self, payload: Payload) -> Answer:
        self._fuse.burn()
        self.before_each(payload)
        answer = super().send(payload)
        self._fuse.burn()
        return answer


class ByHand(Counted):
    """`out` is the newest file of each that was written since the last void, `seen` what the last run was shown of the
    portal."""

    def __init__(self) -> None:
        super().__init__()
        self.clock, self.fuse, self.source = Clock(), Fuse(), FakeSource()
        self.desk = CutWorkbookPortal(self.clock, self.fuse)
        self.desk.before_each = self.nothing_unheard_of_is_written
        self.desk.taken_in = self.what_was_refused_is_uploaded_again
        self.file = new_journal(FOLDER, self.folder)
        self.journal = open_cut(self.file, self.fuse, BY_HAND)
        self.offline: Sides = {}
        self.out: dict[str, bytes] = {}
        self.touched: set[str] = set()
        self.seen: Mapping[str, Mapping[str, str]] = {}
        self.refused: set[tuple[str, str]] = set()
        self.settled: set[str] = set()
        self.save_ledger()

    # --- offline

    @rule(who=WHO, value=VALUE)
    def offline_says(self, who: str, value: str) -> None:
        self.offline[who] = value
        self.save_ledger()

    @rule(who=WHO)
    def offline_drops(self, who: str) -> None:
        self.offline.pop(who, None)
        self.save_ledger()

    def save_ledger(self) -> None:
        self.source.put(reading(self.offline, VALUES[0]))

    # --- people and files

    @precondition(lambda self: self.desk.outbox)
    @rule(data=st.data(), times=st.integers(1, 2), told=st.booleans(), refused=st.none() | WHO, masked=st.booleans())
    def somebody_uploads(
        self, data: st.DataObject, *, times: int, told: bool, refused: str | None, masked: bool
    ) -> None:
        """One file of those that lie there; and may be it is said, though others still lie there."""
        path = data.draw(st.sampled_from(sorted(self.desk.outbox)))
        self.touched |= self.older_than_what_is_out(self.desk.outbox[path])
        for _ in range(times):
            self.a_minute()
            before = len(self.desk.errors)
            self.desk.upload(path, refused={refused} if refused else (), masked=masked)
            self.refused |= {(row.name, _unit(self.desk.outbox[path], row.name)) for row in self.desk.errors[before:]}
        if told:
            self.somebody_says_uploaded()

    def older_than_what_is_out(self, payload: Payload) -> set[str]:
        """Of whom a newer file was written: whoever uploads this one puts an older content there, of their own accord."""
        return {who for who in _of(payload) if self.out[who] != payload.body}

    @rule()
    def somebody_says_uploaded(self) -> None:
        """It may be true."""
        self.a_minute()
        self.journal.outgoing.uploaded(KEY, by="王", now=self.clock.instant())

    @rule()
    def somebody_voids(self) -> None:
        """What was uploaded all the same, and no run has seen it there, is theirs from then on."""
        there = self.desk.listed()
        self.touched |= {who for who, fields in _contents(there).items() if self.seen.get(who) != fields}
        self.a_minute()
        self.journal.outgoing.void(KEY, by="王", why="重做", now=self.clock.instant())
        self.out.clear()
        self.desk.outbox.clear()

    @rule()
    def somebody_exports(self) -> None:
        self.a_minute()
        self.desk.export()

    @precondition(lambda self: len(self.desk.inbox) > 1)
    @rule()
    def somebody_puts_an_older_export_on_top(self) -> None:
        self.desk.inbox.append(self.desk.inbox[0])

    # --- hands online

    @precondition(lambda self: self.batch_id)
    @rule(who=WHO)
    def hand_edits(self, who: str) -> None:
        held = self.held()
        if who in held:
            self.desk.online.edit(held[who][0], unit=ONLY_BY_HAND)
            self.touched.add(who)

    @precondition(lambda self: self.batch_id)
    @rule(who=WHO)
    def hand_deletes(self, who: str) -> None:
        held = self.held()
        if who in held:
            self.desk.online.delete(held[who][0])
            self.touched.add(who)

    # --- runs

    @rule(points=st.none() | st.integers(0, 20))
    def a_run(self, points: int | None) -> None:
        self.a_minute()
        self.fuse.left = points
        try:
            self.sync()
        except PowerCut:
            self.power_is_cut()
            self.journal.close()
            self.journal = open_cut(self.file, self.fuse, BY_HAND)
        self.fuse.left = None

    def sync(self) -> Report:
        report = pipeline.sync(self.house)
        if self.desk.inbox:
            self.seen = _contents(self.desk.inbox[-1])
        return report

    def teardown(self) -> None:
        try:
            self.good_weather()
            assert check(self.folder, self.file, None, bounds=Bounds(by_hand=True)).violations == []
        finally:
            self.journal.close()
            shutil.rmtree(self.folder)

    def good_weather(self) -> None:
        """Whoever does as the findings say, three times over: export, give up what is not there, upload what is out."""
        self.desk.errors.clear()
        for _ in range(3):
            self.bring_back()
            if not self.desk.outbox and not TO_CARRY & self.cases():
                break
            never_there = Case.UPLOADED in self.cases() and not self.batch_id
            if never_there or any(case in {Case.MISSING, Case.STALE} for case in self.cases()):
                self.somebody_voids()
                self.sync()
            self.a_minute()
            self.desk.upload_all()
            self.somebody_says_uploaded()
        report = self.bring_back()
        self.agree_or_say_why(report)
        self.a_second_run_exports_nothing()

    def bring_back(self) -> Report:
        self.a_minute()
        self.desk.export()
        self.a_minute()
        return self.sync()

    def a_second_run_exports_nothing(self) -> None:
        before = self.desk.written.copy()
        pipeline.sync(self.house)
        assert self.desk.written == before

    # --- the law

    @invariant()
    def the_books_know_all_that_lies_there(self) -> None:
        self.one_step_more()
        with sqlite3.connect(self.file) as journal:
            paths = {path for (path,) in journal.execute("SELECT path FROM attempt")}
        journal.close()
        assert set(self.desk.outbox) <= paths

    @invariant()
    def what_was_decided_is_not_out_again(self) -> None:
        with sqlite3.connect(self.file) as journal:
            found = {State(state): set(serials.split()) for state, serials in journal.execute(STATES)}
        journal.close()
        assert not any(self.settled & found.get(state, set()) for state in OUT | {State.ACCEPTED, State.QUARANTINED})
        self.settled |= set().union(*(found.get(state, set()) for state in DECIDED))

    def nothing_unheard_of_is_written(self, payload: Payload) -> None:
        """At the moment of each file: it is durable, and nobody in it is out already, but for the same bytes again.

        One that a run was cut writing may have been whole, and in somebody's hand: it is written as it is, though somebody
        in it was decided on since.
        """
        with sqlite3.connect(self.file) as journal:
            query = "SELECT state FROM revision WHERE serial=?"
            states = {State(*journal.execute(query, (serial,)).fetchone()) for serial in payload.serials}
            [cut] = journal.execute(WAS_CUT, (payload.path,)).fetchone()
            assert {State.EXPORTED} <= states <= {State.EXPORTED} | (DECIDED if cut else set())
            free = {who for who in {A_HEADER, *IDS} if self.decided(journal, who)}
        journal.close()
        for who in _of(payload):
            assert who in free or self.out.get(who, payload.body) == payload.body
            self.out[who] = payload.body

    def what_was_refused_is_uploaded_again(self, who: str, unit: str) -> None:
        """Somebody did that of their own accord: from then on it is theirs, as what a hand has edited is."""
        if (who, unit) in self.refused:
            self.touched.add(who)

    def decided(self, journal: sqlite3.Connection, who: str) -> bool:
        """The file before this one was proven, refused or given up: all its revisions but the newest are decided."""
        person = bytes.fromhex(MARKS[who]) if who else b""
        query = "SELECT state FROM revision WHERE person=? ORDER BY number DESC LIMIT -1 OFFSET 1"
        states = {State(state) for (state,) in journal.execute(query, (person,))}
        with_one_before = journal.execute("SELECT count(*) FROM revision WHERE person=?", (person,)).fetchone()[0] > 1
        return with_one_before and not states & {
            State.EXPORTED,
            State.AWAITING_HUMAN,
            State.ACCEPTED,
            State.QUARANTINED,
        }

    def agree_or_say_why(self, report: Report) -> None:
        held = {who: unit for who, (_, unit) in self.held().items()}
        about = {seen.finding.person for seen in self.journal.findings.open()}
        header_there = bool(self.batch_id)
        for who in self.offline.keys() | held.keys():
            if self.offline.get(who) == held.get(who):
                continue
            assert MARKS[who] in about or (not header_there and "" in about)
            assert who in self.touched or who not in self.offline or self.was_refused(who)
        if self.offline and self.desk.online._batches[self.batch_id].fields != online_batch(
            VALUES[0], len(self.offline)
        ):
            assert "" in about
            assert A_HEADER in self.touched
        assert report.offline.conserved
        assert report.online.conserved
        assert not TO_CARRY & self.cases()

    def was_refused(self, who: str) -> bool:
        return (who, self.offline[who]) in self.refused

    def cases(self) -> set[Case | None]:
        return {seen.finding.case for seen in self.journal.findings.open()}

    def a_minute(self) -> None:
        self.clock.passed_s += A_MINUTE_S

    @property
    def batch_id(self) -> str:
        return next(iter(self.desk.online._batches), "")

    def held(self) -> dict[str, tuple[str, str]]:
        people = self.desk.online._people.get(self.batch_id, {})
        who = {id_no: name for name, id_no in IDS.items()}
        return {who[fields["id_no"]]: (online_id, fields["unit"]) for online_id, fields in people.items()}

    @property
    def house(self) -> House:
        house = house_of(self.source, self.desk, self.journal, self.clock)
        return replace(house, desk=self.desk, rules=replace(house.rules, by_hand=True))


def _contents(export: Export) -> dict[str, Mapping[str, str]]:
    """Person (and the header) → what the portal says of them."""
    contents: dict[str, Mapping[str, str]] = {}
    for batch, people in export.batches:
        contents[A_HEADER] = batch.fields
        contents |= {one.fields["name"]: one.fields for one in people}
    return contents


def _of(payload: Payload) -> list[str]:
    if payload.operation in {Operation.SAVE_BATCH, Operation.UPDATE_BATCH}:
        return [A_HEADER]
    return [row["fields"]["name"] for row in orjson.loads(payload.body)["rows"]]


def _unit(payload: Payload, who: str) -> str:
    rows = orjson.loads(payload.body)["rows"]
    return next(row["fields"]["unit"] for row in rows if row["fields"]["name"] == who)


@pytest.mark.parametrize("crowd", seeds(**CROWDS, start=101))
def test_whatever_people_do_with_the_files_both_sides_agree_and_nothing_is_exported_twice(crowd: int) -> None:
    fuzz(ByHand, crowd)
