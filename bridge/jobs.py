"""The jobs of a working day, as the daemon and the commands do them alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bridge import daemon, pipeline
from bridge.config import Config
from bridge.post import Posted, hand_out, post
from bridge.wiring import (
    NobodyWatches,
    SystemClock,
    Ways,
    bring_up_to_date,
    envelope_of,
    open_house,
    renderer_of,
    write_report,
)
from bridge.wiring_backup import back_up, drill
from bridge.wiring_journal import open_memory
from schemas.report import Report


@dataclass(frozen=True, slots=True)
class Issued:
    """One report, where it was written, and what became of its mail."""

    report: Report
    files: tuple[Path, ...]
    posted: Posted


def sync(config: Config, ways: Ways) -> Report:
    with open_house(config, ways, work="sync") as house:
        return pipeline.sync(house)


def issue_report(config: Config, ways: Ways, *, send: bool, folder: Path | None = None) -> Issued:
    """Write the report of what the journal knows now, and mail it where `send` asks for it."""
    with open_house(config, ways, work="report") as house:
        made = pipeline.report_now(house)
        renderer = renderer_of(config)
        files = write_report(made, renderer, folder or config.report.dir)
        posted = hand_out(made, house.journal, renderer, envelope_of(config) if send else None, ways.clock)
        return Issued(made, files, posted)


def post_waiting(config: Config, ways: Ways) -> None:
    """Try again whatever mail is still in the outbox; the lock is taken only when there is any."""
    envelope = envelope_of(config)
    memory = open_memory(config)
    try:
        waiting = bool(memory.outbox.waiting())
    finally:
        memory.close()
    if waiting and envelope is not None:
        with open_house(config, ways, work="mail") as house:
            post(house.journal.outbox, envelope.mailer, now=ways.clock.instant().at)


def serve(config: Config) -> None:
    """Work at the hours of the schedule until asked to stop. Raises ConfigError before anything starts."""
    stop = daemon.Stop()
    ways = Ways(SystemClock(), NobodyWatches(), stop)
    jobs: Mapping[str, Callable[[], None]] = {
        "backup": lambda: _ignore(back_up(config, ways.clock)),
        "drill": lambda: _ignore(drill(config, ways.clock)),
        "sync": lambda: _ignore(sync(config, ways)),
        "report": lambda: _ignore(issue_report(config, ways, send=config.mail.enabled)),
        "mail": lambda: post_waiting(config, ways),
    }
    bring_up_to_date(config, ways)
    open_memory(config).close()
    daemon.run(schedule=config.schedule, jobs=jobs, missed=lambda job, day: _missed(config, job, day), stop=stop)


def _missed(config: Config, job: str, day: date) -> bool:
    if job == "mail":
        return True
    memory = open_memory(config)
    try:
        return not memory.runs.ran(job, day)
    finally:
        memory.close()


def _ignore(_result: object) -> None:
    """The journal keeps what a job came to."""
