"""The lease of the one writer: how long it may be silent before somebody else may take its place.

It runs on the clock that nobody can set and that goes on while the machine sleeps (CLOCK_BOOTTIME). A thread renews it;
a process that was stopped past its lease finds it lapsed when it is resumed, and a lapsed lease is never renewed.

`check` is asked in the thread that sends, immediately before each request. What remains: a process that is stopped between
that check and the write to the socket, and is resumed before anybody took over, sends this one request past its lease. It is
the only writer then, and whoever takes over ends it first: nobody else sends before its last request has left.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

from schemas.errors import Fenced
from schemas.texts import T

LEASE_S = 60.0
_RENEWED_IN_A_LEASE = 4


def uptime_s() -> float:
    """Seconds since the machine came up, asleep or not; where that is not to be had, of this process alone."""
    since_boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if since_boot is None else time.clock_gettime(since_boot)


class Lease:
    """`publish` makes the end of the lease known to others, as seconds of uptime, before it counts here."""

    def __init__(
        self, publish: Callable[[float], None], *, lease_s: float = LEASE_S, uptime_s: Callable[[], float] = uptime_s
    ) -> None:
        self._publish = publish
        self._lease_s = lease_s
        self._uptime_s = uptime_s
        self._until_s = uptime_s() + lease_s
        publish(self._until_s)

    def check(self) -> None:
        """Raises Fenced once the lease has lapsed."""
        if self._uptime_s() >= self._until_s:
            raise Fenced(
                T(
                    "This process was silent for more than its lease of {seconds} s; it sends nothing more.",
                    seconds=self._lease_s,
                )
            )

    def renew(self) -> bool:
        """False once it has lapsed. What was published after the lease had lapsed does not count: others may have seen it lapse."""
        until_s = self._uptime_s() + self._lease_s
        if until_s - self._lease_s >= self._until_s:
            return False
        try:
            self._publish(until_s)
        except OSError:
            return True  # not renewed; the next turn tries again while it lasts
        if self._uptime_s() >= self._until_s:
            return False
        self._until_s = until_s
        return True

    @contextmanager
    def renewed(self) -> Iterator[None]:
        """Inside, a thread renews it."""
        over = Event()

        def go_on() -> None:
            while not over.wait(self._lease_s / _RENEWED_IN_A_LEASE) and self.renew():
                pass

        thread = Thread(target=go_on, name="lease", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
