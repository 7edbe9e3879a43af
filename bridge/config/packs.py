"""The packs the settings name: the portal's dialect and the year's policy, shipped ones or the federation's own."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from bridge import __version__
from bridge.config.mistakes import explain
from bridge.config.sections import Config, Portal
from bridge.config.source import Source
from bridge.config.toml import table_of, text_of
from schemas.dialect import Dialect
from schemas.dialect.new import new_dialect
from schemas.dialect.review import Fault, nearest, review
from schemas.errors import ConfigError
from schemas.packs import shipped_names, shipped_text
from schemas.policy import Policy
from schemas.texts import T, Text
from schemas.workbook import WorkbookDialect

D = TypeVar("D", Dialect, WorkbookDialect)
P = TypeVar("P", Dialect, WorkbookDialect, Policy)


def load_dialect(config: Config) -> Dialect:
    """Raises ConfigError with every mistake in it, and with what the settings do not tell it."""
    return _told(sound(config.portal.pack), config.portal, "portal")


def load_source_dialect(source: Source) -> Dialect:
    """How a local system lists its batches. Raises ConfigError as `load_dialect`, and where it lists none."""
    dialect = _told(sound(source.dialect or ""), source, "source")
    if not (dialect.operations.list_batches and dialect.operations.list_people):
        raise ConfigError(
            T("{path} has no list_batches or no list_people: a source needs both.", path=source.dialect or "")
        )
    return dialect


def _told(dialect: Dialect, interface: Portal | Source, section: str) -> Dialect:
    if untold := list(_untold(dialect, interface, section)):
        raise ConfigError(*untold)
    return dialect


def load_workbook_dialect(config: Config) -> WorkbookDialect:
    """The files people carry. Raises ConfigError with every mistake in it."""
    return _without_mistakes(config.portal.pack, _workbook_dialect(config.portal.pack))


def _workbook_dialect(name: Path | str) -> WorkbookDialect:
    return _pack(WorkbookDialect, "dialects", name, reference="import-workbook.toml")


def sound(name: Path | str) -> Dialect:
    """A dialect without a mistake. Raises ConfigError with every one it has."""
    return _without_mistakes(name, _http_dialect(name))


def _http_dialect(name: Path | str) -> Dialect:
    return _pack(Dialect, "dialects", name, reference="lxy-bridge dialect new")


def _without_mistakes(name: Path | str, dialect: D) -> D:
    if mistakes := [fault.text for fault in review(dialect) if not fault.hint]:
        raise _wrong(name, mistakes)
    return dialect


def address_of(dialect: Dialect, interface: Portal | Source) -> str:
    """Where it is: the settings decide, else the dialect; `load_dialect` saw that one of them does."""
    return interface.base_url or dialect.transport.base_url.rstrip("/")


def _untold(dialect: Dialect, interface: Portal | Source, section: str) -> Iterator[Text]:
    """What the dialect asks the settings for and they do not say, and the reverse."""
    if not interface.base_url and not dialect.transport.base_url:
        yield T(
            "{key}: is missing, and the dialect {name} has none of its own.",
            key=f"{section}.base_url",
            name=dialect.name,
        )
    given = {
        "settings": {name: name for name in interface.settings},
        "secrets": {option.rpartition("_")[0]: option for option in interface.secrets},
    }
    for kind, asked in (("settings", dialect.settings), ("secrets", dialect.secrets)):
        for name, what in asked.items():
            if name not in given[kind]:
                key = f"{section}.{kind}.{name}" + "_file" * (kind == "secrets")
                yield T(
                    "{key}: is missing. The dialect {name} asks for it: {what}", key=key, name=dialect.name, what=what
                )
        for name, option in given[kind].items():
            if name not in asked:
                yield _not_asked(f"{section}.{kind}.{option}", name, dialect, asked)


def _not_asked(key: str, name: str, dialect: Dialect, asked: Iterable[str]) -> Text:
    if near := nearest(name, asked):
        return T(
            "{key}: the dialect {name} does not ask for it. Is {near} meant?", key=key, name=dialect.name, near=near
        )
    return T("{key}: the dialect {name} does not ask for it; leave it out.", key=key, name=dialect.name)


def dialect_of(name: Path | str) -> tuple[Dialect | WorkbookDialect, list[Fault]]:
    """A dialect of either kind and what is to be said of it. Raises ConfigError where its shapes are wrong already."""
    carried = "workbook" in table_of(pack_text("dialects", name), name)
    dialect = _workbook_dialect(name) if carried else _http_dialect(name)
    return dialect, review(dialect)


def to_fill_in(source: str, *, name: str) -> str:
    """A dialect called `name` to fill in, made from a shipped one. Raises ConfigError."""
    shipped = named("dialects", source)
    if isinstance(shipped, Path):
        raise ConfigError(T("{name}: copy a file of your own by hand; --from takes one that ships.", name=source))
    return new_dialect(shipped_text("dialects", shipped), name=name)


def load_policy(config: Config) -> Policy:
    return _pack(Policy, "policies", config.federation.policy, reference="weihai-2025.toml")


def named(room: str, name: str) -> Path | str:
    """A pack as a command names it: a file, or one of those shipped. Raises ConfigError."""
    if re.search(r"[/\\]|\.toml$", name) or Path(name).is_file():
        return Path(name)
    shipped = shipped_names(room)
    if name not in shipped:
        raise ConfigError(
            T("{name}: must be a path ending in .toml, or one of: {expected}.", name=name, expected=", ".join(shipped))
        )
    return name


def pack_text(room: str, name: Path | str) -> str:
    """Raises ConfigError."""
    if isinstance(name, str):
        return shipped_text(room, name)
    try:
        return text_of(name)
    except FileNotFoundError:
        raise ConfigError(T("There is no file {path}.", path=name)) from None


def _pack(model: type[P], room: str, name: Path | str, *, reference: str) -> P:
    table = table_of(pack_text(room, name), name)
    if room == "dialects" and ("workbook" in table) != (model is WorkbookDialect):
        raise ConfigError(_other_carrier(name, by_hand="workbook" in table))
    try:
        return model.model_validate(table)
    except ValidationError as error:
        raise _wrong(name, explain(error, model, reference=reference)) from None


def _other_carrier(name: Path | str, *, by_hand: bool) -> Text:
    if by_hand:
        return T('{path} describes files that people carry. Write portal.carrier = "workbook".', path=name)
    return T('{path} describes an interface. Write portal.carrier = "http", or name another file.', path=name)


def _wrong(name: Path | str, mistakes: list[Text]) -> ConfigError:
    return ConfigError(T("{path} is not right in {count} places:", path=name, count=len(mistakes)), *mistakes)


def basis_of(config: Config, mapping_version: str) -> str:
    """Changes whenever checking or mapping could come to another result for the same rows."""
    packs = pack_text("dialects", config.portal.pack), pack_text("policies", config.federation.policy)
    parts = (__version__, mapping_version, *packs, config.federation.bases, config.federation.organisers)
    return hashlib.sha256(repr(parts).encode()).hexdigest()
