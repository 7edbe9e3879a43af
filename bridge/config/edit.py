"""One table of the settings file written anew, everything else as it stands there, comments too."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

import orjson

from bridge.config.toml import text_of
from schemas.errors import ConfigError
from schemas.texts import T


def write_table(file: Path, section: str, key: str, table: Mapping[str, str]) -> None:
    """Lets `key` of `[section]` be `table`. Raises ConfigError, and then nothing is written.

    The new file takes the place of the old one at once, or not at all.
    """
    line = f"{key} = {{ {', '.join(f'{_quoted(name)} = {_quoted(value)}' for name, value in table.items())} }}"
    before = text_of(file)
    after = _with_line(before, section, key, line)
    if not _only_that_changed(before, after, section, key, table):
        raise ConfigError(
            T("{path}: write this line into [{section}] yourself: {line}", path=file, section=section, line=line)
        )
    new = file.with_name(file.name + ".new")
    try:
        new.write_bytes(after.encode())
        new.chmod(file.stat().st_mode & 0o777)
        new.replace(file)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise ConfigError(T("{path} cannot be written: {reason}.", path=file, reason=error.strerror)) from None


def _with_line(text: str, section: str, key: str, line: str) -> str:
    """In place of the key's own line, else as the first line of the section, else in a new one at the end."""
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = text.splitlines()
    head = next((at for at, said in enumerate(lines) if said.strip() == f"[{section}]"), None)
    if head is None:
        return newline.join([*lines, "", f"[{section}]", line, ""])
    end = next((at for at in range(head + 1, len(lines)) if lines[at].lstrip().startswith("[")), len(lines))
    own = next((at for at in range(head + 1, end) if re.match(rf"\s*{key}\s*=", lines[at])), None)
    lines[head + 1 if own is None else own : head + 1 if own is None else own + 1] = [line]
    return newline.join([*lines, ""])


def _only_that_changed(before: str, after: str, section: str, key: str, table: Mapping[str, str]) -> bool:
    """Whether both mean the same but for this one table; not so where it stood on several lines."""
    try:
        old, new = tomllib.loads(before), tomllib.loads(after)
    except tomllib.TOMLDecodeError:
        return False
    old[section] = dict(old.get(section, {})) | {key: dict(table)}
    return old == new


def _quoted(text: str) -> str:
    """A basic string of TOML: JSON writes the same."""
    return orjson.dumps(text).decode()
