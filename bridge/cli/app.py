"""The program's frame: its options for every command, and how a command gets its settings."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperGroup

from bridge.cli.words import say
from schemas.texts import Language, T

if TYPE_CHECKING:
    from bridge.config import Config


class InOrder(TyperGroup):
    """Commands in the order they were told; groups of commands after them."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]  # typer's own context
        return sorted(super().list_commands(ctx), key=lambda name: isinstance(self.commands[name], TyperGroup))


app = typer.Typer(
    name="lxy-bridge",
    cls=InOrder,
    help=say(T("Enters every recuperation batch in the provincial system, and proves it by reading back.")),
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    no_args_is_help=True,
)

Json = Annotated[bool, typer.Option("--json", help=say(T("As JSON, for programs.")))]
DryRun = Annotated[bool, typer.Option("--dry-run", help=say(T("Show what would be written online; write nothing.")))]


@app.callback()
def options(
    ctx: typer.Context,
    config: Annotated[
        Path, typer.Option("--config", envvar="LXY_BRIDGE_CONFIG", help=say(T("The settings file.")))
    ] = Path("config.toml"),
    lang: Annotated[  # noqa: ARG001  # words.py has read it before this was made
        Language, typer.Option("--lang", help=say(T("The language of this command.")))
    ] = Language.ZH_CN,
) -> None:
    ctx.obj = config


def settings(ctx: typer.Context) -> "Config":
    """The settings, with the log of a command begun. Raises ConfigError with every mistake in the file."""
    from bridge.config import Config
    from bridge.wiring.service import log_to

    config = Config.load(ctx.obj)
    ctx.with_resource(log_to(config, watched=True))
    return config


def settings_if_any(ctx: typer.Context) -> "Config | None":
    """For commands that do without. Raises ConfigError for a file that is there and wrong."""
    from bridge.wiring.service import start_plain_log

    if ctx.obj.is_file():
        return settings(ctx)
    start_plain_log()
    return None
