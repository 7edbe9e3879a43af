"""Hides secrets in whatever is about to be shown, in every form they may have taken on the way."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote, quote_plus

_BASE64 = r"[A-Za-z0-9+/_-]*"
_LEAST = 4  # a shorter piece of base64 tells of nothing


class Veil:
    """`hide` puts «name» in the place of each secret; of a base64 word that holds one, in the place of the whole word.

    Rather too much is hidden than too little: a short secret takes with it whatever looks like it.
    """

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._secrets = {name: secret for name, secret in secrets.items() if secret}
        self._marks = [
            (re.compile(pattern), f"«{name}»")
            for name, secret in sorted(self._secrets.items(), key=lambda pair: -len(pair[1]))
            for pattern in _patterns(secret)
        ]

    def hide(self, text: str) -> str:
        for pattern, mark in self._marks:
            text = pattern.sub(lambda _, mark=mark: mark, text)  # type: ignore[misc]  # bound at once
        return text

    def and_also(self, secrets: Mapping[str, str]) -> Veil:
        return Veil({**self._secrets, **secrets})


def _patterns(secret: str) -> Iterator[str]:
    """Longest first: what holds a form of the secret goes before the form itself."""
    for one in (secret, *_cases(secret)):
        for core in _base64_cores(one):
            yield f"{_BASE64}{re.escape(core)}{_BASE64}={{0,2}}"
    yield from (re.escape(form) for form in sorted(_forms(secret), key=len, reverse=True))


def _cases(secret: str) -> Iterable[str]:
    """Canonical texts may be folded before they are signed, and they are shown."""
    return {secret.lower(), secret.upper()} - {secret}


def _forms(secret: str) -> set[str]:
    plain = {secret, *_cases(secret)}
    escaped = {
        form
        for one in plain
        for form in (
            quote(one),
            quote(one, safe=""),
            quote_plus(one),
            html.escape(one),
            html.escape(one, quote=False),
            json.dumps(one)[1:-1],
            json.dumps(one, ensure_ascii=False)[1:-1],
            repr(one)[1:-1],
        )
    }
    in_hex = {secret.encode().hex(), secret.encode().hex().upper()}
    return plain | escaped | in_hex


def _base64_cores(secret: str) -> set[str]:
    """What of a base64 text is sure to be there when the secret begins at the first, second or third byte of a group."""
    cores = set()
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + secret.encode()).decode()
        first = -(-before * 8 // 6)
        last = (before + len(secret.encode())) * 8 // 6
        cores |= {encoded[first:last], encoded[first:last].translate(str.maketrans("+/", "-_"))}
    return {core for core in cores if len(core) >= _LEAST}
