"""The language of this call: `--lang`, else LXY_BRIDGE_LANG, else Chinese. It is known before any help is made."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence

from schemas.texts import Language, Text


def chosen(argv: Sequence[str], environ: Mapping[str, str]) -> Language:
    wished = environ.get("LXY_BRIDGE_LANG", "")
    for at, word in enumerate(argv):
        if word == "--lang" and at + 1 < len(argv):
            wished = argv[at + 1]
        elif word.startswith("--lang="):
            wished = word.removeprefix("--lang=")
    return Language(wished) if wished in set(Language) else Language.ZH_CN


LANGUAGE = chosen(sys.argv[1:], os.environ)


def say(text: Text) -> str:
    return text.into(LANGUAGE)
