"""The mapping between ledgers and the portal, as a sheet to look at, and what in it has no place."""

from pathlib import Path
from typing import Annotated

import typer

from bridge.cli.app import settings
from bridge.cli.files import write_new
from bridge.cli.output import paragraph, undo
from bridge.cli.words import LANGUAGE, say
from schemas.texts import T


def export(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE.xlsx", help=say(T("The file to be made.")))],
    ledgers: Annotated[
        list[Path] | None, typer.Argument(metavar="[LEDGER]...", help=say(T("Ledgers to look for missing columns in.")))
    ] = None,
) -> None:
    from bridge.wiring.look import mapping_of

    content, faults = mapping_of(settings(ctx), ledgers or [], LANGUAGE)
    write_new(file, content)
    paragraph(str(file), style="bold")
    for line in faults:
        paragraph(
            f"✗ {line.field}: {line.fault} ({say(T('example'))}: {line.example} → {line.online_example or '-'})",
            indent=2,
        )
    undo("mapping export", path=file)
    raise typer.Exit(1 if faults else 0)


def take_in(
    ctx: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE.xlsx",
            help=say(T("A mapping sheet with headings or words of your own added to its first column, parted by 、.")),
        ),
    ],
) -> None:
    from bridge.wiring.look import import_mapping

    found = import_mapping(settings(ctx), ctx.obj, file)
    for words in found.added.values():
        for word, usual in words.items():
            paragraph(f"✓ {word} → {usual}", indent=2)
    for row, reason in found.refused:
        paragraph(f"✗ {row.sheet} · {say(T('row {row}', row=row.number))}: {say(reason)}", indent=2)
    if found.added:
        undo("mapping import", path=ctx.obj)
    elif not found.refused:
        paragraph(say(T("It holds no word that is not understood already; the settings stay as they are.")))
    raise typer.Exit(1 if found.refused else 0)
