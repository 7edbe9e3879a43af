"""What the state machines share: where their journals lie, how many storms each lane owes, and how a storm is replayed.

Trials are examples, of so many steps each. They are split over machines with a seed of their own, so that the workers of
a run share them; a machine gives the same storms each time, and hypothesis prints the blob of the one that failed.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections import Counter
from pathlib import Path
from typing import ClassVar

from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from tests.reliability import lane

STEPS = 100 if lane.LONG else 40
SUITE = "state machine fuzz"
OWED = {"short": 1_000, "long": 20_000}
STORMS, CROWDS = {"short": 4, "long": 20}, {"short": 6, "long": 20}
"""So many machines of each kind: they share evenly what the suite owes."""
_THIS = "long" if lane.LONG else "short"
EXAMPLES, _LEFT = divmod(OWED[_THIS], STORMS[_THIS] + CROWDS[_THIS])
assert not _LEFT
_FAST = Path("/dev/shm")  # in memory: a commit costs what SQLite costs, its settings stay
FOLDER = Path(tempfile.mkdtemp(dir=_FAST if os.access(_FAST, os.W_OK) else None))
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)


class Counted(RuleBasedStateMachine):
    """Knows what its class has been through: `trials` examples, their `steps`, and the `power cuts` among them.

    An invariant of the machine says that it is `one_step_more`: one of its own would stand in every line of a failure.
    """

    been_through: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.been_through["trials"] += 1
        self.folder = Path(tempfile.mkdtemp(dir=FOLDER))

    def one_step_more(self) -> None:
        self.been_through["steps"] += 1

    def power_is_cut(self) -> None:
        self.been_through["power_cuts"] += 1


def fuzz(machine: type[Counted], number: int) -> None:
    """The examples of one machine, whose seed is `number`."""
    numbered = type(f"{machine.__name__}{number}", (machine,), {"been_through": Counter()})
    with lane.replayable(number):
        run_state_machine_as_test(
            seed(number)(numbered),
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=STEPS,
                derandomize=False,
                deadline=None,
                print_blob=True,
                report_multiple_bugs=False,
                suppress_health_check=list(HealthCheck),
            ),
        )
    lane.measured(SUITE, owed=EXAMPLES, of_the_suite=(OWED["short"], OWED["long"]), **numbered.been_through)
