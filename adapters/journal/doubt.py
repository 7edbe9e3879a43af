"""Whether the last one who wrote the journal ended well: a file beside it stands while somebody writes.

Whoever is killed leaves it, and so does whoever saw the disk fail: such a one may be unable to write down that it did,
so it is written down before. The next to write checks the whole journal first.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from adapters.journal.faults import of_system


def begin(path: Path) -> bool:
    """Say that somebody writes the journal at `path`. True when the one before did not end well.

    Raises JournalError where not even an empty file can be made.
    """
    try:
        _beside(path).touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        return True
    except OSError as error:
        raise of_system(path, error) from error
    return False


def end(path: Path) -> None:
    with suppress(OSError):  # it stays: then the next one looks twice
        _beside(path).unlink(missing_ok=True)


def _beside(path: Path) -> Path:
    return path.with_name(path.name + ".in-use")
