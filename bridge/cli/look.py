"""Commands that only look at what is there: findings, status. They neither wait for a run nor disturb one."""

from typing import TYPE_CHECKING

import typer

from bridge.cli.app import Json, settings
from bridge.cli.output import as_json, next_step, paragraph, table
from bridge.cli.words import LANGUAGE, say
from schemas.texts import T, Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bridge.status import RunLine, Status, WriterLine
    from schemas.report import Item


def findings(ctx: typer.Context, *, json: Json = False) -> None:
    from bridge.wiring.look import look_at

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
    from bridge.wiring.look import difference_in_words, due_in_words, place_in_words

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
    from bridge.wiring.journal import who_writes
    from bridge.wiring.look import look_at

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
