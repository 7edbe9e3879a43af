"""Fields and words: nothing the bridge does not know, everything it needs."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from schemas.batch import Level
from schemas.dialect import Dialect
from schemas.dialect.review.faults import Fault, below, fault, hint, nearest
from schemas.dialect.review.places import RESERVED, declared
from schemas.dialect.words import Dictionaries
from schemas.identity import IdType
from schemas.journal import BATCH_FIELDS, PERSON_FIELDS
from schemas.portal import OnlineStatus, Operation
from schemas.roster import Category
from schemas.texts import T

_KNOWN = {"batch": BATCH_FIELDS, "person": PERSON_FIELDS}
_ROLE = "role"  # a system that only lists may say it of its people: leaders are among them
_COUNTED_OR_TOLD = frozenset({"year", "headcount", "leaders", "id_type", "phone"})
"""What a dialect that only lists may leave out: it is counted, or told by other fields."""
_WORDS: dict[str, tuple[Collection[str], Collection[str]]] = {
    "level": ([*Level], [*Level]),
    "category": ([*Category], [*Category]),
    "id_type": ([*IdType], [IdType.RESIDENT]),
}
"""Dictionary → all of our words, those that must have one of the portal's."""


def field_faults(dialect: Dialect) -> Iterator[Fault]:
    for kind, known in _KNOWN.items():
        yield from _fields(dialect, kind, known)
    every = {*BATCH_FIELDS, *PERSON_FIELDS}
    for name in sorted(dialect.fields.numbers - every - RESERVED - declared(dialect)):
        yield _no_field("fields.numbers", name, every | RESERVED)
    for name in dialect.sealing.fields if dialect.sealing else ():
        if name not in every:
            yield _no_field("sealing.fields", name, every)
    yield from word_faults(dialect.words, {*dialect.fields.batch, *dialect.fields.person})
    yield from _status(dialect)


def _fields(dialect: Dialect, kind: str, known: Collection[str]) -> Iterator[Fault]:
    section, mapped = f"fields.{kind}", getattr(dialect.fields, kind)
    only_lists = not any(dialect.operations.write(operation) for operation in Operation)
    for name in mapped:
        if name not in known and not (only_lists and (kind, name) == ("person", _ROLE)):
            yield _no_field(below(section, name), name, known)
    for name in known:
        if name not in mapped and not (only_lists and name in _COUNTED_OR_TOLD):
            yield fault(f"{section}.{name}", T("{key}: is missing: write the portal's name for it."))
    yield from _doubled(dialect, kind)


def _doubled(dialect: Dialect, kind: str) -> Iterator[Fault]:
    section, mapped = f"fields.{kind}", getattr(dialect.fields, kind)
    theirs: dict[str, str] = {}
    for name, field in mapped.items():
        if field in theirs:
            text = T("{key}: is the same field of the portal as {other}.", other=f"{section}.{theirs[field]}")
            yield fault(below(section, name), text)
        theirs[field] = name
    for field in getattr(dialect.fields.constants, kind):
        if field in theirs:
            text = T("{key}: would overwrite {other}.", other=f"{section}.{theirs[field]}")
            yield fault(below(f"fields.constants.{kind}", field), text)


def _no_field(path: str, name: str, known: Collection[str]) -> Fault:
    """Of a name in a list the path does not tell which."""
    if near := nearest(name, known):
        return fault(path, T("{key}: we have no field {name}. Is {near} meant?", name=name, near=near))
    return fault(path, T("{key}: we have no field {name}. They are: {known}.", name=name, known=", ".join(known)))


def word_faults(words_of: Dictionaries, mapped: Collection[str]) -> Iterator[Fault]:
    """Words that are not ours, and ours that have none; `mapped` are the fields that go to the portal at all."""
    for name, (ours, needed) in _WORDS.items():
        yield from _words(name, getattr(words_of, name), ours, needed, mapped=name in mapped)


def _words(
    name: str, words: Collection[str], ours: Collection[str], needed: Collection[str], *, mapped: bool
) -> Iterator[Fault]:
    section = f"words.{name}"
    for word in words:
        if word not in ours:
            near = nearest(word, ours)
            yield fault(
                below(section, word), T("{key}: we have no such word. Is {near} meant?", near=near or ", ".join(ours))
            )
    if not words and mapped:
        text = T("{key}: is not written: the portal gets our own words ({words}) as they are.", words=", ".join(ours))
        yield hint(section, text)
    for word in ours if words else ():
        if word not in words and word in needed:
            yield fault(f"{section}.{word}", T("{key}: is missing: write the portal's word or code for it."))
        elif word not in words:
            yield hint(
                f"{section}.{word}", T("{key}: has no word: such records cannot be entered and become findings.")
            )


def _status(dialect: Dialect) -> Iterator[Fault]:
    words, field = dialect.words.status, dialect.fields.record.status
    if words and not field:
        text = T("{key}: is missing: without it nobody knows where the words of [words.status] stand.")
        yield fault("fields.record.status", text)
    if not field:
        return
    if OnlineStatus.REVIEWED not in words:
        text = T("{key}: is missing: a reviewed batch would not be seen to be locked. Write the portal's word or code.")
        yield fault("words.status.reviewed", text)
    for status in OnlineStatus:
        if status not in words and status is not OnlineStatus.REVIEWED:
            text = T("{key}: has no word: a listing with such a batch stops as not understood.")
            yield hint(f"words.status.{status}", text)
