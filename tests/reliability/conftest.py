"""Every trial's time is measured, whatever it proves, and whatever fails says how it is replayed."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.reliability import lane


@pytest.fixture(autouse=True)
def _timed() -> None:
    lane.begin()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        report.sections.append(("replay", lane.replay(item.nodeid)))
    return report
