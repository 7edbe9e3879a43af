"""One writer: a lock on a file beside the journal, released by the death of its holder; and the way past a stopped one.

The lock file holds a note: who, what, since when, and until when by the lease. A process that is stopped keeps its lock, so
taking over puts another lock file in its place. What the stopped one still does is fenced elsewhere: by the fencing number
in every transaction of the journal, and by the lease before every request.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
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
def take_over(
    path: Path, *, now: datetime, work: str, lease_s: float = LEASE_S, busy: Callable[[], bool] = lambda: False
) -> Iterator[tuple[Writer, Lease]]:
    """Hold the lock in place of a process that has been silent past its lease: who that was, and the new lease.

    Raises JournalError where nobody holds it, where its holder is within its lease or that cannot be told, and where it
    was stopped so that the journal's file itself is `busy`. Then nothing was changed.
    """
    with closing(_opened(path.with_name(path.name + ".takeover"))) as guard:
        if not _try_lock(guard):
            raise JournalError(T("Somebody else is taking over just now. Look again with lxy-bridge status."))
        silent = _may_be_taken_over(path)
        if busy():
            raise JournalError(
                T(
                    "{work}, process {pid} on {host}, was stopped while it used the journal and keeps its file. "
                    "End it first: lxy-bridge takeover --kill",
                    work=silent.work,
                    pid=silent.pid,
                    host=silent.host,
                )
            )
        new = path.with_name(path.name + ".new")
        new.unlink(missing_ok=True)
        with closing(_opened(new)) as file:
            _try_lock(file)
            with _leased(path, file, now, work, lease_s) as lease:
                _put_in_place(new, path)
                yield silent, lease


def end_silent(path: Path) -> Writer:
    """Kill the process that has been silent past its lease, and wait until its lock is free; who that was.

    Raises JournalError as `take_over` does, and where it cannot be killed from here.
    """
    silent = _may_be_taken_over(path)
    try:
        os.kill(silent.pid, _KILL)
    except OSError as error:
        raise JournalError(
            T(
                "Process {pid} on {host} cannot be ended: {reason}.",
                pid=silent.pid,
                host=silent.host,
                reason=error.strerror,
            )
        ) from None
    end_s = uptime_s() + _PATIENCE_S
    while uptime_s() < end_s:
        with closing(_opened(path)) as file:
            if _try_lock(file):
                return silent
        time.sleep(0.05)
    raise JournalError(
        T("Process {pid} on {host} does not end. Restart the machine.", pid=silent.pid, host=silent.host)
    )


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
    if not note.until_s or not _from_here(note):
        raise JournalError(
            T(
                "Whether {work}, process {pid} on {host}, still works cannot be told from here. End it there first.",
                work=note.work,
                pid=note.pid,
                host=note.host,
            )
        )
    if now_s <= note.until_s:
        raise JournalError(
            T(
                "{work}, process {pid} on {host}, is at work: it was heard of within its lease. Wait until it has finished.",
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


def _put_in_place(new: Path, path: Path) -> None:
    try:
        new.replace(path)
    except OSError as error:  # Windows keeps the file of a process that is there
        raise JournalError(
            T("{path} cannot be replaced: {reason}. End the silent process instead.", path=path, reason=error.strerror)
        ) from None


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
    """The lock file, ours. One that was replaced while we waited for it is nobody's."""
    while True:
        file = _opened(path)
        if not _try_lock(file):
            file.close()
            raise JournalError(_told_by(path))
        if path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat()):
            return file
        file.close()


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
            "past its lease. End it, or run: lxy-bridge takeover",
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
