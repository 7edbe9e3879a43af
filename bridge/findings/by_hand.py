"""Findings of what people carry to the portal by hand: what waits, what is stale, what was never read back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bridge.findings.view import View, batch_values, due_code
from schemas.finding import Case, Code, Finding, Moved
from schemas.identity import scrub
from schemas.journal import Carried
from schemas.portal import RefusedRow
from schemas.roster import Place

UNREAD_DAYS = 2
"""Uploaded so many days ago and not read back: the federation has to see to it, for there are five days in all."""


def of_carried(view: View) -> Iterator[Finding]:
    """Each batch whose files are out or uploaded, in a word of its own."""
    for one in view.carried:
        if one.batch not in view.batches or not view.batches[one.batch].ours:
            continue
        if one.uploaded:
            unread = one.days(view.now) >= UNREAD_DAYS
            yield _finding(view, one, Code.OUTCOME_UNKNOWN, Case.UNREAD if unread else Case.UPLOADED)
        else:
            yield _finding(view, one, due_code(view, one.batch), Case.WAITS)
            if one.stale:
                yield _finding(view, one, Code.CHANGED_OFFLINE, Case.STALE)


def _finding(view: View, one: Carried, code: Code, case: Case) -> Finding:
    """What waits and what was uploaded is the batch's own finding of that code; what is stale stands beside it."""
    stale = case is Case.STALE
    return Finding(
        id=view.identify((code, str(one.batch), case if stale else "")),
        code=code,
        batch=one.batch,
        moved=Moved.OFFLINE if stale else None,
        values={
            **batch_values(view, one.batch),
            "count": one.stale if stale else one.people,
            "waited": one.days(view.now),
        },
        unit=one.batch.organiser,
        case=case,
    )


def of_refusals(view: View, unplaced: Sequence[RefusedRow]) -> Iterator[Finding]:
    """Refused rows that nobody can be found for: where they stand, and the portal's words."""
    for row in unplaced:
        yield Finding(
            id=view.identify((Code.OUTCOME_UNKNOWN, row.file, str(row.row), row.as_of.isoformat())),
            code=Code.OUTCOME_UNKNOWN,
            where=Place(row.file, "", row.row),
            values={"batch": ""},
            words=scrub(row.words),
            case=Case.UNPLACED,
        )
