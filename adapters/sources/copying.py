"""A file's bytes, taken while nobody was writing them."""

from __future__ import annotations

import os
from pathlib import Path

from adapters.sources.grid import Unreadable

MAX_FILE_BYTES = 200_000_000
_TRIES = 2


def quiet_copy(file: Path) -> bytes:
    """The whole content, when its stat is the same before and after. Raises Unreadable."""
    try:
        for _ in range(_TRIES):
            before = file.stat()
            if before.st_size > MAX_FILE_BYTES:
                raise Unreadable("too_large", limit_mb=MAX_FILE_BYTES // 1_000_000)
            content = file.read_bytes()
            if _same(before, file.stat()) and len(content) == before.st_size:
                return content
    except FileNotFoundError:
        raise Unreadable("file_changing") from None
    except OSError:
        raise Unreadable("no_access") from None
    raise Unreadable("file_changing")


def _same(before: os.stat_result, after: os.stat_result) -> bool:
    return (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
