"""The error tree: the base class says what happens next.

Anything that is not a `BridgeError` is a bug: it shows a traceback and earns a test.
"""

from __future__ import annotations

from enum import StrEnum

from schemas.texts import Language, Text


class BridgeError(Exception):
    """Carries one `Text` for the person who can settle it, never personal data."""

    exit_code = 1

    def __init__(self, text: Text) -> None:
        super().__init__(str(text))
        self.text = text

    def into(self, language: Language) -> str:
        return self.text.into(language)


class ConfigError(BridgeError):
    """Nothing starts; staff fix the config. `texts` holds every mistake found, not only the first."""

    exit_code = 2

    def __init__(self, *texts: Text) -> None:
        super().__init__(texts[0])
        self.texts = texts

    def into(self, language: Language) -> str:
        return "\n".join(text.into(language) for text in self.texts)


class RunError(BridgeError):
    """This run stops and is reported; the next one starts clean."""


class SourceError(RunError):
    """A source as a whole could not be looked at (missing folder, no right to read)."""


class AuthError(RunError):
    """The portal does not accept our credentials."""


class SchemaDrift(RunError):
    """The portal answered in a shape the dialect does not describe. `texts`: what is wrong, then each difference."""

    def __init__(self, *texts: Text) -> None:
        super().__init__(texts[0])
        self.texts = texts

    def into(self, language: Language) -> str:
        return "\n".join(text.into(language) for text in self.texts)


class Fault(StrEnum):
    """What keeps the journal from being used. Sending stops; each is an alarm of its own."""

    LOCKED = "locked"  # another program has it open: the next run tries again
    FULL = "full"  # no room on the disk: the next run tries again
    DISK = "disk"  # reading, writing or fsync failed: never tried again, the next start checks the whole journal first
    DAMAGED = "damaged"  # a person restores a backup
    MISSING = "missing"  # a person restores a backup, or begins anew
    UNUSABLE = "unusable"  # rights, a file system that lets nobody write: a person puts it right


class JournalError(RunError):
    """The journal cannot be used. `fault` None: it is whole, but another process of the bridge is at work on it."""

    def __init__(self, text: Text, *, fault: Fault | None = None) -> None:
        super().__init__(text)
        self.fault = fault


class JournalMissing(ConfigError):
    """There was a journal and it is gone: it is never made anew in silence."""

    fault = Fault.MISSING


class Fenced(JournalError):
    """This process is no longer the one that may write: it was silent past its lease, or another took over. Nothing is sent."""


class UnsafePlan(BridgeError):
    """The brake: too much would change; staff must say yes."""

    exit_code = 3


class RecordError(BridgeError):
    """This record is set aside, the run goes on."""


class Unmappable(RecordError):
    """A value has no word on the other side."""


class TransientError(BridgeError):
    """The same request may work later: retried within a budget, then left to the next run.

    `retry_after_s` is the portal's own wish in seconds, when it stated one.
    """

    def __init__(self, text: Text, *, retry_after_s: float | None = None) -> None:
        super().__init__(text)
        self.retry_after_s = retry_after_s


class Wrong(ValueError):
    """One entry of a settings file, dialect or policy pack that is not right; pydantic collects them.

    `text` leaves `{key}` to be filled with the entry's path, and carries no value of it.
    """

    def __init__(self, text: Text) -> None:
        super().__init__(text.msgid)
        self.text = text
