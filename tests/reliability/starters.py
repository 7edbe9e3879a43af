"""Forks syncs of one office and lets them go at one moment.

`python -m tests.reliability.starters CONFIG`. One sync is let live first: what is loaded and compiled late is there then.
A line in is how long each of them waits after that moment, in seconds: "0 0", "0 0.12 0". A line out is what each came to,
in the same order: its exit code, or "busy" where it was told that somebody else is at work.
"""

from __future__ import annotations

import gc
import os
import sys
import time
import traceback
from pathlib import Path

from bridge import jobs, logs
from bridge.config import Config
from bridge.wiring.service import plain_ways
from schemas.errors import JournalError
from schemas.report import RunState
from tests.reliability.here import read_here

FAULT, BUSY = 70, 71
_WORDS = {BUSY: "busy"}


def main() -> None:
    read_here()
    config = Config.load(Path(sys.argv[1]))
    logs.configure("error", sys.stderr.buffer)
    jobs.sync(config, plain_ways())
    gc.collect()
    gc.freeze()  # children share the memory instead of copying it
    print("ready", flush=True)
    for line in sys.stdin:
        codes = _let_go(config, [float(wait_s) for wait_s in line.split()])
        print(*(_WORDS.get(code, code) for code in codes), flush=True)


def _let_go(config: Config, waits_s: list[float]) -> list[int]:
    """The pipe says nothing: that its other end is closed is the moment."""
    moment, held = os.pipe()
    senders = [_forked(config, wait_s, moment, held) for wait_s in waits_s]
    os.close(moment)
    os.close(held)
    return [os.waitstatus_to_exitcode(os.waitpid(sender, 0)[1]) for sender in senders]


def _forked(config: Config, wait_s: float, moment: int, held: int) -> int:
    child = os.fork()
    if child:
        return child
    code = FAULT
    try:
        os.close(held)
        os.read(moment, 1)
        time.sleep(wait_s)
        code = _synced(config)
    except BaseException:  # noqa: BLE001  # a child that goes on would fork on its own
        traceback.print_exc()
    finally:
        os._exit(code)


def _synced(config: Config) -> int:
    try:
        return 0 if jobs.sync(config, plain_ways()).state is RunState.COMPLETE else 1
    except JournalError as error:
        if "Another process holds the journal" in str(error):
            return BUSY
        raise


if __name__ == "__main__":
    main()
