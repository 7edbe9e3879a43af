"""The practice's own fuse box: the staged world on a running portal, with a mailbox beside it, as finished things."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from adapters.practice.acts import QUIET, Act, Expected
from adapters.practice.carry_out import carry_out
from adapters.practice.clerk import Clerk
from adapters.practice.faults import stage
from adapters.practice.ledgers import write_ledgers
from adapters.practice.mailbox import Mailbox
from adapters.practice.process import PracticePortal, serve
from adapters.practice.weather import Weather
from adapters.practice.weihai import BASES, DAY_1, DAY_2, ORGANISERS
from adapters.practice.world import FEWEST_BATCHES, FEWEST_PEOPLE_A_BATCH, World
from schemas.errors import ConfigError
from schemas.texts import T

__all__ = [
    "BASES",
    "ORGANISERS",
    "QUIET",
    "Clerk",
    "Day",
    "Expected",
    "Practice",
    "open_practice",
    "serve_practice_portal",
]

_MOST_PEOPLE_A_BATCH = 400  # on average: a batch has no more names to deal


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the practice: what hands do before it, its ledgers, its weather, and what must be found on it."""

    date: date
    acts: tuple[Act, ...]
    ledgers: World
    weather: Mapping[str, object]
    truth: frozenset[Expected]


@dataclass(frozen=True, slots=True)
class Practice:
    """`folder` holds the ledgers; `portal` and `mailbox` are running."""

    days: tuple[Day, ...]
    folder: Path
    portal: PracticePortal
    mailbox: Mailbox

    def clerk(self, *, outbox: Path, inbox: Path, done: Path) -> Clerk:
        """Somebody who carries files between the bridge and the portal."""
        inbox.mkdir(parents=True, exist_ok=True)
        return Clerk(self.portal.admin, outbox, inbox, done)

    def begin(self, day: Day) -> None:
        """Let the world change: hands online, ledgers offline, and the weather."""
        carry_out(day.acts, self.portal.admin)
        write_ledgers(day.ledgers, self.folder)
        self.portal.set_weather(**(asdict(Weather()) | dict(day.weather)))


@contextmanager
def open_practice(
    folder: Path, *, people: int, batches: int, password: str, by_hand: bool = False
) -> Iterator[Practice]:
    """The practice in the folders `ledgers`, `portal` and `mail`; the mailbox lets the user "practice" in.

    `by_hand`: the portal has no interface, only its pages for people.
    Raises ConfigError for a world too small or too large for its faults.
    """
    days = _days(people, batches, by_hand=by_hand)
    portal, mailbox = PracticePortal(folder / "portal"), Mailbox(folder / "mail", user="practice", password=password)
    with portal, mailbox:
        yield Practice(days, folder / "ledgers", portal, mailbox)


def serve_practice_portal(folder: Path, port: int) -> None:
    """The portal alone, in this process, until Ctrl-C or the end of standard input. Raises ConfigError."""
    try:
        serve(folder, port, Weather())
    except OSError as error:
        raise ConfigError(
            T(
                "The practice portal cannot use {path} or port {port}: {reason}.",
                path=folder,
                port=port,
                reason=error.strerror,
            )
        ) from None


def _days(people: int, batches: int, *, by_hand: bool) -> tuple[Day, ...]:
    fewest, most = FEWEST_PEOPLE_A_BATCH * batches, _MOST_PEOPLE_A_BATCH * batches
    if batches < FEWEST_BATCHES or not fewest <= people <= most:
        raise ConfigError(
            T(
                "The practice needs at least {batches} batches, and {fewest} to {most} people for each.",
                batches=FEWEST_BATCHES,
                fewest=FEWEST_PEOPLE_A_BATCH,
                most=_MOST_PEOPLE_A_BATCH,
            )
        )
    demo = stage(World.make(batches=batches, people=people))
    weather = _on_the_pages(demo.weather_day1) if by_hand else demo.weather_day1
    return (
        Day(DAY_1, demo.acts_before_day1, demo.day1, weather, demo.truth.day1),
        Day(DAY_2, demo.acts_between, demo.day2, {}, demo.truth.day2),
    )


def _on_the_pages(weather: Mapping[str, Any]) -> dict[str, Any]:
    """Whom the interface skips with success, the import page gives back as an error row."""
    skipped = weather.get("skip_ids", ())
    return {**weather, "refuse_ids": [*weather.get("refuse_ids", ()), *skipped], "skip_ids": []}
