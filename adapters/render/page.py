"""The report as one self-contained HTML page, for a browser, a mail client and a phone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from css_inline import CSSInliner
from jinja2 import Environment, PackageLoader, StrictUndefined

from adapters.render import labels, words
from adapters.render.verdict import verdict
from schemas.finding import Bucket
from schemas.report import BatchLine, ClockState, Report
from schemas.texts import Language, T, Text


@dataclass(frozen=True, slots=True)
class Extent:
    """How many lines of each section are shown; what is left out is counted and lies in the workbook."""

    to_do: int
    information: int
    settled: int
    batches: int

    def halved(self) -> Extent:
        return Extent(self.to_do // 2, self.information // 2, self.settled // 2, self.batches // 2)


FILE = Extent(to_do=500, information=200, settled=200, batches=400)
MAIL = Extent(to_do=50, information=20, settled=20, batches=60)
MAIL_BYTES_MAX = 200_000

_TEXT_MAX = 300
_LANGUAGE_TAGS = {Language.ZH_CN: "zh-CN", Language.EN: "en"}
_ATTENTION = (
    ClockState.OVERDUE,
    ClockState.DUE_TODAY,
    ClockState.DUE_SOON,
    ClockState.IN_TIME,
    ClockState.NOT_YET,
    ClockState.MET_LATE,
    ClockState.MET,
)


def html_page(report: Report, language: Language, extent: Extent = FILE) -> str:
    template = _environment(language).get_template("page.html.j2")
    html = template.render(
        report=report,
        verdict=verdict(report),
        lang=_LANGUAGE_TAGS[language],
        extent=extent,
        figures=_figures(report),
        to_do=words.by_hours_left(report.to_do),
        information=[item for item in report.items if not item.to_do],
        batches=sorted(report.batches, key=_attention),
    )
    return _INLINER.inline(html)


def mail_page(report: Report, language: Language) -> str:
    """The page cut down until it fits a mail body: at most 200 kB, whatever the counts."""
    extent = MAIL
    html = html_page(report, language, extent)
    while len(html.encode()) > MAIL_BYTES_MAX and extent != Extent(0, 0, 0, 0):
        extent = extent.halved()
        html = html_page(report, language, extent)
    return html


def _figures(report: Report) -> tuple[tuple[int, Text], ...]:
    return (
        (len(report.to_do), T("To do")),
        (report.offline.rows, T("Offline")),
        (report.online.rows, T("Online")),
        (report.offline.buckets.get(Bucket.AGREED, 0), T("Agreed")),
        (len(report.batches), T("Batches")),
    )


_INLINER = CSSInliner(keep_at_rules=True, load_remote_stylesheets=False, minify_css=True)


@cache
def _environment(language: Language) -> Environment:
    environment = Environment(
        loader=PackageLoader("adapters.render", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: _shown(value, language),
    )
    environment.globals |= {"_": T, "words": words, "labels": labels, "language": language}
    environment.filters["tone"] = words.tone
    return environment


def _shown(value: object, language: Language) -> object:
    """Every value on its way into the page: a `Text` in the page's language, a string bounded and printable."""
    shown = value.into(language) if isinstance(value, Text) else value
    if type(shown) is str:  # Markup is the page's own
        return words.shortened(words.printable(shown), _TEXT_MAX)
    return shown


def _attention(line: BatchLine) -> tuple[int, float]:
    """Overdue batches first, then by the hours left on either clock; those done come last."""
    clocks = [clock for clock in (line.entry, line.review) if clock is not None]
    rank = min((_ATTENTION.index(clock.state) for clock in clocks), default=len(_ATTENTION))
    hours = min((clock.hours_left for clock in clocks if clock.hours_left is not None), default=0.0)
    return rank, hours
