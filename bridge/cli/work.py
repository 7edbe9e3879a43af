"""Commands that work: sync, resync, reconcile, report, run."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bridge.cli.app import DryRun, app, settings
from bridge.cli.output import exit_code, summary, table, watched
from bridge.cli.words import say
from schemas.texts import T

if TYPE_CHECKING:
    from bridge.house import House
    from bridge.resync import Wish
    from schemas.plan import Plan


@app.command(help=say(T("One whole run: read, check, map, plan, push, read back, reconcile.")))
def sync(ctx: typer.Context, *, dry_run: DryRun = False) -> None:
    from bridge import pipeline
    from bridge.wiring import open_house, ways_of

    with watched() as bar, open_house(settings(ctx), ways_of(bar), work="sync") as house:
        if dry_run:
            _show(pipeline.preview(house))
            return
        report = pipeline.sync(house)
    summary(report)
    raise typer.Exit(exit_code(report))


@app.command(help=say(T("Send again what was refused or is missing online, for batches, one person, or a span.")))
def resync(
    ctx: typer.Context,
    batches: Annotated[list[str] | None, typer.Argument(metavar="BATCH…", help=say(T("Batches by name.")))] = None,
    *,
    person: Annotated[str, typer.Option(help=say(T("One person, by the mark reports show.")))] = "",
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help=say(T("Batches that ended on this day or later.")))
    ] = None,
    refused: Annotated[bool, typer.Option("--refused", help=say(T("All that the portal refused.")))] = False,
    unknown: Annotated[bool, typer.Option("--unknown", help=say(T("All whose outcome is unknown: ask now.")))] = False,
    dry_run: DryRun = False,
) -> None:
    from bridge import pipeline
    from bridge.wiring import open_house, ways_of

    asked = [bool(batches), bool(person), since is not None, refused, unknown]
    if sum(asked) != 1:
        raise typer.BadParameter(
            say(T("Name batches, or give exactly one of --person, --since, --refused, --unknown."))
        )
    with watched() as bar, open_house(settings(ctx), ways_of(bar), work="resync") as house:
        wish = _wish(house, batches or (), person, since, refused=refused, unknown=unknown)
        if dry_run:
            _show(pipeline.preview(house, wish=wish))
            return
        report = pipeline.resync(house, wish)
    summary(report)
    raise typer.Exit(exit_code(report))


def _wish(
    house: House, batches: Sequence[str], person: str, since: datetime | None, *, refused: bool, unknown: bool
) -> Wish:
    from bridge.resync import Wish
    from bridge.search import batch_named, person_marked

    return Wish(
        batches=frozenset(batch_named(house.journal, name) for name in batches),
        person=person_marked(house.journal, person) if person else None,
        since=since.date() if since else None,
        refused=refused,
        unknown=unknown,
    )


def _show(plan: Plan) -> None:
    """What would be written, batch by batch."""
    if not plan:
        typer.echo(say(T("Nothing to write: there is no record online that needs it.")))
        return
    heads = [say(T("batch")), say(T("ends")), say(T("header")), say(T("people")), say(T("review"))]
    table(
        heads,
        [
            [
                work.batch.title,
                work.end.isoformat(),
                work.header.value if work.header else "-",
                str(len(work.people)),
                "submit" if work.submit else "-",
            ]
            for work in plan.work
        ],
    )


@app.command(help=say(T("Read both sides and compare them; write nothing online.")))
def reconcile(ctx: typer.Context) -> None:
    from bridge import pipeline
    from bridge.wiring import open_house, ways_of

    with watched() as bar, open_house(settings(ctx), ways_of(bar), work="reconcile") as house:
        report = pipeline.compare(house)
    summary(report)
    raise typer.Exit(exit_code(report))


@app.command(help=say(T("The reconciliation report: into files, and with --send by mail.")))
def report(
    ctx: typer.Context,
    *,
    shown: Annotated[bool, typer.Option("--print", help=say(T("Print it here instead.")))] = False,
    send: Annotated[bool, typer.Option("--send", help=say(T("Mail it as well.")))] = False,
    out: Annotated[Path | None, typer.Option("--out", help=say(T("The folder to write it to.")))] = None,
) -> None:
    from bridge import jobs, pipeline
    from bridge.wiring import open_house, plain_ways

    config = settings(ctx)
    if shown:
        with open_house(config, plain_ways(), work="report") as house:
            made = pipeline.report_now(house)
        summary(made)
        raise typer.Exit(exit_code(made))
    issued = jobs.issue_report(config, plain_ways(), send=send, folder=out)
    for path in issued.files:
        typer.echo(str(path))
    for text in issued.posted.failures:
        typer.echo(say(text), err=True)
    if send:
        typer.echo(say(T("{count} mails sent.", count=issued.posted.sent)))
    raise typer.Exit(1 if issued.posted.failures or issued.posted.refused else exit_code(issued.report))


@app.command(help=say(T("The service: sync and report at their hours until it is told to stop.")))
def run(ctx: typer.Context) -> None:
    from bridge import jobs
    from bridge.wiring import start_log

    config = settings(ctx)
    start_log(config)
    jobs.serve(config)
