"""A TOML file as a table; what is no TOML is told by line and column."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from schemas.errors import ConfigError
from schemas.texts import T


def table_of(text: str, name: Path | str) -> dict[str, object]:
    """Raises ConfigError; of what stands in the file it repeats nothing."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"line (\d+), column (\d+)", str(error))
        line, column = place.groups() if place else ("-", "-")
        raise ConfigError(
            T(
                "{path}, line {line}, column {column}: this is not TOML. Texts stand in quotation marks; "
                "Windows paths stand in single ones.",
                path=name,
                line=line,
                column=column,
            )
        ) from None


def text_of(path: Path) -> str:
    """Raises FileNotFoundError; ConfigError for what cannot be read or is no UTF-8."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise
    except OSError as error:
        raise ConfigError(T("{path} cannot be read: {reason}.", path=path, reason=error.strerror)) from None
    except UnicodeDecodeError:
        raise ConfigError(T("{path} is not UTF-8 text. Save it again as UTF-8.", path=path)) from None
