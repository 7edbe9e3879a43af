"""The packs the settings name: the portal's dialect and the year's policy, shipped ones or the federation's own."""

from __future__ import annotations

import hashlib
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from bridge import __version__
from bridge.config.sections import Config
from schemas.dialect import Dialect
from schemas.errors import ConfigError
from schemas.policy import Policy
from schemas.texts import T

P = TypeVar("P", Dialect, Policy)


def load_dialect(config: Config) -> Dialect:
    return _pack(Dialect, "dialects", config.portal.dialect)


def load_policy(config: Config) -> Policy:
    return _pack(Policy, "policies", config.federation.policy)


def _pack(model: type[P], room: str, name: Path | str) -> P:
    """A shipped pack by name, or one of the federation's own by path. Raises ConfigError naming every mistake."""
    text = _pack_text(room, name)
    try:
        return model.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(T("{path} is not TOML: {reason}", path=name, reason=error)) from None
    except ValidationError as error:
        raise ConfigError(
            *(
                T("{path}, {key}: {reason}", path=name, key=".".join(map(str, wrong["loc"])), reason=wrong["msg"])
                for wrong in error.errors(include_input=False, include_context=False)
            )
        ) from None


def _pack_text(room: str, name: Path | str) -> str:
    return (name if isinstance(name, Path) else files("schemas") / room / f"{name}.toml").read_text(encoding="utf-8")


def basis_of(config: Config, mapping_version: str) -> str:
    """Changes whenever checking or mapping could come to another result for the same rows."""
    packs = _pack_text("dialects", config.portal.dialect), _pack_text("policies", config.federation.policy)
    parts = (__version__, mapping_version, *packs, config.federation.bases, config.federation.organisers)
    return hashlib.sha256(repr(parts).encode()).hexdigest()
