"""The journal's schema over time, by Alembic; Alembic itself is imported only when there is something to do."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import inspect

from adapters.journal.store import Store
from schemas.errors import JournalError
from schemas.texts import T

HEAD = "0009"
MIGRATIONS = Path(__file__).with_name("migrations")


def version(store: Store) -> str | None:
    """The migration the journal stands at, None when it was never migrated."""
    with store.read() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
        return found


def is_older(path: Path) -> bool:
    """Whether a program of this version still has to bring the journal to its schema."""
    store = Store(path, read_only=True)
    try:
        at = version(store)
    finally:
        store.close()
    return at is not None and at < HEAD


def check(store: Store) -> None:
    """Raises JournalError for a journal that cannot be looked into as it is: of another program or version."""
    at = version(store)
    if at is None:
        raise JournalError(T("{path} is not a journal of this program.", path=store.path))
    if at > HEAD:
        raise _newer(store)
    if at < HEAD:
        raise JournalError(
            T("The journal {path} is of an older version of this program. Run once: lxy-bridge sync", path=store.path)
        )


def _newer(store: Store) -> JournalError:
    return JournalError(
        T("The journal {path} was written by a newer version of this program. Install that version.", path=store.path)
    )


def upgrade(store: Store) -> None:
    """Bring the journal to this program's schema in one transaction. Raises JournalError for a newer journal."""
    at = version(store)
    if at == HEAD:
        return
    if at is not None and at > HEAD:
        raise _newer(store)
    from alembic import command  # noqa: PLC0415  # heavy: only when there is something to migrate
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with store.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, HEAD)
