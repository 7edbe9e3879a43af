"""The journal as one thing: opened whole, at the schema of this program, with the key it was made with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from adapters.journal import doubt, faults
from adapters.journal.deliveries import Deliveries
from adapters.journal.epoch import Fences
from adapters.journal.findings import Findings
from adapters.journal.keyed import Keyed
from adapters.journal.offline import Offline
from adapters.journal.online import Online
from adapters.journal.outgoing import Outgoing
from adapters.journal.people import People
from adapters.journal.reviews import Reviews
from adapters.journal.runs import Outbox, Runs
from adapters.journal.schema import check, upgrade
from adapters.journal.store import Store
from adapters.journal.timeline import Timeline
from adapters.journal.word import Word
from schemas.errors import ConfigError
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
    reviews: Reviews
    findings: Findings
    runs: Runs
    outbox: Outbox
    timeline: Timeline
    word: Word
    keyed: Keyed
    fences: Fences
    store: Store
    writes: bool = True

    def verify(self) -> None:
        """SQLite's own check of the whole file. Raises JournalError when it is damaged."""
        _verify(self.store)

    def close(self) -> None:
        self.store.close()
        if self.writes and self.store.failed is None:
            doubt.end(self.path)


def create_journal(path: Path, vault: Vault) -> None:
    """Make a new, empty journal bound to this vault's keys. Raises ConfigError; never overwrites one."""
    if path.exists():
        raise ConfigError(T("There is a journal {path} already; it is never overwritten.", path=path))
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".new")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)
    store = Store(unfinished)
    upgrade(store)
    with store.write() as connection:
        connection.exec_driver_sql("INSERT INTO meta (key, value) VALUES ('key_check', ?)", (vault.check_value(),))
    store.close()
    unfinished.with_name(unfinished.name + "-journal").unlink(missing_ok=True)
    leftover = path.with_name(path.name + "-journal")
    if leftover.exists():  # of a journal that is gone: SQLite would roll it back into the new one
        leftover.replace(leftover.with_name(leftover.name + ".lost"))
    unfinished.rename(path)


def open_journal(path: Path, vault: Vault, settling: Settling, *, read_only: bool = False) -> Journal:
    """Open an existing journal. Raises ConfigError (missing, other key), JournalError (damaged, newer schema).

    Where the one who wrote it last did not end well, all of it is checked first.
    """
    if not path.exists() or path.stat().st_size == 0:
        raise faults.missing(path)
    doubtful = not read_only and doubt.begin(path)
    store = Store(path, read_only=read_only)
    try:
        if doubtful:
            _verify(store)
        if read_only:
            check(store)
        else:
            upgrade(store)
        _check_key(store, vault)
        if not read_only:
            store.claim()
    except BaseException:
        store.close()
        raise
    return Journal(
        path=path,
        offline=Offline(store, vault, vault.person_key),
        online=Online(store, vault, settling),
        deliveries=Deliveries(store, vault, settling),
        outgoing=Outgoing(store, vault, settling),
        people=People(store, vault),
        reviews=Reviews(store),
        findings=Findings(store, vault),
        runs=Runs(store),
        outbox=Outbox(store, vault),
        timeline=Timeline(store),
        word=Word(store, settling),
        keyed=Keyed(store, vault, settling),
        fences=Fences(store, settling),
        store=store,
        writes=not read_only,
    )


def _verify(store: Store) -> None:
    with store.read() as connection:
        found = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar()
    if found != "ok":
        raise faults.damaged(store.path, "integrity_check")


def _check_key(store: Store, vault: Vault) -> None:
    with store.read() as connection:
        kept = connection.exec_driver_sql("SELECT value FROM meta WHERE key='key_check'").scalar()
    if kept != vault.check_value():
        raise ConfigError(
            T("The key file is not the one journal {path} was made with. Put the right key file back.", path=store.path)
        )
