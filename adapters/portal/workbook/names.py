"""Names of files: a pattern of the dialect, filled with what every file system takes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from schemas.identity import scrub

MAX_BYTES = 200
"""Of the name without its suffix: file systems take 255, some less, and a number may follow."""

_VALUE_CHARACTERS = 30
# What Windows refuses, controls, marks that reverse text or cannot be seen, lone surrogates.
_REFUSED = re.compile(
    '[<>:"/\\\\|?*\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff\ufffe\uffff]'
)
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)")


def file_name(pattern: str, batch: Mapping[str, str], *, part: int) -> str:
    """`batch` has canonical field names. Numbers that may be an id or a phone are masked: a name is no place for them."""
    values = {"organiser": batch.get("organiser", ""), "batch": batch.get("name", ""), "year": batch.get("year", "")}
    filled = Path(pattern.format(**{name: _safe(text) for name, text in values.items()}, part=part))
    stem = _REFUSED.sub("_", str(filled.with_suffix(""))).strip(" .") or "_"
    tail = str(part)  # what tells two parts apart is never cut off
    while len(stem.encode()) > MAX_BYTES:
        stem = stem[: -len(tail) - 1] + tail if stem.endswith(tail) else stem[:-1]
    return ("_" + stem if _DEVICES.match(stem) else stem) + filled.suffix


def numbered(name: str, number: int) -> str:
    """a.xlsx, 2 → a (2).xlsx; 1 leaves the name alone."""
    path = Path(name)
    return name if number == 1 else f"{path.stem} ({number}){path.suffix}"


def _safe(text: str) -> str:
    return _REFUSED.sub("_", scrub(text)).strip(" .")[:_VALUE_CHARACTERS].strip(" .") or "_"
