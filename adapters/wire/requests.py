"""From a call to the exact bytes of its request: stamped, sealed, put into its envelope, signed.

The one place where a dialect's templates are filled. `Maker.make` reads from top to bottom.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import orjson

from adapters.wire.forms import CONTENT_TYPES, encoded
from adapters.wire.locks import OpenLock
from adapters.wire.paths import put, steps
from adapters.wire.signing import Draft, canonical_text, signature_over
from adapters.wire.stamps import PortalClock
from adapters.wire.ticks import Ticks
from schemas.dialect import Dialect
from schemas.dialect.access import Carried, Grant, Lock, Signature
from schemas.dialect.part import Templates, filled, placeholders
from schemas.dialect.request import Form, Listing, Request, Travel, Write

Values = Mapping[str, str]
Record = Mapping[str, object]

THE_LIST_ITSELF = "$"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who we are to the portal. `values` are the dialect's own settings and secrets by name."""

    app_id: str
    app_secret: str = field(repr=False)
    values: Values = field(default_factory=dict, repr=False)

    def named(self) -> dict[str, str]:
        basic = base64.b64encode(f"{self.app_id}:{self.app_secret}".encode()).decode()
        return {"app_id": self.app_id, "app_secret": self.app_secret, "basic": basic, **self.values}


@dataclass(frozen=True, slots=True)
class Call:
    """One request as asked for: `values` fill its templates, `content` is what it says, in its form.

    `query` are parameters that stand in place of the shape's own.
    """

    shape: Request
    values: Values = field(default_factory=dict, repr=False)
    content: bytes = field(default=b"", repr=False)
    query: Values = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Made:
    """One request as it goes out. `canonical` is the text its signature was made over."""

    method: str
    path: str
    query: Values = field(repr=False)
    headers: Values = field(repr=False)
    body: bytes = field(repr=False)
    canonical: str = field(default="", repr=False)


