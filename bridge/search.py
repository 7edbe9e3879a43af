"""Find what people name: a batch by its name, a person by the mark reports show. Misses name the nearest."""

from __future__ import annotations

import re
from difflib import get_close_matches

from bridge.ports import Journal
from schemas.batch import BatchKey
from schemas.errors import ConfigError
from schemas.identity import scrub
from schemas.texts import T

_SHORTEST_MARK = 6
_LIKE_AN_ID = re.compile(r"\d{10,17}[\dXx]")  # a phone or an id typed by mistake is not looked up


def batch_named(journal: Journal, name: str) -> BatchKey:
    """One batch by key, by title, or by a part of its title that only one has. Raises ConfigError."""
    told = scrub(name)  # somebody may have typed an id
    keys = [batch.key for batch in journal.deliveries.batches()]
    exact = [key for key in keys if name in {str(key), key.title}]
    like = exact or [key for key in keys if name in key.title]
    if len(like) == 1:
        return like[0]
    if like:
        raise ConfigError(T("{name} may be any of: {names}. Name one of them in full.", name=told, names=_names(like)))
    titles = {key.title: key for key in keys}
    near = [titles[title] for title in get_close_matches(name, titles, n=3, cutoff=0.3)]
    raise ConfigError(T("There is no batch {name}. The nearest are: {names}", name=told, names=_names(near) or "-"))


def person_marked(journal: Journal, mark: str) -> bytes:
    """One person by the first characters of the mark. Raises ConfigError; a mark is never an id number."""
    if not is_mark(mark) or _LIKE_AN_ID.fullmatch(mark):
        raise ConfigError(
            T("A mark has at least {count} characters of 0-9 and a-f, as reports show it.", count=_SHORTEST_MARK)
        )
    found = journal.timeline.people_like(mark)
    if len(found) != 1:
        raise ConfigError(
            T("{count} people have this mark. Give more of its characters, as a report shows it.", count=len(found))
        )
    return found[0]


def is_mark(name: str) -> bool:
    return re.fullmatch(rf"[0-9a-f]{{{_SHORTEST_MARK},32}}", name.lower()) is not None


def _names(keys: list[BatchKey]) -> str:
    return "、".join(key.title for key in keys[:5])
