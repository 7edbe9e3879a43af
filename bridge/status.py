"""Status: the few figures an operator asks for first, straight from the journal. No personal data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict

from bridge.ports import Journal
from schemas.report import Item, RunState


class RunLine(TypedDict):
    state: str
    ended_at: str


class Status(TypedDict):
    """The shape of `status --json`; moments are ISO 8601 in Asia/Shanghai, None where there was none yet.

    `to_do` counts the open findings somebody has to settle, `undecided` people whose outcome is not known yet.
    `to_upload` and `to_read_back` count people whose files are carried by hand, `carried_days` how long the oldest
    of them have waited. `days_without_sync` were written off since the last report.
    """

    offline_rows: int
    online_rows: int
    agreed: int
    disagreeing: int
    batches: int
    batches_entered: int
    open_findings: dict[str, int]
    to_do: int
    undecided: int
    to_upload: int
    to_read_back: int
    carried_days: int
    mails_waiting: int
    read_at: str | None
    read_back_at: str | None
    last_sync: RunLine | None
    last_report: RunLine | None
    days_without_sync: list[str]


def status_of(journal: Journal, items: Sequence[Item], *, now: datetime, by_hand: bool = False) -> Status:
    """`items` are the open findings as the report shows them."""
    tally = journal.people.tally()
    people = journal.deliveries.disagreeing()
    ours = [batch for batch in journal.deliveries.batches() if batch.ours]
    carried = journal.outgoing.carried()
    asked = [fact.revision for fact in people if fact.revision is not None]
    read_at, read_back_at = journal.runs.read_at(), journal.runs.read_back_at()
    return Status(
        offline_rows=tally.offline_rows,
        online_rows=tally.online_rows,
        agreed=tally.agreed,
        disagreeing=len(people),
        batches=len(ours),
        batches_entered=sum(batch.entered_on is not None for batch in ours),
        open_findings=dict(sorted(Counter(item.code for item in items).items())),
        to_do=sum(item.to_do for item in items),
        undecided=sum(one.undecided and not one.carried(by_hand=by_hand) for one in asked),
        to_upload=sum(one.people for one in carried if not one.uploaded),
        to_read_back=sum(one.people for one in carried if one.uploaded),
        carried_days=max((one.days(now) for one in carried), default=0),
        mails_waiting=len(journal.outbox.waiting()),
        read_at=read_at.isoformat() if read_at else None,
        read_back_at=read_back_at.isoformat() if read_back_at else None,
        last_sync=_last(journal, "sync"),
        last_report=_last(journal, "report"),
        days_without_sync=_days_without_sync(journal),
    )


def all_well(status: Status) -> bool:
    """Nothing to do, nothing open or unsent, and the last sync was complete."""
    last = status["last_sync"]
    idle = not (status["to_do"] or status["undecided"] or status["mails_waiting"])
    return idle and last is not None and last["state"] == RunState.COMPLETE


def _days_without_sync(journal: Journal) -> list[str]:
    last = journal.runs.last("report")
    return [day.isoformat() for day in journal.runs.missed("sync", since=last[1] if last else None)]


def _last(journal: Journal, kind: str) -> RunLine | None:
    last = journal.runs.last(kind)
    return None if last is None else RunLine(state=last[0].value, ended_at=last[1].isoformat())
