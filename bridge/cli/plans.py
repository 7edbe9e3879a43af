"""Commands of a plan as a file: plan writes it down, apply does exactly it."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bridge.cli.app import settings
from bridge.cli.files import write_new
from bridge.cli.outlook import end, show_plan, spoken
from bridge.cli.output import next_step, paragraph, table, undo, watched
from bridge.cli.reviewing import Hashes, Who, after_review, became_of, tell_reviewed
from bridge.cli.words import say
from schemas.errors import ConfigError
from schemas.texts import T

if TYPE_CHECKING:
    from schemas.plan import Left

_SHOWN = 12
"""So much of a plan's hash is shown: enough to tell two plans apart."""


def plan(
    ctx: typer.Context,
    *,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help=say(T("The file to be made.")))] = None,
) -> None:
    from bridge import pipeline
    from bridge.frozen import freeze
    from bridge.wiring.service import open_house, ways_of

    config = settings(ctx)
    with watched() as bar, open_house(config, ways_of(bar), work="plan") as house:
        todo = pipeline.preview(house)
        content, signed = freeze(todo, house.journal, house.glossary.mark, at=house.clock.instant().at)
    file = out or Path(f"plan-{signed[:_SHOWN]}.json")
    if todo:
        write_new(file, content)
        paragraph(say(T("Plan {hash}: {path}", hash=signed[:_SHOWN], path=file)), style="bold")
        undo("plan", path=file)
    show_plan(todo, T("lxy-bridge apply {path} does exactly this.", path=file))


def apply(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="PLAN", help=say(T("A file that lxy-bridge plan made.")))],
    *,
    reviewed: Hashes = None,
    by: Who = "",
) -> None:
    from bridge import pipeline
    from bridge.frozen import thaw
    from bridge.wiring.service import open_house, ways_of

    content, config = _read(file), settings(ctx)
    with watched() as bar, open_house(config, ways_of(bar), work="apply") as house:
        frozen, signed = thaw(content, house.journal, house.glossary.mark)
        report, left = pipeline.apply(spoken(after_review(house, reviewed, by)), frozen)
        became = became_of(house, reviewed)
    paragraph(say(T("Plan {hash}: {path}", hash=signed[:_SHOWN], path=file)), style="bold")
    missed = [tell_reviewed(became), _tell_left(left)]
    end(report, "apply", by_hand=config.portal.by_hand, missed=any(missed))


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        raise ConfigError(T("There is no file {path}.", path=file)) from None
    except OSError as error:
        raise ConfigError(T("{path} cannot be read: {reason}.", path=file, reason=error.strerror)) from None


def _tell_left(left: "Sequence[Left]") -> bool:
    """Name every row that was left out. True: some of them were not done at all."""
    from schemas.plan import Why

    why = {Why.CHANGED: T("changed since the plan"), Why.UNSEEN: T("not read back in this run")}
    if done := sum(one.why is Why.DONE for one in left):
        paragraph(say(T("{count} records of the plan are online already.", count=done)))
    rows = [(one.row.batch.title, _mark(one), say(why[one.why])) for one in left if one.why in why]
    if rows:
        paragraph(say(T("{count} records of the plan were left out:", count=len(rows))))
        table([T("batch"), T("mark"), T("why")], rows, indent=2)
        next_step(T("lxy-bridge plan makes a new plan for what was left out."))
    return bool(rows)


def _mark(one: "Left") -> str:
    from schemas.revision import HEADER, SUBMISSION

    own = {HEADER: T("header"), SUBMISSION: T("review")}
    return say(own[one.row.person]) if one.row.person in own else one.row.person.hex()[:10]
