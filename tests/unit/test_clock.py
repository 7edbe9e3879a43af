"""The service's own clock: Shanghai's time for people, and for waiting a clock that nobody can set."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from bridge.wiring.service import SystemClock


@pytest.fixture(params=["America/New_York", "UTC", "Asia/Shanghai"])
def _zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The machine stands in another zone; it is put back."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", request.param)
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("_zone")
def test_the_day_is_shanghai_s_wherever_the_machine_stands() -> None:
    assert SystemClock().instant().at.utcoffset() == timedelta(hours=8)


def test_waiting_is_measured_since_the_machine_started_whatever_its_clock_says() -> None:
    before = time.clock_gettime(time.CLOCK_BOOTTIME)
    found = SystemClock().instant().uptime_s
    assert before <= found <= time.clock_gettime(time.CLOCK_BOOTTIME)
