"""The packs the settings name: the portal's dialect and the year's policy, shipped ones or the federation's own."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from bridge import __version__
from bridge.config.mistakes import explain
from bridge.config.sections import Config
from bridge.config.toml import table_of, text_of
from schemas.dialect import Dialect
from schemas.dialect.review import Fault, review
from schemas.errors import ConfigError
from schemas.packs import shipped_names, shipped_text
from schemas.policy import Policy
from schemas.texts import T, Text

P = TypeVar("P", Dialect, Policy)


def load_dialect(config: Config) -> Dialect:
    """Raises ConfigError with every mistake in it, and with what the settings do not tell it."""
    dialect, faults = dialect_of(config.portal.dialect)
    if mistakes := [fault.text for fault in faults if not fault.hint]:
        raise _wrong(config.portal.dialect, mistakes)
    return dialect


def dialect_of(name: Path | str) -> tuple[Dialect, list[Fault]]:
    """A dialect and what is to be said of it. Raises ConfigError for one whose shapes are wrong already."""
    dialect = _pack(Dialect, "dialects", name, reference="lxy-bridge dialect new")
    return dialect, review(dialect)


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
    try:
        return model.model_validate(table)
    except ValidationError as error:
        raise _wrong(name, explain(error, model, reference=reference)) from None


def _wrong(name: Path | str, mistakes: list[Text]) -> ConfigError:
    return ConfigError(T("{path} is not right in {count} places:", path=name, count=len(mistakes)), *mistakes)


def basis_of(config: Config, mapping_version: str) -> str:
    """Changes whenever checking or mapping could come to another result for the same rows."""
    packs = pack_text("dialects", config.portal.dialect), pack_text("policies", config.federation.policy)
    parts = (__version__, mapping_version, *packs, config.federation.bases, config.federation.organisers)
    return hashlib.sha256(repr(parts).encode()).hexdigest()
