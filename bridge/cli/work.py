"""Commands that work: sync, resync, reconcile, report, run."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bridge.cli.app import DryRun, settings
from bridge.cli.look import show_items
from bridge.cli.output import exit_code, next_step, paragraph, summary, table, watched
from bridge.cli.undo import UNDO
from bridge.cli.words import LANGUAGE, say
from schemas.errors import ConfigError
from schemas.texts import T, Text

if TYPE_CHECKING:
    from bridge.house import House
    from bridge.post import Posted
    from bridge.resync import Wish
    from schemas.plan import Plan
    from schemas.report import Report


def sync(ctx: typer.Context, *, dry_run: DryRun = False) -> None:
    from bridge import pipeline
    from bridge.wiring import open_house, ways_of

    config = settings(ctx)
    with watched() as bar, open_house(config, ways_of(bar), work="sync") as house:
        plan = pipeline.preview(house) if dry_run else None
        report = None if dry_run else pipeline.sync(_spoken(house))
    _tell(plan, report)


def resync(
    ctx: typer.Context,
    batches: Annotated[list[str] | None, typer.Argument(metavar="BATCH", help=say(T("Batches by name.")))] = None,
    *,
    person: Annotated[str, typer.Option(metavar="MARK", help=say(T("One person, by the mark reports show.")))] = "",
    since: Annotated[
        str, typer.Option(metavar="YYYY-MM-DD", help=say(T("Batches that ended on this day or later.")))
    ] = "",
    refused: Annotated[bool, typer.Option("--refused", help=say(T("All that the portal refused.")))] = False,
    unknown: Annotated[bool, typer.Option("--unknown", help=say(T("All whose outcome is unknown: ask now.")))] = False,
    dry_run: DryRun = False,
) -> None:
    from bridge import pipeline
    from bridge.wiring import open_house, ways_of

    if sum(map(bool, (batches, person, since, refused, unknown))) != 1:
        raise ConfigError(T("Name batches, or give exactly one of --person, --since, --refused, --unknown."))
    first_day = _day(since) if since else None
    config = settings(ctx)
    with watched() as bar, open_house(config, ways_of(bar), work="resync") as house:
        wish = _wish(house, batches or (), person, first_day, refused=refused, unknown=unknown)
        plan = pipeline.preview(house, wish=wish) if dry_run else None
        report = None if dry_run else pipeline.resync(_spoken(house), wish)
    _tell(plan, report)


def _wish(
    house: "House", batches: Sequence[str], person: str, since: date | None, *, refused: bool, unknown: bool
) -> "Wish":
    from bridge.resync import Wish
    from bridge.search import batch_named, person_marked

    return Wish(
        batches=frozenset(batch_named(house.journal, name) for name in batches),
        person=person_marked(house.journal, person) if person else None,
        since=since,
        refused=refused,
        unknown=unknown,
    )


def _day(text: str) -> date:
    from schemas.identity import scrub

    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigError(T("--since {text} is no day. Write it like 2025-05-07.", text=scrub(text))) from None


def _tell(plan: "Plan | None", report: "Report | None") -> None:
    """What a run came to, or what it would write; and the exit code that says so."""
    if report is not None:
        _end(report, UNDO["sync"])
    if not plan:
        paragraph(say(T("Nothing to write: there is no record online that needs it.")))
        raise typer.Exit(0)
    _show(plan)
    next_step(T("the same command without --dry-run writes it."))
    raise typer.Exit(1)


def _end(report: "Report", undo: Text) -> None:
    summary(report)
    paragraph(say(undo))
    if report.to_do:
        next_step(T("lxy-bridge findings lists what is to be done; lxy-bridge explain BATCH shows what happened."))
    raise typer.Exit(exit_code(report))


def _show(plan: "Plan") -> None:
    """What would be written, batch by batch."""
    from schemas.portal import Operation

    headers = {Operation.SAVE_BATCH: say(T("enter")), Operation.UPDATE_BATCH: say(T("correct")), None: "-"}
    rows = []
    for work in plan.work:
        new = sum(item.operation is Operation.SAVE_PEOPLE for item in work.people)
        submit = say(T("submit")) if work.submit else "-"
        counts = str(new), str(len(work.people) - new)
        rows.append((work.end.isoformat(), headers[work.header], *counts, submit, work.batch.title))
    heads = [T("ends"), T("header"), T("new people"), T("corrected people"), T("review"), T("batch")]
    table(heads, rows)


def reconcile(ctx: typer.Context) -> None:
    from bridge import pipeline
    from bridge.wiring import open_house, ways_of

    config = settings(ctx)
    with watched() as bar, open_house(config, ways_of(bar), work="reconcile") as house:
        report = pipeline.compare(_spoken(house))
    _end(report, UNDO["reconcile"])


def report(
    ctx: typer.Context,
    *,
    shown: Annotated[bool, typer.Option("--print", help=say(T("Print it here instead.")))] = False,
    send: Annotated[bool, typer.Option("--send", help=say(T("Mail it as well.")))] = False,
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help=say(T("The folder to write it to.")))] = None,
) -> None:
    from bridge import jobs, pipeline
    from bridge.wiring import open_house, plain_ways

    config = settings(ctx)
    if shown:
        if send or out:
            raise ConfigError(T("--print goes with neither --send nor --out."))
        with open_house(config, plain_ways(), work="report") as house:
            made = pipeline.report_now(_spoken(house))
        summary(made)
        show_items(made.items)
        raise typer.Exit(exit_code(made))
    if send and not config.mail.enabled:
        raise ConfigError(T("Mail is switched off. Fill in [mail], set mail.enabled = true, and try again."))
    issued = jobs.issue_report(config, plain_ways(), send=send, folder=out)
    summary(issued.report)
    for path in issued.files:
        paragraph(say(T("Written: {path}", path=path)))
    paragraph(say(UNDO["report"]))
    if send:
        _tell_post(issued.posted)
    raise typer.Exit(1 if issued.posted.failures or issued.posted.refused else exit_code(issued.report))


def _tell_post(posted: "Posted") -> None:
    paragraph(say(T("{count} mails sent.", count=posted.sent)))
    for address in posted.refused:
        paragraph(say(T("The mail server does not know {address}. Correct mail.recipients.", address=address)))
    for text in posted.failures:
        paragraph(say(text))
    if posted.failures:
        next_step(T("the mail is kept; lxy-bridge report --send and the service send it when the server takes it."))


def run(ctx: typer.Context) -> None:
    from bridge import jobs
    from bridge.config import Config
    from bridge.wiring import log_to

    config = Config.load(ctx.obj)
    with log_to(config):
        jobs.serve(config)


def _spoken(house: "House") -> "House":
    """The same house, reporting in the language of this command: what is mailed keeps the federation's."""
    from dataclasses import replace

    return replace(house, wording=replace(house.wording, language=LANGUAGE))
