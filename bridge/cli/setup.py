"""Commands that set up and test: init, check."""

from pathlib import Path
from typing import Annotated

import typer

from bridge.cli.output import next_step, paragraph
from bridge.cli.undo import UNDO
from bridge.cli.words import say
from schemas.texts import T


def init(folder: Annotated[Path, typer.Argument(metavar="DIR", help=say(T("A new or empty folder.")))]) -> None:
    from bridge.wiring import lay_out, start_plain_log

    start_plain_log()
    for path in lay_out(folder):
        typer.echo(str(path))
    paragraph(say(UNDO["init"]))
    settings = folder / "config.toml"
    next_step(T("fill in {path}, then run: lxy-bridge --config {path} check", path=settings))


def check(ctx: typer.Context) -> None:
    from bridge.doctor import examine
    from bridge.wiring import start_plain_log

    start_plain_log()
    worst = 0
    for found in examine(ctx.obj):
        worst = max(worst, found.exit_code)
        fix = f" {say(found.fix)}" if found.fix else ""
        paragraph(f"{'✗' if found.exit_code else '✓'} {say(found.name)}: {say(found.text)}{fix}")
    if worst:
        next_step(T("put right what is marked ✗, then run lxy-bridge check again."))
    raise typer.Exit(worst)
