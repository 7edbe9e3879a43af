"""The tests are tested: what they are there to prevent is planted in a copy of the program, and they must find it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.reliability.lane import measured, owed, replayable, seeds
from tests.reliability.planting import CAUGHT, PASSED, ROOMS, ROOT, bugs_of, copied

ONE_TRIAL = {"RELIABILITY_SEED": "0"}
EVERY = [bug for room in ROOMS for bug in bugs_of(room)]


def test_the_table_fits_the_program_as_it_is() -> None:
    for bug in EVERY:
        text = bug.planted_in((ROOT / bug.file).read_text(encoding="utf-8"))
        if bug.file.endswith(".py"):
            ast.parse(text)
        assert bug.caught_by, bug.says
        assert all((ROOT / test.partition("::")[0]).exists() for test in bug.caught_by), bug.says
    assert len({bug.says for bug in EVERY}) == len(EVERY)


def test_the_lanes_owe_as_many_as_was_promised() -> None:
    assert sum(bug.short for bug in EVERY) >= 15
    assert len(EVERY) >= 40


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.stem)
def test_each_planted_bug_is_caught_by_the_tests_that_are_there_for_it(room: Path, tmp_path: Path) -> None:
    bugs = bugs_of(room)
    owes = {"short": sum(bug.short for bug in bugs), "long": len(bugs)}
    chosen = {number: bugs[number] for number in seeds(**owes)}
    caught = 0
    with copied(tmp_path) as bed:
        code, said = bed.run(sorted({test for bug in chosen.values() for test in bug.caught_by}), **ONE_TRIAL)
        assert code == PASSED, f"already without any bug:\n{said}"
        for number, bug in chosen.items():
            with replayable(number), bed.with_planted(bug, nth=number):
                code, said = bed.run(bug.caught_by)
                assert code == CAUGHT, f"{bug.says}: pytest ended with {code}\n{said}"
            caught += 1
    measured(f"planted bugs, {room.stem}", trials=len(chosen), owed=owed(**owes), caught=caught)
