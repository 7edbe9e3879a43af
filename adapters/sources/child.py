"""The process in which files of strangers are read: `python -m adapters.sources.child`.

It holds no key but the one marks are made with, and no file but the bytes it is given. In: a task and a file's bytes,
again and again. Out: a reading each. It ends when nothing more comes in.
"""

from __future__ import annotations

import gc
import pickle
import sys
from typing import IO

import orjson

from adapters.sources.understanding import understand

try:
    import resource
except ImportError:
    resource = None  # type: ignore[assignment]

LENGTH_BYTES = 8


def main() -> None:
    memory_bytes, cpu_s = map(int, sys.argv[1:])
    asked, answers = sys.stdin.buffer, sys.stdout.buffer
    limit_memory(memory_bytes)
    gc.freeze()
    gc.disable()  # a reading makes millions of values and no cycles: looking for them is a tenth of its time
    while head := taken(asked):
        limit_time(cpu_s)
        task = pickle.loads(head)  # noqa: S301  # from the parent, which made it
        give(answers, orjson.dumps(understand(task, taken(asked)), default=list))
        answers.flush()
        gc.collect()


def limit_memory(most_bytes: int) -> None:
    """Of what this process may write to; where the system knows no such limits (Windows), there are none."""
    if resource:
        resource.setrlimit(resource.RLIMIT_DATA, (most_bytes, most_bytes))


def limit_time(more_s: int) -> None:
    """So many seconds of processor time from now on; then the system ends this process."""
    if resource:
        used = resource.getrusage(resource.RUSAGE_SELF)
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + more_s, hard))


def taken(stream: IO[bytes]) -> bytes:
    """The next piece, empty at the end. Raises EOFError in the middle of one."""
    length = stream.read(LENGTH_BYTES)
    if not length:
        return b""
    piece = stream.read(size := int.from_bytes(length))
    if len(piece) != size:
        raise EOFError
    return piece


def give(stream: IO[bytes], piece: bytes) -> None:
    stream.write(len(piece).to_bytes(LENGTH_BYTES))
    stream.write(piece)


if __name__ == "__main__":
    main()
