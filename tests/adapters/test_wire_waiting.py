"""How long a call waits before it is tried again: anywhere up to a bound that doubles, so that nobody comes back together."""

from __future__ import annotations

import pytest

from adapters.wire.waiting import Retries, patiently
from schemas.errors import TransientError
from schemas.texts import T
from tests.adapters.portal_rig import FakeTime

CALLS = 400
MOST_S = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0)
"""The longest wait before each try but the first."""


def waits_of(retries: Retries, *, asked_s: float | None = None, try_s: float = 0.0) -> list[float]:
    """Seconds waited by one call that never succeeds, on a clock that moves while it waits and `try_s` in each try."""
    time = FakeTime()

    def busy() -> None:
        time.now_s += try_s
        raise TransientError(
            T("The portal cannot be reached or is busy ({cause}).", cause="429"), retry_after_s=asked_s
        )

    with pytest.raises(TransientError):
        patiently(retries, time.monotonic, time.sleep)(busy)
    return time.slept


def test_the_waits_of_many_calls_lie_anywhere_between_nothing_and_a_bound_that_doubles() -> None:
    """Each tenth of the way is met by 400 calls; by chance one is not less than once in 10¹⁶ runs."""
    calls = [waits_of(Retries(attempts=len(MOST_S) + 1, time_s=1e9, budget=1e9)) for _ in range(CALLS)]
    for most_s, waits in zip(MOST_S, zip(*calls, strict=True), strict=True):
        tenths = {int(10 * wait_s / most_s) for wait_s in waits}
        assert tenths == set(range(10)), f"up to {most_s} s: {sorted(waits)}"


def test_no_wait_goes_past_the_time_of_the_call_which_its_tries_use_up_too() -> None:
    """At 20, 45, 70 and 95 s it failed; the fifth try would begin at 100 s."""
    retries = Retries(attempts=100, time_s=99.0, budget=1e9)
    waits = waits_of(retries, asked_s=5.0, try_s=20.0)
    assert waits == [5.0, 5.0, 5.0]
