"""Forks syncs and kills them: everything is loaded once, so a kill costs milliseconds, not a second.

`python -m tests.reliability.nursery CONFIG`. One sync is let live first: what is loaded and compiled late is there then.
A line in says from when on a sync may live how many seconds: "start 0.1" or "push 0.1", from its first request. A line
out gives its exit code: -9 when it was killed, else it was quicker.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path

from bridge import jobs, logs
from bridge.config import Config
from bridge.wiring.service import NeverStops, SystemClock, Ways, plain_ways
from schemas.report import RunState
from tests.reliability.here import read_here


@dataclass(frozen=True)
class Tells:
    """Writes a byte as soon as a run begins to push."""

    pipe: int

    def step(self, name: str, total: int | None = None) -> None:
        if name == "push":
            os.write(self.pipe, b".")

    def advance(self, count: int = 1) -> None: ...


def main() -> None:
    read_here()
    config = Config.load(Path(sys.argv[1]))
    logs.configure("error", sys.stderr.buffer)
    jobs.sync(config, plain_ways())
    gc.collect()
    gc.freeze()  # children share the memory instead of copying it
    _say("ready")
    for line in sys.stdin:
        since, seconds = line.split()
        _say(str(_lived(config, float(seconds), since_push=since == "push")))


def _lived(config: Config, seconds: float, *, since_push: bool) -> int:
    """Nobody waits for a sync that has ended by itself."""
    told, telling = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(told)
        _sync(config, telling)
    os.close(telling)
    if since_push:
        os.read(told, 1)  # nothing, when the sync ends without a push
    ended = select.poll()
    ended.register(told, 0)  # the other end closes with the child's life
    ended.poll(seconds * 1000)
    os.kill(child, signal.SIGKILL)
    os.close(told)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _sync(config: Config, telling: int) -> None:
    """Never returns. A fault is told on stderr and by an exit code no sync has."""
    code = 70
    try:
        report = jobs.sync(config, Ways(SystemClock(), Tells(telling), NeverStops()))
        code = 0 if report.state is RunState.COMPLETE else 1
    except BaseException:  # noqa: BLE001  # a child that goes on would fork on its own
        traceback.print_exc()
    finally:
        os._exit(code)


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
