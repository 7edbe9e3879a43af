"""The commands in the order an operator meets them; what each does stands in the module of its room."""

import typer

from bridge.cli import carry, dialect, ledgers, look, mapping, plans, play, safety, settle, setup, story, work
from bridge.cli.app import app
from bridge.cli.undo import UNDO
from bridge.cli.words import say
from schemas.texts import T, Text

__all__ = ["app"]


def _with_undo(purpose: Text, command: str) -> str:
    """What `--help` says of a command: what it does, and how that is undone."""
    return f"{say(purpose)}\n\n{say(UNDO[command])}"


for command, purpose in (
    (setup.init, T("Make a folder with settings to fill in, a key file and an empty journal.")),
    (setup.new_journal, T("Begin a new journal with the keys there are, where the old one is lost and has no backup.")),
    (setup.check, T("Test the settings, key, disk, clock, sources, portal and mail: each with the fix.")),
    (ledgers.read, T("How the bridge understands a ledger: batches, people, refusals with place and reason.")),
    (work.sync, T("One whole run: read, check, map, plan, push, read back, reconcile.")),
    (plans.plan, T("Write down what a run would write online, as a file that can be looked at, kept and applied.")),
    (plans.apply, T("Write exactly what a plan says, but for what has changed since.")),
    (work.resync, T("Send again what was refused or is missing online, for batches, one person, or a span.")),
    (carry.uploaded, T("Say that somebody has uploaded the files of a batch: reading back proves it.")),
    (carry.void, T("Give up the exported files of a batch: the next run exports it anew.")),
    (settle.settle, T("Decide by a person's word what cannot be found out: the portal has a record, or has not.")),
    (work.reconcile, T("Read both sides and compare them; write nothing online.")),
    (work.report, T("The reconciliation report: into files, and with --send by mail.")),
    (look.findings, T("Every finding that is open now, as in the report.")),
    (
        story.explain,
        T("Everything that happened to a batch, or to a person by the mark: from the cell to the read-back."),
    ),
    (look.status, T("Where everything stands: both sides, runs, mails waiting.")),
    (safety.backup, T("A copy of the journal, encrypted, proven readable.")),
    (safety.drill, T("Try whether the newest backup can be restored; nothing is put in its place.")),
    (safety.restore, T("Put a backup in the journal's place; then everything is read back before anything is sent.")),
    (safety.takeover, T("End a process that was silent past its lease, so that the work can go on.")),
    (work.run, T("The service: sync and report at their hours until it is told to stop.")),
    (play.practice, T("The practice portal alone, until it is told to stop.")),
    (play.demo, T("The main job on synthetic ledgers and the practice portal: two days, checked against the truth.")),
):
    app.command(help=_with_undo(purpose, command.__name__.replace("_", "-")), short_help=say(purpose))(command)

dialects = typer.Typer(
    rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False, no_args_is_help=True
)
for step, purpose in (
    (dialect.new, T("A new dialect file to fill in, with every option explained.")),
    (dialect.check, T("Every mistake in a dialect, with its place and the fix.")),
    (dialect.show, T("The exact request of one operation, with an invented batch and person; nothing is sent.")),
    (dialect.probe, T("Try a dialect on the portal: grants, signature, clock, one page; nothing is written.")),
):
    dialects.command(help=_with_undo(purpose, f"dialect {step.__name__}"), short_help=say(purpose))(step)
about = say(T("Connect a portal by its interface document: write a dialect, check it, try it."))
app.add_typer(dialects, name="dialect", help=about, short_help=about)

mappings = typer.Typer(
    rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False, no_args_is_help=True
)
for name, act, purpose in (
    (
        "export",
        mapping.export,
        T("A sheet of what becomes of each offline column on its way online; what has no place is a fault."),
    ),
    ("import", mapping.take_in, T("Headings of your own, written into such a sheet, go into the settings.")),
):
    mappings.command(name, help=_with_undo(purpose, f"mapping {name}"), short_help=say(purpose))(act)
about = say(T("How ledgers and the portal fit together, as a sheet."))
app.add_typer(mappings, name="mapping", help=about, short_help=about)
