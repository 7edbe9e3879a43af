"""settle: a person's word about a record whose outcome the bridge cannot find out by itself."""

from typing import TYPE_CHECKING, Annotated

import typer

from bridge.cli.app import settings
from bridge.cli.output import next_step, paragraph, undo
from bridge.cli.who import told
from bridge.cli.words import say
from schemas.errors import ConfigError
from schemas.texts import T, Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bridge.ports import Clock, Journal
    from schemas.doubt import Doubt


def settle(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="MARK|BATCH", help=say(T("A person by the mark, or a batch itself.")))],
    *,
    by: Annotated[str, typer.Option("--by", metavar="WHO", help=say(T("Who has looked online and says so.")))],
    stored: Annotated[bool, typer.Option("--stored", help=say(T("The portal has it.")))] = False,
    absent: Annotated[bool, typer.Option("--absent", help=say(T("The portal has not got it.")))] = False,
    batch: Annotated[str, typer.Option("--batch", metavar="BATCH", help=say(T("Only in this batch.")))] = "",
    people: Annotated[bool, typer.Option("--people", help=say(T("Of a batch: all its people in doubt.")))] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=say(T("Say what would follow; change nothing.")))] = False,
) -> None:
    from bridge.wiring.service import open_journal_alone, plain_ways

    if stored == absent:
        raise ConfigError(T("Say either --stored or --absent."))
    config, ways, who = settings(ctx), plain_ways(), told("--by", by)
    with open_journal_alone(config, ways, work="settle") as journal:
        doubts = _in_doubt(_found(journal, name, batch, ways.clock, people=people), stored=stored)
        if not dry_run:
            journal.word.decide(doubts, stored=stored, by=who, now=ways.clock.instant())
    paragraph(say(_said(doubts, who, stored=stored)))
    other = "--absent" if stored else "--stored"
    if stored:
        paragraph(say(T("What follows: it is not sent again, and stays open until a read-back shows it.")))
    else:
        paragraph(
            say(
                T("What follows: the next run sends it anew. If the portal has it after all, it may stand there twice.")
            )
        )
    if dry_run:
        paragraph(say(T("Nothing was changed.")))
    else:
        undo("settle", name=f"{name}{' --people' if people else ''}", other=other)
        next_step(T("lxy-bridge sync"))


def _found(journal: "Journal", name: str, batch: str, clock: "Clock", *, people: bool) -> "Sequence[Doubt]":
    from bridge.search import batch_named, is_mark, person_marked

    if not is_mark(name):
        return journal.word.of_batch(batch_named(journal, name), people=people, now=clock.instant())
    found = journal.word.of_person(person_marked(journal, name), now=clock.instant())
    only = batch_named(journal, batch) if batch else None
    return [one for one in found if only in {None, one.batch}]


def _in_doubt(found: "Sequence[Doubt]", *, stored: bool) -> "Sequence[Doubt]":
    """Those a word may decide. Raises ConfigError with what stands in the way where it can decide none, or not which."""
    doubts = [one for one in found if one.open]
    if not doubts:
        raise ConfigError(*[_decided(one) for one in found] or [T("It was never sent; there is nothing to settle.")])
    if len({one.batch for one in doubts}) > 1:
        titles = "、".join(one.batch.title for one in doubts)
        raise ConfigError(T("It is in doubt in several batches: {titles}. Name one with --batch.", titles=titles))
    pending = [one for one in doubts if one.may_come and not stored]
    if pending:
        raise ConfigError(*[_may_come(one) for one in pending])
    return doubts


def _decided(one: "Doubt") -> Text:
    return T(
        "{batch}: nothing is to be settled, it is not in doubt ({state}). See lxy-bridge explain.",
        batch=one.batch.title,
        state=one.revision.state.value,
    )


def _may_come(one: "Doubt") -> Text:
    return T(
        "{batch}: it was sent at {at}, and the portal may still store it. Look again once the waiting time is over.",
        batch=one.batch.title,
        at=one.since.strftime("%m-%d %H:%M"),
    )


def _said(doubts: "Sequence[Doubt]", who: str, *, stored: bool) -> Text:
    title, count = doubts[0].batch.title, len(doubts)
    if stored:
        return T("{batch}: the portal has it, says {who} ({count} records).", batch=title, who=who, count=count)
    return T("{batch}: the portal has not got it, says {who} ({count} records).", batch=title, who=who, count=count)
