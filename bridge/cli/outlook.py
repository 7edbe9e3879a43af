"""How a run is told that wrote, and one that would: the table of a plan, the end of a report, and the brake."""

from typing import TYPE_CHECKING, NoReturn

import typer

from bridge.cli.output import exit_code, next_step, paragraph, summary, table, undo
from bridge.cli.words import LANGUAGE, say
from schemas.texts import T, Text

if TYPE_CHECKING:
    from bridge.house import House
    from schemas.brake import Held
    from schemas.plan import Plan
    from schemas.report import Report


def spoken(house: "House") -> "House":
    """The same house, reporting in the language of this command: what is mailed keeps the federation's."""
    from dataclasses import replace

    return replace(house, wording=replace(house.wording, language=LANGUAGE))


def end(report: "Report", command: str, *, by_hand: bool, missed: bool = False) -> NoReturn:
    """What a run came to, and the exit code that says so. `missed`: something asked for was not done.

    `by_hand`: whatever it wrote are files that people carry to the portal.
    """
    summary(report)
    if report.written:
        undo(command, exported=by_hand)
    if report.to_do:
        next_step(T("lxy-bridge findings lists what is to be done; lxy-bridge explain BATCH shows what happened."))
    _brake(len(report.held))
    raise typer.Exit(max(exit_code(report), int(missed)))


def show_plan(plan: "Plan | None", then: Text) -> NoReturn:
    """What would be written, what is held, what to do next; and the exit code that says so."""
    if plan:
        _table(plan)
    else:
        paragraph(say(T("Nothing to write: there is no record online that needs it.")))
    held = plan.held if plan is not None else ()
    for one in held:
        _tell(one)
    if plan:
        next_step(then)
    _brake(len(held))
    raise typer.Exit(int(bool(plan)))


def _brake(held: int) -> None:
    from schemas.errors import UnsafePlan

    if held:
        raise UnsafePlan(
            T("The brake holds {count} batches: nothing is written to them until somebody has looked.", count=held)
        )


def _tell(held: "Held") -> None:
    paragraph(say(T("✗ {batch}: the brake holds {count} records.", batch=held.batch.title, count=held.records)))
    for sign in held.signs:
        paragraph(" · ".join(say(text) for text in sign.texts), indent=4)
    paragraph(say(T("If this is right: lxy-bridge sync --reviewed {review}", review=held.review)), indent=4)


def _table(plan: "Plan") -> None:
    """Batch by batch."""
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
