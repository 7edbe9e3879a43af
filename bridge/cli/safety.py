"""Commands for the day something went wrong: backup, drill, restore, takeover."""

from pathlib import Path
from typing import Annotated

import typer

from bridge.cli.app import settings
from bridge.cli.output import next_step, paragraph, undo
from bridge.cli.words import say
from schemas.errors import ConfigError
from schemas.texts import T


def backup(
    ctx: typer.Context,
    *,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="DIR", help=say(T("Another folder than backup.dir.")))
    ] = None,
) -> None:
    from bridge.wiring.backup import back_up
    from bridge.wiring.service import SystemClock

    config = settings(ctx)
    made = back_up(config, SystemClock(), to=to)
    paragraph(say(T("Written: {path}", path=made.path)))
    paragraph(
        say(
            T(
                "{rows} rows, {size} MB, read back to the last byte; the newest {keep} are kept.",
                rows=made.facts.total,
                size=f"{made.size / 1e6:.1f}",
                keep=config.backup.keep,
            )
        )
    )
    paragraph(
        say(
            T(
                "It opens only with the key file {path}: keep that apart, on paper in a safe.",
                path=config.vault.key_file,
            )
        )
    )
    undo("backup", path=made.path)


def drill(ctx: typer.Context) -> None:
    from bridge.wiring.backup import drill as tried
    from bridge.wiring.service import SystemClock

    config = settings(ctx)
    found = tried(config, SystemClock())
    paragraph(
        say(
            T(
                "{path} can be restored: {rows} rows, {people} people of both sides.",
                path=found.path,
                rows=found.facts.total,
                people=found.people,
            )
        )
    )


def restore(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help=say(T("A backup, or a journal that was kept aside.")))],
    *,
    yes: Annotated[bool, typer.Option("--yes", help=say(T("Do it: the journal in place is put aside.")))] = False,
    lose_newer: Annotated[
        bool, typer.Option("--lose-newer", help=say(T("Even where the journal in place is whole and newer.")))
    ] = False,
) -> None:
    from bridge.wiring.backup import restore as put_back
    from bridge.wiring.service import SystemClock

    config = settings(ctx)
    if not yes:
        raise ConfigError(
            T(
                "This puts {path} aside and the backup in its place. If that is meant, give --yes.",
                path=config.journal.path,
            )
        )
    done = put_back(config, SystemClock(), file, lose_newer=lose_newer)
    made = done.facts.made_at or "-"
    paragraph(say(T("The journal is that of {moment} again: {rows} rows.", moment=made, rows=done.facts.total)))
    _say_what_follows(ctx)
    if done.kept is None:
        paragraph(say(T("There is no undo: there was no journal before.")))
    else:
        undo("restore", path=done.kept)
    next_step(T("lxy-bridge sync, now and again after the waiting time."))


def _say_what_follows(ctx: typer.Context) -> None:
    from bridge.wiring.portal import settling_of
    from schemas.portal import DeliveryClass

    settling = settling_of(settings(ctx))
    if settling.delivery_class is DeliveryClass.K4:
        text = T("What was not final then is for people to decide: the bridge cannot ask whether it was sent since.")
    else:
        text = T(
            "It may have forgotten what was sent last: nothing is sent for {minutes} minutes, then everything is read back, "
            "and only then the bridge goes on by itself.",
            minutes=round(settling.window_s / 60),
        )
    paragraph(say(text))


def takeover(ctx: typer.Context) -> None:
    from bridge.wiring.journal import take_over_writing
    from bridge.wiring.service import SystemClock

    silent, undecided = take_over_writing(settings(ctx), SystemClock())
    about = {"work": silent.work, "pid": silent.pid, "host": silent.host, "seconds": round(silent.silent_s)}
    paragraph(say(T("{work}, process {pid} on {host}, silent for {seconds} s past its lease, was ended.", **about)))
    paragraph(
        say(
            T(
                "{count} records were on their way: they are read back after the waiting time, then settled.",
                count=undecided,
            )
        )
    )
    undo("takeover")
    next_step(T("lxy-bridge sync; and if it was the service, see that it runs again."))
