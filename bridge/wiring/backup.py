"""The fuse box of backups: made, tried, and put back; each is a line in the ledger of runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from adapters.journal.backup import backups, look_into, make, private_folder, put_in_place, unpack
from adapters.journal.journal import open_journal
from adapters.journal.lock import hold
from adapters.vault import Vault
from bridge.config import Config
from bridge.ports import Clock
from bridge.rota import Owed
from bridge.run_ledger import one_line
from bridge.wiring.journal import lock_path, open_to_write, witness_path
from bridge.wiring.portal import settling_of
from schemas.backup import Backup, BackupFacts, Restored
from schemas.errors import ConfigError, JournalError
from schemas.journal import Settling
from schemas.report import RunState
from schemas.texts import T


@dataclass(frozen=True, slots=True)
class Drilled:
    """The backup that was tried, and what it holds."""

    path: Path
    facts: BackupFacts
    people: int


def back_up(config: Config, clock: Clock, *, to: Path | None = None, owed: Owed | None = None) -> Backup:
    """A new backup in the folder of the settings, or in `to`. Raises ConfigError, JournalError."""
    with open_to_write(config, clock, work="backup") as writing:
        runs, now = writing.journal.runs, clock.instant().at
        with one_line(runs, "backup", clock, owed) as run:
            made = make(config.journal.path, to or config.backup.dir, writing.vault, now=now, keep=config.backup.keep)
        runs.finish(run, RunState.COMPLETE, {"rows": made.facts.total, "bytes": made.size}, at=clock.instant().at)
        return made


def drill(config: Config, clock: Clock, *, owed: Owed | None = None) -> Drilled:
    """Restore the newest backup into a folder of its own, look into it, open it, and throw it away.

    Raises ConfigError, JournalError: then there is no backup that would help.
    """
    with open_to_write(config, clock, work="drill") as writing:
        runs = writing.journal.runs
        with one_line(runs, "drill", clock, owed) as run:
            found = _drilled(config, writing.vault)
        runs.finish(run, RunState.COMPLETE, {"rows": found.facts.total, "people": found.people}, at=clock.instant().at)
        return found


def _drilled(config: Config, vault: Vault) -> Drilled:
    newest = next(iter(backups(config.backup.dir, config.journal.path.name)), None)
    if newest is None:
        raise JournalError(T("There is no backup in {path}. Run: lxy-bridge backup", path=config.backup.dir))
    with private_folder(config.journal.path.parent) as private:
        copy = private / "drill.db"
        facts = unpack(newest, copy, vault)
        return Drilled(newest, facts, _opens(copy, vault, settling_of(config)))


def restore(config: Config, clock: Clock, file: Path, *, lose_newer: bool) -> Restored:
    """Put a backup, or a journal that was kept aside, in the journal's place; the next run catches up with the portal.

    Raises ConfigError for a file that is not there, and where a newer journal would be lost; JournalError for a bad one.
    """
    if not file.is_file():
        raise ConfigError(T("There is no file {path}.", path=file))
    vault, settling, now = Vault.load(config.vault.key_file), settling_of(config), clock.instant()
    with (
        hold(lock_path(config), now=now.at, work="restore", lease_s=config.journal.lease_s),
        private_folder(config.journal.path.parent) as private,
    ):
        copy = private / "restored.db"
        facts = unpack(file, copy, vault)
        if not lose_newer:
            _nothing_newer(config.journal.path, facts)
        _opens(copy, vault, settling)
        kept = put_in_place(copy, config.journal.path, settling, now=now, witnesses=(witness_path(config),))
        return Restored(facts, kept)


def _opens(copy: Path, vault: Vault, settling: Settling) -> int:
    """With this program and this key file; how many people it knows. Raises ConfigError, JournalError."""
    journal = open_journal(copy, vault, settling)
    try:
        tally = journal.people.tally()
    finally:
        journal.close()
    return tally.offline_rows + tally.online_rows


def _nothing_newer(journal: Path, facts: BackupFacts) -> None:
    """Raises ConfigError where the journal in place has come further than the backup; a damaged one is no loss."""
    try:
        here = look_into(journal) if journal.exists() else None
    except JournalError:
        return
    if here is None or (here.journal == facts.journal and (here.number, here.turn) <= (facts.number, facts.turn)):
        return
    raise ConfigError(
        T(
            "The journal {path} is whole and newer than the backup. Keep it; or give --lose-newer: it is kept aside then.",
            path=journal,
        )
    )
