"""Sentences for people: an English msgid with its parameters, put into a language only at the edge.

Parameters are never personal data: a `Text` may be logged, mailed and raised.
"""

from __future__ import annotations

import gettext
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path


class Language(StrEnum):
    ZH_CN = "zh_CN"
    EN = "en"


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence: `msgid` is English and a `str.format` template, `values` fills it."""

    msgid: str
    values: Mapping[str, object]

    def into(self, language: Language) -> str:
        return translation(language).gettext(self.msgid).format(**self.values)

    def filled(self, **values: object) -> Text:
        """With these values too: of a sentence that stands in a table and waits for them."""
        return Text(self.msgid, {**self.values, **values})

    def __str__(self) -> str:
        return self.msgid.format(**self.values)


def T(msgid: str, **values: object) -> Text:
    """Mark `msgid` for translation; the name Babel collects."""
    return Text(msgid, values)


def first_of(names: Sequence[str], most: int = 10) -> str:
    """So many of them in a row, the same in every language; dots where there are more."""
    return "、".join(names[:most]) + ("…" if len(names) > most else "")


@cache
def translation(language: Language) -> gettext.NullTranslations:
    """The gettext catalogue of one language; English is the msgids themselves."""
    if language is Language.EN:
        return gettext.NullTranslations()
    return gettext.translation("messages", str(Path(__file__).with_name("locales")), [language.value])
