"""Commands that set up and test: init, new-journal, check."""

from pathlib import Path
from typing import Annotated

import typer

from bridge.cli.output import next_step, paragraph, undo
from bridge.cli.words import say
from schemas.texts import T


def init(folder: Annotated[Path, typer.Argument(metavar="DIR", help=say(T("A new or empty folder.")))]) -> None:
    from bridge.wiring.service import lay_out, start_plain_log

    start_plain_log()
    for path in lay_out(folder):
        typer.echo(str(path))
    undo("init", path=folder)
    settings = folder / "config.toml"
    next_step(T("fill in {path}, then run: lxy-bridge --config {path} check", path=settings))


def new_journal(ctx: typer.Context) -> None:
    from bridge.cli.app import settings
    from bridge.wiring.service import begin_anew

    path = begin_anew(settings(ctx))
    paragraph(
        say(
            T(
                "A new, empty journal: {path}. What the old one knew is not in it: who said what, what was exported.",
                path=path,
            )
        )
    )
    undo("new-journal", path=path)
    next_step(T("lxy-bridge sync --dry-run looks at both sides, and shows what a run would write."))


def check(ctx: typer.Context) -> None:
    from bridge.doctor import examine
    from bridge.wiring.service import start_plain_log

    start_plain_log()
    worst = 0
    for found in examine(ctx.obj):
        worst = max(worst, found.exit_code)
        fix = f" {say(found.fix)}" if found.fix else ""
        paragraph(f"{'✗' if found.exit_code else '✓'} {say(found.name)}: {say(found.text)}{fix}")
    if worst:
        next_step(T("put right what is marked ✗, then run lxy-bridge check again."))
    raise typer.Exit(worst)
