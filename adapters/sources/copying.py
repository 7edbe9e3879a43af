"""A file's bytes, taken while nobody was writing them."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from adapters.sources.grid import Unreadable

MAX_FILE_BYTES = 200_000_000
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a file must have been left alone before it is read, in seconds, and the clock that tells."""

    quiet_s: float = 0.0
    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep

    def wait(self, saved_s: float) -> None:
        """Until so long after this moment, by the time of the file's disk; never longer than `quiet_s` itself."""
        left_s = min(saved_s + self.quiet_s - self.now(), self.quiet_s)
        if left_s > 0:
            self.sleep(left_s)


AT_ONCE = Patience()


def quiet_copy(file: Path, patience: Patience = AT_ONCE) -> bytes:
    """The whole content, when two readings of it are equal and its stat is the same before and after.

    What was saved a moment ago may be half of what is being saved: it is waited for. Raises Unreadable for what is gone,
    closed to us, too large, or still changes.
    """
    try:
        for _ in range(_TRIES):
            before = file.stat()
            if before.st_size > MAX_FILE_BYTES:
                raise Unreadable("too_large", limit_mb=MAX_FILE_BYTES // 1_000_000)
            patience.wait(before.st_mtime)
            content = file.read_bytes()
            if _equal(content, file) and _same(before, file.stat()) and len(content) == before.st_size:
                return content
    except FileNotFoundError:
        raise Unreadable("file_changing") from None
    except OSError:
        raise Unreadable("no_access") from None
    raise Unreadable("file_changing")


def _equal(content: bytes, file: Path) -> bool:
    with file.open("rb") as again:
        return hashlib.file_digest(again, "sha256").digest() == hashlib.sha256(content).digest()


def _same(before: os.stat_result, after: os.stat_result) -> bool:
    return (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
