"""`lxy-bridge run`: does the day's work at its hour until it is told to stop.

APScheduler is the alarm clock and nothing else. Which run is owed when it rings is for `bridge.rota` to say, from the
ledger of runs: so a machine that was off at 06:30 makes good for it when it comes up, and a clock that is set back rings
in vain.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.schedulers.base import BaseScheduler
from apscheduler.triggers.cron import CronTrigger

from bridge.config import Schedule
from bridge.rota import SHANGHAI, History, Owed, owed
from schemas.errors import BridgeError, Fault, JournalError

TICK_S = 5.0  # the clock is looked at this often, so that neither a suspend nor a corrected clock delays a job

Job = Callable[[Owed], None]
Ledger = Callable[[str], History | None]
"""What is known of a job; None for one that keeps no ledger, and is due whenever its alarm rings."""

log = structlog.get_logger()


class Stop:
    """A request to stop, seen by whoever works: after the current portal request, nothing more is begun.

    `because` is the error that asked, where it was no person.
    """

    def __init__(self) -> None:
        self._event = threading.Event()
        self.because: BridgeError | None = None

    @property
    def requested(self) -> bool:
        return self._event.is_set()

    def request(self, *, because: BridgeError | None = None) -> None:
        self.because = self.because or because
        self._event.set()

    def wait(self, timeout_s: float) -> bool:
        """Sleep until somebody asks to stop, or the time is over; True when asked."""
        return self._event.wait(timeout_s)


@contextmanager
def stopping(stop: Stop) -> Iterator[None]:
    """Inside, the first SIGTERM or SIGINT asks to stop. The second one does what it always does: it kills."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def give_back() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def ask(_number: int, _frame: object) -> None:
        give_back()
        stop.request()

    for number in before:
        signal.signal(number, ask)
    try:
        yield
    finally:
        give_back()


def run(*, schedule: Schedule, jobs: Mapping[str, Job], ledger: Ledger, stop: Stop) -> None:
    """Block until asked to stop. `jobs` are named as in `schedule` and run one at a time, in one thread;
    those due at the same minute run in the order given. At start each job that owes a run makes it at once.

    Raises JournalError when the disk failed under the journal: the next start, and no later job, looks at it again.
    """
    scheduler = _alarm_clock()
    rounds = [Round(name, _trigger(schedule, name), job, ledger, stop) for name, job in jobs.items()]
    with stopping(stop):
        set_alarms(scheduler, rounds, _now)
        scheduler.start()
        tell_systemd("READY=1")
        log.info("daemon.ready", job=list(jobs))
        while not stop.wait(TICK_S):
            wind(scheduler, _now())
            scheduler.wakeup()
        tell_systemd("STOPPING=1")
        log.info("daemon.stopping")
        scheduler.shutdown(wait=True)
    log.info("daemon.stopped")
    if stop.because:
        raise stop.because


def _now() -> datetime:
    return datetime.now(SHANGHAI)


def _trigger(schedule: Schedule, name: str) -> CronTrigger:
    return CronTrigger.from_crontab(getattr(schedule, name), timezone=SHANGHAI)


@dataclass(frozen=True, slots=True)
class Round:
    """One job, and how it is known what it owes."""

    name: str
    trigger: CronTrigger
    job: Job
    ledger: Ledger
    stop: Stop

    def owed(self, now: datetime) -> Owed | None:
        return owed(self._rings, self.ledger(self.name) or History(lambda _day: None, None), now=now)

    def _rings(self, day: date) -> Sequence[datetime]:
        midnight = datetime.combine(day, time(), SHANGHAI)
        return list(_rings_between(self.trigger, midnight, midnight + timedelta(days=1)))


def _rings_between(trigger: CronTrigger, start: datetime, end: datetime) -> Iterator[datetime]:
    ring = trigger.get_next_fire_time(None, start)
    while ring is not None and ring < end:
        yield ring
        ring = trigger.get_next_fire_time(ring, ring)


def set_alarms(scheduler: BaseScheduler, rounds: Sequence[Round], now: Callable[[], datetime]) -> None:
    """One alarm a round; what is owed already rings at once."""
    start = now()
    for order, one in enumerate(rounds):
        first = start if one.owed(start) else one.trigger.get_next_fire_time(None, start)
        arguments = (one, now)
        scheduler.add_job(_ring, one.trigger, args=arguments, id=f"{order} {one.name}", next_run_time=first)


def wind(scheduler: BaseScheduler, now: datetime) -> None:
    """After the clock was set back an alarm would keep silent until the time it was set for comes again.

    It rings at once instead: what is owed by the right time is then known.
    """
    for alarm in scheduler.get_jobs():
        ring = alarm.trigger.get_next_fire_time(None, now)
        if ring is not None and alarm.next_run_time is not None and ring < alarm.next_run_time:
            alarm.modify(next_run_time=now)


def _alarm_clock() -> BackgroundScheduler:
    """However late, each alarm rings once: the default would forget a job that is one second late."""
    return BackgroundScheduler(
        timezone=SHANGHAI,
        executors={"default": ThreadPoolExecutor(1)},
        job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
    )


def _ring(one: Round, now: Callable[[], datetime]) -> None:
    """One alarm; whatever becomes of its job, the daemon lives and the next alarm rings."""
    if one.stop.requested:
        return
    try:
        work = one.owed(now())
        if work is None:
            log.info("daemon.nothing_owed", job=one.name)
            return
        log.info("daemon.job_began", job=one.name, business_date=work.day, days_missed=len(work.missed))
        one.job(work)
    except BridgeError as error:
        log.error("daemon.job_failed", job=one.name, exc_info=error)  # noqa: TRY400  # expected: its words say it all
        if isinstance(error, JournalError) and error.fault is Fault.DISK:
            one.stop.request(because=error)
    except Exception:
        log.exception("daemon.job_crashed", job=one.name)
    else:
        log.info("daemon.job_done", job=one.name)


def tell_systemd(state: str) -> None:
    """sd_notify(3): one datagram, where systemd has asked for it. Nothing depends on its arrival."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.sendto(state.encode(), address.replace("@", "\0", 1) if address[0] == "@" else address)
    except OSError:
        log.warning("daemon.systemd_not_told")
