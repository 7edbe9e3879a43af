"""What the demo says: each day's verdict, where every row went, and the reckoning code by code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bridge.demo.judge import Score
from bridge.demo.stage import Played, Stage
from bridge.demo.table import aligned
from bridge.wiring.look import conservation, verdict_in_words
from bridge.wiring.practice import Day
from schemas import catalogue
from schemas.texts import Language, T, Text

_NO_NUMBERS = 2  # the table's first columns


def opening(stage: Stage, *, people: int, batches: int) -> Text:
    address = stage.practice.portal.base_url
    return T("{batches} batches, {people} people; portal {address}", batches=batches, people=people, address=address)


def morning(day: Day) -> Text:
    return T("{date} 06:30, after {count} changes online by hand", date=day.date, count=len(day.acts))


def evening(day: Played, language: Language) -> Iterator[str]:
    """Verdict, conservation of both sides, the table, and whatever went wrong, one by one."""
    report = day.issued.report
    yield verdict_in_words(report, language)[0]
    yield from conservation(report, language)
    yield ""
    yield from aligned(_table(day.scores, language), left=_NO_NUMBERS)
    for one in day.scores:
        for sign in sorted(one.missed):
            yield T("missed: {code} {batch} {about}", **sign._asdict()).into(language)
        for sign in sorted(one.false):
            yield T("falsely reported: {code} {batch} {about}", **sign._asdict()).into(language)
    for text in day.issued.posted.failures:
        yield text.into(language)


def ending(stage: Stage, played: Sequence[Played], language: Language) -> Iterator[str]:
    """Where everything lies."""
    places = [
        (T("Reports"), [path for day in played for path in day.issued.files]),
        (T("Mails"), stage.practice.mailbox.messages()),
        (T("Journal"), [stage.config.journal.path]),
        (T("Truth"), [stage.truth_file]),
    ]
    yield ""
    for label, paths in places:
        for path in paths:
            yield T("{label}: {path}", label=label.into(language), path=path).into(language)


def staying_open(stage: Stage) -> Text:
    return T("The portal stays open at {address}. Press Enter to end it.", address=stage.practice.portal.base_url)


def _table(scores: Sequence[Score], language: Language) -> list[list[str]]:
    heads = T("code"), T("finding"), T("injected"), T("found"), T("missed"), T("falsely reported")
    rows = [[one.code.value, catalogue.finding(one.code, language).title, *_counts([one])] for one in scores]
    return [[head.into(language) for head in heads], *rows, ["", T("in all").into(language), *_counts(scores)]]


def _counts(scores: Sequence[Score]) -> list[str]:
    counts = [(len(one.injected), one.found, len(one.missed), len(one.false)) for one in scores]
    return [str(sum(column)) for column in zip(*counts, strict=True)]
