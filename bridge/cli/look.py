"""Commands that only look at what is there: read, findings, status. They neither wait for a run nor disturb one."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bridge.cli.app import Json, settings, settings_if_any
from bridge.cli.output import as_json, next_step, paragraph, table
from bridge.cli.words import LANGUAGE, say
from schemas.texts import T, Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bridge.ledger_view import Seen, Sight
    from bridge.status import RunLine, Status, WriterLine
    from schemas.report import Item
    from schemas.roster import Reading, Roster


def read(
    ctx: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help=say(T("Ledgers, or folders of them.")))],
    *,
    json: Json = False,
    reveal: Annotated[bool, typer.Option("--reveal", help=say(T("Show ids and phones unmasked.")))] = False,
) -> None:
    from bridge.config.packs import load_policy
    from bridge.ledger_view import Sight, as_data
    from bridge.wiring_look import read_files

    config = settings_if_any(ctx)
    sight = Sight(LANGUAGE, reveal, load_policy(config) if config else None)
    ledgers = read_files(files, config)
    if json:
        as_json({"files": [as_data(seen, sight) for seen in ledgers]})
    else:
        for seen in ledgers:
            _show(seen, sight)
        if config is None:
            paragraph(say(T("There are no settings, so the ledgers were read but not checked against a policy.")))
    raise typer.Exit(1 if any(seen.refused for seen in ledgers) else 0)


def _show(seen: "Seen", sight: "Sight") -> None:
    from bridge.ledger_view import heading, note_lines, refusal_lines
    from bridge.understood import checksum_line, origin_line

    paragraph(seen.reading.path, style="bold")
    _show_tables(seen.reading)
    for roster in seen.reading.rosters:
        facts, counts = heading(roster, sight).split("\n")
        paragraph(facts, indent=2)
        paragraph(counts, indent=2)
        if told := origin_line(roster.origins, LANGUAGE):
            paragraph(say(T("stated by {told}", told=told)), indent=2)
        heads = [T("row"), T("Name"), T("Id number"), T("Phone"), T("Category"), T("Unit")]
        table(heads, _people(roster, sight), indent=4)
    for found in seen.reading.checksums:
        paragraph(f"{'✓' if found.agrees else '✗'} {checksum_line(found, LANGUAGE)}", indent=2)
    for what, step in refusal_lines(seen, sight):
        paragraph(f"✗ {what}", indent=2)
        if step:
            paragraph(step, indent=4)
    for line in note_lines(seen, sight):
        paragraph(f"· {line}", indent=2)


def _show_tables(reading: "Reading") -> None:
    from bridge.understood import column_rows, header_line

    for understood in reading.tables:
        paragraph(header_line(understood, LANGUAGE), indent=2)
        heads = [T("column"), T("heading"), T("taken for"), T("because of the word")]
        table(heads, column_rows(understood, LANGUAGE), indent=4)


def _people(roster: "Roster", sight: "Sight") -> "Iterator[Sequence[str]]":
    from bridge.ledger_view import is_resident, people_rows
    from bridge.wiring_look import word_of
    from schemas.roster import Leader

    for row, one, id_no, phone in people_rows(roster, sight):
        if isinstance(one, Leader):
            yield row, one.name, "", phone, say(T("leader")), one.unit
            continue
        kind = "" if is_resident(one) else f" {word_of('id_type', one.id_type, LANGUAGE)}"
        yield row, one.name, id_no + kind, phone, word_of("category", one.category, LANGUAGE), one.unit


def findings(ctx: typer.Context, *, json: Json = False) -> None:
    from bridge.wiring_look import look_at

    with look_at(settings(ctx), LANGUAGE) as view:
        items = view.items()
    if json:
        as_json({"findings": items})
    else:
        show_items(items)
        if not items:
            paragraph(say(T("No finding is open.")))
        else:
            next_step(T("lxy-bridge explain BATCH or MARK shows how it came about."))
    raise typer.Exit(1 if any(item.to_do for item in items) else 0)


def show_items(items: "Sequence[Item]") -> None:
    """Each finding as a short block: what, where, the portal's words, what to do and who does it."""
    from bridge.wiring_look import difference_in_words, due_in_words, place_in_words

    for item in items:
        about = (item.title, item.batch, f"{item.name} {item.person}".strip(), due_in_words(item, LANGUAGE))
        paragraph(" · ".join((item.code, *filter(None, about))), style="bold")
        paragraph(item.what, indent=4)
        for one in item.differences:
            if one.rule is None:
                paragraph(difference_in_words(one, LANGUAGE), indent=4)
        if item.where:
            paragraph(say(T("Place: {place}", place=place_in_words(item.where, LANGUAGE))), indent=4)
        if item.words:
            paragraph(say(T("The portal says: {words}", words=item.words)), indent=4)
        paragraph(say(T("{owner}: {step}", owner=item.owner, step=item.next_step)), indent=4)


