"""Every command says how it is undone, or that it cannot be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
import typer.main
from typer.core import TyperCommand, TyperGroup

from bridge.cli import app
from bridge.cli.output import undo
from bridge.cli.undo import UNDO
from schemas.texts import Language


def commands(group: Mapping[str, object], before: str = "") -> Iterator[tuple[str, TyperCommand]]:
    for name, command in group.items():
        if isinstance(command, TyperGroup):
            yield from commands(command.commands, f"{name} ")
        elif isinstance(command, TyperCommand):
            yield before + name, command


EVERY = dict(commands(typer.main.get_group(app).commands))


def test_every_command_has_its_line_and_every_line_its_command() -> None:
    assert set(UNDO) == set(EVERY)


@pytest.mark.parametrize("name", sorted(EVERY))
def test_help_ends_with_how_a_command_is_undone(name: str) -> None:
    told = EVERY[name].help or ""
    assert told.endswith(UNDO[name].into(Language.ZH_CN))


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("name", sorted(UNDO))
def test_each_line_says_undo_or_that_there_is_none_or_nothing_to_undo(name: str, language: Language) -> None:
    said = {
        Language.EN: ("Undo: ", "There is no undo", "nothing to undo."),
        Language.ZH_CN: ("撤销：", "不能撤销", "无需撤销"),
    }
    assert any(words in UNDO[name].into(language) for words in said[language])


def test_a_line_is_printed_with_what_the_command_has_made(capsys: pytest.CaptureFixture[str]) -> None:
    undo("dialect new", path="own.toml")
    assert capsys.readouterr().out == "撤销：删除own.toml。\n"
