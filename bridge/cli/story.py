"""Explain: the story of a batch or of a person, as staff read it."""

from typing import TYPE_CHECKING, Annotated

import typer

from bridge.cli.app import settings
from bridge.cli.look import show_items
from bridge.cli.output import paragraph, table
from bridge.cli.words import LANGUAGE, say
from schemas.texts import T

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bridge.ports import Journal
    from bridge.timeline import Line, Story
    from schemas.policy import Policy


def explain(
    ctx: typer.Context, name: Annotated[str, typer.Argument(metavar="BATCH|MARK", help=say(T("A batch or a mark.")))]
) -> None:
    from bridge.wiring.look import look_at

    with look_at(settings(ctx), LANGUAGE) as view:
        stories = _stories(view.journal, name)
        items = view.items()
    for story in stories:
        _show(story, view.policy)
    batches = {story.batch.title for story in stories}
    mark = stories[0].mark
    concerned = [item for item in items if item.batch in batches and (not mark or item.person == mark)]
    if concerned:
        paragraph(say(T("Open now:")))
        show_items(concerned)
    raise typer.Exit(1 if any(item.to_do for item in concerned) else 0)


def _stories(journal: "Journal", name: str) -> "Sequence[Story]":
    from bridge.search import batch_named, is_mark, person_marked
    from bridge.timeline import of_batch, of_person

    if is_mark(name):
        return of_person(journal, person_marked(journal, name))
    return (of_batch(journal, batch_named(journal, name)),)


def _show(story: "Story", policy: "Policy") -> None:
    from bridge.wiring.look import place_in_words
    from schemas.policy import said

    paragraph(" · ".join(filter(None, (story.batch.title, story.name, story.mark))), style="bold")
    paragraph(" · ".join(say(text) for text in story.standing), indent=2)
    if story.where:
        paragraph(say(T("Place: {place}", place=place_in_words(story.where, LANGUAGE))), indent=2)
    for problem in story.problems:
        what, step = said(problem, policy, LANGUAGE)
        paragraph(" ".join(filter(None, (say(T("Check: {what}", what=what)), step))), indent=2)
    table([T("when"), T("step"), T("what happened")], [_row(line) for line in story.lines], indent=2)


def _row(line: "Line") -> tuple[str, str, str]:
    from bridge.wiring.look import place_in_words

    parts = [say(line.said)]
    if line.count:
        parts.append(say(T("{count} people", count=line.count)))
    if line.place:
        parts.append(place_in_words(line.place, LANGUAGE))
    if line.aside:
        parts.append(f"({line.aside})")
    if line.words:
        parts.append(say(T("The portal says: {words}", words=line.words)))
    return line.at.strftime("%m-%d %H:%M:%S"), say(line.step), " ".join(parts)