class Maker:
    """Makes the requests of one portal. `base_path` is the path of its address, which signatures may cover."""

    def __init__(
        self, dialect: Dialect, credentials: Credentials, base_path: str, clock: PortalClock, ticks: Ticks
    ) -> None:
        self._dialect = dialect
        self._own = credentials.named()
        self._base_path = base_path
        self._clock = clock
        self._ticks = ticks
        templates = dialect.model_dump_json()
        self._timed, self._numbered = ("{time}" in templates), ("{nonce}" in templates)

    def content(self, shape: Request, values: Values, records: Sequence[Record] = ()) -> bytes:
        """What a call says, in its form: the templates of its `body`, and its records where they belong."""
        if isinstance(shape, Write) and shape.rows_at == THE_LIST_ITSELF:
            return orjson.dumps(records)
        document = self._document(shape.body, {**self._own, **values})
        if isinstance(shape, Write):
            _place(document, records, shape)
        wrapped = bool(self._dialect.travel.envelope) and shape.method != "GET"
        return self._in_form(document, shape) if document or wrapped else b""

    def with_each(self, record: Record, each: Templates, values: Values) -> Record:
        """A record with what stands in each beside its own fields."""
        beside = self._document(each, {**self._own, **values})
        _merge(beside, record)
        return beside

    def _document(self, templates: Templates, values: Values) -> dict[str, Any]:
        """As `_tree`; what the dialect writes as numbers is one, where a template is nothing but its name."""
        document, numbers = _tree(templates, values), self._dialect.fields.numbers
        for path, template in templates.items():
            name = template[1:-1]
            if template == f"{{{name}}}" and name in numbers and values[name].isdecimal():
                put(document, steps(path), int(values[name]))
        return document

    def page_call(self, listing: Listing, values: Values, link: Values) -> Call:
        """One page of a listing. `link` is the query of the last page's link, where pages go on by such."""
        return Call(listing, values, self.content(listing, values), link)

    def make(self, call: Call, granted: Values) -> Made:
        """A call's request, with what was granted to us."""
        dialect, shape = self._dialect, call.shape
        values = self._stamped({**_filled(shape.values, {**self._own, **call.values}), **call.values}, granted)
        content = self._sealed(call.content, values)
        fields = self._enveloped(content, values)
        query = {**_filled({**dialect.transport.query, **shape.query}, values), **call.query}
        headers = _filled({**dialect.transport.headers, **shape.headers}, values)
        draft = Draft(shape.method, self._path(shape, call.values), query, headers, fields, content)
        canonical = self._signed(draft, dialect.signature, values)
        body = self._body(draft, shape) if content else b""
        return self._finished(draft, shape, body, canonical)

    def make_grant(self, grant: Grant, granted: Values) -> Made:
        """The call that asks for a grant: no envelope, and its own signature only."""
        values = self._stamped(_filled(grant.values, self._own), granted)
        content = self._in_form(_tree(grant.body, values), grant) if grant.body else b""
        query, headers = _filled(grant.query, values), _filled(grant.headers, values)
        draft = Draft(grant.method, self._path(grant, values), query, headers, {}, content)
        canonical = self._signed(draft, grant.signature, values)
        return self._finished(draft, grant, content, canonical)

    def lock(self, lock: Lock, granted: Values) -> OpenLock:
        """A lock of the dialect with its key, made from our secrets and what was granted."""
        values = {**self._own, **granted}
        return OpenLock(lock, filled(lock.key, values), filled(lock.iv, values), self._ticks.chance)

    def _stamped(self, values: Values, granted: Values) -> dict[str, str]:
        """Time and chance are asked only where the dialect names them: for a thread each costs a turn."""
        stamps = {"time": self._clock.time()} if self._timed else {}
        stamps |= {"nonce": self._clock.nonce()} if self._numbered else {}
        return {**self._own, **granted, **stamps, **values}

    def _path(self, shape: Request, values: Values) -> str:
        known = {**self._own, **values}
        return filled(shape.path, {name: quote(known[name], safe="") for name in placeholders(shape.path)})

    def _in_form(self, document: dict[str, Any], shape: Request) -> bytes:
        travel = self._dialect.travel
        inside = bool(travel.envelope) and not isinstance(shape, Grant)
        form = Form.JSON if inside else shape.form or travel.form
        return encoded(document, form, travel.xml_root)

    def _sealed(self, content: bytes, values: Values) -> bytes:
        sealing = self._dialect.sealing
        if not content or sealing is None or not sealing.content:
            return content
        return self.lock(sealing, values).close(content).encode()

    def _enveloped(self, content: bytes, values: Values) -> dict[str, Any]:
        """The fields of the envelope. What is merged with it is signed with it, as any of them."""
        travel = self._dialect.travel
        if not content:
            return {}
        fields = _tree(travel.envelope, {**values, "content": content.decode()})
        return {**orjson.loads(content), **fields} if travel.content == "merged" else fields

    def _signed(self, draft: Draft, signature: Signature | None, values: Values) -> str:
        """Put the signature into the draft; returns what it was made over."""
        if signature is None:
            return ""
        canonical = canonical_text(draft, self._base_path, signature, values)
        made = signature_over(canonical, signature, values, self._ticks.chance)
        place: dict[str, Any] = {
            Carried.HEADER: draft.headers,
            Carried.QUERY: draft.query,
            Carried.BODY: draft.fields,
        }[signature.place]
        put(place, (signature.field,), filled(signature.template, {**values, "signature": made}))
        return canonical

    def _body(self, draft: Draft, shape: Request) -> bytes:
        """The content itself, or its envelope with it inside."""
        travel = self._dialect.travel
        if not draft.fields:
            return draft.content
        document = _with_content(draft.fields, draft.content, travel)
        return encoded(document, shape.form or travel.form, travel.xml_root)

    def _finished(self, draft: Draft, shape: Request, body: bytes, canonical: str) -> Made:
        kind = {"Content-Type": CONTENT_TYPES[shape.form or self._dialect.travel.form]} if body else {}
        # an answer is counted as it arrives: a compressed one could grow a thousandfold
        ours = {"Accept-Encoding": "identity", **kind}
        return Made(draft.method, draft.path, draft.query, {**ours, **draft.headers}, body, canonical)


def _filled(templates: Templates, values: Values) -> dict[str, str]:
    return {name: filled(template, values) for name, template in templates.items()}


def _tree(templates: Templates, values: Values) -> dict[str, Any]:
    """Dotted path → template, as the nested object they describe."""
    document: dict[str, Any] = {}
    for path, template in templates.items():
        put(document, steps(path), filled(template, values))
    return document


def _place(document: dict[str, Any], records: Sequence[Record], shape: Write) -> None:
    if shape.rows_at:
        put(document, steps(shape.rows_at), list(records))
    elif records:
        (record,) = records
        for step in steps(shape.record_at) if shape.record_at else ():
            document = document.setdefault(step, {})
        _merge(document, record)


def _merge(document: dict[str, Any], record: Record) -> None:
    """What the operation's own templates say stays; a record's objects are joined with theirs."""
    for name, value in record.items():
        mine = document.get(name)
        if isinstance(mine, dict) and isinstance(value, dict):
            _merge(mine, value)
        else:
            document.setdefault(name, value)


def _with_content(fields: dict[str, Any], content: bytes, travel: Travel) -> dict[str, Any]:
    if travel.content != "object":
        return fields
    document = {**fields}
    put(document, steps(travel.content_at), orjson.loads(content))
    return document
