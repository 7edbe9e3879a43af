"""Commands to practise with: practice, demo. Nothing of them reaches a real portal or a real mailbox."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bridge.cli.output import paragraph, undo, watched
from bridge.cli.words import LANGUAGE, say
from schemas.texts import Language, T


class Carrier(StrEnum):
    """As `portal.carrier` of the settings."""

    HTTP = "http"
    WORKBOOK = "workbook"


def practice(
    *,
    folder: Annotated[Path, typer.Option("--dir", help=say(T("Where it keeps its data.")))] = Path("practice-portal"),
    port: Annotated[int, typer.Option(help=say(T("The port on this machine.")))] = 8321,
) -> None:
    from bridge.wiring.practice import serve_practice_portal

    told = T(
        "base_url: http://127.0.0.1:{port} · app_id and app_secret: {path} · Ctrl-C ends it",
        port=port,
        path=folder / "access.json",
    )
    paragraph(say(told))
    undo("practice", path=folder)
    serve_practice_portal(folder, port)


def demo(
    *,
    people: Annotated[int, typer.Option(min=60, help=say(T("How many people.")))] = 2690,
    batches: Annotated[int, typer.Option(min=6, help=say(T("How many batches.")))] = 47,
    folder: Annotated[Path, typer.Option("--dir", help=say(T("A new or empty folder.")))] = Path("demo"),
    carrier: Annotated[
        Carrier, typer.Option(help=say(T("How the portal is reached: its interface, or files carried by hand.")))
    ] = Carrier.HTTP,
    keep_open: Annotated[bool, typer.Option("--keep-open", help=say(T("Leave the practice portal running.")))] = False,
    lang: Annotated[  # noqa: ARG001  # words.py has read it before this was made
        Language, typer.Option("--lang", help=say(T("The language of this command.")))
    ] = LANGUAGE,
) -> None:
    from bridge.demo import run_demo

    code = run_demo(
        folder=folder,
        people=people,
        batches=batches,
        language=LANGUAGE,
        keep_open=keep_open,
        by_hand=carrier is Carrier.WORKBOOK,
        say=typer.echo,
        watched=watched,
    )
    undo("demo", path=folder)
    raise typer.Exit(code)
