"""The fuse box of the portal: by its interface, or by the files people carry; one dialect for either."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from adapters.portal.http import Clients, Credentials, HttpPortal, Line, Ticks, open_clients
from adapters.portal.http import Retries as WireRetries
from adapters.portal.workbook import WorkbookPortal
from bridge.config import Config, PortalSection, SourceSection, read_secret, read_secrets
from bridge.config.packs import address_of, load_dialect, load_workbook_dialect
from bridge.ports import Desk, Portal, Vault
from schemas.dialect import Dialect, Dictionaries
from schemas.errors import ConfigError
from schemas.journal import Rest, Settling
from schemas.portal import DeliveryClass
from schemas.texts import T

SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Carrier:
    """How the portal is reached, and the words it takes; there is a `desk` where people carry files to it."""

    portal: Portal
    words: Dictionaries
    desk: Desk | None = None


_RESTED = Rest()


@contextmanager
def open_carrier(
    config: Config, vault: Vault, rest: Rest = _RESTED, *, may_write: Callable[[], None] | None = None
) -> Iterator[Carrier]:
    """`rest`: how the last run left the portal. `may_write` raises Fenced where this process may write no more.

    Raises ConfigError.
    """
    if config.portal.by_hand:
        carried = load_workbook_dialect(config)
        _room_for(config.portal.inbox)
        desk = WorkbookPortal(
            carried.workbook,
            outbox=config.portal.outbox,
            inbox=config.portal.inbox,
            accepted=template_memory(config),
            mark=vault.mark,
            template=config.portal.template,
            language=config.federation.language,
        )
        yield Carrier(desk, carried.words, desk)
        return
    dialect = load_dialect(config)
    clients = clients_of(config, dialect)
    try:
        yield Carrier(_http_portal(config, dialect, clients, rest, may_write), dialect.words)
    finally:
        clients.close()


def _room_for(inbox: Path) -> None:
    """Staff must find the folder their exports go to."""
    try:
        inbox.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            T("portal.inbox: the folder {path} cannot be made: {reason}.", path=inbox, reason=error.strerror)
        ) from None


def template_memory(config: Config) -> Path:
    """Where the fingerprint of the accepted template is kept: beside the journal."""
    return config.journal.path.with_name(config.journal.path.name + ".template.json")


def settling_of(config: Config) -> Settling:
    """Where people carry files nobody can be asked, and no time that passes proves anything: only their exports do."""
    if config.portal.by_hand:
        return Settling(DeliveryClass.K4, 0, by_hand=True)
    dialect, window_s = load_dialect(config), config.portal.settle_window_s
    window_s = dialect.settle_window_s if window_s is None else window_s
    return Settling(dialect.delivery_class, window_s, key_life_s=dialect.key_life_s)


def clients_of(config: Config, dialect: Dialect) -> Clients:
    portal = config.portal
    own, key = portal.client_cert_file, portal.client_key_file
    certificate = (own, key) if own and key else None
    return open_clients(address_of(dialect, portal), dialect.transport, ca_file=portal.ca_file, certificate=certificate)


def credentials_of(config: Config) -> Credentials:
    """Who we are to the portal. Raises ConfigError."""
    portal = config.portal
    return _credentials(portal, read_secret(portal.app_secret_file, portal.app_secret_env))


def _credentials(interface: PortalSection | SourceSection, app_secret: str) -> Credentials:
    values = {**interface.settings, **read_secrets(interface.secrets)}
    return Credentials(interface.app_id or "", app_secret, values)


@contextmanager
def open_listing(source: SourceSection, dialect: Dialect) -> Iterator[HttpPortal]:
    """A local system that lists its batches as its dialect says; nothing is ever written to it. Raises ConfigError."""
    protected = source.app_secret_file or source.app_secret_env
    secret = read_secret(source.app_secret_file, source.app_secret_env) if protected else ""
    clients = open_clients(address_of(dialect, source), dialect.transport, ca_file=source.ca_file, certificate=None)
    try:
        yield HttpPortal(Line(dialect, clients, _credentials(source, secret), WireRetries(), ticks()))
    finally:
        clients.close()


def _http_portal(
    config: Config, dialect: Dialect, clients: Clients, rest: Rest, may_write: Callable[[], None] | None
) -> Portal:
    """Where the portal was silent last time, its first call is a probe: nothing is tried again before some succeeded."""
    section = config.portal.retries
    retries = WireRetries(section.attempts, section.time_s, section.budget, spent=rest.silent)
    line = Line(dialect, clients, credentials_of(config), retries, ticks(), may_write=may_write)
    line.be_quiet(rest.left_s(line.ticks.now()))
    return HttpPortal(line)


def ticks() -> Ticks:
    """This machine's time and chance, for the wire."""
    return Ticks(time.monotonic, time.sleep, lambda: datetime.now(SHANGHAI), secrets.token_bytes)
