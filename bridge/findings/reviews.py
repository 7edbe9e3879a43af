"""Findings of the review: what became of handing a batch in for it (the submission), and whether it is outstanding."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.findings.view import View, batch_values
from schemas.finding import Case, Code, Finding
from schemas.identity import scrub
from schemas.journal import BatchFacts
from schemas.portal import OnlineStatus
from schemas.revision import State

_WITH_PEOPLE = {State.QUARANTINED: Case.SUBMISSION_ASK, State.VOUCHED: Case.SUBMISSION_VOUCHED}

_NOT_ASKED_AGAIN = {State.REFUSED: Case.REFUSED, State.DIFFERS: Case.TAKEN_BACK}
"""As long as the batch is a draft, none of these is handed in again by itself."""


def of_reviews(view: View) -> Iterator[Finding]:
    """A batch that all agree on may still be a draft: no row of either side says so, only this does."""
    for batch in view.batches.values():
        if batch.ours:
            yield from _of_batch(view, batch)


def _of_batch(view: View, batch: BatchFacts) -> Iterator[Finding]:
    submission = batch.submission
    if submission is not None and submission.undecided and batch.offline is not None:
        case = _WITH_PEOPLE.get(submission.state, Case.SUBMISSION)
        yield _finding(view, batch, Code.OUTCOME_UNKNOWN, case, information=case is Case.SUBMISSION_VOUCHED)
    elif (not_taken := _not_taken(batch)) is not None:
        yield _finding(view, batch, Code.REVIEW_OUTSTANDING, not_taken)
        return  # nobody can review what is not handed in
    if _awaits_review(view, batch):
        yield _finding(view, batch, Code.REVIEW_OUTSTANDING)


def _not_taken(batch: BatchFacts) -> Case | None:
    """Why nobody can review the batch until somebody does something about it."""
    if batch.offline is None:
        return None
    if batch.status is OnlineStatus.RETURNED:
        return Case.RETURNED
    if batch.submission is None or batch.status is not OnlineStatus.DRAFT:
        return None
    return _NOT_ASKED_AGAIN.get(batch.submission.state)


def _awaits_review(view: View, batch: BatchFacts) -> bool:
    reviewed = batch.status is OnlineStatus.REVIEWED
    return view.rules.reviewed_online and batch.entered_on is not None and not reviewed


def _finding(
    view: View, batch: BatchFacts, code: Code, case: Case | None = None, *, information: bool = False
) -> Finding:
    """The submission's finding stands beside the header's of the same code."""
    place = "submission" if case else ""
    words = view.words(batch.key, batch.submission.serial) if case and batch.submission else ""
    return Finding(
        id=view.identify((code, str(batch.key), place)),
        code=code,
        batch=batch.key,
        values=batch_values(view, batch.key),
        words=scrub(words),
        unit=batch.key.organiser,
        information=information,
        case=case,
    )
