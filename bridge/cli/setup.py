"""Commands that set up and test: init, check."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bridge.cli.app import app
from bridge.cli.words import say
from schemas.texts import T


@app.command(help=say(T("Make a folder with settings to fill in, a key file and an empty journal.")))
def init(folder: Annotated[Path, typer.Argument(metavar="DIR", help=say(T("A new or empty folder.")))]) -> None:
    from bridge.wiring import lay_out

    for path in lay_out(folder):
        typer.echo(str(path))
    typer.echo(say(T("Next: fill in {path}, then run: lxy-bridge --config {path} check", path=folder / "config.toml")))


@app.command(help=say(T("Test the settings, key, disk, clock, sources, portal and mail: each with the fix.")))
def check(ctx: typer.Context) -> None:
    from bridge.doctor import examine

    failed = False
    for finding in examine(ctx.obj):
        failed = failed or not finding.good
        typer.echo(f"{'✓' if finding.good else '✗'} {say(finding.name)}: {say(finding.text)}")
    raise typer.Exit(1 if failed else 0)
