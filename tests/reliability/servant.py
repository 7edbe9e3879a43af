"""Forks daemons: everything is loaded once, so that a start costs milliseconds.

`python -m tests.reliability.servant CONFIG`. A line in starts one; a line out gives its process id, and when it has ended
another one its exit code.
"""

from __future__ import annotations

import gc
import os
import sys
import traceback
from pathlib import Path

from bridge import jobs, logs
from bridge.config import Config
from tests.reliability.here import read_here


def main() -> None:
    config = Config.load(Path(sys.argv[1]))
    logs.configure("error", sys.stderr.buffer)
    read_here()
    gc.freeze()  # children share the memory instead of copying it
    print("ready", flush=True)
    for _line in sys.stdin:
        child = os.fork()
        if child == 0:
            _serve(config)
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def _serve(config: Config) -> None:
    """Never returns. A fault is told on stderr and by an exit code of its own."""
    code = 70
    try:
        jobs.serve(config)
        code = 0
    except BaseException:  # noqa: BLE001  # a child that goes on would fork on its own
        traceback.print_exc()
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
