"""One thing to be said of a dialect."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from schemas.texts import Text

_BARE = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Fault:
    """`path` is the place in the file, as people count; `text` begins with it. A `hint` stops nothing."""

    path: str
    text: Text
    hint: bool = False


def fault(path: str, text: Text) -> Fault:
    """`text` leaves `{key}` to be filled."""
    return Fault(path, text.filled(key=path))


def hint(path: str, text: Text) -> Fault:
    return Fault(path, text.filled(key=path), hint=True)


def below(section: str, key: str) -> str:
    """The path of one key of a section, quoted where TOML wants it so."""
    return f"{section}.{key}" if _BARE.fullmatch(key) else f'{section}."{key}"'


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that is likeliest meant, or nothing. Case and underscores do not count."""
    plain = {re.sub(r"[_-]", "", one).lower(): one for one in known}
    hits = difflib.get_close_matches(re.sub(r"[_-]", "", name).lower(), plain, n=1, cutoff=0.6)
    return plain[hits[0]] if hits else ""
