"""The jobs of a working day, as the daemon and the commands do them alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bridge import daemon, pipeline
from bridge.conclusion import report_now
from bridge.config import Config
from bridge.ports import Journal, Runs
from bridge.post import Posted, hand_out, post
from bridge.rota import History
from bridge.wiring.backup import back_up, drill
from bridge.wiring.journal import open_memory
from bridge.wiring.mail import alarmed, envelope_of
from bridge.wiring.service import (
    NobodyWatches,
    SystemClock,
    Ways,
    bring_up_to_date,
    open_house,
    open_house_to_look,
    renderer_of,
    write_report,
)
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


def probe(config: Config, ways: Ways) -> None:
    """Where the last run found the portal gone, run again: its first call, alone, finds out whether it is back.

    Within a portal's own wish for quiet, and in its closing hours, not even that.
    """
    with _memory(config, ways) as memory:
        rest = memory.runs.rest()
    if rest.silent and not rest.left_s(ways.clock.instant().at):
        sync(config, ways)


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
        made = report_now(house)
        renderer = renderer_of(config)
        files = write_report(made, renderer, folder or config.report.dir)
        envelope = envelope_of(config) if send else None
        posted = hand_out(made, house.journal, renderer, envelope, ways.clock, ways.owed)
        return Issued(made, files, posted)


def _issue_what_is_known(config: Config, ways: Ways, error: JournalError, *, folder: Path | None) -> Issued:
    with open_house_to_look(config, ways) as house:
        made = report_now(house)
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
    jobs: Mapping[str, daemon.Job] = {
        "backup": lambda owed: _ignore(back_up(config, ways.clock, owed=owed)),
        "drill": lambda owed: _ignore(drill(config, ways.clock, owed=owed)),
        "sync": lambda owed: _ignore(sync(config, replace(ways, owed=owed))),
        "report": lambda owed: _ignore(issue_report(config, replace(ways, owed=owed), send=config.mail.enabled)),
        "mail": lambda _owed: post_waiting(config, ways),
        "probe": lambda _owed: probe(config, ways),
    }
    with _memory(config, ways, brought_up_to_date=True):
        pass
    daemon.run(schedule=config.schedule, jobs=jobs, ledger=lambda job: _history(config, ways, job), stop=stop)


def _history(config: Config, ways: Ways, job: str) -> History | None:
    if job in {"mail", "probe"}:
        return None
    with _memory(config, ways) as memory:
        return history(memory.runs, job)


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


def history(runs: Runs, job: str) -> History:
    """What the ledger of runs says of one job."""
    days = runs.days(job)
    return History(days.get, min(days, default=None), runs.missed(job, since=None))


def _ignore(_result: object) -> None:
    """The journal keeps what a job came to."""
