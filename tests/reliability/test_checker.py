"""The checker itself: a sound world passes, and for each invariant a world that violates it is told."""

from __future__ import annotations

import ast
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.reliability import checker, conduct, invariants
from tests.reliability.checker import Bounds, check

BATCH = "2025/演练总工会/第一批"
ONE, TWO = "digest of one", "digest of two"
WANTED = {(BATCH, ONE): {"laborName": "车间"}, (BATCH, TWO): {"laborName": "班组"}}
SCHEMA = """
CREATE TABLE row (id INTEGER PRIMARY KEY, kind TEXT, batch TEXT, person BLOB, file TEXT, sealed BLOB);
CREATE TABLE superseded (batch TEXT, file TEXT, by_file TEXT);
CREATE TABLE pair (batch TEXT, person BLOB, mark_offline BLOB, mark_online BLOB, mark_agreed BLOB);
CREATE TABLE held (batch TEXT, person BLOB);
CREATE TABLE batch (key TEXT, ours INTEGER, blocked INTEGER, mark_offline BLOB, status TEXT);
CREATE TABLE revision (batch TEXT, person BLOB, number INTEGER, serial TEXT, state TEXT);
CREATE TABLE attempt (id INTEGER PRIMARY KEY, run INTEGER, batch TEXT, intent_at TEXT, sent_at TEXT, ended_at TEXT,
    tries INTEGER, seen TEXT, serials TEXT, operation TEXT);
CREATE TABLE event (id INTEGER PRIMARY KEY, at TEXT, batch TEXT, person BLOB, what TEXT, serials TEXT);
CREATE TABLE finding (id TEXT, code TEXT, batch TEXT, person BLOB, state TEXT);
CREATE TABLE run (id INTEGER PRIMARY KEY, business_date TEXT, kind TEXT, started_at TEXT, ended_at TEXT, state TEXT,
    numbers TEXT);
"""


def at(second: float) -> str:
    return f"2025-05-20T06:30:{second:06.3f}+08:00"


