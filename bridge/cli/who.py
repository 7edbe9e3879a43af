"""Who says something, in their own words or by their name on this machine."""

import getpass

from schemas.errors import ConfigError
from schemas.texts import T


def told(option: str, text: str) -> str:
    """What somebody typed, without a number that could be somebody's. Raises ConfigError for nothing."""
    from schemas.identity import scrub

    if not text.strip():
        raise ConfigError(T("{option} must not be empty.", option=option))
    return scrub(" ".join(text.split()))


def user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "-"
