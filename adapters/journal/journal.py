"""The journal as one thing: opened whole, at the schema of this program, with the key it was made with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from adapters.journal.deliveries import Deliveries
from adapters.journal.epoch import Fences
from adapters.journal.findings import Findings
from adapters.journal.offline import Offline
from adapters.journal.online import Online
from adapters.journal.outgoing import Outgoing
from adapters.journal.people import People
from adapters.journal.runs import Outbox, Runs
from adapters.journal.schema import check, upgrade
from adapters.journal.store import Store
from adapters.journal.timeline import Timeline
from schemas.errors import ConfigError, JournalError
from schemas.journal import Settling
from schemas.texts import T


class Vault(Protocol):
    def seal(self, plain: bytes, *, bound_to: str) -> bytes: ...
    def open(self, sealed: bytes, *, bound_to: str) -> bytes: ...
    def person_key(self, id_type: str, id_no: str) -> bytes: ...
    def check_value(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Journal:
    """Fits `bridge.ports.Journal`: each part is the memory of one concern."""

    path: Path
    offline: Offline
    online: Online
    deliveries: Deliveries
    outgoing: Outgoing
    people: People
    findings: Findings
    runs: Runs
    outbox: Outbox
    timeline: Timeline
    fences: Fences
    store: Store

    def verify(self) -> None:
        """SQLite's own check of the whole file. Raises JournalError when it is damaged."""
        with self.store.read() as connection:
            found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
        if found != "ok":
            raise JournalError(
                T("The journal {path} is damaged. Stop everything and restore it from a backup.", path=self.path)
            )

    def close(self) -> None:
        self.store.close()


def create_journal(path: Path, vault: Vault) -> None:
    """Make a new, empty journal bound to this vault's keys. Raises ConfigError; never overwrites one."""
    if path.exists():
        raise ConfigError(T("There is a journal {path} already; it is never overwritten.", path=path))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    store = Store(path)
    upgrade(store)
    with store.write() as connection:
        connection.exec_driver_sql("INSERT INTO meta (key, value) VALUES ('key_check', ?)", (vault.check_value(),))
    store.close()


def open_journal(path: Path, vault: Vault, settling: Settling, *, read_only: bool = False) -> Journal:
    """Open an existing journal. Raises ConfigError (missing, other key), JournalError (damaged, newer schema)."""
    if not path.exists() or path.stat().st_size == 0:
        raise ConfigError(
            T(
                "There is no journal at {path}. Restore it from a backup, or make a new one with `lxy-bridge init`.",
                path=path,
            )
        )
    store = Store(path, read_only=read_only)
    if read_only:
        check(store)
    else:
        upgrade(store)
    _check_key(store, vault)
    if not read_only:
        store.claim()
    return Journal(
        path=path,
        offline=Offline(store, vault, vault.person_key),
        online=Online(store, vault, settling),
        deliveries=Deliveries(store, vault, settling),
        outgoing=Outgoing(store, vault, settling),
        people=People(store, vault),
        findings=Findings(store, vault),
        runs=Runs(store),
        outbox=Outbox(store, vault),
        timeline=Timeline(store),
        fences=Fences(store, settling),
        store=store,
    )


def _check_key(store: Store, vault: Vault) -> None:
    with store.read() as connection:
        kept = connection.exec_driver_sql("SELECT value FROM meta WHERE key='key_check'").scalar()
    if kept != vault.check_value():
        raise ConfigError(
            T("The key file is not the one journal {path} was made with. Put the right key file back.", path=store.path)
        )
