"""Hundreds of files gone wrong: each is a reading or a refusal, within the limits, and the next file is read all the same."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from adapters.sources.apart import Apart
from adapters.sources.facts import Facts
from adapters.sources.ledger import Task
from adapters.sources.understanding import understand
from tests.adapters.corpus.mutants import mutants, originals
from tests.adapters.readings import says_something, was_stopped

OF_EACH_FORM = 110
TASK = Task("rosters/台账", date(2025, 6, 1), Facts(year=2025))


def test_every_original_is_whole(tmp_path: Path) -> None:
    """Else nothing would be proven of its mutants."""
    for content in originals(tmp_path).values():
        assert [len(roster.people) for roster in understand(TASK, content).rosters] == [6]


def test_a_file_gone_wrong_is_a_reading_or_a_refusal(tmp_path: Path) -> None:
    """Only the readers of binary forms ask for memory by numbers in the file, and are then stopped."""
    silent: list[str] = []
    stopped: list[str] = []
    whole, count = originals(tmp_path)["csv"], 0
    with Apart() as apart:
        for title, content in mutants(tmp_path, OF_EACH_FORM):
            reading = apart(TASK, content)
            count += 1
            silent += [] if says_something(reading) else [title]
            stopped += [title] if was_stopped(reading) else []
        assert apart(TASK, whole).rosters
    assert count == 5 * OF_EACH_FORM >= 500
    assert silent == []
    assert {title.split("-")[0] for title in stopped} <= {"xls", "xlsb"}
    assert len(stopped) < count / 20
