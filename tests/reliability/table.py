"""`python -m tests.reliability.table FOLDER [--write]`: what the suites measured, as the table in ARCHITECTURE.md.

FOLDER holds the lines that `lane.measured` wrote. A row of the table is replaced when its suite was measured, and stays
as it was when it was not: so one suite may be run anew by itself.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

ARCHITECTURE = Path(__file__).parents[2] / "ARCHITECTURE.md"
BEGIN, END = "<!-- reliability -->", "<!-- end of reliability -->"
COLUMNS = {
    "kills": {"kills", "killed"},
    "duplicates": {"duplicates", "doubles", "doubled"},
    "losses": {"losses", "lost"},
    "planted bugs caught": {"caught", "bugs_caught", "planted_bugs_caught"},
}
"""A column, and the names of figures that belong in it; any other figure stands in the last column but one."""
_HEAD = ("suite", "owed in `make test`", "owed in `make reliability`", "trials", *COLUMNS, "minutes", "besides", "when")


@dataclass(slots=True)
class Suite:
    """All tests of one suite, added up. `owed` is what it owes in the short lane and in the long one."""

    name: str
    trials: int = 0
    owed: tuple[int, int] | None = None
    wall_s: float = 0.0
    cpu_s: float = 0.0
    figures: Counter[str] = field(default_factory=Counter)

    def add(self, line: Mapping[str, object]) -> None:
        said = json.loads(json.dumps(line))
        self.trials += said["trials"]
        self.wall_s += said["wall_s"]
        self.cpu_s += said["cpu_s"]
        self.figures.update(said["figures"])
        if said["owed"]:
            self.owed = tuple(said["owed"])
        elif said["share"]:
            short, long = self.owed or (0, 0)
            self.owed = short + said["share"][0], long + said["share"][1]

    def is_whole(self, *, long: bool) -> bool:
        return self.owed is None or self.trials >= self.owed[long]

    def cells(self) -> list[str]:
        """A figure nobody gave is a blank, never a nought."""
        known = set().union(*COLUMNS.values())
        besides = ", ".join(
            f"{name.replace('_', ' ')} {_number(n)}" for name, n in self.figures.items() if name not in known
        )
        own = [_sum(self.figures[name] for name in names if name in self.figures) for names in COLUMNS.values()]
        short, long = map(_number, self.owed or ("", ""))
        minutes = f"{self.wall_s / 60:.1f}"
        return [self.name, short, long, _number(self.trials), *own, minutes, besides, machine()]


def measured(folder: Path) -> dict[str, Suite]:
    """By name, in the order of their names."""
    found: defaultdict[str, list[Mapping[str, object]]] = defaultdict(list)
    for path in sorted(folder.glob("*.jsonl")):
        for line in map(json.loads, path.read_text("utf-8").splitlines()):
            found[line["suite"]].append(line)
    suites = {name: Suite(name) for name in sorted(found)}
    for name, suite in suites.items():
        for line in found[name]:
            suite.add(line)
    return suites


def machine() -> str:
    system = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}"
    return f"{date.today().isoformat()} · {system} · Python {platform.python_version()}"


def put_in(text: str, suites: Iterable[Suite]) -> str:
    """The text with the rows of these suites replaced or added, and all other rows as they are."""
    before, _, rest = text.partition(f"{BEGIN}\n")
    table, _, after = rest.partition(END)
    rows = {_cells(line)[0]: line for line in table.strip().splitlines()[2:]}
    rows |= {suite.name: _line(suite.cells()) for suite in suites}
    lines = [_line(_HEAD), "|---" * len(_HEAD) + "|", *rows.values()]
    return f"{before}{BEGIN}\n" + "\n".join(lines) + f"\n{END}{after}"


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def _sum(numbers: Iterator[float]) -> str:
    found = list(numbers)
    return _number(sum(found)) if found else ""


def _number(number: float | str) -> str:
    return number if isinstance(number, str) else f"{round(number, 2):,}"


def main(arguments: Sequence[str] | None = None, *, into: Path = ARCHITECTURE) -> int:
    """Writes only with --write, and only suites that ran all they owe in the long lane. 1: some did not."""
    parser = argparse.ArgumentParser(prog="python -m tests.reliability.table")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--write", action="store_true", help="put the rows of the long lane into ARCHITECTURE.md")
    asked = parser.parse_args(arguments)
    suites = measured(asked.folder)
    for suite in suites.values():
        sys.stdout.write(f"{_line(suite.cells())} CPU {suite.cpu_s:.0f} s\n")
    if not asked.write:
        return 0
    whole = [suite for suite in suites.values() if suite.is_whole(long=True)]
    into.write_text(put_in(into.read_text("utf-8"), whole), encoding="utf-8")
    for suite in suites.values():
        if suite not in whole:
            sys.stderr.write(f"{suite.name}: {suite.trials} trials, fewer than owed: not written\n")
    return int(len(whole) < len(suites))


if __name__ == "__main__":
    sys.exit(main())
