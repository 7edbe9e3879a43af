"""A signature: the text it is made over, and how it is made and written. All of it is the dialect's to say.

`canonical_text` is the page that builds what is signed: read it beside `[signature]` of any dialect.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import orjson

from adapters.wire.digests import Chance, digest, written
from adapters.wire.forms import flat
from schemas.dialect.access import Algorithm, Signature
from schemas.dialect.part import filled

Values = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Draft:
    """A request before it is signed; `fields` are those of its envelope."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    fields: dict[str, Any]
    content: bytes

    def parameters(self) -> dict[str, str]:
        """The body's parameters: the envelope's fields, or else the top fields of a JSON content."""
        if self.fields or not self.content.startswith(b"{"):
            return flat(self.fields)
        return flat(orjson.loads(self.content))


def canonical_text(draft: Draft, base_path: str, signature: Signature, values: Values) -> str:
    """The text a signature is made over: its template, filled with what the request holds."""
    parameters = draft.parameters()
    named = {
        **values,
        "method": draft.method,
        "path": base_path + draft.path,
        "query": urlencode(draft.query),
        "body": draft.content.decode(),
        "sorted": _sorted(signature, draft.query, parameters),
        **{f"body.{name}": value for name, value in parameters.items()},
    }
    text = filled(signature.canonical, named)
    match signature.fold:
        case "lower":
            return text.lower()
        case "upper":
            return text.upper()
        case "none":
            return text


def _sorted(signature: Signature, query: Values, body: Values) -> str:
    rule = signature.sorted
    sides: dict[str, Values] = {"query": query, "body": body}
    found = {name: value for side in rule.over for name, value in sides[side].items()}
    counted = (
        (name, value)
        for name, value in sorted(found.items())
        if name not in rule.exclude and name != signature.field and (value or rule.keep_empty)
    )
    return rule.between.join(filled(rule.pair, {"key": name, "value": value}) for name, value in counted)


def signature_over(canonical: str, signature: Signature, values: Values, chance: Chance) -> str:
    """The signature as it is written, without what `template` puts around it."""
    key = filled(signature.key, values)
    raw = bytes.fromhex(key) if signature.algorithm is Algorithm.SM2 else key.encode()
    return written(digest(signature.algorithm, raw, canonical.encode(), chance), signature.output)
