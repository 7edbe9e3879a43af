"""One writer: a lock on a file beside the journal, released by the death of its holder; and the way past a stopped one.

The lock file holds a note: who, what, since when, and until when by the lease. A process that was stopped keeps its lock, and
may have passed its last check before a request: taking over ends it, and its death releases the lock.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from io import FileIO
from pathlib import Path

import orjson

from adapters.journal.faults import of_system
from adapters.journal.lease import LEASE_S, Lease, uptime_s
from schemas.epoch import Writer
from schemas.errors import JournalError
from schemas.texts import T, Text

_NOTE_BYTES = 512
_PATIENCE_S = 10.0
_KILL = getattr(signal, "SIGKILL", signal.SIGTERM)
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class _Note:
    """What stands in the lock file. `until_s` is the end of the lease as uptime of `boot`."""

    host: str = "?"
    pid: int = 0
    work: str = "?"
    since: str = "?"
    boot: str = ""
    until_s: float = 0.0


@contextmanager
def hold(path: Path, *, now: datetime, work: str, lease_s: float = LEASE_S) -> Iterator[Lease]:
    """Hold the writer's lock while the block runs; the lease is renewed.

    Raises JournalError naming who holds it and since when, or what the disk has against a lock.
    """
    with closing(_locked(path)) as file, _leased(path, file, now, work, lease_s) as lease:
        yield lease


@contextmanager
def take_over(path: Path, *, now: datetime, work: str, lease_s: float = LEASE_S) -> Iterator[Writer]:
    """End the process that has been silent past its lease, and hold the lock in its place: who that was.

    Raises JournalError where nobody holds it, where its holder is within its lease or that cannot be told, and where the
    holder cannot be ended; then nothing was changed. And where somebody else was quicker to take the lock.
    """
    silent = _may_be_taken_over(path)
    _end(silent)
    with closing(_left_by(silent, path)) as file, _leased(path, file, now, work, lease_s):
        yield silent


def writer_of(path: Path) -> Writer | None:
    """Who works now, for those who only look; None where nobody does. It takes no lock, so it disturbs nobody."""
    now_s = uptime_s()
    note = _note_in(path)
    if note is None or not note.pid or not _there(note):
        return None
    return _writer(note, now_s)


def _may_be_taken_over(path: Path) -> Writer:
    with closing(_opened(path)) as file:
        if _try_lock(file):
            raise JournalError(T("Nobody holds the journal, so there is nothing to take over: run lxy-bridge sync."))
    now_s = uptime_s()  # before the note is read: a lease renewed in time then shows in the note
    note = _note_in(path) or _Note()
    here = bool(note.until_s) and _from_here(note)
    if here and now_s <= note.until_s:
        raise JournalError(
            T(
                "{work}, process {pid} on {host}, is at work: it was heard of within its lease. Wait until it has finished.",
                work=note.work,
                pid=note.pid,
                host=note.host,
            )
        )
    if not here or not _has_open(note.pid, path):
        raise JournalError(
            T(
                "Whether {work}, process {pid} on {host}, still works cannot be told from here. End it there first.",
                work=note.work,
                pid=note.pid,
                host=note.host,
            )
        )
    return _writer(note, now_s)


def _from_here(note: _Note) -> bool:
    """Whether its uptime is ours. (Where /proc is out of sight, a process does not know its boot.)"""
    same_boot = not (note.boot and _boot()) or note.boot == _boot()
    return same_boot and note.host == socket.gethostname()[:64]


def _has_open(pid: int, path: Path) -> bool:
    """False where the system shows that this number is another process's by now, or in a container another's from the start."""
    try:
        return any(each.samefile(path) for each in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return True  # it does not show that


def _end(silent: Writer) -> None:
    try:
        os.kill(silent.pid, _KILL)
    except OSError as error:
        raise JournalError(
            T(
                "Process {pid} on {host} cannot be ended: {reason}. Run takeover as the user it belongs to, or as an "
                "administrator.",
                pid=silent.pid,
                host=silent.host,
                reason=error.strerror,
            )
        ) from None


def _left_by(silent: Writer, path: Path) -> FileIO:
    """The lock file, ours as soon as the process is dead."""
    end_s = uptime_s() + _PATIENCE_S
    while uptime_s() < end_s:
        file = _opened(path)
        if _try_lock(file):
            return file
        file.close()
        if (writer_of(path) or silent).pid != silent.pid:
            raise JournalError(_told_by(path))
        time.sleep(0.05)
    raise JournalError(
        T("Process {pid} on {host} does not end. Restart the machine.", pid=silent.pid, host=silent.host)
    )


@contextmanager
def _leased(path: Path, file: FileIO, now: datetime, work: str, lease_s: float) -> Iterator[Lease]:
    since = now.isoformat(timespec="seconds")
    host = socket.gethostname()[:64]

    def publish(until_s: float) -> None:
        note = _Note(host, os.getpid(), work, since, _boot(), until_s)
        file.seek(0)
        file.write(orjson.dumps(asdict(note)).ljust(_NOTE_BYTES))  # one write: nobody reads half of it

    try:
        lease = Lease(publish, lease_s=lease_s)
    except OSError as error:
        raise of_system(path, error) from error
    try:
        with lease.renewed():
            yield lease
    finally:
        with suppress(OSError):  # the lock itself says more than the note
            file.seek(0)
            file.write(b"{}".ljust(_NOTE_BYTES))


def _locked(path: Path) -> FileIO:
    """The lock file, ours."""
    file = _opened(path)
    if not _try_lock(file):
        file.close()
        raise JournalError(_told_by(path))
    return file


def _opened(path: Path) -> FileIO:
    """Not for appending: the note is written over and over. Raises JournalError."""
    try:
        return FileIO(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b")
    except OSError as error:
        raise of_system(path, error) from error


def _note_in(path: Path) -> _Note | None:
    try:
        return _Note(**orjson.loads(path.read_bytes()))
    except (OSError, orjson.JSONDecodeError, TypeError):
        return None


def _writer(note: _Note, now_s: float) -> Writer:
    lapsed = bool(note.until_s) and _from_here(note) and now_s > note.until_s
    return Writer(note.host, note.pid, note.work, note.since, silent_s=now_s - note.until_s if lapsed else 0.0)


def _told_by(path: Path) -> Text:
    note = _note_in(path) or _Note()
    about = {"work": note.work, "pid": note.pid, "host": note.host, "since": note.since}
    if _writer(note, uptime_s()).silent_s:
        return T(
            "Another process holds the journal: {work}, process {pid} on {host}, since {since}, and it has been silent "
            "past its lease. To end it: lxy-bridge takeover",
            **about,
        )
    return T(
        "Another process holds the journal: {work}, process {pid} on {host}, since {since}. Wait until it has finished.",
        **about,
    )


def _boot() -> str:
    return _BOOT_ID.read_text().strip() if _BOOT_ID.exists() else ""


if sys.platform == "win32":
    import msvcrt

    def _try_lock(file: FileIO) -> bool:
        try:
            file.seek(1 << 30)  # a byte nobody writes: the holder's note stays readable
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _there(note: _Note) -> bool:
        return uptime_s() <= note.until_s
else:
    import fcntl

    def _try_lock(file: FileIO) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def _there(note: _Note) -> bool:
        """Whether the process that wrote it still lives. On another machine it is taken at its word."""
        if note.host != socket.gethostname()[:64]:
            return True
        try:
            os.kill(note.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True
