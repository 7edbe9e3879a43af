"""The log: one JSON line for each event, and nothing personal in it, whoever wrote it.

An event is named `room.what_happened` and carries values under known keys. What is not known is dropped
and counted: a new key has to be thought about and put on the list. Foreign libraries come through the
same chain; of their messages, which may quote anything, only level, logger and code location are kept.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Collection, MutableMapping
from typing import Any, BinaryIO

import orjson

from schemas.errors import BridgeError
from schemas.texts import Language

FREE_TEXT = "log.free_text"
ALLOWED = frozenset(
    {"event", "level", "time", "logger", "at", "dropped", "error", "text", "trace", "because"}  # the chain's own
    | {
        "run",
        "business_date",
        "days_missed",
        "job",
        "signal",
        "next_run",
        "version",
        "mode",
        "command",
        "exit_code",
        "state",
        "step",
    }
    | {"source", "file", "sheet", "row", "column", "organiser", "batch", "batches", "people", "rows", "files"}
    | {"operation", "serial", "serials", "online_id", "attempt", "tries", "outcome", "seen", "status", "code", "drift"}
    | {"count", "accepted", "refused", "unknown", "skipped", "agreed", "differs", "pending", "findings", "finding"}
    | {
        "took_s",
        "elapsed_ms",
        "wait_s",
        "budget",
        "bytes",
        "page",
        "pages",
        "total",
        "reason",
        "recipients",
        "message_id",
        "offset_s",
    }
)

_EVENT = re.compile(r"[a-z_]+\.[a-z_]+")
# Eleven digits or more, spaced or dashed: a phone, an id, a bank card. The second net: no such thing has a key.
_LONG_NUMBER = re.compile(r"(?<![^\W_])\d(?:[ -]?\d){9,}[ -]?[\dXx](?![^\W_])")
_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_SPEAKING = {"datetime", "decimal", "pathlib", "schemas.batch"}  # whose str is exactly what was meant
_CHATTY = ("httpx", "httpcore", "apscheduler", "tenacity")

Event = MutableMapping[str, Any]


def configure(level: str, stream: BinaryIO, *, keys: Collection[str] = ALLOWED) -> None:
    """Send every event of this process, ours and foreign, to `stream`. Never raises later, whatever is logged."""
    import structlog  # noqa: PLC0415  # it imports rich, which `--help` has no time for

    least = _LEVELS[level]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", key="time"),
            Chain(keys),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=lambda *_: Lines(stream),
        cache_logger_on_first_use=False,
    )
    logging.raiseExceptions = False
    logging.captureWarnings(capture=True)
    logging.root.handlers = [_Foreign()]
    logging.root.setLevel(max(least, logging.WARNING))
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)


def describe(error: BaseException) -> dict[str, object]:
    """What may be told of an exception: types and places in the code; its words only where they are ours."""
    told: dict[str, object] = {"error": _type(error), "trace": _places(error)}
    cause = error.__cause__ or error.__context__
    if cause is not None:
        told["because"] = _type(cause)
    if isinstance(error, BridgeError):
        told["text"] = error.into(Language.EN)
    return told


class Lines:
    """Writes one line at a time. A full disk or a closed pipe loses the line, never the run."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def msg(self, line: bytes) -> None:
        try:
            self._stream.write(line + b"\n")  # one call: lines of several threads do not mix
            self._stream.flush()
        except (OSError, ValueError):
            return

    debug = info = warning = error = critical = msg


class _Foreign(logging.Handler):
    """Foreign log records as events: level, logger, place, and the exception's type."""

    def emit(self, record: logging.LogRecord) -> None:
        import structlog  # noqa: PLC0415  # loaded by `configure` already

        level = min(record.levelno, logging.CRITICAL) // 10 * 10
        place = f"{record.module}:{record.lineno}"
        structlog.get_logger().log(level, FREE_TEXT, logger=record.name, at=place, exc_info=record.exc_info)


class Chain:
    """From an event to its line: the exception told, the name checked, values made plain, unknown keys dropped."""

    def __init__(self, keys: Collection[str]) -> None:
        self._keys = frozenset(keys)

    def __call__(self, _logger: object, _method: str, event: Event) -> bytes:
        try:
            return orjson.dumps(self._told(event))
        except Exception:  # noqa: BLE001  # a log never raises, and says when it lost something
            return b'{"event":"log.event_lost"}'

    def _told(self, event: Event) -> Event:
        event.update(_told_exception(event.pop("exc_info", None)))
        if not _EVENT.fullmatch(str(event["event"])):
            event["event"] = FREE_TEXT
        kept = {key: _plain(value) for key, value in event.items() if key in self._keys}
        if len(kept) < len(event):
            kept["dropped"] = len(event) - len(kept)
        return kept


def _told_exception(exc_info: object) -> dict[str, object]:
    """`exc_info` as structlog and logging pass it: True, an exception, or a triple."""
    if exc_info is True:
        exc_info = sys.exc_info()
    error = exc_info[1] if isinstance(exc_info, tuple) else exc_info
    return describe(error) if isinstance(error, BaseException) else {}


def _plain(value: object) -> object:
    """Scalars stay, long numbers go, and of an object only its type is told: its repr may say anything."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        rounded = round(value, 3)
        return "…" if _LONG_NUMBER.search(str(rounded)) else rounded
    if isinstance(value, str) or type(value).__module__ in _SPEAKING:
        return _LONG_NUMBER.sub("…", str(value)).encode("utf-8", "replace").decode()
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(part) for part in value]
    return type(value).__name__


def _type(error: BaseException) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _places(error: BaseException) -> list[str]:
    """Module and line of each call on the way to the exception, without source lines and without locals."""
    frames = traceback.walk_tb(error.__traceback__)
    return [f"{frame.f_globals.get('__name__', '?')}:{line}" for frame, line in frames]
