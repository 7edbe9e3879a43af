"""One measurement in a process of its own: `python -m tests.benchmarks.child MODULE JOB ARGUMENTS-AS-JSON`."""

from __future__ import annotations

import json
import sys
from importlib import import_module

from tests.benchmarks.measuring import said_by_child


def main(module: str, job: str, arguments: str) -> None:
    sample = getattr(import_module(module), job)(**json.loads(arguments))
    sys.stdout.write(said_by_child(sample))


if __name__ == "__main__":
    main(*sys.argv[1:])
