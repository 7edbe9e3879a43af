"""Which alarms of the day are out, so that a fault that lasts is told once a day and not at every try.

It cannot stand in the journal, which is what failed. The file has its size before it is needed and is written over in
place: a full disk has room for it. Where even that fails, the alarm goes out again, under the same Message-ID.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from pathlib import Path

from schemas.errors import Fault

_SIZE = 96  # a day and every fault there is
_SUFFIX = ".alarms"


class Alarms:
    def __init__(self, journal: Path) -> None:
        self._path = journal.with_name(journal.name + _SUFFIX)

    def make_room(self) -> None:
        """While there is some."""
        with suppress(OSError):
            if not self._path.exists():
                self._path.write_bytes(b" " * _SIZE)

    def is_out(self, day: date, fault: Fault) -> bool:
        return fault in self._out(day)

    def put_out(self, day: date, fault: Fault) -> None:
        line = " ".join([day.isoformat(), *self._out(day), fault])
        with suppress(OSError), self._path.open("r+b", buffering=0) as file:
            file.write(line.encode().ljust(_SIZE))

    def _out(self, day: date) -> list[str]:
        try:
            of, *out = self._path.read_text("utf-8", "replace").split()
        except (OSError, ValueError):
            return []
        return out if of == day.isoformat() else []
