"""The lanes of the reliability suites: none runs less than it owes, and what fails says how it is replayed."""

from __future__ import annotations

import pytest

from tests.reliability import lane


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"LONG": False, "_ONLY": None, "_FIGURES": None, "_trial": None}.items():
        monkeypatch.setattr(lane, name, value)


def test_the_tests_that_share_a_suite_run_each_of_its_seeds_once() -> None:
    shares = lane.shares(4, short=8, long=40)
    assert [seed for mine in shares for seed in mine] == list(range(8))


def test_a_suite_that_cannot_be_shared_evenly_is_refused() -> None:
    with pytest.raises(AssertionError, match="3 tests cannot share 8 trials"):
        lane.shares(3, short=8, long=40)


def test_a_replayed_seed_is_there_for_whichever_test_it_is_asked_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane, "_ONLY", "7")
    assert lane.shares(2, short=8, long=40) == [range(7, 8)] * 2


def test_so_many_trials_are_owed_in_each_world() -> None:
    trials = lane.owed(short=3, long=50, each=10)
    assert (trials, trials.lanes) == (30, (30, 500))


def test_a_test_that_ran_fewer_trials_than_it_owes_fails() -> None:
    with pytest.raises(AssertionError, match="fuzz ran 9 of 10 trials"):
        lane.measured("fuzz", trials=9, owed=lane.owed(short=10, long=50))


def test_what_fails_in_a_trial_is_replayed_alone_and_what_fails_outside_with_its_test() -> None:
    with pytest.raises(ValueError, match="wrong"), lane.replayable(7):
        raise ValueError("wrong")
    assert lane.replay("a::b") == "RELIABILITY_SEED=7 .venv/bin/pytest 'a::b'"
    with lane.replayable(8):
        pass
    assert lane.replay("a::b") == ".venv/bin/pytest 'a::b'"
