"""How things are measured: each in a process of its own, turn and turn about, medians of one run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[2]
_STATUS = Path("/proc/self/status")


@dataclass(frozen=True, slots=True)
class Sample:
    """One thing measured: wall clock, the process's own CPU time, and the most memory it ever held (0: unknown)."""

    wall_s: float
    cpu_s: float
    peak_mb: float = 0.0


def timed(step: Callable[[], object]) -> Sample:
    """`step` once, and nothing of what prepared it."""
    wall, cpu = time.perf_counter(), time.process_time()
    step()
    return Sample(time.perf_counter() - wall, time.process_time() - cpu)


def in_child(job: Callable[..., Sample], **arguments: object) -> Sample:
    """`job` in a fresh interpreter; its module is imported there. Raises CalledProcessError when it fails."""
    command = [sys.executable, "-m", "tests.benchmarks.child", job.__module__, job.__name__, json.dumps(arguments)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=ROOT, env=environment())
    return Sample(**json.loads(done.stdout))


def said_by_child(sample: Sample) -> str:
    return json.dumps(asdict(sample) | {"peak_mb": _peak_mb()})


def environment() -> dict[str, str]:
    """Ours, but with byte-code, and without the tracing that a measured test run hands on to its children."""
    traced = ("COV_", "COVERAGE_", "PYTHONDONTWRITEBYTECODE")
    return {name: value for name, value in os.environ.items() if not name.startswith(traced)}


def in_turn(rounds: int, jobs: Mapping[str, Callable[[], Sample]]) -> dict[str, Sample]:
    """A B C A B C …: whatever the machine does meanwhile, it does to all. Medians of time, the highest peak."""
    samples: dict[str, list[Sample]] = {name: [] for name in jobs}
    for _ in range(rounds):
        for name, job in jobs.items():
            samples[name].append(job())
    return {name: _middle(of_one) for name, of_one in samples.items()}


def _middle(samples: list[Sample]) -> Sample:
    return Sample(
        median(sample.wall_s for sample in samples),
        median(sample.cpu_s for sample in samples),
        max(sample.peak_mb for sample in samples),
    )


def _peak_mb() -> float:
    """Linux counts it for this program alone; what getrusage says may be the parent's, from before the exec."""
    if not _STATUS.exists():
        return 0.0
    peak = next((line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM")), "VmHWM: 0 kB")
    return int(peak.split()[1]) / 1024
