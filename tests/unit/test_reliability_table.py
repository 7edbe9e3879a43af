"""The table of the reliability suites: each row is one suite, whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.reliability.table import ARCHITECTURE, BEGIN, END, main

PAGE = f"# Map\n\n{BEGIN}\n| suite | trials |\n|---|---|\n| power cuts | 500 |\n{END}\n\nThe end.\n"


def test_the_map_has_a_place_for_the_table() -> None:
    text = ARCHITECTURE.read_text("utf-8")
    assert text.count(f"\n{BEGIN}\n") == text.count(f"\n{END}\n") == 1


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "page.md"
    path.write_text(PAGE, encoding="utf-8")
    return path


def figures(folder: Path, *lines: dict[str, object]) -> str:
    plain = {"owed": None, "share": None, "wall_s": 90.0, "cpu_s": 60.0, "figures": {}}
    for number, line in enumerate(lines):
        text = json.dumps(plain | {"suite": "fuzz"} | line)
        (folder / f"{number}.jsonl").write_text(text + "\n", encoding="utf-8")
    return str(folder)


def row(page: Path, suite: str) -> list[str]:
    [line] = [line for line in page.read_text("utf-8").splitlines() if line.startswith(f"| {suite} |")]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_a_row_adds_up_the_tests_of_its_suite_and_leaves_other_rows_alone(tmp_path: Path, page: Path) -> None:
    halves = [{"trials": n, "owed": (10, 50), "figures": {"kills": 3, "doubles": 0, "steps": n}} for n in (20, 30)]
    assert main([figures(tmp_path, *halves), "--write"], into=page) == 0
    assert row(page, "fuzz")[1:10] == ["10", "50", "50", "6", "0", "", "", "3.0", "steps 50"]
    assert row(page, "power cuts") == ["power cuts", "500"]
    assert page.read_text("utf-8").endswith(f"{END}\n\nThe end.\n")


def test_a_row_is_replaced_when_its_suite_was_measured_again(tmp_path: Path, page: Path) -> None:
    main([figures(tmp_path, {"suite": "power cuts", "trials": 501, "share": (30, 500)}), "--write"], into=page)
    assert row(page, "power cuts")[:4] == ["power cuts", "30", "500", "501"]


def test_a_suite_that_ran_fewer_trials_than_the_long_lane_owes_is_not_written(tmp_path: Path, page: Path) -> None:
    assert main([figures(tmp_path, {"trials": 49, "owed": (10, 50)}), "--write"], into=page) == 1
    assert "| power cuts | 500 |" in page.read_text("utf-8")
    assert "| fuzz |" not in page.read_text("utf-8")


def test_without_being_asked_nothing_is_written(tmp_path: Path, page: Path) -> None:
    assert main([figures(tmp_path, {"trials": 50})], into=page) == 0
    assert page.read_text("utf-8") == PAGE
