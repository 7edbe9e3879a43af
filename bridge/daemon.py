"""`lxy-bridge run`: does the day's work at its hour until it is told to stop.

APScheduler is the alarm clock and nothing else. What ran on which day is known to the ledger of runs, so a
machine that was off at 06:30 makes good for it when it comes up.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from zoneinfo import ZoneInfo

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger

from bridge.config import Schedule
from schemas.errors import BridgeError, Fault, JournalError

SHANGHAI = ZoneInfo("Asia/Shanghai")
TICK_S = 5.0  # the clock is looked at this often, so that neither a suspend nor a corrected clock delays a job

Job = Callable[[], None]
Missed = Callable[[str, date], bool]

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


def run(*, schedule: Schedule, jobs: Mapping[str, Job], missed: Missed, stop: Stop) -> None:
    """Block until asked to stop. `jobs` are named as in `schedule` and run one at a time, in one thread;
    those due at the same minute run in the order given.

    `missed(job, business_date)` is asked at start, for each job whose hour has passed today: True runs it at once.
    Raises JournalError when the disk failed under the journal: the next start, and no later job, looks at it again.
    """
    scheduler = _alarm_clock()
    with stopping(stop):
        start = datetime.now(SHANGHAI)
        for order, (name, job) in enumerate(jobs.items()):
            trigger = CronTrigger.from_crontab(getattr(schedule, name), timezone=SHANGHAI)
            late = _hour_passed(trigger, start) and missed(name, start.date())
            first = start if late else trigger.get_next_fire_time(None, start)
            scheduler.add_job(_one, trigger, args=(name, job, stop), id=f"{order} {name}", next_run_time=first)
        scheduler.start()
        tell_systemd("READY=1")
        log.info("daemon.ready", job=list(jobs))
        while not stop.wait(TICK_S):
            scheduler.wakeup()
        tell_systemd("STOPPING=1")
        log.info("daemon.stopping")
        scheduler.shutdown(wait=True)
    log.info("daemon.stopped")
    if stop.because:
        raise stop.because


def _alarm_clock() -> BackgroundScheduler:
    """However late, each alarm rings once: the default would forget a job that is one second late."""
    return BackgroundScheduler(
        timezone=SHANGHAI,
        executors={"default": ThreadPoolExecutor(1)},
        job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
    )


def _hour_passed(trigger: CronTrigger, now: datetime) -> bool:
    """Whether the alarm should have rung already on the day of `now`."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    first = trigger.get_next_fire_time(None, midnight)
    return first is not None and first <= now


def _one(name: str, job: Job, stop: Stop) -> None:
    """One job; whatever becomes of it, the daemon lives and the next alarm rings."""
    if stop.requested:
        return
    log.info("daemon.job_began", job=name)
    try:
        job()
    except BridgeError as error:
        log.error("daemon.job_failed", job=name, exc_info=error)  # noqa: TRY400  # expected: its words say it all
        if isinstance(error, JournalError) and error.fault is Fault.DISK:
            stop.request(because=error)
    except Exception:
        log.exception("daemon.job_crashed", job=name)
    else:
        log.info("daemon.job_done", job=name)


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
