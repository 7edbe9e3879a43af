"""One writer: a lock on a file beside the journal, released by the death of its holder."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from io import FileIO
from pathlib import Path

import orjson

from adapters.journal.faults import of_system
from schemas.errors import JournalError
from schemas.texts import T, Text


@contextmanager
def hold(path: Path, *, now: datetime, work: str) -> Iterator[None]:
    """Hold the writer's lock while the block runs.

    Raises JournalError naming who holds it and since when, or what the disk has against a lock.
    """
    try:
        file = path.open("a+b", buffering=0)
    except OSError as error:
        raise of_system(path, error) from error
    with file:
        if not _try_lock(file):
            raise JournalError(_told_by(path))
        try:
            file.truncate(0)
            file.write(orjson.dumps({"pid": os.getpid(), "work": work, "since": now.isoformat(timespec="seconds")}))
        except OSError as error:
            raise of_system(path, error) from error
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

    def _try_lock(file: FileIO) -> bool:
        try:
            file.seek(1 << 30)  # a byte nobody writes: the holder's note stays readable
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def _try_lock(file: FileIO) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
