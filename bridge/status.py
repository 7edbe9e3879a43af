"""Status: the few figures an operator asks for first, straight from the journal. No personal data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict

from bridge.ports import Journal
from bridge.safekeeping import over_at
from schemas.epoch import Writer
from schemas.report import Item, RunState


class RunLine(TypedDict):
    state: str
    ended_at: str


class FenceLine(TypedDict):
    why: str
    since: str
    until: str


class WriterLine(TypedDict):
    host: str
    pid: int
    work: str
    since: str
    silent_s: float


class Status(TypedDict):
    """The shape of `status --json`; moments are ISO 8601 in Asia/Shanghai, None where there was none yet.

    `to_do` counts the open findings somebody has to settle, `undecided` people whose outcome is not known yet.
    `to_upload` and `to_read_back` count people whose files are carried by hand, `carried_days` how long the oldest
    of them have waited. `days_without_sync` were written off since the last report. `fence`: the journal may not know what was sent last, and nothing is sent before `until`.
    `writer` is the process that holds the journal now; `silent_s` above 0: it was stopped past its lease.
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
    last_backup: RunLine | None
    last_drill: RunLine | None
    fence: FenceLine | None
    writer: WriterLine | None


def status_of(
    journal: Journal, items: Sequence[Item], *, now: datetime, by_hand: bool = False, writer: Writer | None = None
) -> Status:
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
        last_backup=_last(journal, "backup"),
        last_drill=_last(journal, "drill"),
        fence=_fence(journal),
        writer=_writer(writer) if writer else None,
    )


def all_well(status: Status) -> bool:
    """Nothing to do, nothing open or unsent, and the last sync was complete."""
    last = status["last_sync"]
    idle = not (status["to_do"] or status["undecided"] or status["mails_waiting"] or status["fence"])
    return idle and last is not None and last["state"] == RunState.COMPLETE


def _days_without_sync(journal: Journal) -> list[str]:
    last = journal.runs.last("report")
    return [day.isoformat() for day in journal.runs.missed("sync", since=last[1] if last else None)]


def _writer(writer: Writer) -> WriterLine:
    return WriterLine(
        host=writer.host, pid=writer.pid, work=writer.work, since=writer.since, silent_s=round(writer.silent_s, 1)
    )


def _fence(journal: Journal) -> FenceLine | None:
    fence = journal.fences.standing()
    if fence is None:
        return None
    return FenceLine(why=fence.why.value, since=fence.since.at.isoformat(), until=over_at(fence).isoformat())


def _last(journal: Journal, kind: str) -> RunLine | None:
    last = journal.runs.last(kind)
    return None if last is None else RunLine(state=last[0].value, ended_at=last[1].isoformat())