def status(ctx: typer.Context, *, json: Json = False) -> None:
    from bridge.safekeeping import fence_in_words
    from bridge.status import all_well, status_of
    from bridge.wiring_journal import who_writes
    from bridge.wiring_look import look_at

    config = settings(ctx)
    with look_at(config, LANGUAGE) as view:
        found = status_of(
            view.journal, view.items(), now=view.now, by_hand=view.rules.by_hand, writer=who_writes(config)
        )
        standing = view.journal.fences.standing()
    if json:
        as_json(found)
    else:
        table([T("what"), T("figure")], [(say(what), figure) for what, figure in _figures(found)])
        for text in fence_in_words(standing) if standing else ():
            paragraph(say(text))
        if found["to_do"]:
            next_step(T("lxy-bridge findings lists what is to be done."))
    raise typer.Exit(0 if all_well(found) else 1)


def _figures(found: "Status") -> "Iterator[tuple[Text, str]]":
    yield T("Rows offline"), _as_of(found["offline_rows"], found["read_at"])
    yield T("Rows online"), _as_of(found["online_rows"], found["read_back_at"])
    yield T("Batches, and entered of them"), f"{found['batches']} / {found['batches_entered']}"
    yield T("People who agree, and who do not"), f"{found['agreed']} / {found['disagreeing']}"
    yield T("Outcome not known yet"), str(found["undecided"])
    if found["to_upload"] or found["to_read_back"]:
        yield T("Exported, to be uploaded"), str(found["to_upload"])
        yield T("Uploaded, to be read back"), str(found["to_read_back"])
        yield T("The oldest of them waits for"), say(T("{days} days", days=found["carried_days"]))
    codes = " ".join(f"{code}×{count}" for code, count in found["open_findings"].items())
    yield T("Findings open, and to be done"), f"{sum(found['open_findings'].values())} / {found['to_do']}  {codes}"
    yield T("Mails waiting"), str(found["mails_waiting"])
    yield T("Last sync"), _run(found["last_sync"], T("complete"), T("not complete"))
    if found["days_without_sync"]:
        yield T("Days without a sync"), " ".join(found["days_without_sync"])
    yield T("Last report"), _run(found["last_report"], T("handed out"), T("not yet mailed"))
    yield T("Last backup"), _run(found["last_backup"], T("whole"), T("not complete"))
    yield T("Last restore drill"), _run(found["last_drill"], T("restored"), T("not complete"))
    if writer := found["writer"]:
        yield T("At work now"), _at_work(writer)


def _at_work(writer: "WriterLine") -> str:
    about = {"work": writer["work"], "pid": writer["pid"], "host": writer["host"], "since": _moment(writer["since"])}
    if writer["silent_s"]:
        return say(
            T("{work}, process {pid} on {host}, since {since}, silent past its lease: see lxy-bridge takeover", **about)
        )
    return say(T("{work}, process {pid} on {host}, since {since}", **about))


def _as_of(rows: int, moment: str | None) -> str:
    return say(T("{rows}, as of {moment}", rows=rows, moment=_moment(moment))) if moment else str(rows)


def _run(line: "RunLine | None", complete: Text, partial: Text) -> str:
    if line is None:
        return say(T("none yet"))
    states = {"complete": complete, "partial": partial, "failed": T("failed")}
    return f"{_moment(line['ended_at'])} {say(states[line['state']])}"


def _moment(iso: str) -> str:
    return iso[:16].replace("T", " ")
