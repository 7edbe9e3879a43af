"""The driver: two working days of the bridge on the practice, and what is told of them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from threading import Event

from bridge.demo import words
from bridge.demo.stage import Played, staged
from bridge.ports import Watch
from schemas.texts import Language


def run_demo(
    *,
    folder: Path,
    people: int,
    batches: int,
    language: Language,
    keep_open: bool,
    by_hand: bool = False,
    say: Callable[[str], None],
    watched: Callable[[], AbstractContextManager[Watch]],
) -> int:
    """Play both days in `folder` and say what comes of them. `keep_open` waits for Enter at the end; `by_hand` plays
    them without an interface.

    `watched` gives a watch for one day's run; nothing is said before it ends. 0 only where nothing was missed or
    falsely reported and every mail went out, else 1. Raises ConfigError where the folder or the size of the world
    will not do.
    """
    with staged(folder, people=people, batches=batches, language=language, by_hand=by_hand) as stage:
        say(words.opening(stage, people=people, batches=batches).into(language))
        played: list[Played] = []
        for day in stage.practice.days:
            say("\n" + words.morning(day).into(language))
            with watched() as watch:
                played.append(stage.play(day, watch))
            say("\n".join(words.evening(played[-1], language)))
        say("\n".join(words.ending(stage, played, language)))
        if keep_open:
            say(words.staying_open(stage).into(language))
            _wait_for_enter()
    return 0 if all(day.flawless for day in played) else 1


def _wait_for_enter() -> None:
    """Or for Ctrl-C; where nobody can press Enter, only for that."""
    with suppress(KeyboardInterrupt):
        if not sys.stdin.readline():
            Event().wait()
