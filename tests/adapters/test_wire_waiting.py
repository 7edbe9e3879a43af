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


def waits_of(retries: Retries) -> list[float]:
    """Seconds waited by one call that never succeeds, on a clock that only moves while it waits."""
    time = FakeTime()

    def busy() -> None:
        raise TransientError(T("The portal cannot be reached or is busy ({cause}).", cause="429"))

    with pytest.raises(TransientError):
        patiently(retries, time.monotonic, time.sleep)(busy)
    return time.slept


def test_the_waits_of_many_calls_lie_anywhere_between_nothing_and_a_bound_that_doubles() -> None:
    """Each tenth of the way is met by 400 calls; by chance one is not less than once in 10¹⁶ runs."""
    calls = [waits_of(Retries(attempts=len(MOST_S) + 1, time_s=1e9, budget=1e9)) for _ in range(CALLS)]
    for most_s, waits in zip(MOST_S, zip(*calls, strict=True), strict=True):
        tenths = {int(10 * wait_s / most_s) for wait_s in waits}
        assert tenths == set(range(10)), f"up to {most_s} s: {sorted(waits)}"
