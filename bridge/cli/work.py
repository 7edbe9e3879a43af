"""Commands that work: sync, resync, reconcile, report, run."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bridge.cli.app import DryRun, settings
from bridge.cli.look import show_items
from bridge.cli.outlook import end, show_plan, spoken
from bridge.cli.output import exit_code, next_step, paragraph, summary, undo, watched
from bridge.cli.reviewing import Hashes, Who, after_review, became_of, tell_reviewed
from bridge.cli.words import say
from schemas.errors import ConfigError
from schemas.texts import T

if TYPE_CHECKING:
    from bridge.house import House
    from bridge.post import Posted
    from bridge.resync import Wish


_FOR_REAL = T("the same command without --dry-run writes it.")


def sync(ctx: typer.Context, *, dry_run: DryRun = False, reviewed: Hashes = None, by: Who = "") -> None:
    from bridge import pipeline
    from bridge.wiring.service import open_house, ways_of

    if dry_run and reviewed:
        raise ConfigError(T("--reviewed does not go with --dry-run."))
    config = settings(ctx)
    with watched() as bar, open_house(config, ways_of(bar), work="sync") as house:
        plan = pipeline.preview(house) if dry_run else None
        report = None if dry_run else pipeline.sync(spoken(after_review(house, reviewed, by)))
        became = became_of(house, reviewed)
    if report is None:
        show_plan(plan, _FOR_REAL)
    end(report, "sync", by_hand=config.portal.by_hand, missed=tell_reviewed(became))


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
    from bridge.wiring.service import open_house, ways_of

    if sum(map(bool, (batches, person, since, refused, unknown))) != 1:
        raise ConfigError(T("Name batches, or give exactly one of --person, --since, --refused, --unknown."))
    first_day = _day(since) if since else None
    config = settings(ctx)
    with watched() as bar, open_house(config, ways_of(bar), work="resync") as house:
        wish = _wish(house, batches or (), person, first_day, refused=refused, unknown=unknown)
        plan = pipeline.preview(house, wish=wish) if dry_run else None
        report = None if dry_run else pipeline.resync(spoken(house), wish)
    if report is None:
        show_plan(plan, _FOR_REAL)
    end(report, "resync", by_hand=config.portal.by_hand)


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


def reconcile(ctx: typer.Context) -> None:
    from bridge import pipeline
    from bridge.wiring.service import open_house, ways_of

    config = settings(ctx)
    with watched() as bar, open_house(config, ways_of(bar), work="reconcile") as house:
        report = pipeline.compare(spoken(house))
    end(report, "reconcile", by_hand=config.portal.by_hand)


def report(
    ctx: typer.Context,
    *,
    shown: Annotated[bool, typer.Option("--print", help=say(T("Print it here instead.")))] = False,
    send: Annotated[bool, typer.Option("--send", help=say(T("Mail it as well.")))] = False,
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help=say(T("The folder to write it to.")))] = None,
) -> None:
    from bridge import jobs
    from bridge.conclusion import report_now
    from bridge.wiring.service import open_house_to_look, plain_ways

    config = settings(ctx)
    if shown:
        if send or out:
            raise ConfigError(T("--print goes with neither --send nor --out."))
        with open_house_to_look(config, plain_ways()) as house:
            made = report_now(spoken(house))
        summary(made)
        show_items(made.items)
        raise typer.Exit(exit_code(made))
    if send and not config.mail.enabled:
        raise ConfigError(T("Mail is switched off. Fill in [mail], set mail.enabled = true, and try again."))
    issued = jobs.issue_report(config, plain_ways(), send=send, folder=out)
    summary(issued.report)
    for path in issued.files:
        paragraph(say(T("Written: {path}", path=path)))
    if send:
        _tell_post(issued.posted)
    elif issued.posted.failures:
        paragraph(say(issued.posted.failures[0]))
    undo("report")
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
    from bridge.wiring.service import log_to

    config = Config.load(ctx.obj)
    with log_to(config):
        jobs.serve(config)
    undo("run", exported=config.portal.by_hand)
