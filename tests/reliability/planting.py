"""Planted bugs: each is one passage of the program changed in a copy of it, and the tests that must fail on that copy.

A bug is a row in `planted/ROOM.toml`:

    [[bug]]
    is = "what the program does now, in one line"
    file = "adapters/..."        from the root
    old = "…"                    stands exactly once in the file, else the row is stale and the suite fails
    new = "…"
    caught_by = ["tests/…"]      the fewest tests that fail on it (pytest node ids); on the program as it is, they pass
    short = true                 one of the most dangerous: planted in `make test` too

Nothing of it touches the program itself: the copy lies in a temporary folder, with a process of its own that runs tests.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = sorted((Path(__file__).parent / "planted").glob("*.toml"))
CAUGHT, PASSED = 1, 0  # pytest's exit codes; a test that could not run at all has another one
_COPIED = "bridge", "adapters", "schemas", "tests", "pyproject.toml", "config.example.toml"
_OURS = "COV", "RELIABILITY_", "PYTEST_"  # of this process, not of the copy's


@dataclass(frozen=True, slots=True)
class Bug:
    says: str
    file: str
    old: str
    new: str
    caught_by: tuple[str, ...]
    short: bool = False

    def planted_in(self, text: str) -> str:
        assert text.count(self.old) == 1, f"stale, {text.count(self.old)} times in {self.file}: {self.says}"
        return text.replace(self.old, self.new)


def bugs_of(room: Path) -> list[Bug]:
    """The short lane's first."""
    rows = tomllib.loads(room.read_text(encoding="utf-8"))["bug"]
    bugs = [Bug(row.pop("is"), caught_by=tuple(row.pop("caught_by")), **row) for row in rows]
    return sorted(bugs, key=lambda bug: not bug.short)


@dataclass(frozen=True, slots=True)
class Bed:
    """A copy of the program, and a process that forks a pytest in it: everything foreign is loaded once."""

    folder: Path
    process: subprocess.Popen[str]

    def run(self, tests: Iterable[str], **environment: str) -> tuple[int, str]:
        """pytest's exit code (negative where it was killed because it did not end), and what it said."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps([list(tests), environment]) + "\n")
        self.process.stdin.flush()
        code, said = json.loads(self.process.stdout.readline())
        return code, said

    @contextmanager
    def with_planted(self, bug: Bug, *, nth: int) -> Iterator[None]:
        """`nth` makes the file's time its own: Python knows by it that what it compiled before is another text."""
        path = self.folder / bug.file
        before, stat = path.read_text(encoding="utf-8"), path.stat()
        path.write_text(bug.planted_in(before), encoding="utf-8")
        os.utime(path, (stat.st_atime, stat.st_mtime + nth + 1))
        try:
            yield
        finally:
            path.write_text(before, encoding="utf-8")
            os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


@contextmanager
def copied(folder: Path) -> Iterator[Bed]:
    for name in _COPIED:
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy2)(ROOT / name, folder / name)
    own = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    command = [sys.executable, str(folder / "tests/reliability/seedbed.py")]
    with subprocess.Popen(
        command, cwd=folder, env=own, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Bed(folder, process)
        assert process.stdin
        process.stdin.close()
