"""What stands beside the journal and is no part of a backup: how far it had come, and where it lived.

The journal counts its openings to write (`number`) and the turns in which requests were let go (`turn`); the file beside it
is told of each before the first byte may leave. So a journal that was put back shows: the file is ahead of it. Machine,
folder and the moment of writing show a folder that was copied elsewhere or put back as a whole: the system stamps a file's
change of status itself, and copying cannot set it.

What cannot be seen from here: a machine rolled back with its disk (both files are older then, and in step), and a copy that
goes on working while the first one does. Against the first, `witnesses` help: the same numbers in a folder that is not
rolled back with the machine, that of the backups for one. Against the second only a portal of class K1 does.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import blake2b
from pathlib import Path

import orjson

from adapters.journal.faults import of_system
from schemas.epoch import Why

_BYTES = 512
_MACHINE_ID = Path("/etc/machine-id")
_SLACK_NS = 250_000_000  # between reading the clock and the system's own stamp
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Mark:
    """How far one journal had come. `journal` is its identity; `machine`, `folder` and `written_ns` say where and when."""

    journal: str
    epoch: int
    number: int
    turn: int
    machine: str = ""
    folder: int = 0
    written_ns: int = 0


class Beside:
    """The file beside one journal."""

    def __init__(self, journal: Path) -> None:
        self.path = journal.with_name(journal.name + ".epoch")
        self._mark: Mark | None = None

    def put(self, mark: Mark) -> None:
        """Durable when it returns. Raises JournalError."""
        self._mark = replace(mark, machine=_machine(mark.journal), folder=self.path.parent.stat().st_ino)
        self._write(durable=True)

    def turned(self, turn: int) -> None:
        """Requests are about to leave in this turn. A power cut may lose it, never the death of the process.

        Raises JournalError.
        """
        if self._mark is not None:
            self._mark = replace(self._mark, turn=turn)
            self._write(durable=False)

    def _write(self, *, durable: bool) -> None:
        try:
            self._written(durable=durable)
        except OSError as error:
            raise of_system(self.path, error) from None

    def _written(self, *, durable: bool) -> None:
        """In place, so that it is never half there; again where the process was held up and the stamp came late."""
        handle = os.open(self.path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            for _ in range(_TRIES):
                now_ns = time.time_ns()
                assert self._mark is not None  # noqa: S101  # both callers have set it
                os.write(handle, orjson.dumps(asdict(replace(self._mark, written_ns=now_ns))).ljust(_BYTES))
                if _in_step(os.fstat(handle), now_ns):
                    break
                os.lseek(handle, 0, os.SEEK_SET)
            if durable:
                os.fsync(handle)
        finally:
            os.close(handle)

    def judge(self, mark: Mark, *, placed: bool, witnesses: Sequence[Path] = ()) -> tuple[Why | None, int]:
        """Why this journal may not know what was sent last, None where it does; and the newest turn anybody knows of.

        `mark.number` is that of the opening that asks: nobody else can have had it.
        """
        beside = read(self.path)
        known = [one for one in (beside, *map(read, witnesses)) if one is not None and one.journal == mark.journal]
        turn = max((one.turn for one in known), default=mark.turn)
        if beside is None:
            return (Why.ALONE if placed else None), max(turn, mark.turn)
        if beside.journal != mark.journal:
            return Why.ANOTHER, mark.turn
        if any(one.number >= mark.number or one.turn > mark.turn or one.epoch > mark.epoch for one in known):
            return Why.OLDER, turn
        stat = self.path.stat()
        here = (_machine(mark.journal), self.path.parent.stat().st_ino)
        if (beside.machine, beside.folder) != here or not _in_step(stat, beside.written_ns):
            return Why.COPIED, mark.turn
        return None, mark.turn


def read(path: Path) -> Mark | None:
    """None where there is none; a file that cannot be read is of no journal."""
    try:
        return Mark(**orjson.loads(path.read_bytes()))
    except FileNotFoundError:
        return None
    except (OSError, orjson.JSONDecodeError, TypeError):
        return Mark("", 0, 0, 0)


def leave_witness(path: Path, mark: Mark) -> None:
    """Best effort: the folder may be on a share that is away just now."""
    try:
        if path.parent.is_dir():
            part = path.with_name(path.name + ".part")
            part.write_bytes(orjson.dumps(asdict(mark)))
            part.replace(path)
    except OSError:
        return


def _machine(journal: str) -> str:
    """This machine, without telling which: only whether it is the same."""
    try:
        said = _MACHINE_ID.read_bytes()
    except OSError:
        said = b""
    return blake2b(said.strip(), digest_size=8, key=journal.encode()[:64]).hexdigest()


def _in_step(stat: os.stat_result, written_ns: int) -> bool:
    """Whether the system changed the file when we wrote it. (On Windows this stamp is the file's birth.)"""
    return os.name != "posix" or abs(stat.st_ctime_ns - written_ns) <= _SLACK_NS
