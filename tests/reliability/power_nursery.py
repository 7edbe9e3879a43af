"""Forks syncs that say what they were told is durable, and cuts the power of the disk their journal lies on.

`python -m tests.reliability.power_nursery CONFIG DISK ACKNOWLEDGED`. A line in: "push 0.1" or "start 0.1" cuts the power so
many seconds after the run has begun, or has begun to push, and kills it then; "live" lets it live. A line out: its exit
code, -9 when it was killed. What the journal acknowledged is appended to ACKNOWLEDGED, on another disk, before the
process does anything else: one JSON object a line. 74 says that it could not use its journal any more.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from adapters.journal.deliveries import Deliveries
from adapters.journal.store import Store
from bridge import jobs, logs
from bridge.config import Config
from bridge.wiring.service import NeverStops, SystemClock, Ways
from schemas.errors import JournalError
from schemas.report import RunState
from tests.reliability.disk import cut_power
from tests.reliability.here import read_here
from tests.reliability.nursery import Tells

_CHANGE_COUNTER = slice(24, 28)  # of SQLite's file header: one more with each commit
_PATIENCE_S = 60


def main() -> None:
    read_here()
    config, disk = Config.load(Path(sys.argv[1])), Path(sys.argv[2])
    acknowledged = os.open(sys.argv[3], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    logs.configure("error", open(os.devnull, "ab", buffering=0))  # noqa: PTH123, SIM115  # for as long as we live
    gc.freeze()  # children share the memory instead of copying it
    _say("ready")
    for line in sys.stdin:
        since, *seconds = line.split()
        told, telling = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(told)
            _sync(config, telling, acknowledged)
        os.close(telling)
        if seconds:
            _cut(child, disk, told, float(seconds[0]), since_push=since == "push")
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        os.close(told)
        _say(str(code))


def _cut(child: int, disk: Path, told: int, seconds: float, *, since_push: bool) -> None:
    if since_push:
        os.read(told, 1)  # nothing, when the sync ends without a push
    time.sleep(seconds)
    cut_power(disk)
    os.kill(child, signal.SIGKILL)


def _sync(config: Config, telling: int, acknowledged: int) -> None:
    """Never returns. A fault is told on stderr and by an exit code no sync has."""
    code = 70
    try:
        _acknowledge(acknowledged)
        signal.alarm(_PATIENCE_S)
        report = jobs.sync(config, Ways(SystemClock(), Tells(telling), NeverStops()))
        code = 0 if report.state is RunState.COMPLETE else 1
    except (JournalError, OSError):
        code = 74  # as it must be once its disk is gone
    except BaseException:  # noqa: BLE001  # a child that goes on would fork on its own
        traceback.print_exc()
    finally:
        os._exit(code)


def _acknowledge(acknowledged: int) -> None:
    """From now on each commit and each request made durable is told as soon as the journal has said so."""
    write, keep = Store.write, Deliveries.keep

    def tell(**what: object) -> None:
        os.write(acknowledged, json.dumps(what).encode() + b"\n")

    @contextmanager
    def telling_write(store: Store) -> Iterator[object]:
        with write(store) as connection:
            yield connection
        tell(commit=commit_number(store.path))

    def telling_keep(deliveries: Deliveries, answered, leaving, **more):
        attempts = keep(deliveries, answered, leaving, **more)
        tell(left=attempts, ended=[one.attempt for one in answered])
        return attempts

    Store.write, Deliveries.keep = telling_write, telling_keep


_open: dict[Path, int] = {}


def commit_number(path: Path) -> int:
    """The handle stays open: closing it would let go of the locks that SQLite holds in this process (POSIX)."""
    handle = _open.setdefault(path, -1)
    if handle < 0:
        handle = _open[path] = os.open(path, os.O_RDONLY)
    return int.from_bytes(os.pread(handle, 100, 0)[_CHANGE_COUNTER])


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
