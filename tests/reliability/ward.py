"""Forks syncs, stops them in the middle (SIGSTOP), lets others take over, and lets them go on.

`python -m tests.reliability.ward CONFIG`. A line in, a line out: "stop 0.02" forks a sync and stops it so many seconds after
it began to push; "take" takes over, "sync" syncs, "go" resumes the stopped one, dead or alive, and waits for its end. Out
comes the exit code; "-" where a sync was over before it could be stopped.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from bridge import jobs, logs
from bridge.config import Config
from bridge.wiring.journal import take_over_writing
from bridge.wiring.service import NeverStops, SystemClock, Ways
from schemas.errors import BridgeError
from schemas.report import RunState
from tests.reliability.here import read_here
from tests.reliability.nursery import Tells

FAULT = 70


def main() -> None:
    read_here()
    config = Config.load(Path(sys.argv[1]))
    logs.configure("error", sys.stderr.buffer)
    gc.freeze()  # children share the memory instead of copying it
    _say("ready")
    stopped = 0
    for line in sys.stdin:
        word, _, seconds = line.strip().partition(" ")
        if word == "stop":
            stopped = _stopped(config, float(seconds))
            _say("stopped" if stopped else "-")
        elif word == "go":
            os.kill(stopped, signal.SIGCONT)
            _say(str(_code(stopped)))
            stopped = 0
        else:
            work = {"take": _takes_over, "sync": _syncs}[word]
            _say(str(_code(_forked(lambda work=work: work(config)))))
    if stopped:
        os.kill(stopped, signal.SIGKILL)


def _stopped(config: Config, seconds: float) -> int:
    """The process, stopped while it pushes; 0 when it was quicker."""
    told, telling = os.pipe()
    child = _forked(lambda: _syncs(config, telling))
    os.close(telling)
    os.read(told, 1)  # nothing, when the sync ends without a push
    os.close(told)
    time.sleep(seconds)
    os.kill(child, signal.SIGSTOP)
    _, status = os.waitpid(child, os.WUNTRACED)
    return child if os.WIFSTOPPED(status) else 0


def _syncs(config: Config, telling: int = -1) -> int:
    ways = Ways(SystemClock(), Tells(telling if telling >= 0 else os.open(os.devnull, os.O_WRONLY)), NeverStops())
    return 0 if jobs.sync(config, ways).state is RunState.COMPLETE else 1


def _takes_over(config: Config) -> int:
    take_over_writing(config, SystemClock())
    return 0


def _forked(work: Callable[[], int]) -> int:
    """A child that does it and ends. An expected error is exit code 1 and more; a fault is told on stderr."""
    child = os.fork()
    if child:
        return child
    code = FAULT
    try:
        code = work()
    except BridgeError as error:
        code = 10 + error.exit_code
    except BaseException:  # noqa: BLE001  # a child that goes on would fork on its own
        traceback.print_exc()
    finally:
        os._exit(code)


def _code(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
