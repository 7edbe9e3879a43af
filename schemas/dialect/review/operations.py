"""What each operation needs to be of use, and what the delivery class promises of them all."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.dialect import Dialect
from schemas.dialect.access import Carried
from schemas.dialect.part import placeholders
from schemas.dialect.request import Dictionaries, Listing, Request, TicketPoll, Write
from schemas.dialect.review.faults import Fault, below, fault, hint, nearest
from schemas.dialect.review.places import calls, has_content
from schemas.portal import DeliveryClass
from schemas.texts import T, Text

_DICTIONARIES = ("level", "category", "id_type", "status")


def operation_faults(dialect: Dialect) -> Iterator[Fault]:
    yield from _whole(dialect)
    for name, shape in calls(dialect).items():
        path, named = f"operations.{name}", frozenset(_named(dialect, shape))
        yield from _subject(name, path, named)
        match shape:
            case Write():
                yield from _write(dialect, shape, path)
            case Listing():
                yield from _pages(dialect, path, named)
            case TicketPoll():
                for status in sorted(set(shape.done) & set(shape.failed)):
                    yield fault(f"{path}.failed", T("{key}: {word} stands in done as well.", word=status))
            case Dictionaries():
                yield from _dictionaries(shape, path)
        yield from _signed(dialect, shape, path)


def _whole(dialect: Dialect) -> Iterator[Fault]:
    operations = dialect.operations
    readable = (operations.list_batches or operations.query_batch) and (
        operations.list_people or operations.query_person
    )
    if not readable and dialect.delivery_class is not DeliveryClass.K4:
        text = T(
            "{key}: what is online cannot be read back without list_batches (or query_batch) and list_people "
            "(or query_person). Describe them, or write K4."
        )
        yield fault("delivery_class", text)
    yield from _tickets(dialect)
    if dialect.delivery_class is DeliveryClass.K2:
        yield from _keys_of_requests(dialect)
    if dialect.delivery_class is DeliveryClass.K1 and not _sends_serial(dialect):
        text = T("{key}: K1 means the portal knows our serial, and no field carries it. Name fields.record.serial.")
        yield fault("delivery_class", text)


def _tickets(dialect: Dialect) -> Iterator[Fault]:
    writes = {name: shape for name, shape in calls(dialect).items() if isinstance(shape, Write)}
    asking = [name for name, shape in writes.items() if shape.ticket_at]
    if dialect.operations.ticket is None:
        for name in asking:
            text = T("{key}: nobody asks what became of the ticket. Describe [operations.ticket].")
            yield fault(f"operations.{name}.ticket_at", text)
    elif not asking:
        text = T("{key}: no operation gets a ticket. Name ticket_at in the one that does, or leave this out.")
        yield fault("operations.ticket", text)


def _keys_of_requests(dialect: Dialect) -> Iterator[Fault]:
    for name in ("save_batch", "save_people"):
        shape = getattr(dialect.operations, name)
        if shape and "request_key" not in _named(dialect, shape):
            text = T(
                '{key}: K2 needs the key of each request in a header, such as "Idempotency-Key" = "{{request_key}}".'
            )
            yield fault(f"operations.{name}.headers", text)


def _sends_serial(dialect: Dialect) -> bool:
    named = {name for shape in calls(dialect).values() for name in _named(dialect, shape)}
    return bool(dialect.fields.record.serial) or "serial" in named


def _named(dialect: Dialect, shape: Request) -> Iterator[str]:
    """Every name in the templates of a call."""
    yield from shape.names_in_templates()
    if isinstance(shape, Listing):
        for template in (*dialect.paging.query.values(), *dialect.paging.body.values()):
            yield from placeholders(template)


_OF_A_BATCH = T(
    "{key}: does not say which batch it is about. Name {{parent}} (the portal's id of the batch) or a {{batch.…}} "
    "in path, query or body."
)
_OF_AN_ENTRY = T("{key}: does not say which entry it changes. Name {{online_id}} in path, query or body.")
_SUBJECTS: dict[str, tuple[tuple[str, ...], Text]] = {
    "save_people": (("parent", "batch."), _OF_A_BATCH),
    "update_batch": (("online_id", "parent", "batch."), _OF_AN_ENTRY),
    "update_person": (("online_id", "person."), _OF_AN_ENTRY),
    "submit": (("online_id", "parent", "batch."), _OF_AN_ENTRY),
    "list_people": (
        ("parent",),
        T("{key}: does not say whose people it lists. Name {{parent}} in path, query or body."),
    ),
    "query_batch": (("batch.",), T("{key}: does not say which batch it asks for. Name a {{batch.…}}.")),
    "query_person": (("person.",), T("{key}: does not say which person it asks for. Name a {{person.…}}.")),
    "ticket": (("ticket",), T("{key}: does not say which ticket it asks for. Name {{ticket}} in path, query or body.")),
    "dictionaries": (("dictionary",), T("{key}: does not say which dictionary it lists. Name {{dictionary}}.")),
}


def _subject(name: str, path: str, named: frozenset[str]) -> Iterator[Fault]:
    wanted, text = _SUBJECTS.get(name, ((), _OF_AN_ENTRY))
    told = any(one == want or (want.endswith(".") and one.startswith(want)) for one in named for want in wanted)
    if wanted and not told:
        yield fault(path, text)


def _write(dialect: Dialect, shape: Write, path: str) -> Iterator[Fault]:
    record, fields = dialect.fields.record, dialect.fields
    by_rows = bool(shape.rows_at) and not shape.whole
    if by_rows and shape.echo == "serial" and not record.serial:
        text = T("{key}: rows of the answer name their record by our serial, which has no field. Name it, or set echo.")
        yield fault("fields.record.serial", text)
    if by_rows and shape.echo == "id_no" and "id_no" not in fields.person:
        text = T("{key}: is missing, and {path} tells records apart by it.", path=f"{path}.echo")
        yield fault("fields.person.id_no", text)
    for option in ("refused_at", "verdicts_at"):
        if getattr(shape, option) and not (record.row_code or record.row_message):
            text = T(
                "{key}: is missing: without it nobody learns why rows at {path} were refused.", path=f"{path}.{option}"
            )
            yield fault("fields.record.row_code", text)
    if shape.record_at and shape.rows_at:
        yield fault(f"{path}.record_at", T("{key}: leave one of record_at and rows_at."))
    if shape.skipped_at and not shape.rows_at:
        yield fault(
            f"{path}.skipped_at", T("{key}: goes with rows_at: only where several go in a call are some skipped.")
        )
    if shape.method == "GET":
        yield fault(f"{path}.method", T("{key}: a GET carries no records; write POST, PUT or PATCH."))


_OF_PAGING = {"page": "page", "offset": "offset", "cursor": "cursor"}


def _pages(dialect: Dialect, path: str, named: frozenset[str]) -> Iterator[Fault]:
    needed = _OF_PAGING.get(dialect.paging.by)
    if needed and needed not in named:
        text = T(
            '{key}: by = "{by}" needs {{{name}}} in paging.query, or {path} gives its first page for ever.',
            by=dialect.paging.by,
            name=needed,
            path=path,
        )
        yield fault("paging.query", text)
    elif dialect.paging.by in _OF_PAGING and "size" not in named:
        text = T(
            "{key}: {path} does not tell how many rows a page has; the portal's own number must be limits.page_size.",
            path=path,
        )
        yield hint("limits.page_size", text)


def _dictionaries(shape: Dictionaries, path: str) -> Iterator[Fault]:
    for ours in shape.names:
        if ours not in _DICTIONARIES:
            near = nearest(ours, _DICTIONARIES) or ", ".join(_DICTIONARIES)
            yield fault(
                below(f"{path}.names", ours), T("{key}: there is no such dictionary. Is {near} meant?", near=near)
            )


def _signed(dialect: Dialect, shape: Request, path: str) -> Iterator[Fault]:
    """A signature in the body needs a body, and an envelope to stand in."""
    signature = dialect.signature
    if signature is None or signature.place is not Carried.BODY or not dialect.travel.envelope:
        return
    if not has_content(dialect, shape):
        text = T('{key}: the signature travels in the body, and this call has none. Write method = "POST".')
        yield fault(f"{path}.method", text)
