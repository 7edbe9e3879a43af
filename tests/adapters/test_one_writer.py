"""One writer: its lease, who is told about it, how it is taken over, and the fencing number in each transaction."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Barrier, Lock

import orjson
import pytest

from adapters.journal import lock as locking
from adapters.journal.journal import create_journal, open_journal
from adapters.journal.lease import Lease
from adapters.journal.lock import hold, take_over, writer_of
from schemas.errors import Fenced, JournalError
from schemas.texts import T
from tests.unit.cast import MORNING_AFTER, VAULT, A, B
from tests.unit.world import SETTLING, World

ROOT = Path(__file__).parents[2]
LEASE_S = 0.3
HOLDER = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from adapters.journal.lock import hold
with hold(Path(sys.argv[1]), now=datetime.now(UTC), work="sync", lease_s=float(sys.argv[2])):
    print("held", flush=True)
    time.sleep(60)
"""


class Uptime:
    def __init__(self) -> None:
        self.s = 100.0

    def __call__(self) -> float:
        return self.s


def lease(uptime: Uptime, published: list[float]) -> Lease:
    return Lease(published.append, lease_s=10.0, uptime_s=uptime)


def test_a_lease_that_is_renewed_in_time_goes_on() -> None:
    uptime, published = Uptime(), []
    ours = lease(uptime, published)
    uptime.s = 109.0
    assert ours.renew()
    uptime.s = 118.0
    ours.check()
    assert published == [110.0, 119.0]


def test_a_lapsed_lease_is_never_renewed() -> None:
    uptime, published = Uptime(), []
    ours = lease(uptime, published)
    uptime.s = 110.0
    with pytest.raises(Fenced):
        ours.check()
    assert not ours.renew()
    with pytest.raises(Fenced):
        ours.check()
    assert published == [110.0]


def test_a_renewal_that_was_published_too_late_does_not_count() -> None:
    """Stopped between looking at the clock and publishing: somebody may have seen the lease lapse meanwhile."""
    uptime = Uptime()

    def stopped_here(until_s: float) -> None:
        if until_s > 110.0:
            uptime.s = 112.0

    ours = Lease(stopped_here, lease_s=10.0, uptime_s=uptime)
    uptime.s = 109.0
    assert not ours.renew()
    with pytest.raises(Fenced):
        ours.check()


