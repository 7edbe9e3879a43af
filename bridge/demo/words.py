"""What the demo says: each day's verdict, where every row went, and the reckoning code by code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bridge.demo.drive import Played, Stage
from bridge.demo.judge import Score, Sign
from bridge.demo.table import aligned
from bridge.wiring import conservation, report_in_short
from schemas import catalogue
from schemas.texts import Language, T, Text

_WORDS = 2  # columns of the table that hold no numbers


def day_told(day: Played, language: Language) -> Iterator[str]:
    """Verdict, conservation of both sides, the table, and whatever went wrong, one by one."""
    report = day.issued.report
    yield ""
    yield report_in_short(report, language).partition("\n")[0]
    yield from conservation(report, language)
    yield ""
    yield from aligned(_table(day.scores, language), words=_WORDS)
    for one in day.scores:
        yield from (_told(T("missed: {code} {batch} {about}"), sign, language) for sign in sorted(one.missed))
        yield from (_told(T("falsely reported: {code} {batch} {about}"), sign, language) for sign in sorted(one.false))
    yield from (text.into(language) for text in day.issued.posted.failures)


def end_told(played: Sequence[Played], stage: Stage, language: Language) -> Iterator[str]:
    """Where everything lies."""
    files = [path for day in played for path in day.issued.files]
    told: list[tuple[Text, Sequence[object]]] = [
        (T("Reports"), files),
        (T("Mails"), stage.practice.mailbox.messages()),
        (T("Journal"), [stage.config.journal.path]),
    ]
    yield ""
    for label, paths in told:
        yield from (T("{label}: {path}", label=label.into(language), path=path).into(language) for path in paths)


def _table(scores: Sequence[Score], language: Language) -> list[list[str]]:
    heads = T("code"), T("finding"), T("injected"), T("found"), T("missed"), T("falsely reported")
    rows = [[one.code.value, catalogue.finding(one.code, language).title, *_numbers([one])] for one in scores]
    return [[head.into(language) for head in heads], *rows, ["", T("in all").into(language), *_numbers(scores)]]


def _numbers(scores: Sequence[Score]) -> list[str]:
    counts = [(len(one.injected), one.found, len(one.missed), len(one.false)) for one in scores]
    return [str(sum(column)) for column in zip(*counts, strict=True)]


def _told(text: Text, sign: Sign, language: Language) -> str:
    return Text(text.msgid, {"code": sign.code.value, "batch": sign.batch, "about": sign.about}).into(language)
