"""Dialects of a test's own: qilu's file with some sections changed."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any

from schemas.dialect import Dialect

QILU_TOML = (files("schemas") / "dialects" / "qilu.toml").read_text(encoding="utf-8")


def changed(toml: str, **sections: Any) -> Dialect:
    """qilu with `toml` laid over it, section by section; a keyword set to None leaves its section out."""
    tree = laid_over(tomllib.loads(QILU_TOML), tomllib.loads(toml))
    for name, value in sections.items():
        if value is None:
            del tree[name]
        else:
            tree[name] = value
    return Dialect.model_validate(tree)


def laid_over(tree: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """Tables are merged, everything else is replaced."""
    merged = dict(tree)
    for name, value in more.items():
        both = isinstance(value, dict) and isinstance(merged.get(name), dict)
        merged[name] = laid_over(merged[name], value) if both else value
    return merged
