"""What commands print: paragraphs, tables, the verdict, and how far a run is.

On a terminal lines are folded and columns aligned by the width of what they show; elsewhere nothing is folded, and
columns are separated by tabs.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

import typer

from bridge.cli.words import LANGUAGE, say
from schemas.texts import T, Text

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

    from schemas.report import Report


class Bar:
    """A progress bar for each step; fits `bridge.ports.Watch`."""

    def __init__(self, progress: "Progress") -> None:
        self._progress = progress
        self._task: TaskID | None = None

    def step(self, name: str, total: int | None = None) -> None:
        if total != 0:
            self._task = self._progress.add_task(say(_STEPS[name]) if name in _STEPS else name, total=total)

    def advance(self, count: int = 1) -> None:
        if self._task is not None:
            self._progress.advance(self._task, count)


_STEPS = {"read": T("read"), "push": T("push"), "read back": T("read back")}


@contextmanager
def watched() -> Iterator[Bar]:
    """Progress on a terminal's standard error; nothing where nobody watches."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        yield Bar(progress)


@cache
def _console() -> "Console":
    from rich.console import Console

    return Console(markup=False, highlight=False, emoji=False)


def paragraph(text: str, *, indent: int = 0, style: str = "") -> None:
    """One paragraph; where it is folded, each of its lines is indented."""
    lines = folded(text, _console().width - indent) if _console().is_terminal else [text]
    for line in lines:
        _console().print(" " * indent + line, style=style, soft_wrap=True)


def folded(text: str, width: int) -> list[str]:
    """Lines of at most `width` cells: broken between Chinese characters too, never before a closing mark."""
    import re

    from rich.cells import cell_len

    lines = [""]
    for piece in re.findall(_PIECE, text):
        if lines[-1] and cell_len(lines[-1] + piece.rstrip()) > width:
            lines.append("")
        lines[-1] += piece
    return [line.rstrip() for line in lines]


_WIDE, _OPEN, _CLOSE = "\u2e80-\uffef", "（“‘《【", "，。、；：！？）”’》】"
_PIECE = rf"(?:[{_OPEN}]*[{_WIDE}][{_CLOSE}]*|[^{_WIDE}\s{_OPEN}]+[{_CLOSE}]*|.)\s*"


def table(heads: Sequence[Text], rows: Iterable[Sequence[str]], *, indent: int = 0) -> None:
    """Columns under their heads; the last one takes what room is left."""
    titles = [say(head) for head in heads]
    if not _console().is_terminal:
        for row in (titles, *rows):
            typer.echo(" " * indent + "\t".join(row))
        return
    from rich.padding import Padding
    from rich.table import Table

    made = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for title in titles[:-1]:
        made.add_column(title, overflow="fold")
    made.add_column(titles[-1], overflow="fold", ratio=1)
    for row in rows:
        made.add_row(*row)
    _console().print(Padding(made, (0, 0, 0, indent), expand=False))


_OF_THE_RUN = ("D19", "D20")
"""Findings about the run itself: a side that could not be read makes all the rest old news."""


def summary(report: "Report") -> None:
    """The verdict, whatever stands in its way, where every row of both sides went, and what to do now."""
    from bridge.wiring.look import conservation, verdict_in_words

    headline, *details = verdict_in_words(report, LANGUAGE)
    paragraph(headline, style="bold")
    for line in (*details, *report.banners):
        paragraph(line, indent=2)
    for item in report.items:
        if item in report.held or (item.code in _OF_THE_RUN and item.to_do and not item.batch):
            paragraph(f"✗ {item.what} {item.next_step}", indent=2)
    for line in conservation(report, LANGUAGE):
        paragraph(line)


def undo(command: str, *, exported: bool = False, **values: object) -> None:
    """The line of a command that changed something: how it is taken back, or that it cannot be.

    `exported`: what it would have written online are files that people have yet to carry there.
    """
    from bridge.cli.undo import EXPORTED, UNDO

    text = EXPORTED if exported else UNDO[command]
    paragraph(say(text.filled(**values)))


def next_step(text: Text) -> None:
    """The last line of a command that leaves something to do."""
    paragraph(say(T("Next: {step}", step=say(text))))


def exit_code(report: "Report") -> int:
    """0 all agrees, 1 something is left to do, 3 the brake is on."""
    from schemas.errors import UnsafePlan
    from schemas.report import RunState

    if report.held:
        return UnsafePlan.exit_code
    return 0 if report.state is RunState.COMPLETE else 1


def as_json(value: object) -> None:
    import orjson

    typer.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())
