"""Commands of those who carry files to the portal by hand: uploaded, void. Both are kept in the batch's story."""

from typing import TYPE_CHECKING, Annotated

import typer

from bridge.cli.app import settings
from bridge.cli.output import next_step, paragraph, undo
from bridge.cli.who import told, user
from bridge.cli.words import say
from schemas.texts import T

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bridge.ports import Journal
    from schemas.batch import BatchKey
    from schemas.journal import Carried

Batch = Annotated[str, typer.Argument(metavar="BATCH", help=say(T("A batch by name.")))]


def uploaded(
    ctx: typer.Context,
    batch: Batch,
    *,
    by: Annotated[str, typer.Option("--by", metavar="WHO", help=say(T("Who uploaded its files.")))],
) -> None:
    from bridge.search import batch_named
    from bridge.wiring.service import open_journal_alone, plain_ways

    config, ways, who = settings(ctx), plain_ways(), told("--by", by)
    with open_journal_alone(config, ways, work="uploaded") as journal:
        key = batch_named(journal, batch)
        moved = journal.outgoing.uploaded(key, by=who, now=ways.clock.instant())
        if not moved:
            _nothing_out(journal, key)
    paragraph(say(T("{batch}: uploaded by {who}, {count} people.", batch=key.title, who=who, count=_people(moved))))
    _show_files(moved)
    undo("uploaded", batch=key.title)
    next_step(T("export the list from the portal into {inbox}, then run lxy-bridge sync.", inbox=config.portal.inbox))


def void(
    ctx: typer.Context,
    batch: Batch,
    *,
    why: Annotated[str, typer.Option("--why", metavar="WHY", help=say(T("Why its files are given up.")))],
    by: Annotated[str, typer.Option("--by", metavar="WHO", help=say(T("Who says so; else the user's name.")))] = "",
) -> None:
    from bridge.search import batch_named
    from bridge.wiring.service import open_journal_alone, plain_ways

    config, ways = settings(ctx), plain_ways()
    reason, who = told("--why", why), told("--by", by or user())
    with open_journal_alone(config, ways, work="void") as journal:
        key = batch_named(journal, batch)
        moved = journal.outgoing.void(key, by=who, why=reason, now=ways.clock.instant())
    if not moved:
        paragraph(say(T("{batch}: nothing is out, so there is nothing to give up.", batch=key.title)))
        raise typer.Exit(1)
    paragraph(say(T("{batch}: given up, {count} people.", batch=key.title, count=_people(moved))))
    _show_files(moved)
    if any(one.uploaded for one in moved):
        paragraph(say(T("Some of it was said to be uploaded: look online first, or people may be entered twice.")))
    undo("void")
    outbox = config.portal.outbox
    next_step(T("delete these files from {outbox}; lxy-bridge sync exports the batch anew.", outbox=outbox))


def _nothing_out(journal: "Journal", key: "BatchKey") -> None:
    """Say what stands in the way, and end."""
    before = next((one for one in journal.outgoing.carried() if one.batch == key), None)
    if before is None:
        paragraph(say(T("{batch}: nothing waits to be uploaded.", batch=key.title)))
    else:
        day = before.since.strftime("%Y-%m-%d %H:%M")
        paragraph(say(T("{batch}: it was said to be uploaded already, at {day}.", batch=key.title, day=day)))
    raise typer.Exit(1)


def _people(moved: "Iterable[Carried]") -> int:
    return sum(one.people for one in moved)


def _show_files(moved: "Iterable[Carried]") -> None:
    for file in sorted({file for one in moved for file in one.files}):
        paragraph(file, indent=2)
