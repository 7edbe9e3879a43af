"""The crew: threads that do nothing but send. Everything else, the journal above all, is the main thread's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue
from threading import Thread
from types import TracebackType
from typing import Generic, Self, TypeVar

from schemas.portal import Answer, Payload

Token = TypeVar("Token")


class Crew(Generic[Token]):
    """At most `size` requests are on their way at once; half as many again may wait for a thread.

    A thread that comes back then need not wait for the journal: a slow disk holds nobody up.
    """

    def __init__(self, send: Callable[[Payload], Answer], size: int) -> None:
        self._send = send
        self._size = size
        self._most = size + size // 2
        self._threads: list[Thread] = []
        self._out: SimpleQueue[tuple[Token, Payload] | None] = SimpleQueue()
        self._back: SimpleQueue[tuple[Token, Answer | BaseException]] = SimpleQueue()
        self.outstanding = 0

    @property
    def room(self) -> int:
        """So many requests more may be given to `send` now: at first a few, so that they leave while others are made."""
        return min(self._most - self.outstanding, max(self.outstanding, 1))

    def send(self, token: Token, payload: Payload) -> None:
        self.outstanding += 1
        self._out.put((token, payload))
        if len(self._threads) < min(self.outstanding, self._size):
            # a daemon: Ctrl-C ends the process at once, and what is on its way has an unknown outcome
            self._threads.append(Thread(target=self._work, name="crew", daemon=True))
            self._threads[-1].start()

    def back(self, *, wait: bool) -> Iterator[tuple[Token, Answer | BaseException]]:
        """What has come back, with what was said or raised: all there is, and where one `wait`s at least the first."""
        while True:
            try:
                came = self._back.get(block=wait)
            except Empty:
                return
            self.outstanding -= 1
            wait = False
            yield came

    def withdraw(self) -> Iterator[Token]:
        """Those that still wait for a thread: they are not sent any more."""
        while True:
            try:
                waiting = self._out.get_nowait()
            except Empty:
                return
            if waiting is not None:
                self.outstanding -= 1
                yield waiting[0]

    def _work(self) -> None:
        while (job := self._out.get()) is not None:
            token, payload = job
            try:
                came: Answer | BaseException = self._send(payload)
            except BaseException as error:  # noqa: BLE001  # the main thread decides what it means
                came = error
            self._back.put((token, came))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nobody is waited for when it ends by an exception: it may be Ctrl-C, and a call may take a minute."""
        for _ in self._threads:
            self._out.put(None)
        if error is None:
            for thread in self._threads:
                thread.join()
