"""The way to the portal: its address, limits and hours, signature and sealing, and secrets that stand in clear."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import time

from schemas.addresses import wrong_address
from schemas.dialect import Dialect
from schemas.dialect.access import Carried
from schemas.dialect.part import placeholders
from schemas.dialect.review.faults import Fault, fault, hint
from schemas.dialect.review.places import places
from schemas.texts import T

FILL_IN = "FILL-IN"
"""What a new dialect says where only its interface document knows."""

_DAY_MIN = 24 * 60
_MOST_ROWS_A_PAGE, _MOST_ROWS_A_CALL = 5000, 2000
_LONG_WORD = re.compile(r"[A-Za-z0-9+_-]{20,}")
_PLACEHOLDER = re.compile(r"\{[^}]*\}")
_LEAST_DIFFERENT = 10


def transport_faults(dialect: Dialect) -> Iterator[Fault]:
    yield from _fill_in(dialect.model_dump(mode="json"), "")
    address = dialect.transport.base_url
    if address and FILL_IN not in address and (text := wrong_address(address)):
        yield fault("transport.base_url", text)
    yield from _keys(dialect)
    yield from _limits(dialect)
    yield from _signature(dialect)
    sealing = dialect.sealing
    if sealing and not (sealing.content or sealing.fields or sealing.answer_at or sealing.rows):
        yield fault("sealing", T("{key}: seals nothing. Name content, fields, answer_at or rows."))
    for place in places(dialect):
        if not place.path.endswith(".path") and _looks_secret(place.template):
            text = T("{key}: looks like a secret in clear. Declare it in [secrets] and name it here in braces.")
            yield hint(place.path, text)


def _fill_in(value: object, path: str) -> Iterator[Fault]:
    match value:
        case str() if FILL_IN in value:
            yield fault(path, T("{key}: fill it in from the interface document."))
        case dict():
            for key, inner in value.items():
                yield from _fill_in(inner, f"{path}.{key}" if path else key)
        case list():
            for number, inner in enumerate(value, start=1):
                yield from _fill_in(inner, f"{path}[{number}]")


def _keys(dialect: Dialect) -> Iterator[Fault]:
    """A key is used again only while it surely lives until the answer is in: for a settle window more."""
    if dialect.key_life_s is not None and dialect.key_life_s <= dialect.settle_window_s:
        text = T("{key}: no longer than settle_window_s: no request is ever made again under its key, as with K3.")
        yield hint("key_life_s", text)


def _limits(dialect: Dialect) -> Iterator[Fault]:
    limits = dialect.limits
    shut = {minute for start, end in limits.closed for minute in _minutes(start, end)}
    if len(shut) == _DAY_MIN:
        yield fault("limits.closing_hours", T("{key}: cover the whole day: nothing could ever be sent."))
    if limits.page_size > _MOST_ROWS_A_PAGE:
        text = T("{key}: {count} rows a page is more than portals give. Look it up.", count=limits.page_size)
        yield hint("limits.page_size", text)
    if limits.rows_per_call > _MOST_ROWS_A_CALL:
        text = T("{key}: {count} rows a call is more than portals take. Look it up.", count=limits.rows_per_call)
        yield hint("limits.rows_per_call", text)


def _minutes(start: time, end: time) -> Iterator[int]:
    first, last = (moment.hour * 60 + moment.minute for moment in (start, end))
    return (minute % _DAY_MIN for minute in range(first, last if last > first else last + _DAY_MIN))


def _signature(dialect: Dialect) -> Iterator[Fault]:
    signature = dialect.signature
    if signature and signature.place is Carried.BODY and not dialect.travel.envelope:
        text = T("{key}: a signature in the body stands beside the content, in [travel] envelope. Describe that.")
        yield fault("signature.place", text)
    for path, one in (
        ("signature", signature),
        *((f"grants[{n}].signature", g.signature) for n, g in enumerate(dialect.grants, start=1)),
    ):
        if one is None:
            continue
        if path != "signature" and one.place is Carried.BODY:
            yield fault(f"{path}.place", T("{key}: the signature of a grant travels in a header or the query."))
        if "signature" not in placeholders(one.template):
            yield fault(f"{path}.template", T("{key}: does not name {{signature}}."))
        if one.sorted != type(one.sorted)() and "sorted" not in placeholders(one.canonical):
            yield fault(
                f"{path}.canonical", T("{key}: does not name {{sorted}}, which [{path}.sorted] describes.", path=path)
            )
        if not any(True for _ in placeholders(one.canonical)):
            yield fault(f"{path}.canonical", T("{key}: names nothing of the call: every signature would be the same."))


def _looks_secret(template: str) -> bool:
    """A long word of letters and digits, many of them different."""
    words = _LONG_WORD.findall(_PLACEHOLDER.sub(" ", template))
    return any(
        re.search("[0-9]", word) and re.search("[A-Za-z]", word) and len(set(word)) >= _LEAST_DIFFERENT
        for word in words
    )
