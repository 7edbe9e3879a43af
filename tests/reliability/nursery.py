"""Forks syncs and kills them: everything is loaded once, so a kill costs milliseconds, not a second.

`python -m tests.reliability.nursery CONFIG`. A line in says how many seconds a sync may live; a line out gives its exit
code: -9 when it was killed, else it was quicker.
"""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from pathlib import Path

from bridge import jobs, logs
from bridge.config import Config
from bridge.wiring import plain_ways
from schemas.report import RunState


def main() -> None:
    config = Config.load(Path(sys.argv[1]))
    logs.configure("error", sys.stderr.buffer)
    _say("ready")
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _sync(config)
        time.sleep(float(line))
        os.kill(child, signal.SIGKILL)
        _say(str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])))


def _sync(config: Config) -> None:
    """Never returns: a fault is told on stderr, and makes whoever reads the line fail."""
    code = 70
    try:
        code = 0 if jobs.sync(config, plain_ways()).state is RunState.COMPLETE else 1
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
