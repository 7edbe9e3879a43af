"""Workbooks that others keep to test their readers with never crash ours: calamine's, openpyxl's and eight more sets.

They lie in the source packages of these projects (openpyxl's last did in 1.6.2), which pip takes from its index and checks
by hash; what it would run of them to build one is replaced by `unbuilt.py`. Where pip reaches no index, this test fails.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from adapters.sources.apart import Apart
from adapters.sources.facts import Facts
from adapters.sources.grid import Unreadable
from adapters.sources.ledger import Task
from adapters.sources.marking import marked
from schemas.mark import Mark
from tests.adapters.readings import problems_of, says_something, was_stopped

HERE = Path(__file__).parent
SETS = [line.partition("==")[0] for line in (HERE / "public.txt").read_text().splitlines() if "==" in line]
BACKENDS = "maturin.py", "setuptools/__init__.py", "setuptools/build_meta.py"
WORKBOOKS = {".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"}
TASK = Task("rosters/台账", date(2025, 6, 1), Facts(year=2025))
_PATIENCE_S = 300


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder they were put into."""
    folder, backends = tmp_path_factory.mktemp("packages"), tmp_path_factory.mktemp("backends")
    for name in BACKENDS:
        (backends / name).parent.mkdir(exist_ok=True)
        shutil.copy(HERE / "unbuilt.py", backends / name)
    how = ["--require-hashes", "--no-deps", "--no-binary", ":all:", "--use-pep517", "--no-build-isolation"]
    done = subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", *how, "--dest", folder, "--requirement", HERE / "public.txt"],
        env={**os.environ, "PYTHONPATH": str(backends)},
        capture_output=True,
        text=True,
        timeout=_PATIENCE_S,
        check=False,  # what pip says is shown
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder


def workbooks(packages: Path) -> Iterator[tuple[str, bytes]]:
    for package in sorted(packages.iterdir()):
        with tarfile.open(package) as archive:
            for member in archive:
                if member.isfile() and Path(member.name).suffix.lower() in WORKBOOKS:
                    stream = archive.extractfile(member)
                    assert stream
                    yield member.name, stream.read()


def test_a_public_workbook_is_a_reading_or_a_refusal(packages: Path) -> None:
    silent: list[str] = []
    stopped: list[str] = []
    seen: list[str] = []
    locked: list[list[list[str]]] = []
    with Apart() as apart:
        for name, content in workbooks(packages):
            reading = apart(TASK, content)
            seen.append(name)
            silent += [] if says_something(reading) else [name]
            stopped += [name] if was_stopped(reading) else []
            locked += [problems_of(reading.rejections)] if "/password." in name else []
    assert (silent, stopped) == ([], [])
    assert locked == [[["password_protected"]]] * 4
    assert len(list(packages.iterdir())) == len(SETS)
    assert len(seen) == 110
    assert [sum(name.startswith(of) for name in seen) for of in ("python_calamine", "openpyxl")] == [17, 14]


def test_a_public_workbook_is_marked_or_cannot_be_read(packages: Path) -> None:
    """What can be read can be marked, and opened again."""
    marks = [Mark("", 3, 2, "a comment", refused=True)]
    again = 0
    with Apart() as apart:
        for name, content in workbooks(packages):
            try:
                made = marked(content, marks)
            except Unreadable:
                continue
            again += 1
            reading = apart(TASK, made)
            assert says_something(reading), name
            assert not was_stopped(reading), name
    assert again >= 100
