"""The packs that ship with the bridge, by room ("dialects", "policies") and name."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import PurePath
from typing import TypeVar

from pydantic import BaseModel

M = TypeVar("M", bound=BaseModel)


def shipped_names(room: str) -> list[str]:
    entries = (PurePath(entry.name) for entry in (files("schemas") / room).iterdir())
    return sorted(entry.stem for entry in entries if entry.suffix == ".toml")


def shipped_text(room: str, name: str) -> str:
    """Raises FileNotFoundError."""
    return (files("schemas") / room / f"{name}.toml").read_text(encoding="utf-8")


def parsed(model: type[M], text: str) -> M:
    """Raises tomllib.TOMLDecodeError, pydantic.ValidationError."""
    return model.model_validate(tomllib.loads(text))
