"""`python -m tests.benchmarks [TABLE …] [--quick] [--write]`: measure, print, and on request write into the README."""

from __future__ import annotations

import argparse
import os
import platform
import re
import sqlite3
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks import intake, pushing, reconciling, reporting, starting
from tests.benchmarks.tables import Table

README = Path(__file__).with_name("README.md")
TABLES: dict[str, Callable[..., Table]] = {
    "intake": intake.table,
    "push": pushing.table,
    "reconcile": reconciling.table,
    "start": starting.table,
    "report": reporting.table,
}
_FIGURES = re.compile("(?<=<!-- figures -->\n).*(?=<!-- end of figures -->)", re.DOTALL)


def run(name: str, *, quick: bool) -> Table:
    with TemporaryDirectory(prefix="benchmark-") as folder:
        return TABLES[name](Path(folder), quick=quick)


def machine() -> str:
    system = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}"
    versions = f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    return f"{date.today().isoformat()} · {system} · {versions}"


def write(tables: Iterable[Table]) -> None:
    figures = "\n".join((f"{machine()}\n", *(table.markdown() for table in tables)))
    README.write_text(_FIGURES.sub(lambda _: f"\n{figures}\n", README.read_text("utf-8")), encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("tables", nargs="*", choices=[*TABLES, []], metavar="TABLE", help=", ".join(TABLES))
    parser.add_argument("--quick", action="store_true", help="small sizes, one round: shows that it runs, not how fast")
    parser.add_argument("--write", action="store_true", help="put the figures into the README beside this program")
    asked = parser.parse_args(arguments)
    if asked.write and (asked.quick or asked.tables):
        parser.error("--write is for a whole run in full size")
    sys.stdout.write(f"{machine()}\n\n")
    tables = []
    for name in asked.tables or TABLES:
        tables.append(run(name, quick=asked.quick))
        sys.stdout.write(f"{tables[-1].markdown()}\n")
        sys.stdout.flush()
    if asked.write:
        write(tables)


if __name__ == "__main__":
    main()
