"""The log of requests: what arrived and how it was answered, for a judge that trusts neither side.

One JSON object a line, in the order of the answers: no names, no bodies, no queries. `at` and `answered_at` are seconds
of this machine's monotonic clock, `when` is the arrival by its wall clock, ISO 8601 in UTC; `status` 0: the connection
closed without an answer.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock

TRAFFIC_NAME = "requests.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """One request; `retry_after_s` is what its answer asked for, None for nothing."""

    seq: int
    when: str
    at: float
    answered_at: float
    method: str
    path: str
    status: int
    retry_after_s: float | None


class Traffic:
    """The file. It is not forced to the disk: it tells how the client behaved, not what is stored."""

    def __init__(self, folder: Path) -> None:
        path = folder / TRAFFIC_NAME
        self._seq = path.read_bytes().count(b"\n") if path.exists() else 0
        self._file = path.open("ab", buffering=0)
        self._lock = Lock()

    def note(
        self, at: float, answered_at: float, method: str, path: str, status: int, retry_after_s: float | None
    ) -> None:
        when = (datetime.now(UTC) - timedelta(seconds=answered_at - at)).isoformat()
        fields = {"when": when, "at": at, "answered_at": answered_at, "method": method, "path": path, "status": status}
        with self._lock:
            self._seq += 1
            line = json.dumps({"seq": self._seq, **fields, "retry_after_s": retry_after_s})
            self._file.write(f"{line}\n".encode())

    def close(self) -> None:
        self._file.close()


def read_traffic(folder: Path) -> list[Passed]:
    """Every request so far; a line still being written is left out."""
    path = folder / TRAFFIC_NAME
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return [Passed(**json.loads(line)) for line in text.split("\n")[:-1]]
