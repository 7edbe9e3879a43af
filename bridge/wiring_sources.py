"""The fuse box of the sources: a folder of ledgers, or a database of them."""

from __future__ import annotations

from pathlib import Path

from adapters.sources.aliases import Aliases
from adapters.sources.apart import Apart
from adapters.sources.copying import Patience
from adapters.sources.database import DatabaseSource, Queries
from adapters.sources.engines import open_database
from adapters.sources.facts import Facts
from adapters.sources.folder import FolderSource, Understand
from bridge.config import Config, SourceSection, read_secret
from bridge.ports import Source
from bridge.wiring_portal import ticks


def sources_of(config: Config, understand: Understand, *, key: bytes = b"") -> list[Source]:
    """`key` is what the marks of sheets are made with: those who only look need none. Raises ConfigError."""
    return [
        _database(config, one, key)
        if one.path is None
        else source_of(config, one, one.path, one.glob, understand, key=key)
        for one in config.source
    ]


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
        aliases=Aliases.of(config.aliases.columns, config.aliases.units),
        patience=Patience(section.quiet_s),
    )


def _database(config: Config, section: SourceSection, key: bytes) -> DatabaseSource:
    protected = section.password_file or section.password_env
    password = read_secret(section.password_file, section.password_env) if protected else ""
    return DatabaseSource(
        open_database(section.name, section.url or "", password, timeout_s=section.timeout_s),
        Queries(section.people or "", section.watermark or "", section.overlap_s, section.columns),
        Facts(organiser=section.organiser or "", level=section.level, year=config.federation.year),
        now=ticks().now,
        key=key,
    )


def ledgers_in_sight(config: Config) -> int:
    """How many there would be to read now; a database is one. Raises ConfigError, SourceError."""
    return sum(1 for source in sources_of(config, Apart()) for _ in source.look())
