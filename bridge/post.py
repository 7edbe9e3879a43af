"""Post: hand a report out. The mail is durable before it is tried; one that is not taken stays and is tried again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bridge.ports import Clock, Journal, Mailer, Outbox, Renderer
from bridge.rota import Owed
from bridge.run_ledger import begin
from schemas.errors import RunError, TransientError
from schemas.journal import Letter
from schemas.report import Report, RunState
from schemas.texts import Text


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who writes, to whom, and by which server."""

    mailer: Mailer
    sender: str
    recipients: Sequence[str]


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of the outbox: `refused` are recipients the server would not take, `failures` mails still waiting."""

    sent: int
    refused: tuple[str, ...]
    failures: tuple[Text, ...]


def hand_out(
    report: Report,
    journal: Journal,
    renderer: Renderer,
    envelope: Envelope | None,
    clock: Clock,
    owed: Owed | None = None,
) -> Posted:
    """Keep in the ledger that staff got this report, and mail it where there is an envelope."""
    now = clock.instant().at
    run = begin(journal.runs, "report", owed or Owed(report.business_date), at=now)
    posted = Posted(0, (), ())
    if envelope is not None:
        _write_letter(report, run, journal.outbox, renderer, envelope)
        posted = post(journal.outbox, envelope.mailer, now=clock.instant().at)
    state = RunState.PARTIAL if posted.failures or posted.refused else RunState.COMPLETE
    journal.runs.finish(run, state, {"sent": posted.sent}, at=clock.instant().at)
    return posted


def _write_letter(report: Report, run: int, outbox: Outbox, renderer: Renderer, envelope: Envelope) -> None:
    domain = envelope.sender.partition("@")[2]
    message_id = f"<{report.business_date:%Y%m%d}.{run}@{domain}>"
    sender, recipients = envelope.sender, tuple(envelope.recipients)
    message = renderer.message(report, message_id=message_id, sender=sender, recipients=recipients)
    outbox.put(Letter(message_id, sender, recipients, message, report.made_at))


def post(outbox: Outbox, mailer: Mailer, *, now: datetime) -> Posted:
    """Send every waiting mail, oldest first. Never raises for a mail server that is down or refuses."""
    refused: list[str] = []
    failures: list[Text] = []
    waiting = outbox.waiting()
    for letter in waiting:
        try:
            turned_away = mailer.send(letter.message, sender=letter.sender, recipients=letter.recipients)
        except (TransientError, RunError) as error:
            outbox.failed(letter, str(error.text))
            failures.append(error.text)
            continue
        outbox.sent(letter, " ".join(turned_away), at=now)
        refused += turned_away
    return Posted(len(waiting) - len(failures), tuple(refused), tuple(failures))