@contextmanager
def holder(lock: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lock, by a short lease."""
    command = [sys.executable, "-c", HOLDER, str(lock), str(LEASE_S)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def stopped(process: subprocess.Popen[str]) -> None:
    """Past its lease."""
    process.send_signal(signal.SIGSTOP)
    time.sleep(2 * LEASE_S)


def test_a_holder_that_renews_its_lease_is_not_taken_over(tmp_path: Path) -> None:
    with holder(tmp_path / "lock") as process:
        time.sleep(2 * LEASE_S)
        told = re.escape(f"sync, process {process.pid}")
        with (
            pytest.raises(JournalError, match=told + ".* is at work"),
            take_over(tmp_path / "lock", now=MORNING_AFTER, work="x"),
        ):
            pass
        assert writer_of(tmp_path / "lock").silent_s == 0
        assert process.poll() is None


def test_a_stopped_holder_is_ended_and_another_may_hold_the_lock(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with holder(lock) as process:
        stopped(process)
        with pytest.raises(JournalError, match="lxy-bridge takeover"), hold(lock, now=MORNING_AFTER, work="x"):
            pass
        with take_over(lock, now=MORNING_AFTER, work="takeover") as silent:
            assert process.wait(10) == -signal.SIGKILL
            assert (silent.pid, silent.work) == (process.pid, "sync")
            assert silent.silent_s > 0
            with pytest.raises(JournalError, match="takeover, process"), hold(lock, now=MORNING_AFTER, work="x"):
                pass
    with hold(lock, now=MORNING_AFTER, work="x"):
        assert writer_of(lock).work == "x"


def test_of_some_that_take_over_at_once_one_at_a_time_holds_the_lock(tmp_path: Path) -> None:
    lock, at_once, inside, refused = tmp_path / "lock", Barrier(4), Lock(), list[JournalError]()

    def takes_over() -> None:
        at_once.wait()
        try:
            with take_over(lock, now=MORNING_AFTER, work="takeover"):
                assert inside.acquire(blocking=False)
                time.sleep(0.2)
                inside.release()
        except JournalError as error:
            refused.append(error)

    with holder(lock) as process:
        stopped(process)
        with ThreadPoolExecutor(4) as crew:
            done = [crew.submit(takes_over) for _ in range(4)]
        assert [one.exception() for one in done] == [None] * 4
        assert process.wait(10) == -signal.SIGKILL
    assert len(refused) < 4
    with hold(lock, now=MORNING_AFTER, work="sync"):
        pass


def test_one_that_does_not_end_keeps_the_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = tmp_path / "lock"
    monkeypatch.setattr(locking, "_KILL", signal.SIGSTOP)
    monkeypatch.setattr(locking, "_PATIENCE_S", 0.2)
    with holder(lock) as process:
        stopped(process)
        with pytest.raises(JournalError, match="does not end"), take_over(lock, now=MORNING_AFTER, work="x"):
            pass
        assert writer_of(lock).pid == process.pid


def test_a_number_that_is_another_process_s_by_now_is_not_ended(tmp_path: Path) -> None:
    lock, bystander = tmp_path / "lock", tmp_path / "another"
    with holder(bystander) as process, hold(lock, now=MORNING_AFTER, work="sync"):
        note = orjson.loads(lock.read_bytes())
        lock.write_bytes(orjson.dumps(note | {"pid": process.pid, "until_s": 0.1}).ljust(512))
        with pytest.raises(JournalError, match="cannot be told"), take_over(lock, now=MORNING_AFTER, work="x"):
            pass
        assert process.poll() is None


def test_where_nobody_holds_the_lock_there_is_nothing_to_take_over(tmp_path: Path) -> None:
    with (
        pytest.raises(JournalError, match="nothing to take over"),
        take_over(tmp_path / "lock", now=MORNING_AFTER, work="x"),
    ):
        pass


def test_a_note_of_an_older_program_is_not_judged(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with hold(lock, now=MORNING_AFTER, work="sync"):
        lock.write_text('{"pid": 7, "work": "sync", "since": "2025-05-11"}'.ljust(512))
        with pytest.raises(JournalError, match="cannot be told"), take_over(lock, now=MORNING_AFTER, work="x"):
            pass


def test_nobody_works_once_the_holder_has_finished_or_died(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    assert writer_of(lock) is None
    with hold(lock, now=MORNING_AFTER, work="sync"):
        found = writer_of(lock)
        assert (found.pid, found.work, found.since) == (os.getpid(), "sync", MORNING_AFTER.isoformat())
    assert writer_of(lock) is None
    with holder(lock) as process:
        assert writer_of(lock).pid == process.pid
        process.kill()
        process.wait()
        assert writer_of(lock) is None


def test_whoever_opens_the_journal_to_write_fences_the_one_before(tmp_path: Path) -> None:
    create_journal(tmp_path / "journal.db", VAULT)
    first = open_journal(tmp_path / "journal.db", VAULT, SETTLING)
    second = open_journal(tmp_path / "journal.db", VAULT, SETTLING)
    with pytest.raises(Fenced):
        first.runs.begin("sync", MORNING_AFTER.date(), at=MORNING_AFTER)
    assert second.runs.begin("sync", MORNING_AFTER.date(), at=MORNING_AFTER) == 1
    assert first.runs.last("sync") is None  # it may still look
    first.close()
    second.close()


def test_a_request_that_waits_in_the_crew_past_the_lease_is_not_sent(tmp_path: Path) -> None:
    """The first request is answered, then the process is stopped past its lease: the second never leaves."""
    world = World(tmp_path, rows_per_call=1)
    world.ledger(A, B)
    asked: list[int] = []

    def may_send() -> None:
        asked.append(1)
        if len(asked) > 2:  # the header, then the first person
            raise Fenced(T("silent"))

    world.house = replace(world.house, may_send=may_send)
    with pytest.raises(Fenced):
        world.sync()
    assert world.writes == {"save_batch": 1, "save_people": 1}
    with world.journal.store.read() as connection:
        states = connection.exec_driver_sql("SELECT state FROM revision ORDER BY person, state").scalars().all()
    assert sorted(states) == ["accepted", "accepted", "ready"]


def test_a_sender_that_was_taken_over_learns_it_in_the_transaction_that_would_let_a_request_go(tmp_path: Path) -> None:
    world = World(tmp_path, rows_per_call=1)
    world.ledger(A, B)

    def taken_over(_payload: object) -> None:
        world.portal.arriving = lambda _: None
        open_journal(world.journal.path, VAULT, SETTLING).close()

    world.portal.arriving = taken_over
    with pytest.raises(Fenced):
        world.sync()
    assert sum(world.writes.values()) == 1
