"""The outbox: where files lie that a person carries to the portal. They hold ids in clear, so nobody else may look in."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from adapters.portal.workbook.names import numbered

File = tuple[str, bytes]

_UNFINISHED = ".part"
_TRIES = 1_000


def put(outbox: Path, files: Sequence[File]) -> None:
    """All files under one number: whole, on the disk, and none over another of its name. Raises OSError.

    The first one comes last: who finds it finds the others. Files that lie there already with this content stay.
    """
    outbox.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left_over in outbox.glob(f".*.xls?{_UNFINISHED}"):
        left_over.unlink()
    number = next((n for n in range(1, _TRIES) if all(free_for(outbox / numbered(name, n), c) for name, c in files)), 0)
    if not number:
        raise FileExistsError
    for name, content in reversed(files):
        path = outbox / numbered(name, number)
        if not path.exists():
            _write(path, content)
    _sync_folder(outbox)


def free_for(path: Path, content: bytes) -> bool:
    """Whether nothing lies there but, perhaps, this very file. An outbox nobody can look into shows when it is written."""
    try:
        return path.stat().st_size == len(content) and path.read_bytes() == content
    except OSError:
        return not os.path.exists(path)  # noqa: PTH110  # Path.exists raises where the folder is closed to us


def _write(path: Path, content: bytes) -> None:
    unfinished = path.with_name(f".{path.name}{_UNFINISHED}")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)


def _sync_folder(folder: Path) -> None:
    """So that the names survive a power cut too; where folders cannot be opened, the system sees to it."""
    with suppress(PermissionError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
