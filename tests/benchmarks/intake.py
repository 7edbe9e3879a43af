"""Intake of one large ledger: read, understood, checked, sealed, staged and wanted, against bare calamine."""

from __future__ import annotations

import os
import shutil
import sys
from functools import partial
from pathlib import Path

from bridge.config import Config
from bridge.house import House
from bridge.pipeline import take_in
from bridge.wiring.service import open_house, plain_ways
from tests.benchmarks import bare
from tests.benchmarks.measuring import Sample, in_child, in_turn, timed
from tests.benchmarks.tables import Goal, Row, Table
from tests.benchmarks.world import furnish, write_ledger

_SAVED_ANEW = 1


def table(folder: Path, *, quick: bool) -> Table:
    people, rounds = (5_000, 1) if quick else (100_000, 3)
    first, again = folder / "first.xlsx", folder / "again.xlsx"
    write_ledger(first, people)
    write_ledger(again, people, saved=_SAVED_ANEW)
    home = folder / "home"
    jobs = {
        "calamine": partial(in_child, bare.calamine_rows, file=str(first)),
        "cold": partial(_cold, home, first, people),
        "touched": partial(_touched, home, people),
        "saved": partial(_saved, home, again, people),
        "untouched": partial(in_child, take_in_nothing, folder=str(home)),
    }
    found = in_turn(rounds, jobs)
    against = "calamine iter_rows", found["calamine"]
    return Table(
        f"Intake: one workbook of {people:,} people × 15 columns, {people // 100:,} batches",
        (
            Row("cold: nothing known yet", found["cold"], *against, Goal("P2", ratio=3.0), shows_peak=True),
            Row("warm: saved again, the same rows", found["saved"], *against, Goal("P1", ratio=1.6), shows_peak=True),
            Row("touched: another mtime, the same bytes", found["touched"], *against, shows_peak=True),
            Row("untouched: a stat, the file is not opened", found["untouched"], *against, shows_peak=True),
        ),
    )


def _cold(folder: Path, ledger: Path, people: int) -> Sample:
    shutil.rmtree(folder, ignore_errors=True)
    furnish(folder)
    shutil.copy(ledger, folder / "ledgers" / "ledger.xlsx")
    return in_child(take_in_all, folder=str(folder), people=people)


def _touched(folder: Path, people: int) -> Sample:
    os.utime(folder / "ledgers" / "ledger.xlsx")
    return in_child(take_in_all, folder=str(folder), people=people)


def _saved(folder: Path, again: Path, people: int) -> Sample:
    shutil.copy(again, folder / "ledgers" / "ledger.xlsx")
    return in_child(take_in_all, folder=str(folder), people=people)


def take_in_all(folder: str, people: int) -> Sample:
    """Raises RuntimeError when the journal does not hold all of them afterwards."""
    with open_house(Config.load(Path(folder) / "config.toml"), plain_ways(), work="benchmark") as house:
        sample = timed(lambda: _take_in(house))
        wanted = sum(tally.offline for tally in house.journal.deliveries.tallies().values())
    if wanted != people:
        raise RuntimeError(f"{wanted} of {people} were taken in")
    return sample


def take_in_nothing(folder: str) -> Sample:
    """Raises RuntimeError when a ledger is opened."""
    opened: list[object] = []
    sys.addaudithook(lambda event, args: opened.append(args[0]) if event == "open" else None)
    with open_house(Config.load(Path(folder) / "config.toml"), plain_ways(), work="benchmark") as house:
        sample = timed(lambda: _take_in(house))
    if any(str(path).endswith(".xlsx") for path in opened):
        raise RuntimeError("an untouched ledger was opened")
    return sample


def _take_in(house: House) -> None:
    if failures := take_in(house).failures:
        raise RuntimeError(str(failures[0]))
