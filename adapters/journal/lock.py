"""One writer: a lock on a file beside the journal, released by the death of its holder."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO

import orjson

from schemas.errors import JournalError
from schemas.texts import T, Text


@contextmanager
def hold(path: Path, *, now: datetime, work: str) -> Iterator[None]:
    """Hold the writer's lock while the block runs.

    Raises JournalError naming who holds it and since when.
    """
    with path.open("a+b") as file:
        if not _try_lock(file):
            raise JournalError(_told_by(path))
        file.seek(0)
        file.truncate()
        file.write(orjson.dumps({"pid": os.getpid(), "work": work, "since": now.isoformat(timespec="seconds")}))
        file.flush()
        yield


def _told_by(path: Path) -> Text:
    try:
        holder = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        holder = {}
    return T(
        "Another process holds the journal: {work}, process {pid}, since {since}. Wait until it has finished.",
        work=holder.get("work", "?"),
        pid=holder.get("pid", "?"),
        since=holder.get("since", "?"),
    )


if sys.platform == "win32":
    import msvcrt

    def _try_lock(file: IO[bytes]) -> bool:
        try:
            file.seek(1 << 30)  # a byte nobody writes: the holder's note stays readable
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def _try_lock(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
