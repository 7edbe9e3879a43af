"""Check: the settings, key, disk, clock, sources, portal and mail, each with the fix. Nothing is written online."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bridge.config import Config
from bridge.wiring import Ways, mailer_of, open_house, open_memory, plain_ways
from schemas.errors import BridgeError
from schemas.texts import T, Text

_LEAST_FREE_BYTES = 500_000_000
_CLOCK_SLACK_YEARS = 1


@dataclass(frozen=True, slots=True)
class Examined:
    """One thing looked at. `text` says what is wrong and the fix, or that it is well."""

    name: Text
    good: bool
    text: Text


def examine(path: Path) -> Iterator[Examined]:
    """Look at everything a run needs, in the order a run needs it. Without settings nothing else can be looked at."""
    try:
        config = Config.load(path)
    except BridgeError as error:
        yield from (Examined(T("settings"), good=False, text=text) for text in getattr(error, "texts", (error.text,)))
        return
    yield Examined(T("settings"), good=True, text=T("read from {path}", path=path))
    ways = plain_ways()
    yield _tried(T("key and journal"), lambda: _journal(config))
    yield _tried(T("disk"), lambda: _disk(config))
    yield _tried(T("clock"), lambda: _clock(config, ways))
    yield _tried(T("sources"), lambda: _sources(config, ways))
    yield _tried(T("portal"), lambda: _portal(config, ways))
    if config.mail.enabled:
        yield _tried(T("mail"), lambda: _mail(config))


def _tried(name: Text, look: Callable[[], Text]) -> Examined:
    try:
        return Examined(name, good=True, text=look())
    except BridgeError as error:
        return Examined(name, good=False, text=error.text)


def _journal(config: Config) -> Text:
    memory = open_memory(config)
    try:
        memory.verify()
    finally:
        memory.close()
    return T("{path} opens with its key and is whole", path=config.journal.path)


def _disk(config: Config) -> Text:
    free = shutil.disk_usage(config.journal.path.parent).free
    if free < _LEAST_FREE_BYTES:
        raise BridgeError(
            T("only {free} MB are free beside the journal; make room for 500 MB.", free=free // 1_000_000)
        )
    return T("{free} MB free", free=free // 1_000_000)


def _clock(config: Config, ways: Ways) -> Text:
    now = ways.clock.instant().at
    if abs(now.year - config.federation.year) > _CLOCK_SLACK_YEARS:
        raise BridgeError(
            T(
                "{now} is far from the season {year}: set the clock, or federation.year.",
                now=now.date(),
                year=config.federation.year,
            )
        )
    return T("{now} in Shanghai", now=now.strftime("%Y-%m-%d %H:%M"))


def _sources(config: Config, ways: Ways) -> Text:
    with open_house(config, ways, work="check") as house:
        count = sum(1 for source in house.sources for _ in source.look())
    return T("{count} ledgers in {sources} sources", count=count, sources=len(config.source))


def _portal(config: Config, ways: Ways) -> Text:
    with open_house(config, ways, work="check") as house:
        count = sum(1 for _ in house.portal.batches(config.federation.year))
    return T("{count} batches listed at {url}", count=count, url=config.portal.base_url)


def _mail(config: Config) -> Text:
    mailer_of(config).greet()
    return T("{host} lets us in", host=config.mail.host)
