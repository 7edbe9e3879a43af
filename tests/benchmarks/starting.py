"""How long a person waits for the program's own help, against an interpreter that does nothing."""

from __future__ import annotations

import subprocess
import sys
import time
from functools import partial
from pathlib import Path

from tests.benchmarks.measuring import ROOT, Sample, environment, in_turn
from tests.benchmarks.tables import Goal, Row, Table

_HELP = ("-m", "bridge", "--help")
_HEAVY = {"alembic", "httpx", "pydantic", "rich", "sqlalchemy", "structlog", "xlsxwriter"}


def table(_folder: Path, *, quick: bool) -> Table:
    heavy = ", ".join(sorted(_imported() & _HEAVY)) or "none"  # and now everything is compiled
    found = in_turn(1 if quick else 21, {"ours": partial(_started, *_HELP), "bare": partial(_started, "-c", "pass")})
    row = Row("`python -m bridge --help`", found["ours"], "`python -c pass`", found["bare"], Goal("P10", ratio=8))
    return Table("Start", (row,), (f"Heavy modules that `--help` loads (goal: none): {heavy}.",))


def _started(*arguments: str) -> Sample:
    started = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL, cwd=ROOT, env=environment())
    return Sample(time.perf_counter() - started, 0.0)


def _imported() -> set[str]:
    """The top-level modules that `--help` imports."""
    command = [sys.executable, "-X", "importtime", *_HELP]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT, env=environment())
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
