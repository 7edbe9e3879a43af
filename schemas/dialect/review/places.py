"""Every template of a dialect, and what it may name.

The engine fills a call's content before it is written down, so that no content may name what changes with each try
(grants, time, nonce), nor its path. Headers, query, envelope and signature are filled at each try; they alone know the
`values` of a call as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce

from schemas.dialect import Dialect
from schemas.dialect.access import Grant, Lock, Signature
from schemas.dialect.part import Templates
from schemas.dialect.request import Dictionaries, Listing, Request, TicketPoll, Write
from schemas.dialect.review.faults import below
from schemas.journal import BATCH_FIELDS, PERSON_FIELDS

Names = frozenset[str]

OWN: Names = frozenset({"app_id", "app_secret", "basic"})
STAMPS: Names = frozenset({"time", "nonce"})
_PAGES: Names = frozenset({"page", "offset", "cursor", "size"})
_BATCH: Names = frozenset(f"batch.{name}" for name in BATCH_FIELDS)
_PERSON: Names = frozenset(f"person.{name}" for name in PERSON_FIELDS)
ONE_RECORD: Names = frozenset({"serial", "online_id"}) | _PERSON
_SIGNED: Names = frozenset({"method", "path", "query", "body", "sorted"})
RESERVED: Names = (
    OWN | STAMPS | _PAGES | _SIGNED
    | {"serial", "online_id", "parent", "request_key", "year", "ticket", "dictionary", "content", "signature"}
)  # fmt: skip
"""What no setting, secret or grant may be called."""

EVERY: Names = RESERVED | _BATCH | _PERSON
"""All names there are anywhere, but for those a dialect makes itself."""


@dataclass(frozen=True, slots=True)
class Place:
    """One template: where it stands, and what it may name."""

    path: str
    template: str
    known: Names


def calls(dialect: Dialect) -> dict[str, Request]:
    """The operations the portal has, by name; a listing with the parameters of its pages."""
    operations = dialect.operations
    found = {name: getattr(operations, name) for name in type(operations).model_fields}
    return {name: shape for name, shape in found.items() if shape is not None}


def names_of_call(name: str, shape: Request) -> Names:
    """What belongs to one operation alone, with its own words for what all have in common."""
    return _given(name, shape) | frozenset(shape.values)


def _given(name: str, shape: Request) -> Names:
    match shape:
        case TicketPoll():
            return frozenset({"ticket"})
        case Dictionaries():
            return frozenset({"dictionary"})
        case Listing():
            return _PAGES | _of_listing(name)
        case Write() if shape.rows_at:
            return _BATCH | {"parent", "request_key"}
        case _:
            return _BATCH | _of_each(name) | {"parent", "request_key"}


def _of_each(name: str) -> Names:
    """What belongs to one record of a writing operation."""
    of_person = _PERSON if name in {"save_people", "update_person"} else frozenset()
    return of_person | {"serial", "online_id"}


def _of_listing(name: str) -> Names:
    match name:
        case "list_batches":
            return frozenset({"year"})
        case "list_people":
            return frozenset({"parent"})
        case "query_batch":
            return _BATCH | {"year"}
        case _:
            return _PERSON | {"parent"}


def declared(dialect: Dialect) -> Names:
    return OWN | dialect.settings.keys() | dialect.secrets.keys()


def granted(dialect: Dialect) -> Names:
    return frozenset(grant.name for grant in dialect.grants)


def has_content(dialect: Dialect, shape: Request) -> bool:
    """Whether a call has a body at all."""
    return bool(
        (isinstance(shape, Write) and shape.method != "GET")
        or shape.body
        or (isinstance(shape, Listing) and dialect.paging.body)
        or (dialect.travel.envelope and shape.method != "GET")
    )


def places(dialect: Dialect) -> Iterator[Place]:
    """Every template of a dialect."""
    yield from _of_grants(dialect)
    shapes = calls(dialect)
    own, everything = declared(dialect), declared(dialect) | granted(dialect) | STAMPS
    for name, shape in shapes.items():
        given, mine = own | _given(name, shape), everything | names_of_call(name, shape)
        yield from _all(f"operations.{name}.values", shape.values, given)
        yield from _of_request(f"operations.{name}", shape, given, mine)
        if isinstance(shape, Write):
            yield from _all(f"operations.{name}.each", shape.each, given | _of_each(name))
    listings = {name: shape for name, shape in shapes.items() if isinstance(shape, Listing)}
    paged = _shared(listings)
    yield from _all("paging.query", dialect.paging.query, everything | paged)
    yield from _all("paging.body", dialect.paging.body, own | paged)
    shared = everything | _shared(shapes)
    yield from _all("transport.headers", dialect.transport.headers, shared)
    yield from _all("transport.query", dialect.transport.query, shared)
    with_content = {name: shape for name, shape in shapes.items() if has_content(dialect, shape)}
    in_envelope = everything | _shared(with_content) | {"content"}
    yield from _all("travel.envelope", dialect.travel.envelope, in_envelope)
    if dialect.signature:
        body = _common(content_fields(dialect, shape) for shape in shapes.values())
        yield from _of_signature("signature", dialect.signature, shared, body)
    if dialect.sealing:
        yield from _of_lock("sealing", dialect.sealing, own | granted(dialect))


def _of_grants(dialect: Dialect) -> Iterator[Place]:
    before = declared(dialect)
    for number, grant in enumerate(dialect.grants, start=1):
        path, known = f"grants[{number}]", before | STAMPS | grant.values.keys()
        yield from _all(f"{path}.values", grant.values, declared(dialect))
        yield from _of_request(path, grant, known, known)
        if grant.signature:
            fields = frozenset(key.partition(".")[0] for key in grant.body)
            yield from _of_signature(f"{path}.signature", grant.signature, known, fields)
        if grant.lock:
            yield from _of_lock(f"{path}.lock", grant.lock, before)
        before |= {grant.name}


def _of_request(path: str, shape: Request | Grant, in_content: Names, in_headers: Names) -> Iterator[Place]:
    yield Place(f"{path}.path", shape.path, in_content)
    yield from _all(f"{path}.query", shape.query, in_headers)
    yield from _all(f"{path}.headers", shape.headers, in_headers)
    yield from _all(f"{path}.body", shape.body, in_content)


def _of_signature(path: str, signature: Signature, known: Names, body_fields: Names) -> Iterator[Place]:
    of_body = {f"body.{name}" for name in body_fields}
    yield Place(f"{path}.template", signature.template, known | {"signature"})
    yield Place(f"{path}.canonical", signature.canonical, known | _SIGNED | of_body)
    yield Place(f"{path}.key", signature.key, known)
    yield Place(f"{path}.sorted.pair", signature.sorted.pair, frozenset({"key", "value"}))


def _of_lock(path: str, lock: Lock, known: Names) -> Iterator[Place]:
    yield Place(f"{path}.key", lock.key, known)
    yield Place(f"{path}.iv", lock.iv, known)


def _all(section: str, templates: Templates, known: Names) -> Iterator[Place]:
    return (Place(below(section, key), template, known) for key, template in templates.items())


def _shared(shapes: Mapping[str, Request]) -> Names:
    """What every one of these operations knows."""
    return _common(names_of_call(name, shape) for name, shape in shapes.items())


def _common(sets: Iterable[Names]) -> Names:
    found = list(sets)
    return reduce(frozenset.intersection, found) if found else frozenset()


def content_fields(dialect: Dialect, shape: Request) -> Names:
    """The fields of a call's body that a signature may name."""
    if not has_content(dialect, shape):
        return frozenset()
    if dialect.travel.envelope:
        return frozenset(key.partition(".")[0] for key in dialect.travel.envelope)
    paging = dialect.paging.body if isinstance(shape, Listing) else {}
    return frozenset(key.partition(".")[0] for key in (*shape.body, *paging, *_of_record(dialect, shape)))


def _of_record(dialect: Dialect, shape: Request) -> Iterable[str]:
    if not isinstance(shape, Write):
        return ()
    if shape.rows_at or shape.record_at:
        return (shape.rows_at or shape.record_at,)
    fields = dialect.fields
    of_person = shape is dialect.operations.save_people or shape is dialect.operations.update_person
    return (*(fields.person if of_person else fields.batch).values(), *shape.each)
