"""The log of requests: what arrived and how it was answered, for a judge that trusts neither side.

One JSON object a line, in the order of the answers: no names, no bodies, no queries. `at` and `answered_at` are seconds
of this machine's monotonic clock, `when` is the arrival by its wall clock, ISO 8601 in UTC; `status` 0: the connection
closed without an answer; `key` is its Idempotency-Key, if any; `token` tells tokens apart without being one.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock

from starlette.requests import Request

from adapters.practice.keys import KEY_HEADER

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
    key: str
    token: str
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
        self, at: float, answered_at: float, request: Request, status: int, *, retry_after_s: float | None
    ) -> None:
        with self._lock:
            self._seq += 1
            passed = Passed(
                seq=self._seq,
                when=(datetime.now(UTC) - timedelta(seconds=answered_at - at)).isoformat(),
                at=at,
                answered_at=answered_at,
                method=request.method,
                path=request.url.path,
                key=request.headers.get(KEY_HEADER, ""),
                token=_told_apart(request.headers.get("Authorization", "")),
                status=status,
                retry_after_s=retry_after_s,
            )
            self._file.write(json.dumps(asdict(passed)).encode() + b"\n")

    def close(self) -> None:
        self._file.close()


def _told_apart(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()[:16] if secret else ""


def read_traffic(folder: Path) -> list[Passed]:
    """Every request so far; a line still being written is left out."""
    path = folder / TRAFFIC_NAME
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return [Passed(**json.loads(line)) for line in text.split("\n")[:-1]]
