"""Commands for who connects a portal: a new dialect, its mistakes, its requests, and a try at the portal itself."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bridge.cli.app import settings, settings_if_any
from bridge.cli.output import next_step, paragraph, undo
from bridge.cli.words import say
from schemas.texts import T, Text

if TYPE_CHECKING:
    from bridge.wiring.dialect import Exhibit
    from schemas.dialect.review import Fault

Pack = Annotated[
    str, typer.Argument(metavar="FILE|NAME", help=say(T("A dialect file, or the name of one that ships.")))
]


def new(
    file: Annotated[Path, typer.Argument(metavar="[FILE]", help=say(T("The file to be made.")))] = Path("dialect.toml"),
    *,
    source: Annotated[str, typer.Option("--from", help=say(T("The shipped dialect it begins as.")))] = "qilu",
) -> None:
    from bridge.cli.files import write_new
    from bridge.config.packs import to_fill_in
    from bridge.wiring.service import start_plain_log

    start_plain_log()
    write_new(file, to_fill_in(source, name=file.stem).encode())
    typer.echo(str(file))
    undo("dialect new", path=file)
    next_step(T("follow the steps at the head of {path}, then run: lxy-bridge dialect check {path}", path=file))


def check(pack: Pack) -> None:
    from bridge.config.packs import dialect_of, named
    from bridge.wiring.service import start_plain_log
    from schemas.errors import ConfigError
    from schemas.portal import DeliveryClass

    start_plain_log()
    try:
        dialect, faults = dialect_of(named("dialects", pack))
    except ConfigError as error:
        heading, *mistakes = (say(text) for text in error.texts)
        paragraph(heading, style="bold")
        for line in mistakes:
            paragraph(f"✗ {line}", indent=2)
        raise typer.Exit(error.exit_code) from None
    then = T("compare with the interface document: lxy-bridge dialect show OPERATION {pack}", pack=pack)
    if dialect.delivery_class is DeliveryClass.K4:
        then = T('name the file in portal.dialect, write portal.carrier = "workbook", then run: lxy-bridge check')
    _judgement(f"{dialect.name} {dialect.version} · {dialect.delivery_class}", faults, then)


def _judgement(title: str, faults: "Sequence[Fault]", then: Text) -> None:
    mistakes = [fault for fault in faults if not fault.hint]
    paragraph(title, style="bold")
    for fault in faults:
        paragraph(f"{'·' if fault.hint else '✗'} {say(fault.text)}", indent=2)
    counted = T("Mistakes: {mistakes} · Hints: {hints}", mistakes=len(mistakes), hints=len(faults) - len(mistakes))
    paragraph(f"{'✗' if mistakes else '✓'} {say(counted)}")
    if mistakes:
        next_step(T("put right what is marked ✗, then run lxy-bridge dialect check again."))
        raise typer.Exit(2)
    next_step(then)


def show(
    ctx: typer.Context,
    operation: Annotated[
        str, typer.Argument(metavar="OPERATION", help=say(T("One of [operations], or a grant by its name.")))
    ],
    pack: Pack,
    *,
    time: Annotated[str, typer.Option(help=say(T("The time of an example, as its document writes it.")))] = "",
    nonce: Annotated[str, typer.Option(help=say(T("The nonce of an example.")))] = "",
) -> None:
    from bridge.config.packs import named
    from bridge.wiring.dialect import Wish
    from bridge.wiring.dialect import show as exhibited

    config = settings_if_any(ctx)
    _request(exhibited(named("dialects", pack), Wish(operation, time, nonce), config))


def _request(seen: "Exhibit") -> None:
    shown = seen.shown
    typer.echo(f"{shown.method} {shown.url}")  # nothing of a request is folded: it is there to be compared
    for name, value in shown.headers.items():
        typer.echo(f"  {name}: {value}")
    for title, text in ((T("What is signed:"), shown.canonical), (T("Body:"), shown.body)):
        if text:
            paragraph(say(title), style="bold")
            for line in text.splitlines():
                typer.echo(f"  {line}")
    paragraph(say(T("Nothing was sent. Batch and person are invented; «…» stands for a secret or a grant.")))
    if seen.unsealed:
        paragraph(say(T("Shown without its encryption: no settings say where the keys are.")))
    if seen.untold and shown.canonical:
        names = ", ".join(seen.untold)
        paragraph(
            say(T("The settings do not tell {names}: the signature is not the one the portal wants.", names=names))
        )


def probe(ctx: typer.Context, pack: Pack) -> None:
    from bridge.config.packs import named
    from bridge.wiring.dialect import try_out

    worst = 0
    with try_out(named("dialects", pack), settings(ctx)) as trial:
        paragraph(trial.url, style="bold")
        for found in trial.steps():
            worst = max(worst, found.exit_code)
            fix = f" → {say(found.fix)}" if found.fix else ""
            paragraph(
                trial.hide(f"{'✗' if found.exit_code else '✓'} {say(found.name)}: {say(found.text)}{fix}"), indent=2
            )
    paragraph(say(T("Nothing was written online.")))
    if worst:
        next_step(T("put right what is marked ✗, then run lxy-bridge dialect probe again."))
    else:
        next_step(T("name the file in portal.dialect, then run: lxy-bridge sync --dry-run"))
    raise typer.Exit(worst)
