"""Idempotency keys, as a portal of class K2 honours them (IETF draft-ietf-httpapi-idempotency-key-header).

They live in this process alone: a portal that is started again has forgotten them, as after the end of their life.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from starlette.responses import Response

KEY_HEADER = "Idempotency-Key"


@dataclass(frozen=True, slots=True)
class _Kept:
    """`answer` is None while the first request with this key is still at work."""

    payload: bytes
    answer: Response | None
    ends: float


class Keys:
    """`monotonic` in seconds."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._kept: dict[str, _Kept] = {}
        self._lock = Lock()

    def begin(self, key: str, raw: bytes, life_s: float) -> Response | int | None:
        """The answer given before, 409 while that is not known yet, 422 for another payload; None: go on."""
        payload, now = hashlib.sha256(raw).digest(), self._monotonic()
        with self._lock:
            kept = self._kept.get(key)
            if kept is None or (kept.answer is not None and kept.ends <= now):
                self._kept[key] = _Kept(payload, None, now + life_s)
                return None
        if kept.payload != payload:
            return 422
        return kept.answer or 409

    def keep(self, key: str, answer: Response) -> None:
        with self._lock:
            begun = self._kept[key]
            self._kept[key] = _Kept(begun.payload, answer, begun.ends)

    def forget(self, key: str) -> None:
        """Nothing was done: the key may come again."""
        with self._lock:
            self._kept.pop(key, None)
