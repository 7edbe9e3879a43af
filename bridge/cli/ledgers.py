"""How a ledger is understood and why: shown, as data, or as marks in the ledger itself."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bridge.cli.app import Json, settings_if_any
from bridge.cli.output import as_json, next_step, paragraph, table, undo
from bridge.cli.words import LANGUAGE, say
from schemas.texts import T

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bridge.config import Config
    from bridge.ledger_view import Seen, Sight
    from schemas.roster import Reading, Roster

    Marked = tuple[Seen, int]


def read(
    ctx: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help=say(T("Ledgers, or folders of them.")))],
    *,
    json: Json = False,
    reveal: Annotated[bool, typer.Option("--reveal", help=say(T("Show ids and phones unmasked.")))] = False,
    mark: Annotated[
        Path | None,
        typer.Option(
            "--mark", metavar="OUT.xlsx", help=say(T("Write the ledger anew, its wrong cells coloured and commented."))
        ),
    ] = None,
) -> None:
    from bridge.config.packs import load_policy
    from bridge.ledger_view import Sight, as_data
    from bridge.wiring.look import read_files
    from bridge.wiring.service import bases_of

    config = settings_if_any(ctx)
    sight = Sight(LANGUAGE, reveal, load_policy(config), bases_of(config)) if config else Sight(LANGUAGE, reveal)
    marked = _marked(files, config, sight, mark) if mark else None
    ledgers = [marked[0]] if marked else read_files(files, config)
    if json:
        as_json({"files": [as_data(seen, sight) for seen in ledgers]})
    else:
        for seen in ledgers:
            _show(seen, sight)
        if config is None:
            paragraph(say(T("There are no settings, so the ledgers were read but not checked against a policy.")))
        if mark and marked:
            _tell_marked(mark, marked[1])
    raise typer.Exit(1 if any(seen.refused for seen in ledgers) else 0)


def _marked(files: "Sequence[Path]", config: "Config | None", sight: "Sight", out: Path) -> "Marked":
    """The ledger as read, and how many of its cells are marked in `out`, which is only made where there are any."""
    from bridge.cli.files import write_new
    from bridge.ledger_view import marks
    from bridge.wiring.look import marked_ledger, read_one
    from schemas.errors import ConfigError

    if len(files) != 1:
        raise ConfigError(T("--mark takes one ledger at a time."))
    seen, content = read_one(files[0], config)
    found = marks(seen, sight)
    if found:
        write_new(out, marked_ledger(content, found, out))
    return seen, len(found)


def _tell_marked(out: Path, count: int) -> None:
    if not count:
        paragraph(say(T("There is nothing to mark, so no file was made.")))
        return
    paragraph(say(T("Marks written into {path}: {count}.", count=count, path=out)))
    undo("read", path=out)
    next_step(T("put right what is coloured, save it under the ledger's own name, and put it back into the folder."))


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
    _show_forms(seen.reading, sight)
    for found in seen.reading.checksums:
        paragraph(f"{'✓' if found.agrees else '✗'} {checksum_line(found, seen.reading, LANGUAGE)}", indent=2)
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


def _show_forms(reading: "Reading", sight: "Sight") -> None:
    from bridge.form_view import form_heads, form_line, form_rows, unknown_bases_line

    for form in reading.forms:
        paragraph(form_line(form, LANGUAGE), indent=2)
        table(form_heads(form), form_rows(form), indent=4)
        if unknown := unknown_bases_line(form, sight.bases, LANGUAGE):
            paragraph(unknown, indent=4)


def _people(roster: "Roster", sight: "Sight") -> "Iterator[Sequence[str]]":
    from bridge.ledger_view import is_resident, people_rows
    from bridge.wiring.look import word_of
    from schemas.roster import Leader

    for row, one, id_no, phone in people_rows(roster, sight):
        if isinstance(one, Leader):
            yield row, one.name, "", phone, say(T("leader")), one.unit
            continue
        kind = "" if is_resident(one) else f" {word_of('id_type', one.id_type, LANGUAGE)}"
        yield row, one.name, id_no + kind, phone, word_of("category", one.category, LANGUAGE), one.unit
