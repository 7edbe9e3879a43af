"""Findings of batches: the header, and what checking found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bridge.compare import differences, who_moved
from bridge.findings.view import View, batch_values, case_of_doubt, due_code
from schemas.finding import Case, Code, FieldDifference, Finding, Moved
from schemas.identity import scrub
from schemas.journal import BATCH_FIELDS, BatchFacts
from schemas.revision import Revision
from schemas.roster import Problem, Severity
from schemas.texts import T, Text


def of_batches(view: View) -> Iterator[Finding]:
    waiting = {one.batch for one in view.carried if not one.uploaded}
    for batch in view.batches.values():
        if not batch.ours:
            yield _finding(view, batch, Code.NOT_OURS, unit=batch.key.organiser)
            continue
        if batch.key not in view.held or batch.mark_online != batch.mark_agreed:
            yield from _of_header(view, batch, waits=batch.key in waiting)
        yield from _of_problems(view, batch)
        if batch.times_online > 1:
            yield _finding(view, batch, Code.DUPLICATE_ONLINE, evidence=(_listed_often(batch),))


def _of_header(view: View, batch: BatchFacts, *, waits: bool) -> Iterator[Finding]:
    """`waits`: that the batch's files wait to be uploaded is said of the files."""
    carried = batch.header is not None and batch.header.carried(by_hand=view.rules.by_hand)
    online_only = batch.offline is None and batch.online is not None
    if batch.header is not None and batch.header.undecided and not (online_only or carried):
        case = case_of_doubt(batch.header, view.rules)
        yield replace(
            _finding(view, batch, Code.OUTCOME_UNKNOWN, words=batch.header),
            case=case,
            information=case is Case.VOUCHED,
        )
    if batch.online is None and batch.offline is not None:
        gone = batch.mark_agreed is not None
        if waits and not gone:
            return
        code = Code.CHANGED_ONLINE if gone else due_code(view, batch.key)
        yield _finding(view, batch, code, words=batch.header, moved=Moved.ONLINE if gone else None)
    elif online_only:
        gone = batch.mark_agreed is not None
        code = Code.CHANGED_OFFLINE if gone else Code.ONLY_ONLINE
        yield _finding(view, batch, code, moved=Moved.OFFLINE if gone else None)
    elif batch.mark_offline != batch.mark_online and not (carried and batch.mark_online == batch.mark_agreed):
        yield _header_differs(view, batch)


def _header_differs(view: View, batch: BatchFacts) -> Finding:
    offline, online = batch.offline or {}, batch.online or {}
    fields = differences(BATCH_FIELDS, offline, online, raw=online, agreed=batch.agreed)
    moved = who_moved(batch.mark_offline, batch.mark_online, batch.mark_agreed)
    return _finding(view, batch, Code.BATCH_DIFFERS, words=batch.header, moved=moved, fields=fields)


_SAID_ELSEWHERE = {"same_id_twice"}


def _of_problems(view: View, batch: BatchFacts) -> Iterator[Finding]:
    """What checking found: the head count of the 合计 row, and everything that blocks or asks for a reason."""
    for problem in batch.problems:
        if problem.code == "declared_differs":
            yield _finding(view, batch, Code.SUMMARY_DIFFERS, problem=problem)
        elif problem.severity is not Severity.INFORM and problem.code not in _SAID_ELSEWHERE:
            yield _finding(view, batch, Code.POLICY, problem=problem)


def _finding(
    view: View,
    batch: BatchFacts,
    code: Code,
    *,
    words: Revision | None = None,
    moved: Moved | None = None,
    fields: tuple[FieldDifference, ...] = (),
    problem: Problem | None = None,
    unit: str = "",
    evidence: tuple[Text, ...] = (),
) -> Finding:
    """One batch's own finding."""
    place = f"{problem.code} {problem.where}" if problem else ""
    said = problem.values if problem else {}
    return Finding(
        id=view.identify((code, str(batch.key), place)),
        code=code,
        batch=batch.key,
        where=problem.where if problem else None,
        moved=moved,
        differences=fields,
        values={**batch_values(view, batch.key), "count": len(fields), "unit": unit, **said},
        problems=(problem,) if problem else (),
        evidence=evidence,
        words=scrub(view.words(batch.key, words.serial)) if words else "",
        unit=unit or batch.key.organiser,
    )


def _listed_often(batch: BatchFacts) -> Text:
    return T(
        "the batch itself is listed {count} times, and nothing more is entered into it until one is left",
        count=batch.times_online,
    )
