"""Answers of another shape: what a portal may say after an update that nobody announced.

A mutator over the JSON of one answer. What it makes of it is still an answer: nothing is known of it but that it is not
quite the one the dialect describes. `says_stored` reads such an answer once more, strictly and by no code of the bridge.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

import httpx

Document = dict[str, Any]
Place = tuple[Any, Any]
"""A list or an object, and the index or the name of one thing in it."""

_NO_VALUE = object()
PAGE = "<!doctype html><title>系统提示</title><p>系统正在升级，请稍后访问。</p>"


def _places(value: Any) -> Iterator[Place]:
    """Everything inside, however deep."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, one in inner:
        yield value, name
        yield from _places(one)


def _set(place: Place, value: Any) -> None:
    within, name = place
    if value is not _NO_VALUE:
        within[name] = value
    elif isinstance(within, dict):
        del within[name]


def _at_random(change: Callable[[Any, Random], Any]) -> Callable[[Document, Random], Document]:
    """The change made at one place of the document."""

    def changed(document: Document, random: Random) -> Document:
        within, name = random.choice(list(_places(document)))
        _set((within, name), change(within[name], random))
        return document

    return changed


def _other_type(value: Any, random: Random) -> Any:
    return random.choice(
        [one for one in (0, -1, 3.5, True, "", "x", [], {}, [[]], {"": ""}) if type(one) is not type(value)]
    )


def _number_or_text(value: Any, _random: Random) -> Any:
    if isinstance(value, str):
        return int(value) if value.isdecimal() else float(len(value))
    return str(value) if isinstance(value, int) else value


def _list_or_object(value: Any, _random: Random) -> Any:
    if isinstance(value, list):
        return {str(index): one for index, one in enumerate(value)}
    return [value] if isinstance(value, dict) else value


def _renamed(document: Document, random: Random) -> Document:
    within, name = random.choice([place for place in _places(document) if isinstance(place[0], dict)])
    within[random.choice((name.upper() + "_", f"{name}2", f" {name}"))] = within.pop(name)
    return document


def _new_field(document: Document, random: Random) -> Document:
    objects = [document, *(within[name] for within, name in _places(document) if isinstance(within[name], dict))]
    random.choice(objects)["isNew"] = random.choice((None, 1, "是", [], {"of": {}}))
    return document


def _wrapped(document: Document, random: Random) -> Document:
    name = random.choice(("data", "result", "body"))
    if random.random() < 0.5:
        return {**document, "data": {name: document["data"]}}
    return {name: document}


def _other_code(document: Document, random: Random) -> Document:
    codes = "P00001", "P0000", "p00000", "0", 0, 200, "success", "S20006", "S29999", "P10002", "", None, "P00000 "
    return {**document, "code": random.choice(codes)}


def _shorter_list(document: Document, random: Random) -> Document:
    lists = [within[name] for within, name in _places(document) if isinstance(within[name], list) and within[name]]
    for one in lists[:1]:
        del one[random.randrange(len(one)) :]
    return document


def _wrong_total(document: Document, random: Random) -> Document:
    data = document.get("data")
    if isinstance(data, dict) and "total" in data:
        data["total"] = random.choice((-1, 0, data["total"] + 1, 10**7, "many", None, 1.5))
    return document


def _unknown_word(document: Document, random: Random) -> Document:
    texts = [place for place in _places(document) if isinstance(place[0][place[1]], str)]
    if texts:
        _set(random.choice(texts), random.choice(("99", "待定", "UNKNOWN", "\x00", "9" * 300)))
    return document


Body = Callable[[Document, Random], bytes]


def _json(change: Callable[[Document, Random], Document]) -> Body:
    return lambda document, random: json.dumps(change(document, random), ensure_ascii=False).encode()


def _cut(document: Document, random: Random) -> bytes:
    whole = json.dumps(document, ensure_ascii=False).encode()
    return whole[: random.randrange(len(whole))]


KINDS: dict[str, Body] = {
    "new field": _json(_new_field),
    "missing field": _json(_at_random(lambda _value, _random: _NO_VALUE)),
    "renamed": _json(_renamed),
    "other type": _json(_at_random(_other_type)),
    "null": _json(_at_random(lambda _value, _random: None)),
    "unknown word": _json(_unknown_word),
    "number and text": _json(_at_random(_number_or_text)),
    "list and object": _json(_at_random(_list_or_object)),
    "wrapped": _json(_wrapped),
    "other code": _json(_other_code),
    "shorter list": _json(_shorter_list),
    "wrong total": _json(_wrong_total),
    "a page": lambda _document, _random: PAGE.encode(),
    "cut off": _cut,
    "GBK": lambda document, _random: json.dumps(document, ensure_ascii=False).encode("gb18030"),
}


@dataclass(frozen=True, slots=True)
class Drift:
    """One change, the same each time: the same kind at a place that the seed decides."""

    kind: str
    seed: int

    def of(self, body: bytes) -> bytes:
        """Never what it was: where this kind finds nothing to change in an answer, some value is of another type."""
        random = Random(self.seed)
        for kind in (self.kind, *["other type"] * 20):
            document = json.loads(body)
            changed = KINDS[kind](document, random)
            if changed != body and not _same(changed, body):
                return changed
        raise AssertionError(f"{self.kind} changes nothing")


def _same(changed: bytes, body: bytes) -> bool:
    try:
        return json.dumps(json.loads(changed)) == json.dumps(json.loads(body))
    except ValueError:
        return False


def says_stored(response: httpx.Response, serial: str, *, rows: bool) -> bool:
    """Whether an answer says in the dialect's own shape that this one record was stored.

    `rows`: it is one of several, and has to be named among the saved ones and nowhere else.
    """
    try:
        document = json.loads(_text(response.content))
    except ValueError:
        return False
    if response.status_code != httpx.codes.OK or not isinstance(document, dict) or document.get("code") != "P00000":
        return False
    if not rows:
        return True
    data = document.get("data")
    saved, failed = (_named(data, name) for name in ("saved", "failed"))
    return serial in saved and serial not in failed


def _text(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("gb18030")


def _named(data: object, name: str) -> set[str]:
    found = data.get(name) if isinstance(data, dict) else None
    rows = found if isinstance(found, list) else ()
    return {str(row.get("serialNo")) for row in rows if isinstance(row, dict)}
