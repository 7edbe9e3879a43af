"""Files that a command makes: never over one that is there."""

from pathlib import Path

from schemas.errors import ConfigError
from schemas.texts import T


def write_new(file: Path, content: bytes) -> None:
    """Raises ConfigError; never overwrites."""
    try:
        with file.open("xb") as opened:
            opened.write(content)
    except FileExistsError:
        raise ConfigError(T("{path} is there already. Name a new file.", path=file)) from None
    except OSError as error:
        raise ConfigError(T("{path} cannot be written: {reason}.", path=file, reason=error.strerror)) from None
