"""The benchmarks run. How fast is for `make bench` on a quiet machine to say, never for a test."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from tests.benchmarks.__main__ import TABLES, main, run
from tests.benchmarks.measuring import Sample
from tests.benchmarks.tables import Goal, Row


@pytest.mark.parametrize("name", TABLES)
def test_every_table_runs_and_each_ratio_is_a_number(name: str):
    table = run(name, quick=True)
    assert table.rows
    assert all(math.isfinite(row.ratio) and row.ratio > 0 for row in table.rows)
    assert all(row.what in table.markdown() for row in table.rows)


def test_a_missed_goal_is_said():
    kept, missed = (Row("x", Sample(took, took), "y", Sample(1, 1), Goal("P1", ratio=1.6)) for took in (1.6, 1.7))
    assert "missed" not in kept.cells()[4]
    assert "missed" in missed.cells()[4]


def test_only_a_whole_run_may_be_written_down(capsys: pytest.CaptureFixture[str]):
    before = Path(__file__).with_name("README.md").read_bytes()
    with pytest.raises(SystemExit):
        main(["--quick", "--write"])
    assert "--write" in capsys.readouterr().err
    assert Path(__file__).with_name("README.md").read_bytes() == before
