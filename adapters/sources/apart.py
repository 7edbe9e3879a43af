"""Reading files in a process of its own, with limits: a file made to harm takes no more than its reader with it."""

from __future__ import annotations

import pickle
import subprocess
import sys
from threading import Timer
from types import TracebackType
from typing import Self

from pydantic import TypeAdapter

from adapters.sources.child import give, taken
from adapters.sources.grid import Unreadable
from adapters.sources.ledger import Task
from adapters.sources.understanding import unreadable
from schemas.roster import Reading

MEMORY_BYTES = 512_000_000
CPU_S = 60
WALL_S = 120.0

_reading = TypeAdapter(Reading)


class Apart:
    """Fits `adapters.sources.folder.Understand`. The process starts with the first file, and anew after one that broke it."""

    def __init__(self, *, memory_bytes: int = MEMORY_BYTES, cpu_s: int = CPU_S, wall_s: float = WALL_S) -> None:
        self._memory_bytes = memory_bytes
        self._cpu_s = cpu_s
        self._wall_s = wall_s
        self._process: subprocess.Popen[bytes] | None = None

    def __call__(self, task: Task, content: bytes) -> Reading:
        """What the file says; where its reader was stopped, that is what is wrong with it."""
        process = self._process = self._process or self._started()
        limit = Timer(self._wall_s, process.kill)
        limit.start()
        try:
            return _asked(process, task, content)
        except (OSError, EOFError, ValueError):
            self.close()
            limit_mb = self._memory_bytes // 1_000_000
            return unreadable(task.path, Unreadable("reading_stopped", limit_mb=limit_mb, limit_s=self._cpu_s))
        finally:
            limit.cancel()

    def close(self) -> None:
        if self._process:
            self._process.kill()
            self._process.communicate()
        self._process = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _started(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "adapters.sources.child", str(self._memory_bytes), str(self._cpu_s)]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def _asked(process: subprocess.Popen[bytes], task: Task, content: bytes) -> Reading:
    """Raises OSError, EOFError, ValueError."""
    asked, answers = process.stdin, process.stdout
    if asked is None or answers is None:
        raise AssertionError("both are pipes")
    give(asked, pickle.dumps(task))
    give(asked, content)
    asked.flush()
    answer = taken(answers)
    if not answer:
        raise EOFError
    return _reading.validate_json(answer)
