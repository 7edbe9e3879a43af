"""The alarm as a mail: short, in clear words, and made of nothing that lies in the journal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage

from adapters.render.letter import POLICY
from schemas.texts import Language, T, Text


def write_alarm(  # a mail has that many parts
    text: Text,
    language: Language,
    *,
    federation: str,
    message_id: str,
    sender: str,
    recipients: Sequence[str],
    at: datetime,
) -> bytes:
    """RFC 5322 bytes. `text` says what happened and what to do."""
    message = EmailMessage(POLICY)
    message["Subject"] = T("[Recuperation] {federation}: nothing is sent any more", federation=federation).into(
        language
    )
    message["From"] = sender
    message["To"] = ", ".join(recipients)
    message["Date"] = at
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"
    message["Importance"] = "high"
    parts = (
        text,
        T(
            "Until this is settled nothing is sent to the portal. What was on its way is asked for before it is sent again."
        ),
        T(
            "What is known can still be read, unless the journal is damaged or gone: lxy-bridge status, lxy-bridge "
            "findings, lxy-bridge report --print"
        ),
        T("This is told once a day for each kind of fault."),
    )
    message.set_content("\n\n".join(part.into(language) for part in parts) + "\n")
    return message.as_bytes()
