"""Strace, which ends a process or lets the system fail at one chosen call, and tells which calls there are.

Strace counts for each thread by itself. So a process is attached to at a step of its run, and a call is the n-th of its
kind in that step; `aims` makes sure that no other thread comes to its own n-th first.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

DISK = (
    *("pwrite64", "write", "fdatasync", "fsync", "ftruncate", "fallocate"),
    *("openat", "unlink", "unlinkat", "rename", "renameat", "renameat2", "link", "linkat", "mkdir", "mkdirat"),
)
"""Of openat only what may make a file is aimed at."""

WIRE = ("connect", "sendto", "sendmsg", "recvfrom", "recvmsg")
STEP = "a step begins"
TOLD = "writev"
"""The call by which the traced process itself says how far it is: none that is ended or failed."""

_LINE = re.compile(
    r"(?P<thread>\d+) +(?P<name>\w+)\((?:AT_FDCWD<[^>]*>, )?(?:\d+<(?P<on>[^>]*)>|\"(?P<path>[^\"]*)\")?"
)


@dataclass(frozen=True)
class Aim:
    """The n-th call of this name since the step began; steps count from 0, the start. `on` is the file it is about."""

    step: int
    name: str
    n: int
    on: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"{self.name} {self.n} of step {self.step} on {self.on}"


def killing(aim: Aim) -> tuple[str, str]:
    """The call is never made."""
    return "-e", f"inject={aim.name}:signal=KILL:when={aim.n}"


def failing(aim: Aim, error: str, *, ever_after: bool = False) -> tuple[str, str]:
    """The call is not made, and answers with this error."""
    return "-e", f"inject={aim.name}:error={error}:when={aim.n}{'+' if ever_after else ''}"


@contextmanager
def attached(pid: int, *options: str, log: Path | None = None, calls: Sequence[str] = DISK + WIRE) -> Iterator[None]:
    """Inside, the process is traced; it must be waiting. Leave it only once the process has ended."""
    if shutil.which("strace") is None:
        raise FileNotFoundError("strace is needed: it stands in tests/apt.txt")
    where = ["-o", str(log or "/dev/null")]
    command = ["strace", "-f", "-y", *where, "-e", f"trace={','.join((*calls, TOLD))}", *options, "-p", str(pid)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        said = process.stderr.readline()
        if "attached" not in said:
            raise RuntimeError(f"strace could not attach: {said}{process.stderr.read()}")
        yield
        process.stderr.read()


def aims(log: Path, calls: Sequence[str]) -> list[Aim]:
    """Every one of these calls that a traced run made, in order. Raises AssertionError for one that cannot be hit."""
    found: list[Aim] = []
    step, counts, most = 0, Counter[tuple[str, str]](), Counter[str]()
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        begun = _LINE.match(line)
        if begun is None:
            continue
        if STEP in line:
            step, counts, most = step + 1, Counter(), Counter()
            continue
        thread, name = begun["thread"], begun["name"]
        counts[thread, name] += 1
        n = counts[thread, name]
        assert n > most[name], f"two threads share {name} in step {step}: the {n}th is not to be told apart"
        most[name] = n
        if name in calls and (name != "openat" or "O_CREAT" in line):
            found.append(Aim(step, name, n, Path(begun["on"] or begun["path"] or "").name))
    return found
