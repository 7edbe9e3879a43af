"""What a benchmark gives: rows of ours against something bare, each with the goal it is held against."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tests.benchmarks.measuring import Sample

_HEAD = ("what", "ours", "against", "ratio", "goal", "peak RSS, ours / against")


@dataclass(frozen=True, slots=True)
class Goal:
    """One of P1 to P11 of the research, as the ratio or the time in which it is kept."""

    name: str
    ratio: float = float("inf")
    wall_s: float = float("inf")
    peak_mb: float = float("inf")

    def kept(self, row: Row) -> bool:
        small = not row.ours.peak_mb or row.ours.peak_mb <= self.peak_mb
        return row.ratio <= self.ratio and row.ours.wall_s <= self.wall_s and small

    def __str__(self) -> str:
        limits = (
            f"{self.ratio:.3g} ×" * (self.ratio < float("inf")),
            _time(self.wall_s) * (self.wall_s < float("inf")),
            f"{self.peak_mb:g} MB" * (self.peak_mb < float("inf")),
        )
        return f"{self.name}: ≤ " + ", ".join(filter(None, limits))


@dataclass(frozen=True, slots=True)
class Row:
    """`ratio` is time over time: 1 is as fast as what it is held against, 2 takes twice as long."""

    what: str
    ours: Sample
    bare: str
    against: Sample
    goal: Goal | None = None
    shows_peak: bool = False

    @property
    def ratio(self) -> float:
        return self.ours.wall_s / self.against.wall_s

    def cells(self) -> tuple[str, ...]:
        goal = f"{self.goal}{'' if self.goal.kept(self) else ' — **missed**'}" if self.goal else ""
        peak = f"{self.ours.peak_mb:.0f} / {self.against.peak_mb:.0f} MB" if self.shows_peak else ""
        against = f"{_time(self.against.wall_s)} {self.bare}"
        return self.what, _time(self.ours.wall_s), against, f"{self.ratio:.3g}", goal, peak


@dataclass(frozen=True, slots=True)
class Table:
    title: str
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()

    def markdown(self) -> str:
        lines = [f"### {self.title}", "", *_table([_HEAD, *(row.cells() for row in self.rows)])]
        return "\n".join([*lines, *(f"\n{note}" for note in self.notes), ""])


def _table(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    for at, cells in enumerate(rows):
        yield f"| {' | '.join(cells)} |"
        if at == 0:
            yield "|---" * len(cells) + "|"


def _time(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:.2f} s"
    return f"{seconds * 1e3:.0f} ms" if seconds >= 0.1 else f"{seconds * 1e3:.2g} ms"
