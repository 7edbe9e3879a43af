"""Time and chance, as things that are handed in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Ticks:
    """`monotonic` and `sleep` in seconds; `now` is aware of its zone; `chance` gives so many random bytes."""

    monotonic: Callable[[], float]
    sleep: Callable[[float], None]
    now: Callable[[], datetime]
    chance: Callable[[int], bytes]
