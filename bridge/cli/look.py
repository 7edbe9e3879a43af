"""Commands that only look: read, status, findings, explain."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bridge.cli.app import Json, app, settings
from bridge.cli.output import as_json, table
from bridge.cli.words import LANGUAGE, say
from schemas.texts import T

if TYPE_CHECKING:
    from schemas.journal import Event
    from schemas.report import Item
    from schemas.roster import Reading


@app.command(help=say(T("How the bridge understands a ledger: batches, people, refusals with place and reason.")))
def read(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help=say(T("Ledgers.")))],
    *,
    json: Json = False,
    reveal: Annotated[bool, typer.Option("--reveal", help=say(T("Show names, ids and phones unmasked.")))] = False,
) -> None:
    from bridge.ledger_view import reading_as_data, reading_as_text
    from bridge.wiring import read_files

    readings = read_files(files)
    if json:
        as_json({"files": [reading_as_data(reading, LANGUAGE, reveal=reveal) for reading in readings]})
    else:
        for reading in readings:
            typer.echo(reading_as_text(reading, LANGUAGE, reveal=reveal))
    raise typer.Exit(1 if any(_refused(reading) for reading in readings) else 0)


def _refused(reading: Reading) -> bool:
    return bool(reading.rejections) or any(roster.rejections for roster in reading.rosters)


@app.command(help=say(T("Where everything stands: both sides, runs, mails waiting.")))
def status(ctx: typer.Context, *, json: Json = False) -> None:
    from bridge.status import status_of
    from bridge.wiring import open_memory

    memory = open_memory(settings(ctx))
    try:
        found = status_of(memory)
    finally:
        memory.close()
    if json:
        as_json(found)
        return
    table([say(T("what")), say(T("figure"))], [[name, str(value)] for name, value in found.items()])


@app.command(help=say(T("Every finding that is open now, as in the report.")))
def findings(ctx: typer.Context, *, json: Json = False) -> None:
    from bridge import pipeline
    from bridge.wiring import open_house, plain_ways

    with open_house(settings(ctx), plain_ways(), work="findings") as house:
        items = pipeline.report_now(house).items
    if json:
        as_json({"findings": [_item(item) for item in items]})
    else:
        heads = [
            say(T("code")),
            say(T("batch")),
            say(T("person")),
            say(T("what")),
            say(T("where")),
            say(T("next step")),
        ]
        table(heads, [[i.code, i.batch, f"{i.name} {i.person}", i.what, _where(i), i.next_step] for i in items])
    raise typer.Exit(1 if any(item.to_do for item in items) else 0)


def _item(item: Item) -> dict[str, object]:
    from dataclasses import asdict

    return asdict(item)


def _where(item: Item) -> str:
    place = item.where
    return f"{place.file} {place.sheet} {place.row} {place.column}".strip() if place else ""


@app.command(
    help=say(T("Everything that happened to a batch, or to a person by the mark: from the cell to the read-back."))
)
def explain(
    ctx: typer.Context, name: Annotated[str, typer.Argument(metavar="BATCH|MARK", help=say(T("A batch or a mark.")))]
) -> None:
    from bridge.search import timeline_named
    from bridge.wiring import open_memory

    memory = open_memory(settings(ctx))
    try:
        events = timeline_named(memory, name)
    finally:
        memory.close()
    heads = [say(T("when")), say(T("batch")), say(T("what happened")), say(T("detail"))]
    table(heads, [_line(event) for event in events])


def _line(event: Event) -> list[str]:
    detail = "  ".join(f"{key}={value}" for key, value in event.detail.items())
    return [event.at.strftime("%Y-%m-%d %H:%M:%S"), event.batch, event.what, detail]
