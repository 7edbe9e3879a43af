"""Check: the settings, key, disk, clock, sources, portal and mail, each with the fix. Nothing is written anywhere,
but what the first import template looked like.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from bridge.config import Config
from bridge.config.packs import address_of, load_dialect
from bridge.wiring.journal import open_memory
from bridge.wiring.mail import mailer_of
from bridge.wiring.service import Ways, open_portal, plain_ways
from bridge.wiring.sources import ledgers_in_sight
from schemas.errors import BridgeError, ConfigError, SchemaDrift, TransientError
from schemas.examined import Examined
from schemas.texts import T, Text

_LEAST_FREE_BYTES = 500_000_000
_CLOCK_SLACK_YEARS = 1
_CHECK_PORTAL = T("Check portal.base_url, the network, and whether the portal is open now.")
_CHECK_MAIL = T("Check mail.host, mail.port and the network.")


def examine(path: Path) -> Iterator[Examined]:
    """Look at everything a run needs, in the order a run needs it. Without settings nothing else can be looked at.

    No lock is taken: it may be asked while a run is at work.
    """
    try:
        config = Config.load(path)
    except ConfigError as error:
        yield from _wrong(T("settings"), error)
        return
    yield Examined(T("settings"), 0, T("read from {path}", path=path))
    ways = plain_ways()
    yield from _tried(T("key and journal"), lambda: _journal(config))
    yield from _tried(T("disk"), lambda: _disk(config))
    yield from _tried(T("clock"), lambda: _clock(config, ways))
    yield from _tried(T("sources"), lambda: _sources(config))
    yield from _tried(T("portal"), lambda: _portal(config), _CHECK_PORTAL)
    if config.mail.enabled:
        yield from _tried(T("mail"), lambda: _mail(config), _CHECK_MAIL)
    else:
        yield Examined(T("mail"), 0, T("switched off (mail.enabled)"))


def _tried(name: Text, look: Callable[[], Text], if_out_of_reach: Text | None = None) -> Iterator[Examined]:
    try:
        yield Examined(name, 0, look())
    except TransientError as error:
        yield Examined(name, error.exit_code, error.text, if_out_of_reach)
    except BridgeError as error:
        yield from _wrong(name, error)


def _wrong(name: Text, error: BridgeError) -> Iterator[Examined]:
    texts = error.texts if isinstance(error, ConfigError | SchemaDrift) else (error.text,)
    return (Examined(name, error.exit_code, text) for text in texts)


def _journal(config: Config) -> Text:
    memory = open_memory(config)
    try:
        memory.verify()
    finally:
        memory.close()
    return T("{path} opens with its key and is whole", path=config.journal.path)


def _disk(config: Config) -> Text:
    folder = config.journal.path.parent
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise ConfigError(
            T("The folder {path} cannot be used: {reason}.", path=folder, reason=error.strerror)
        ) from None
    if free < _LEAST_FREE_BYTES:
        raise BridgeError(
            T("only {free} MB are free beside the journal; make room for 500 MB.", free=free // 1_000_000)
        )
    return T("{free} MB free", free=free // 1_000_000)


def _clock(config: Config, ways: Ways) -> Text:
    now = ways.clock.instant().at
    if abs(now.year - config.federation.year) > _CLOCK_SLACK_YEARS:
        raise ConfigError(
            T(
                "{now} is far from the season {year}: set the clock, or federation.year.",
                now=now.date(),
                year=config.federation.year,
            )
        )
    return T("{now} in Shanghai", now=now.strftime("%Y-%m-%d %H:%M"))


def _sources(config: Config) -> Text:
    count = ledgers_in_sight(config)
    if not count:
        raise BridgeError(T("no ledger in any folder: put them there, or correct path and glob of [[source]]."))
    return T("{count} ledgers in {sources} sources", count=count, sources=len(config.source))


def _portal(config: Config) -> Text:
    if config.portal.by_hand:
        return _desk(config)
    with open_portal(config) as carrier:
        count = sum(1 for _ in carrier.portal.batches(config.federation.year))
    return T("{count} batches listed at {url}", count=count, url=address_of(load_dialect(config), config.portal))


def _desk(config: Config) -> Text:
    """The folders between the bridge and those who carry files, then the template and every export in the inbox."""
    outbox, inbox = config.portal.outbox, config.portal.inbox
    if not inbox.is_dir():
        raise ConfigError(T("portal.inbox: there is no folder {path}. Make it, or correct the path.", path=inbox))
    waiting, brought = _files("outbox", outbox, os.R_OK | os.W_OK), _files("inbox", inbox, os.R_OK)
    with open_portal(config) as carrier:
        if carrier.desk is not None:
            carrier.desk.check_template()
        count = sum(1 for _ in carrier.portal.batches(config.federation.year))
    return T(
        "{waiting} files in {outbox}, {brought} in {inbox}, {count} batches listed",
        waiting=waiting,
        outbox=outbox,
        brought=brought,
        inbox=inbox,
        count=count,
    )


def _files(option: str, folder: Path, rights: int) -> int:
    """How many files people see there. An outbox that is not there yet is made with the first file."""
    try:
        if not folder.exists():
            return 0
        found = [entry for entry in folder.iterdir() if entry.is_file() and not entry.name.startswith((".", "~$"))]
        allowed = os.access(folder, rights | os.X_OK)
    except OSError as error:
        raise _unusable(option, folder, error.strerror or "-") from None
    if not allowed:
        raise _unusable(option, folder, os.strerror(errno.EACCES))
    return len(found)


def _unusable(option: str, folder: Path, reason: str) -> ConfigError:
    told = T("portal.{option}: the folder {path} cannot be used: {reason}.", option=option, path=folder, reason=reason)
    return ConfigError(told)


def _mail(config: Config) -> Text:
    mailer_of(config).greet()
    return T("{host} lets us in", host=config.mail.host)
