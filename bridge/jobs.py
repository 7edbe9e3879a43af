"""The jobs of a working day, as the daemon and the commands do them alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from bridge import daemon, pipeline
from bridge.config import Config
from bridge.ports import Journal
from bridge.post import Posted, hand_out, post
from bridge.wiring import (
    NobodyWatches,
    SystemClock,
    Ways,
    bring_up_to_date,
    open_house,
    open_house_to_look,
    open_memory,
    renderer_of,
    write_report,
)
from bridge.wiring_mail import alarmed, envelope_of
from schemas.errors import JournalError
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
    """Write the report of what the journal knows now, and mail it where `send` asks for it.

    Where the journal can be read but not written, the report is made all the same; its banner says what is wrong.
    """
    try:
        return _issue(config, ways, send=send, folder=folder)
    except JournalError as error:
        if error.fault is None:
            raise
        return _issue_what_is_known(config, ways, error, folder=folder)


def _issue(config: Config, ways: Ways, *, send: bool, folder: Path | None) -> Issued:
    with open_house(config, ways, work="report") as house:
        made = pipeline.report_now(house)
        renderer = renderer_of(config)
        files = write_report(made, renderer, folder or config.report.dir)
        posted = hand_out(made, house.journal, renderer, envelope_of(config) if send else None, ways.clock)
        return Issued(made, files, posted)


def _issue_what_is_known(config: Config, ways: Ways, error: JournalError, *, folder: Path | None) -> Issued:
    with open_house_to_look(config, ways) as house:
        made = pipeline.report_now(house)
    made = replace(made, banners=(*made.banners, error.into(config.federation.language)))
    files = write_report(made, renderer_of(config), folder or config.report.dir)
    return Issued(made, files, Posted(0, (), (error.text,)))


def post_waiting(config: Config, ways: Ways) -> None:
    """Try again whatever mail is still in the outbox; the lock is taken only when there is any."""
    envelope = envelope_of(config)
    with _memory(config, ways) as memory:
        waiting = bool(memory.outbox.waiting())
    if waiting and envelope is not None:
        with open_house(config, ways, work="mail") as house:
            post(house.journal.outbox, envelope.mailer, now=ways.clock.instant().at)


def serve(config: Config) -> None:
    """Work at the hours of the schedule until asked to stop. Raises ConfigError before anything starts."""
    stop = daemon.Stop()
    ways = Ways(SystemClock(), NobodyWatches(), stop)
    jobs: Mapping[str, Callable[[], None]] = {
        "sync": lambda: _ignore(sync(config, ways)),
        "report": lambda: _ignore(issue_report(config, ways, send=config.mail.enabled)),
        "mail": lambda: post_waiting(config, ways),
    }
    with _memory(config, ways, brought_up_to_date=True):
        pass
    daemon.run(schedule=config.schedule, jobs=jobs, missed=lambda job, day: _missed(config, ways, job, day), stop=stop)


def _missed(config: Config, ways: Ways, job: str, day: date) -> bool:
    if job == "mail":
        return True
    with _memory(config, ways) as memory:
        return not memory.runs.ran(job, day)


@contextmanager
def _memory(config: Config, ways: Ways, *, brought_up_to_date: bool = False) -> Iterator[Journal]:
    with alarmed(config, ways.clock):
        if brought_up_to_date:
            bring_up_to_date(config, ways)
        memory = open_memory(config)
        try:
            yield memory
        finally:
            memory.close()


def _ignore(_result: object) -> None:
    """The journal keeps what a job came to."""