class World:
    """Two people of one batch, entered by one run and read back equal, as it lies on the disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.offline: dict[tuple[str, str], dict[str, str]] = dict(WANTED)
        self.bounds = Bounds()
        self.report: dict[str, Any] | None = None
        self.effects = [
            self.effect("batch_created", "s0", "", at(2.0), id="7"),
            self.effect("person_created", "s1", ONE, at(3.0), id="1", laborName="车间"),
            self.effect("person_created", "s2", TWO, at(3.0), id="2", laborName="班组"),
        ]
        self.requests = [self.request(1, 2.0), self.request(2, 3.0)]
        self.journal = sqlite3.connect(folder / "journal.db", isolation_level=None)
        self.journal.executescript(SCHEMA)
        self.put("batch", BATCH, 1, 0, b"h", "submitted")
        for number, (who, serial) in enumerate(((b"one", "s1"), (b"two", "s2")), start=1):
            self.put("row", number, "participant", BATCH, who, "list", None)
            self.put("pair", BATCH, who, serial.encode(), serial.encode(), serial.encode())
            self.put("revision", BATCH, who, 1, serial, "agreed")
        self.put("revision", BATCH, b"", 1, "s0", "agreed")
        self.put("attempt", 1, 1, BATCH, at(1.9), at(1.9), at(2.1), 1, "answered:P00000", '["s0"]', "save_batch")
        self.put("attempt", 2, 1, BATCH, at(2.9), at(2.9), at(3.1), 1, "answered:P00000", '["s1", "s2"]', "save_people")
        self.put("event", 1, at(3.1), BATCH, None, "save_people.accepted", '["s1", "s2"]')
        self.put("event", 2, at(4.0), BATCH, b"one", "read_back.agreed", None)
        self.put("event", 3, at(4.0), BATCH, b"two", "read_back.agreed", None)
        self.put("run", 1, "2025-05-20", "sync", at(1.0), at(5.0), "complete", '{"agreed": 2}')

    def effect(self, kind: str, serial: str, person: str, when: str, **content: str) -> dict[str, Any]:
        return {
            "at": when,
            "effect": kind,
            "by_hand": False,
            "id": content["id"],
            "serial": serial,
            "batch": BATCH,
            "person": person,
            "content": content,
        }

    def request(self, seq: int, when_s: float, **changes: Any) -> dict[str, Any]:
        times = {"when": at(when_s), "at": when_s, "answered_at": when_s + 0.1}
        asked = {"method": "POST", "path": "/recuperation/person/saveBatch", "key": ""}
        return {"seq": seq, **times, **asked, "status": 200, "retry_after_s": None, **changes}

    def put(self, table: str, *values: object) -> None:
        self.journal.execute(f"INSERT INTO {table} VALUES ({','.join('?' * len(values))})", values)

    def do(self, statement: str, *values: object) -> None:
        self.journal.execute(statement, values)

    def checked(self) -> list[str]:
        self.journal.close()
        for name, rows in (("effects", self.effects), ("requests", self.requests)):
            text = "".join(json.dumps(row) + "\n" for row in rows)
            (self.folder / f"{name}.jsonl").write_text(text, encoding="utf-8")
        found = check(self.folder, self.folder / "journal.db", self.offline, bounds=self.bounds, report=self.report)
        return found.violations


def test_a_sound_world_violates_nothing(tmp_path: Path) -> None:
    assert World(tmp_path).checked() == []


def serial_twice(world: World) -> None:
    world.effects.append(world.effect("person_updated", "s1", ONE, at(3.5), id="1", laborName="车间"))


def stored_twice(world: World) -> None:
    world.put("attempt", 3, 1, BATCH, at(3.2), at(3.2), None, None, None, '["s3"]', "save_people")
    world.effects.append(world.effect("person_created", "s3", ONE, at(3.5), id="3", laborName="车间"))


def lied_about(world: World) -> None:
    """The journal holds for agreed what the portal never had."""
    world.effects[1]["person"] = world.effects[1]["serial"] = ""


def stored_otherwise(world: World) -> None:
    world.effects[1]["content"]["laborName"] = "别处"


def never_intended(world: World) -> None:
    world.do("UPDATE attempt SET serials='[\"s2\"]' WHERE id=2")


def intended_afterwards(world: World) -> None:
    world.do("UPDATE attempt SET sent_at=? WHERE id=2", at(3.9))


def handed_in_twice(world: World) -> None:
    world.put("attempt", 3, 1, BATCH, at(3.2), at(3.2), at(3.3), 1, "answered:P00000", "[]", "submit")
    world.effects += [world.effect("batch_submitted", "", "", at(second), id="7") for second in (3.25, 3.3)]


def intents_out_of_order(world: World) -> None:
    world.do("UPDATE attempt SET intent_at=? WHERE id=1", at(2.95))


def row_without_a_wish(world: World) -> None:
    world.put("row", 3, "participant", BATCH, b"three", "list", None)


def wish_without_a_row(world: World) -> None:
    world.do("DELETE FROM row WHERE id=2")


def row_of_no_kind(world: World) -> None:
    world.put("row", 3, "ghost", BATCH, b"one", "list", None)


def set_aside_for_nothing(world: World) -> None:
    world.put("superseded", BATCH, "old list", "a list that is gone")


def set_aside_for_itself(world: World) -> None:
    world.put("superseded", BATCH, "list", "list")
    world.do("DELETE FROM pair")


def waiting_without_a_reason(world: World) -> None:
    world.put("row", 3, "participant", BATCH, b"three", "list", None)
    world.put("pair", BATCH, b"three", b"m", None, None)


def lost_in_silence(world: World) -> None:
    world.offline[BATCH, "digest of three"] = {"laborName": "车间"}


def sent_again_while_unknown(world: World) -> None:
    world.do("UPDATE event SET what='save_people.unknown' WHERE id=1")
    world.do("UPDATE event SET what='save_people.accepted' WHERE id=2")


def sent_again_after_a_crash(world: World) -> None:
    world.do("UPDATE event SET what='recovered.unknown', person=?, serials=NULL WHERE id=1", b"one")
    world.do("UPDATE event SET what='save_people.accepted' WHERE id=2")


def refused_again_by_reading(world: World) -> None:
    world.do("UPDATE event SET what='read_back.ready' WHERE id=2")
    world.do("UPDATE event SET what='save_people.refused' WHERE id=1")


def still_unknown(world: World) -> None:
    world.do("UPDATE revision SET state='unknown' WHERE serial='s1'")


def waits_for_a_person_in_silence(world: World) -> None:
    world.do("UPDATE revision SET state='quarantined' WHERE serial='s1'")


def two_runs_at_once(world: World) -> None:
    world.put("run", 2, "2025-05-20", "sync", at(2.5), at(5.5), "complete", '{"agreed": 2}')
    world.do("UPDATE attempt SET ended_at=? WHERE id=1", at(3.5))
    world.do("UPDATE attempt SET run=2 WHERE id=2")


def an_old_run_wakes(world: World) -> None:
    world.put("run", 2, "2025-05-20", "sync", at(2.5), at(5.5), "complete", '{"agreed": 2}')
    world.do("UPDATE attempt SET run=2 WHERE id=1")


def too_early(world: World) -> None:
    world.requests[0] |= {"status": 429, "retry_after_s": 5}


def tried_too_often(world: World) -> None:
    world.do("UPDATE attempt SET tries=5 WHERE id=2")


def beyond_the_budget(world: World) -> None:
    world.bounds = Bounds(budget=0)
    world.do("UPDATE attempt SET tries=4 WHERE id=2")


def writes_nobody_intended(world: World) -> None:
    world.requests += [world.request(seq, 3.0 + seq) for seq in range(3, 9)]


def keyed_too_often(world: World) -> None:
    world.bounds = Bounds(keyed=True)
    world.requests += [world.request(seq, 3.0 + seq, key="k1") for seq in range(3, 9)]


def more_keys_than_attempts(world: World) -> None:
    world.bounds = Bounds(keyed=True)
    world.requests += [world.request(seq, 3.0 + seq, key=f"k{seq}") for seq in range(3, 6)]


def twice_on_one_date(world: World) -> None:
    world.bounds = Bounds(daily=("sync",))
    world.put("run", 2, "2025-05-20", "sync", at(6.0), at(7.0), "partial", '{"agreed": 2}')


def numbers_made_up(world: World) -> None:
    world.do("UPDATE run SET numbers='{\"agreed\": 3}'")


def buckets_that_do_not_add_up(world: World) -> None:
    side = {"rows": 2, "buckets": {"agreed": 2}}
    world.report = {"offline": side, "online": {"rows": 3, "buckets": {"agreed": 2}}}


def rows_of_another_report(world: World) -> None:
    side = {"rows": 2, "buckets": {"agreed": 2}}
    world.report = {"offline": {"rows": 3, "buckets": {"agreed": 2, "damaged": 1}}, "online": side}


def left_a_draft(world: World) -> None:
    world.do("UPDATE batch SET status='draft'")
    world.put("revision", BATCH, b"submission", 1, "s9", "refused")


VIOLATIONS: dict[Callable[[World], None], str] = {
    serial_twice: "I1: a serial had more than one effect",
    stored_twice: "I1: stored twice",
    lied_about: "I2: agreed, and nothing of it in the ledger",
    stored_otherwise: "I2: held for equal, and online it is not",
    never_intended: "I3: an effect of a serial that was never intended",
    intended_afterwards: "I3: an effect before its attempt was durable (2 times)",
    handed_in_twice: "I3: handed in, and never intended",
    intents_out_of_order: "I3: attempts are not in the order of their intents",
    row_without_a_wish: "I4: a row that nobody wants",
    wish_without_a_row: "I4: somebody wanted who is in no row",
    row_of_no_kind: "I4: rows of a kind nobody knows: ghost",
    set_aside_for_nothing: "I4: a list is set aside for one that does not stand",
    set_aside_for_itself: "I4: a list is set aside for one that does not stand",
    waiting_without_a_reason: "I4: somebody is wanted and not equal, and nothing says why",
    lost_in_silence: "I4 (lost): offline has somebody whom online has not, or not equal, and no finding says so",
    sent_again_while_unknown: "I5: unknown → save_people.accepted",
    sent_again_after_a_crash: "I5: unknown → save_people.accepted",
    refused_again_by_reading: "I5: refused → read_back.ready",
    still_unknown: "I6: still unknown",
    waits_for_a_person_in_silence: "I6: still quarantined",
    two_runs_at_once: "I7: two runs send at the same time",
    an_old_run_wakes: "I7: a run sends after the next one has begun to",
    too_early: "I8: a request before the portal's wish had passed",
    tried_too_often: "I9: a call was tried more often than it may be",
    beyond_the_budget: "I9: a run tried again beyond its budget",
    writes_nobody_intended: "I9: more requests write than were intended",
    keyed_too_often: "I9: a key was tried more often than it may be",
    more_keys_than_attempts: "I9: more keys than attempts",
    twice_on_one_date: "I10: 2 runs of sync on one date",
    numbers_made_up: "I11: it says so many agree, and the ledger holds others",
    buckets_that_do_not_add_up: "I11: the online buckets do not add up",
    rows_of_another_report: "I11: the report counts other rows than there are",
    left_a_draft: "I12: a draft nobody is told of",
}


@pytest.mark.parametrize("spoil", VIOLATIONS, ids=lambda spoil: spoil.__name__)
def test_a_world_that_violates_an_invariant_is_told(tmp_path: Path, spoil: Callable[[World], None]) -> None:
    world = World(tmp_path)
    spoil(world)
    assert VIOLATIONS[spoil] in world.checked()


def test_every_invariant_has_a_world_that_violates_it() -> None:
    assert {said.partition(": ")[0] for said in VIOLATIONS.values()} == invariants.ALL.keys()


def test_a_journal_that_is_damaged_is_told(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.do("CREATE INDEX by_state ON revision (state)")
    world.do("PRAGMA writable_schema=ON")
    world.do("UPDATE sqlite_schema SET sql='CREATE INDEX by_state ON revision (serial)' WHERE name='by_state'")
    assert any(violation.startswith("journal: ") for violation in world.checked())


def test_what_has_not_had_its_time_to_settle_may_be_undecided(tmp_path: Path) -> None:
    world = World(tmp_path)
    still_unknown(world)
    world.bounds = Bounds(settled=False)
    assert world.checked() == []


def test_a_wish_told_to_the_run_before_is_not_held_against_the_next(tmp_path: Path) -> None:
    world = World(tmp_path)
    too_early(world)
    world.put("run", 2, "2025-05-20", "sync", at(2.5), at(5.5), "complete", '{"agreed": 2}')
    assert world.checked() == []


@pytest.mark.parametrize(("code", "explains"), [("D02", True), ("D15", True), ("D21", False)])
def test_only_a_finding_that_misses_somebody_explains_it(tmp_path: Path, *, code: str, explains: bool) -> None:
    world = World(tmp_path)
    lost_in_silence(world)
    world.put("finding", "f1", code, BATCH, b"", "open")
    assert (world.checked() == []) is explains


def test_a_later_run_may_try_a_key_as_often_as_the_run_before(tmp_path: Path) -> None:
    world = World(tmp_path)
    keyed_too_often(world)
    world.put("run", 2, "2025-05-20", "sync", at(8.0), at(12.0), "complete", '{"agreed": 2}')
    assert world.checked() == []


def test_a_draft_that_is_told_of_is_no_violation(tmp_path: Path) -> None:
    world = World(tmp_path)
    left_a_draft(world)
    world.put("finding", "f1", "D21", BATCH, b"", "open")
    assert world.checked() == []


def test_a_batch_that_is_not_ours_waits_and_nobody_of_it_is_missed(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.put("batch", "2025/别处总工会/第一批", 0, 0, b"h", "draft")
    world.put("row", 3, "participant", "2025/别处总工会/第一批", b"three", "list", None)
    assert world.checked() == []


def test_nobody_of_a_list_set_aside_is_missed(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.put("row", 3, "participant", BATCH, b"three", "old list", None)
    world.put("superseded", BATCH, "old list", "list")
    assert world.checked() == []


def test_who_was_deleted_may_be_created_again(tmp_path: Path) -> None:
    world = World(tmp_path)
    gone = world.effect("person_deleted", "", ONE, at(3.2), id="1") | {"by_hand": True}
    world.effects.append(gone)
    stored_twice(world)
    assert world.checked() == []


def test_a_file_cut_short_was_out_for_those_too_who_were_decided_before_it_was_written_again(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.bounds = Bounds(by_hand=True)
    world.do("ALTER TABLE event ADD COLUMN detail TEXT")
    world.do("UPDATE event SET what='by_hand.voided' WHERE id=2")
    world.put("revision", BATCH, b"one", 2, "s3", "differs")
    world.put("revision", BATCH, b"two", 2, "s4", "awaiting_human")
    world.put("attempt", 3, 2, BATCH, at(5.0), at(5.0), at(7.0), 1, "exported", '["s3", "s4"]', "save_people")
    world.put("event", 4, at(6.0), BATCH, b"one", "read_back.differs", None, None)
    world.put("event", 5, at(7.0), BATCH, None, "save_people.exported", '["s4"]', '{"attempt": 3}')
    assert [told for told in world.checked() if told.startswith("I5")] == []


@pytest.mark.parametrize(
    ("intended", "told"),
    [
        (3.5, ["I5: exported → read_back.quarantined", "I5: quarantined → by_hand.uploaded"]),
        (4.0, []),
        (4.5, []),
        (5.0, []),
        (5.5, ["I5: quarantined → by_hand.uploaded"]),
    ],
)
def test_a_stopped_file_may_be_older_or_newer_than_an_event_of_its_moment(
    tmp_path: Path, intended: float, told: list[str]
) -> None:
    world = World(tmp_path)
    world.bounds = Bounds(by_hand=True)
    world.do("ALTER TABLE event ADD COLUMN detail TEXT")
    world.do("UPDATE event SET what='read_back.quarantined' WHERE id=2")
    world.put("revision", BATCH, b"one", 2, "s3", "awaiting_human")
    world.put("attempt", 3, 2, BATCH, at(intended), at(intended), None, 1, None, '["s3"]', "save_people")
    world.put("event", 4, at(5.0), BATCH, b"one", "by_hand.uploaded", None, None)
    assert [one for one in world.checked() if one.startswith("I5")] == told


def test_where_the_journal_s_clock_is_ahead_no_effect_seems_too_early(tmp_path: Path) -> None:
    world = World(tmp_path)
    intended_afterwards(world)
    world.bounds = Bounds(ahead_s=1.0)
    assert world.checked() == []


def test_what_was_sent_from_a_journal_that_is_gone_was_intended_there(tmp_path: Path) -> None:
    world = World(tmp_path)
    never_intended(world)
    world.bounds = Bounds(forgotten=frozenset({"s1"}))
    assert world.checked() == []


@pytest.mark.parametrize(("before", "may"), [("save_people.unknown", True), ("save_people.accepted", False)])
def test_a_fence_forgets_only_what_was_not_final(tmp_path: Path, before: str, *, may: bool) -> None:
    world = World(tmp_path)
    world.do("UPDATE event SET what=? WHERE id=1", before)
    world.do("UPDATE event SET what='fence.unknown' WHERE id=2")
    assert (world.checked() == []) is may


def test_what_is_lost_is_counted_whatever_a_finding_says_of_it(tmp_path: Path) -> None:
    world = World(tmp_path)
    stored_otherwise(world)
    del world.offline[BATCH, TWO]
    told = checker.online(world.effects, world.offline)
    assert told.violations == []
    assert {name: told.figures[name] for name in ("lost", "unwanted", "doubled")} == {
        "lost": 1,
        "unwanted": 1,
        "doubled": 0,
    }


def test_the_ledger_alone_tells_who_is_there_twice(tmp_path: Path) -> None:
    world = World(tmp_path)
    stored_twice(world)
    serial_twice(world)
    told = checker.online(world.effects, None)
    assert told.violations == ["a serial had more than one effect", "stored twice"]
    assert told.figures["doubled"] == 1


def test_the_checker_imports_nothing_of_what_it_judges() -> None:
    for module in (checker, invariants, conduct):
        tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
        names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
        names += [str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        assert not {name.partition(".")[0] for name in names} & {"bridge", "adapters", "schemas"}
