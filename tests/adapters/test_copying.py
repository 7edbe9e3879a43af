"""Files under rewrite: what is taken is always a whole saving, however its writer and the reader take turns."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from random import Random

from adapters.sources.copying import Patience, quiet_copy
from adapters.sources.grid import Unreadable

QUIET_S = 2.0
READS = 5_000
READS_A_WRITER = 50
LINES = 40


class Rewriting(type(Path())):
    """A file whose writer goes on at every look: it saves the same list again and again, each time in its own way.

    Within one saving it never rests as long as `QUIET_S`; between two it may.
    """

    def begin(self, seed: int) -> Rewriting:
        self.random, self.clock_s, self.saved = Random(seed), 1.7e9, 0
        self.due_s, self.steps = self.clock_s, self._savings()
        self.pass_s(0.0)
        return self

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        self._a_moment()
        return super().stat(follow_symlinks=follow_symlinks)

    def read_bytes(self) -> bytes:
        self._a_moment()
        return super().read_bytes()

    def open(self, *args: str, **options: str) -> object:
        self._a_moment()
        return super().open(*args, **options)

    def _a_moment(self) -> None:
        self.pass_s(self.random.choice((0.0, 0.001, 0.1 * QUIET_S, 0.6 * QUIET_S)))

    def pass_s(self, seconds: float) -> None:
        end_s = self.clock_s + seconds
        while self.due_s <= end_s:
            self.clock_s = self.due_s
            self.due_s += next(self.steps)
        self.clock_s = end_s

    def _savings(self) -> Iterator[float]:
        """After each step: how long until the next."""
        plain = Path(self)
        while True:
            save = self.random.choice((self._cut_and_filled, self._overwritten, self._put_in_place))
            for _ in save(plain):
                os.utime(plain, ns=(0, int(self.clock_s * 1e9)))
                yield self.random.uniform(0.0, 0.9 * QUIET_S)
            self.saved += 1
            yield self.random.choice((0.001, QUIET_S, 8 * QUIET_S))

    def _cut_and_filled(self, plain: Path) -> Iterator[None]:
        with plain.open("wb", buffering=0) as file:
            for line in saving(self.saved):
                file.write(line)
                if self.random.random() < 0.1:
                    yield
        yield

    def _overwritten(self, plain: Path) -> Iterator[None]:
        """Of the same size all the time."""
        if not plain.exists():
            return
        with plain.open("r+b", buffering=0) as file:
            for line in saving(self.saved):
                file.write(line)
                if self.random.random() < 0.1:
                    yield
            file.truncate()
        yield

    def _put_in_place(self, plain: Path) -> Iterator[None]:
        new = plain.with_name("new")
        new.write_bytes(b"".join(saving(self.saved)))
        new.replace(plain)
        yield


def saving(number: int) -> list[bytes]:
    return [b"%06d,%03d,\xb5\xa5\xce\xbb\n" % (number, line) for line in range(LINES)]


def test_no_torn_reading_is_taken(tmp_path: Path) -> None:
    taken = refused = torn = 0
    for seed in range(READS // READS_A_WRITER):
        file = Rewriting(tmp_path / f"{seed}.csv").begin(seed)
        patience = Patience(QUIET_S, lambda file=file: file.clock_s, file.pass_s)
        for _ in range(READS_A_WRITER):
            try:
                content = quiet_copy(file, patience)
            except Unreadable:
                refused += 1
                continue
            taken += 1
            torn += content != b"".join(saving(int(content[:6] or b"0")))
    assert torn == 0
    assert taken + refused == READS
    assert min(taken, refused) > READS // 20, (taken, refused)
