"""Post: hand what lies in the outbox to the mail server. A mail that is not taken stays and is tried again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bridge.ports import Mailer, Outbox, Renderer
from schemas.errors import RunError, TransientError
from schemas.journal import Letter
from schemas.report import Report
from schemas.texts import Text


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of the outbox: `refused` are recipients the server would not take, `failures` mails still waiting."""

    sent: int
    refused: tuple[str, ...]
    failures: tuple[Text, ...]


def write_letter(
    report: Report, renderer: Renderer, outbox: Outbox, *, message_id: str, sender: str, recipients: Sequence[str]
) -> None:
    """Make the mail durable before anybody tries to send it."""
    message = renderer.message(report, message_id=message_id, sender=sender, recipients=recipients)
    outbox.put(Letter(message_id, sender, tuple(recipients), message, report.made_at))


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
