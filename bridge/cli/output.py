"""What commands print: lines, tables, and how far a run is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from bridge.cli.words import LANGUAGE, say
from schemas.texts import T

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from schemas.report import Report


class Bar:
    """A progress bar for each step; fits `bridge.ports.Watch`."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task: TaskID | None = None

    def step(self, name: str, total: int | None = None) -> None:
        self._task = self._progress.add_task(_STEPS.get(name, name), total=total)

    def advance(self, count: int = 1) -> None:
        if self._task is not None:
            self._progress.advance(self._task, count)


_STEPS = {"read": say(T("read")), "push": say(T("push")), "read back": say(T("read back"))}


@contextmanager
def watched() -> Iterator[Bar]:
    """Progress on a terminal's standard error; nothing where nobody watches."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        yield Bar(progress)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Aligned on a terminal, and complete where the output goes to a file."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    made = Table(*heads, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        made.add_row(*row)
    console.print(made, markup=False) if console.is_terminal else typer.echo(
        "\n".join("\t".join(row) for row in (heads, *rows))
    )


def summary(report: Report) -> None:
    """The verdict and both conservation lines, as in the mail."""
    from bridge.wiring import report_in_short

    typer.echo(report_in_short(report, LANGUAGE))


def exit_code(report: Report) -> int:
    """0 all agrees, 1 somebody has something to do."""
    from schemas.report import RunState

    return 0 if report.state is RunState.COMPLETE else 1


def as_json(value: object) -> None:
    import orjson

    typer.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2, default=str).decode())
