"""The fuse box of the sources: a folder of ledgers, a database of them, or a local system that lists them."""

from __future__ import annotations

from pathlib import Path

from adapters.sources.aliases import Aliases
from adapters.sources.apart import Apart
from adapters.sources.copying import Patience
from adapters.sources.database import DatabaseSource, Queries
from adapters.sources.engines import open_database
from adapters.sources.facts import Facts
from adapters.sources.folder import FolderSource, Understand
from adapters.sources.listing import ListedSource
from bridge.config import Config, SourceSection, read_secret
from bridge.config.packs import load_source_dialect
from bridge.ports import Source
from bridge.wiring.portal import open_listing, ticks


def sources_of(config: Config, understand: Understand, *, key: bytes = b"") -> list[Source]:
    """`key` is what the marks of sheets are made with: those who only look need none. Raises ConfigError."""
    return [_source(config, one, understand, key) for one in config.source]


def _source(config: Config, section: SourceSection, understand: Understand, key: bytes) -> Source:
    if section.path is not None:
        return source_of(config, section, section.path, section.glob, understand, key=key)
    return _database(config, section, key) if section.kind == "database" else _listing(config, section, key)


def source_of(
    config: Config, section: SourceSection, folder: Path, pattern: str, understand: Understand, *, key: bytes = b""
) -> FolderSource:
    return FolderSource(
        section.name,
        folder,
        pattern,
        organiser=section.organiser or "",
        level=section.level,
        year=config.federation.year,
        understand=understand,
        key=key,
        aliases=_aliases(config),
        patience=Patience(section.quiet_s),
    )


def _database(config: Config, section: SourceSection, key: bytes) -> DatabaseSource:
    protected = section.password_file or section.password_env
    password = read_secret(section.password_file, section.password_env) if protected else ""
    return DatabaseSource(
        open_database(section.name, section.url or "", password, timeout_s=section.timeout_s),
        Queries(section.people or "", section.watermark or "", section.overlap_s, section.columns),
        _defaults(config, section),
        _aliases(config),
        now=ticks().now,
        key=key,
    )


def _listing(config: Config, section: SourceSection, key: bytes) -> ListedSource:
    dialect = load_source_dialect(section)
    return ListedSource(
        section.name,
        lambda: open_listing(section, dialect),
        dialect.words,
        _defaults(config, section),
        _aliases(config),
        year=config.federation.year,
        now=ticks().now,
        described=dialect,
        key=key,
    )


def _aliases(config: Config) -> Aliases:
    own = config.aliases
    return Aliases.of(own.columns, own.units, own.levels, own.categories)


def _defaults(config: Config, section: SourceSection) -> Facts:
    return Facts(organiser=section.organiser or "", level=section.level, year=config.federation.year)


def ledgers_in_sight(config: Config) -> int:
    """How many there would be to read now; a database or a local system is one. Raises ConfigError, SourceError."""
    return sum(1 for source in sources_of(config, Apart()) for _ in source.look())
