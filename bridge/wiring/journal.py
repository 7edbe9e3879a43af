"""The fuse box of the journal: to write in it as the only one, or to look into it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from adapters.journal.epoch import admit
from adapters.journal.journal import Journal as SqliteJournal
from adapters.journal.journal import open_journal
from adapters.journal.lease import Lease
from adapters.journal.lock import hold, take_over, writer_of
from adapters.vault import Vault
from bridge.config import Config
from bridge.ports import Clock
from bridge.wiring.mail import alarmed
from bridge.wiring.portal import settling_of
from schemas.epoch import Writer


@dataclass(frozen=True, slots=True)
class Writing:
    """The journal as its one writer has it."""

    journal: SqliteJournal
    vault: Vault
    lease: Lease


@contextmanager
def open_to_write(config: Config, clock: Clock, *, work: str) -> Iterator[Writing]:
    """With the writer's lock held, its lease renewed, and a fence where the journal may not know what was sent last.

    A journal that cannot be used is told to the recipients at once. `work` is what others are told about who holds it.
    Raises ConfigError, JournalError (somebody else is at work).
    """
    vault = Vault.load(config.vault.key_file)
    lease_s, since = config.journal.lease_s, clock.instant().at
    with (
        alarmed(config, clock),
        hold(lock_path(config), now=since, work=work, lease_s=lease_s) as lease,
        _opened(config, clock, vault) as journal,
    ):
        yield Writing(journal, vault, lease)


def take_over_writing(config: Config, clock: Clock) -> tuple[Writer, int]:
    """End a writer that was silent past its lease: who that was, and how many records were on their way.

    Raises ConfigError, JournalError (it is at work, or nobody is, or it cannot be ended).
    """
    vault, lease_s, since = Vault.load(config.vault.key_file), config.journal.lease_s, clock.instant().at
    with (
        take_over(lock_path(config), now=since, work="takeover", lease_s=lease_s) as silent,
        _opened(config, clock, vault) as journal,
    ):
        return silent, journal.deliveries.recover(clock.instant())  # its last request had left by now


@contextmanager
def _opened(config: Config, clock: Clock, vault: Vault) -> Iterator[SqliteJournal]:
    settling = settling_of(config)
    journal = open_journal(config.journal.path, vault, settling)
    try:
        admit(journal.store, settling, now=clock.instant(), witnesses=(witness_path(config),))
        yield journal
    finally:
        journal.close()


def open_memory(config: Config) -> SqliteJournal:
    """The journal for looking only: no lock, and nothing can be written. Raises ConfigError, JournalError."""
    vault = Vault.load(config.vault.key_file)
    return open_journal(config.journal.path, vault, settling_of(config), read_only=True)


def who_writes(config: Config) -> Writer | None:
    """Who holds the journal now."""
    return writer_of(lock_path(config))


def lock_path(config: Config) -> Path:
    return config.journal.path.with_name(config.journal.path.name + ".lock")


def witness_path(config: Config) -> Path:
    """How far the journal had come, told where the backups lie: it does not go back with this machine."""
    return config.backup.dir / (config.journal.path.name + ".witness")
