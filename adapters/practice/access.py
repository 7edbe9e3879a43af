"""Who may talk to the practice portal: made at random once and kept beside its data."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from hmac import compare_digest
from pathlib import Path
from threading import Lock


@dataclass(frozen=True, slots=True, repr=False)
class Access:
    """The client's appId and appSecret, and the token for hand edits and the weather."""

    app_id: str
    app_secret: str
    admin_token: str


def access_of(folder: Path) -> Access:
    """As the folder's access.json says; written (mode 0600) when there is none yet."""
    path = folder / "access.json"
    if not path.exists():
        made = Access("practice", secrets.token_hex(16), secrets.token_hex(16))
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(asdict(made), file)
    return Access(**json.loads(path.read_text()))


class Tokens:
    """The Bearer tokens now alive; `clock` gives seconds since 1970."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._ends: dict[str, float] = {}
        self._lock = Lock()

    def issue(self, life_s: float) -> str:
        token = secrets.token_hex(20)
        with self._lock:
            self._ends[token] = self._clock() + life_s
        return token

    def admit(self, authorization: str) -> bool:
        with self._lock:
            return self._ends.get(authorization.removeprefix("Bearer "), 0.0) > self._clock()

    def forget(self) -> None:
        with self._lock:
            self._ends.clear()


def same(left: str, right: str) -> bool:
    return compare_digest(left.encode(), right.encode())
