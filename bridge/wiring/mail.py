"""The fuse box of mail: who writes to whom by which server, and the alarm that needs no journal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from adapters.journal.alarms import Alarms
from adapters.mail import Security, SmtpMailer
from adapters.render.alarm import write_alarm
from bridge.config import Config, read_secret
from bridge.ports import Clock
from bridge.post import Envelope
from schemas.errors import BridgeError, Fault, JournalError, JournalMissing
from schemas.texts import Text

log = structlog.get_logger()


def mailer_of(config: Config) -> SmtpMailer:
    mail = config.mail
    password = read_secret(mail.password_file, mail.password_env) if mail.user else ""
    return SmtpMailer(mail.host, mail.port, Security(mail.security), mail.user, password, mail.ca_file)


def envelope_of(config: Config) -> Envelope | None:
    """None where mail is switched off."""
    if not config.mail.enabled or config.mail.sender is None:
        return None
    return Envelope(mailer_of(config), config.mail.sender, config.mail.recipients)


@contextmanager
def alarmed(config: Config, clock: Clock) -> Iterator[None]:
    """Inside, a journal that cannot be used is told to the recipients at once, by a mail that passes by the outbox.

    The error goes on as it was, whatever becomes of the mail.
    """
    alarms = Alarms(config.journal.path)
    alarms.make_room()
    try:
        yield
    except (JournalError, JournalMissing) as error:
        if error.fault is not None:
            _tell(config, alarms, error.text, error.fault, clock)
        raise


def _tell(config: Config, alarms: Alarms, text: Text, fault: Fault, clock: Clock) -> None:
    now = clock.instant().at
    if alarms.is_out(now.date(), fault):
        return
    try:
        envelope = envelope_of(config)
        if envelope is None:
            return
        message = write_alarm(
            text,
            config.federation.language,
            federation=config.federation.name,
            message_id=f"<alarm.{now:%Y%m%d}.{fault}@{envelope.sender.partition('@')[2]}>",
            sender=envelope.sender,
            recipients=envelope.recipients,
            at=now,
        )
        envelope.mailer.send(message, sender=envelope.sender, recipients=envelope.recipients)
    except BridgeError as error:
        log.error("mail.alarm_not_sent", reason=fault.value, exc_info=error)  # noqa: TRY400  # its words say it all
        return
    alarms.put_out(now.date(), fault)
    log.error("mail.alarm_sent", reason=fault.value)
