"""What went wrong under the journal, from SQLite's code or the system's, in words that say what to do."""

from __future__ import annotations

import errno
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from schemas.errors import Fault, JournalError, JournalMissing
from schemas.texts import T, Text

BY_CODE = {
    "SQLITE_BUSY": Fault.LOCKED,
    "SQLITE_LOCKED": Fault.LOCKED,
    "SQLITE_FULL": Fault.FULL,
    "SQLITE_IOERR": Fault.DISK,
    "SQLITE_CORRUPT": Fault.DAMAGED,
    "SQLITE_NOTADB": Fault.DAMAGED,
    "SQLITE_ERROR": Fault.DAMAGED,  # a statement of ours does not fit its schema
    "OperationalError": Fault.DAMAGED,  # without a code it is the binding's own: a text that is no UTF-8
}
_BY_ERRNO = {errno.ENOSPC: Fault.FULL, errno.EDQUOT: Fault.FULL, errno.EIO: Fault.DISK}


def of_sqlite(path: Path, error: DBAPIError) -> JournalError:
    cause = error.orig
    name = getattr(cause, "sqlite_errorname", type(cause).__name__)
    fault = next((fault for code, fault in BY_CODE.items() if name.startswith(code)), Fault.UNUSABLE)
    return JournalError(_words(path, fault, name), fault=fault)


def of_system(path: Path, error: OSError) -> JournalError:
    """For the files beside the journal."""
    fault = _BY_ERRNO.get(error.errno or 0, Fault.UNUSABLE)
    return JournalError(_words(path, fault, errno.errorcode.get(error.errno or 0, "OSError")), fault=fault)


def damaged(path: Path, cause: str) -> JournalError:
    return JournalError(_words(path, Fault.DAMAGED, cause), fault=Fault.DAMAGED)


def missing(path: Path) -> JournalMissing:
    return JournalMissing(
        T(
            "There is no journal at {path}. Bring back the last backup: lxy-bridge restore. Only where there is none, "
            "begin a new one: lxy-bridge new-journal",
            path=path,
        )
    )


def _words(path: Path, fault: Fault, cause: str) -> Text:
    match fault:
        case Fault.LOCKED:
            return T(
                "Another program keeps the journal {path} locked ({cause}). Find out who opens it: a backup, a virus "
                "scanner. The next run tries again by itself.",
                path=path,
                cause=cause,
            )
        case Fault.FULL:
            return T(
                "There is no room for the journal {path} ({cause}). Make room on that disk: the next run goes on by "
                "itself.",
                path=path,
                cause=cause,
            )
        case Fault.DISK:
            return T(
                "The disk failed under the journal {path} ({cause}). Have the disk examined. The next start checks the "
                "whole journal before anything is sent.",
                path=path,
                cause=cause,
            )
        case Fault.DAMAGED:
            return T(
                "The journal {path} is damaged ({cause}). Stop the service and bring back the last backup: lxy-bridge "
                "restore",
                path=path,
                cause=cause,
            )
        case _:
            return T(
                "The journal {path} cannot be used ({cause}). Check the disk and who else opens the file.",
                path=path,
                cause=cause,
            )
