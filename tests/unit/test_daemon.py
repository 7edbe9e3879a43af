"""The daemon: real signals to a real process, and the alarm clock's manners."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from apscheduler.triggers.cron import CronTrigger

from bridge.config import Schedule
from bridge.daemon import Stop, _alarm_clock, run, stopping, tell_systemd
from bridge.rota import SHANGHAI, History
from schemas.errors import Fault, JournalError, RunError
from schemas.texts import T

ROOT = Path(__file__).parents[2]
PASSED, TO_COME = "0 0 * * *", "59 23 31 12 *"

# A daemon whose sync is late and works request by request until it sees the stop; `say` is what the test waits for.
DAEMON = """
import sys, time
from bridge import logs
from bridge.config import Schedule
from bridge.daemon import Stop, run

say = lambda word: print(word, flush=True)
stop = Stop()

def sync():
    while not stop.requested:
        say("request begun")
        time.sleep(0.2)
        say("request finished")
    say("sync left")

logs.configure("info", sys.stderr.buffer)
run(
    schedule=Schedule(sync="0 0 * * *", report="0 0 * * *"),
    jobs={"sync": lambda _owed: sync(), "report": lambda _owed: say("report ran")},
    ledger=lambda job: None,
    stop=stop,
)
say("gone in peace")
"""


@contextmanager
def daemon(**environment: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", DAEMON],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ | environment,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def ran(*jobs_missed: str, sync: str = PASSED, failing: Exception | None = None) -> list[str]:
    """The jobs one daemon runs at its start, in order; the report's end stops it."""
    done: list[str] = []
    stop = Stop()

    def job(name: str) -> None:
        done.append(name)
        if name == "report":
            stop.request()
        if failing:
            raise failing

    def ledger(name: str) -> History:
        now = datetime.now(SHANGHAI)
        return History(lambda _day: None if name in jobs_missed else now, None)

    run(
        schedule=Schedule(sync=sync, report=PASSED),
        jobs={"sync": lambda _owed: job("sync"), "report": lambda _owed: job("report")},
        ledger=ledger,
        stop=stop,
    )
    return done


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_the_current_request_finish_and_begins_no_other_job(number: signal.Signals):
    with daemon() as process:
        assert process.stdout.readline() == "request begun\n"
        process.send_signal(number)
        said, errors = process.communicate(timeout=10)
    assert said.splitlines() == ["request finished", "sync left", "gone in peace"]
    assert process.returncode == 0
    assert '"event":"daemon.stopped"' in errors.splitlines()[-1]


def test_a_second_signal_kills_at_once():
    with daemon() as process:
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        while "daemon.stopping" not in process.stderr.readline():
            pass
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == -signal.SIGTERM


def test_systemd_is_told_when_the_daemon_is_ready_and_when_it_stops(tmp_path: Path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(10)
        with daemon(NOTIFY_SOCKET=str(tmp_path / "notify")) as process:
            assert systemd.recv(100) == b"READY=1"
            process.send_signal(signal.SIGTERM)
            assert systemd.recv(100) == b"STOPPING=1"


def test_systemd_listening_under_an_abstract_name_is_told_too(monkeypatch: pytest.MonkeyPatch):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(f"\0lxy-{os.getpid()}")
        monkeypatch.setenv("NOTIFY_SOCKET", f"@lxy-{os.getpid()}")
        tell_systemd("READY=1")
        assert systemd.recv(100) == b"READY=1"


@pytest.mark.parametrize("address", ["", "relative", "/nowhere/notify"])
def test_a_notify_socket_that_is_none_hurts_nobody(monkeypatch: pytest.MonkeyPatch, address: str):
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    tell_systemd("READY=1")


def test_jobs_missed_today_are_made_good_for_at_start_in_their_order():
    assert ran("sync", "report") == ["sync", "report"]


def test_a_job_that_ran_today_is_not_repeated_at_start():
    assert ran("report") == ["report"]


def test_a_job_whose_hour_has_not_come_waits_for_it():
    assert ran("sync", "report", sync=TO_COME) == ["report"]


@pytest.mark.parametrize("failing", [ValueError("a bug"), RunError(T("The portal is down."))])
def test_a_job_that_fails_takes_neither_the_daemon_nor_the_next_job_along(failing: Exception):
    assert ran("sync", "report", failing=failing) == ["sync", "report"]


def test_an_alarm_that_is_a_day_late_rings_once():
    rung: list[str] = []
    ringing = threading.Event()
    scheduler = _alarm_clock()
    late = datetime.now(SHANGHAI) - timedelta(days=1)
    alarm = CronTrigger.from_crontab("0 0 * * *", SHANGHAI)
    scheduler.add_job(lambda: (rung.append("ring"), ringing.set()), alarm, next_run_time=late)
    scheduler.start()
    assert ringing.wait(10)
    scheduler.shutdown(wait=True)
    assert rung == ["ring"]


def test_two_jobs_never_overlap():
    inside = threading.Lock()
    free: list[bool] = []
    both = threading.Barrier(2)

    def work() -> None:
        free.append(inside.acquire(blocking=False))
        threading.Event().wait(0.1)
        inside.release()
        if len(free) == 2:
            both.wait(10)

    scheduler = _alarm_clock()
    scheduler.add_job(work, id="sync")
    scheduler.add_job(work, id="report")
    scheduler.start()
    both.wait(10)
    scheduler.shutdown(wait=True)
    assert free == [True, True]


def test_the_signal_handlers_of_before_are_given_back():
    before = signal.getsignal(signal.SIGTERM)
    with stopping(Stop()):
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_signal_inside_asks_to_stop_and_nothing_more():
    stop = Stop()
    with stopping(stop):
        signal.raise_signal(signal.SIGTERM)
        assert stop.requested
        assert stop.wait(0)


def test_a_disk_that_failed_under_the_journal_ends_the_daemon_and_no_other_job_begins():
    """The next start, by systemd, looks at the whole journal first."""
    failed = JournalError(T("The disk failed."), fault=Fault.DISK)
    with pytest.raises(JournalError) as raised:
        ran("sync", "report", failing=failed)
    assert raised.value is failed


def test_a_full_disk_does_not_end_the_daemon():
    full = JournalError(T("There is no room."), fault=Fault.FULL)
    assert ran("sync", "report", failing=full) == ["sync", "report"]
