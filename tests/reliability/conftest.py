"""Every trial's time is measured, whatever it proves."""

from __future__ import annotations

import pytest

from tests.reliability import lane


@pytest.fixture(autouse=True)
def _timed() -> None:
    lane.begin()
