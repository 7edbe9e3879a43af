"""What staff should know about the journal itself: a fence that stands, and backups that failed or are missing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from bridge.ports import Journal
from schemas.epoch import Fence, why_in_words
from schemas.report import RunState
from schemas.texts import T, Text

BACKUP_AFTER, DRILL_AFTER = timedelta(days=2), timedelta(days=15)
"""A daily backup and a weekly drill, each missed once, are told."""


def notices(journal: Journal, *, now: datetime) -> Iterator[Text]:
    """Sentences above everything else in the report."""
    fence = journal.fences.standing()
    if fence is not None:
        yield from fence_in_words(fence)
    yield from _late(journal, "backup", _BACKUP, now, BACKUP_AFTER)
    yield from _late(journal, "drill", _DRILL, now, DRILL_AFTER)


def fence_in_words(fence: Fence) -> tuple[Text, Text]:
    """Why it stands, and what that means."""
    why = why_in_words(fence.why, "journal.epoch")
    if fence.listed:
        return why, T("Batches that could not be listed since then are not written to.")
    until = f"{over_at(fence):%Y-%m-%d %H:%M}"
    return why, T(
        "Nothing is sent before {until}; then everything is read back first, and it goes on by itself.", until=until
    )


def over_at(fence: Fence) -> datetime:
    """When its window has passed, unless the machine restarts before."""
    return fence.since.at + timedelta(seconds=fence.window_s)


_BACKUP = (
    T("The last backup of the journal failed. Run lxy-bridge backup and look at what it says."),
    T("The journal has had no backup for {days} days. Run lxy-bridge backup, and see that the service runs."),
)
_DRILL = (
    T("The newest backup could not be restored in the drill. Run lxy-bridge backup, then lxy-bridge drill."),
    T("For {days} days nobody has tried whether a backup can be restored. Run lxy-bridge drill."),
)


def _late(journal: Journal, kind: str, texts: tuple[Text, Text], now: datetime, after: timedelta) -> Iterator[Text]:
    failed, missing = texts
    last = journal.runs.last(kind)
    if last is not None and last[0] is RunState.FAILED:
        yield failed
        return
    since = last[1] if last else journal.runs.began_at()
    if since is not None and now - since > after:
        yield missing.filled(days=(now - since).days)
