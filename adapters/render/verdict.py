"""The verdict: what a reader must know before anything else, for the page, the subject and the sheet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from schemas.finding import Bucket
from schemas.report import ClockState, Report, RunState
from schemas.texts import Language, T, Text


class Tone(StrEnum):
    """One accent colour each."""

    CALM = "calm"
    WATCH = "watch"
    URGENT = "urgent"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`parts` make the headline; `details` stand below it, where there is something to explain."""

    tone: Tone
    parts: tuple[Text, ...]
    details: tuple[Text, ...] = ()

    def headline(self, language: Language) -> str:
        return T(", ").into(language).join(part.into(language) for part in self.parts)


_AT_REST = {Bucket.AGREED, Bucket.NOT_OURS, Bucket.LEADER, Bucket.SUPERSEDED}


def all_agrees(report: Report) -> bool:
    """Never true while one row is unconfirmed, pending or different, on either side."""
    held = {bucket for side in (report.offline, report.online) for bucket, count in side.buckets.items() if count}
    return (
        report.state is RunState.COMPLETE
        and not report.to_do
        and Bucket.AGREED in held
        and held <= _AT_REST
        and report.offline.conserved
        and report.online.conserved
    )


def verdict(report: Report) -> Verdict:
    if all_agrees(report):
        people = report.offline.buckets[Bucket.AGREED]
        text = T("Everything agrees: {batches} batches, {people} people", batches=len(report.batches), people=people)
        return Verdict(Tone.CALM, (text,), (T("Proven row by row by reading back; nothing is left to do."),))
    count = len(report.to_do)
    parts = [T("{count} to do today", count=count) if count else T("Nothing to do today")]
    if report.state is RunState.FAILED:
        parts = [T("Reconciliation did not finish"), *parts[: bool(count)]]
    return Verdict(_tone(report), (*parts, *_deadlines(report)), _details(report))


def _tone(report: Report) -> Tone:
    late = any(item.hours_left is not None and item.hours_left < 0 for item in report.to_do)
    if report.state is RunState.FAILED or report.overdue or late:
        return Tone.URGENT
    if report.to_do or report.due_soon or report.state is RunState.PARTIAL:
        return Tone.WATCH
    return Tone.CALM


def _deadlines(report: Report) -> list[Text]:
    clocks = [line.entry for line in report.batches if line.entry is not None]
    today = sum(clock.state is ClockState.DUE_TODAY for clock in clocks)
    soon = [clock for clock in clocks if clock.state is ClockState.DUE_SOON]
    tomorrow = sum(clock.due == report.business_date + timedelta(days=1) for clock in soon)
    later = len(soon) - tomorrow
    counted = (
        (report.overdue, T("batches overdue: {count}", count=report.overdue)),
        (today, T("batches due today: {count}", count=today)),
        (tomorrow, T("batches due tomorrow: {count}", count=tomorrow)),
        (later, T("batches due soon: {count}", count=later)),
    )
    return [text for count, text in counted if count]


def _details(report: Report) -> tuple[Text, ...]:
    details = []
    if report.state is RunState.FAILED:
        details.append(T("This run stopped early; the notices below say why."))
    if report.state is RunState.PARTIAL:
        details.append(T("Not everything is confirmed yet: this run does not count as complete."))
    pending = report.offline.buckets.get(Bucket.PENDING, 0)
    if pending and not report.overdue:
        details.append(T("People still to be entered, all in time: {count}.", count=pending))
    return tuple(details)
