"""What the brake held and somebody has looked at: the options that let it through, and what became of them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from bridge.cli.output import paragraph
from bridge.cli.who import told, user
from bridge.cli.words import say
from schemas.errors import ConfigError
from schemas.texts import T

if TYPE_CHECKING:
    from bridge.house import House
    from schemas.brake import Review

Hashes = Annotated[
    list[str] | None,
    typer.Option("--reviewed", metavar="HASH", help=say(T("Let through once what the brake holds under this hash."))),
]
Who = Annotated[str, typer.Option("--by", metavar="WHO", help=say(T("Who has looked at it; else the user's name.")))]


def after_review(house: "House", hashes: Sequence[str] | None, by: str) -> "House":
    """The same house, with what was reviewed. Raises ConfigError for a hash that is none, or that is used up."""
    from schemas.brake import Reviewed
    from schemas.identity import scrub

    for typed in hashes or ():
        if not typed.isalnum() or not typed.isascii():
            raise ConfigError(T("{hash} is no hash as reports show it.", hash=scrub(typed)))
        if used := house.journal.reviews.find(typed):
            day = used.at.strftime("%Y-%m-%d %H:%M")
            raise ConfigError(
                T("{hash} was used up by {by} at {day}; it is good for once.", hash=typed, by=used.by, day=day)
            )
    return replace(house, reviewed=Reviewed(frozenset(hashes or ()), told("--by", by or user())))


def became_of(house: "House", hashes: Sequence[str] | None) -> "Mapping[str, Review | None]":
    """What each hash let through in this run, or nothing."""
    return {typed: house.journal.reviews.find(typed) for typed in hashes or ()}


def tell_reviewed(became: "Mapping[str, Review | None]") -> bool:
    """Say what each hash let through. True: some let nothing through, for nothing is held under them any more."""
    from schemas.identity import scrub

    for typed, used in became.items():
        if used:
            paragraph(say(T("{batch}: let through, reviewed by {by}.", batch=used.batch.title, by=used.by)))
        else:
            paragraph(say(T("{hash}: nothing is held under it, or no longer in this form.", hash=scrub(typed))))
    return None in became.values()
