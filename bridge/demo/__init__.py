"""The main job on the practice portal: two days of a made-up city, judged against its own truth."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from threading import Event

from bridge.demo.drive import staged
from bridge.demo.words import day_told, end_told
from bridge.ports import Watch
from schemas.texts import Language, T

__all__ = ["run_demo"]


def run_demo(
    *,
    folder: Path,
    people: int,
    batches: int,
    language: Language,
    keep_open: bool,
    say: Callable[[str], None],
    watch: Watch,
) -> int:
    """Play both days and say what came of them. 0 only where nothing was missed or falsely reported, else 1.

    Raises ConfigError where the folder or the size of the world will not do.
    """
    with staged(folder, people=people, batches=batches, language=language, watch=watch) as stage:
        address = stage.practice.portal.base_url
        say(
            T(
                "{batches} batches, {people} people, and a portal at {address}.",
                batches=batches,
                people=people,
                address=address,
            ).into(language)
        )
        played = []
        for day in stage.practice.days:
            played.append(stage.play(day))
            for line in day_told(played[-1], language):
                say(line)
        for line in end_told(played, stage, language):
            say(line)
        if keep_open:
            say(T("The practice portal stays open at {address}. Enter ends it.", address=address).into(language))
            _wait_for_enter()
    return 0 if all(day.flawless for day in played) else 1


def _wait_for_enter() -> None:
    """Or for Ctrl-C; where there is nobody to press Enter, only for that."""
    try:
        if not sys.stdin.readline():
            Event().wait()
    except KeyboardInterrupt:
        pass
