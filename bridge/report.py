"""Report: put what reconciling found into the words staff act on. The result is a frozen value; rendering is elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bridge.deadlines import DeadlineRule, clock
from schemas import catalogue
from schemas.batch import BatchKey, Level
from schemas.finding import Bucket, Case, Finding, Rule, Sighting
from schemas.journal import BatchFacts, BatchTally, Carried
from schemas.policy import Policy, said
from schemas.report import BatchLine, Clock, ClockState, Item, Reconciliation, Report, RunState
from schemas.texts import Language, T, Text


@dataclass(frozen=True, slots=True)
class Wording:
    """In whose words a report speaks."""

    language: Language
    policy: Policy
    federation: str
    practice: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What a report is built from. `since` is when staff last got one; None before the first.

    `mails_waiting` counts earlier reports the mail server has not taken yet; `carried` is what people carry by hand.
    `days_without_sync` were written off since then. `to_hand_in` counts batches the next sync hands in for review.
    `notices` are sentences about the journal itself.
    """

    reconciliation: Reconciliation
    tallies: Mapping[BatchKey, BatchTally]
    open: Sequence[Sighting]
    settled: Sequence[Sighting]
    since: datetime | None
    complete: bool
    mails_waiting: int
    carried: Sequence[Carried] = ()
    days_without_sync: Sequence[date] = ()
    to_hand_in: int = 0
    notices: Sequence[Text] = ()


def report(facts: Facts, wording: Wording, *, deadline: DeadlineRule, reviewed_online: bool, now: datetime) -> Report:
    """One report at the moment `now`: what is to be done first, by hours left."""
    clocks = facts.reconciliation.clocks
    items = in_order(facts.open, clocks, wording, facts.since)
    to_do = any(found.to_do for found in items)
    ours = [batch for batch in facts.reconciliation.batches if batch.ours]
    open_of_batch = Counter(found.batch for found in items)
    lines = [
        _line(batch, facts, open_of_batch, _review(batch, deadline, now, reviewed_online=reviewed_online))
        for batch in ours
    ]
    return Report(
        federation=wording.federation,
        business_date=now.date(),
        made_at=now,
        state=RunState.COMPLETE if facts.complete and not to_do else RunState.PARTIAL,
        offline=facts.reconciliation.offline,
        online=facts.reconciliation.online,
        batches=tuple(sorted(lines, key=lambda line: (line.end or date.max, line.batch))),
        items=tuple(items),
        settled=tuple(item(seen, clocks, wording, facts.since) for seen in facts.settled),
        banners=tuple(text.into(wording.language) for text in _banners(clocks, facts, now)),
        practice=wording.practice,
    )


def in_order(
    found: Iterable[Sighting], clocks: Mapping[BatchKey, Clock], wording: Wording, since: datetime | None
) -> list[Item]:
    """Findings in words, those to be done first, by hours left."""
    return sorted((item(seen, clocks, wording, since) for seen in found), key=_urgency)


def item(seen: Sighting, clocks: Mapping[BatchKey, Clock], wording: Wording, since: datetime | None) -> Item:
    """One finding in words: what, where, why, who, what next."""
    found, language = seen.finding, wording.language
    entry = catalogue.finding(found.code, language, found.case)
    running = clocks.get(found.batch) if found.batch else None
    if running and running.hours_left is None:  # met: no deadline any more
        running = None
    text, advice = _said(found, wording)
    return Item(
        id=found.id,
        code=found.code.value,
        title=entry.title,
        what=entry.say.format_map(catalogue.Values(found.values, text=text)),
        batch=found.batch.title if found.batch else "",
        person=found.person[:10],
        name=found.name,
        unit=found.unit,
        where=found.where,
        moved=found.moved,
        differences=tuple(one for one in found.differences if one.rule is not Rule.DICTIONARY),
        why=entry.why,
        owner=catalogue.owner_name(entry.owner, language),
        next_step=advice or entry.next_step.format_map(catalogue.Values(found.values, whom=_whom(found))),
        source=entry.source,
        words=found.words,
        hours_left=running.hours_left if running else None,
        due=running.due if running else None,
        first_seen=seen.first_seen,
        is_new=since is not None and seen.first_seen > since,
        returned=seen.returned,
        to_do=(entry.to_do and not found.information) or bool(found.words),
        case=found.case,
    )


def _whom(found: Finding) -> str:
    """As commands take it: a person's mark, or a batch by its title."""
    if found.person or found.batch is None:
        return found.person[:10]
    return f'"{found.batch.title}"'


def _said(found: Finding, wording: Wording) -> tuple[str, str]:
    """`{text}` of the sentence and the advice of its first problem, where it has problems."""
    texts = [said(problem, wording.policy, wording.language) for problem in found.problems]
    evidence = [text.into(wording.language).rstrip("。.") for text in found.evidence]
    separator = "；" if wording.language is Language.ZH_CN else "; "
    advice = next((advice for _, advice in texts if advice), "")
    return separator.join([*(text for text, _ in texts), *evidence]), advice


def _urgency(found: Item) -> tuple[bool, float, str, str]:
    """What is to be done comes first, by hours left; then by code and batch."""
    hours = found.hours_left if found.hours_left is not None else float("inf")
    return not found.to_do, hours, found.code, found.batch


def _review(batch: BatchFacts, rule: DeadlineRule, now: datetime, *, reviewed_online: bool) -> Clock | None:
    """The review clock: met by the read-back itself, or by the portal's own review where the federation says so."""
    if batch.end is None:
        return None
    met_on = batch.reviewed_on if reviewed_online else batch.entered_on
    return clock(batch.end, rule=rule, now=now, met_on=met_on)


def _line(batch: BatchFacts, facts: Facts, open_of_batch: Mapping[str, int], review: Clock | None) -> BatchLine:
    values = batch.offline or batch.online or {}
    tally = facts.tallies.get(batch.key, BatchTally())
    return BatchLine(
        batch=batch.key,
        level=_level(values.get("level", "")),
        base=values.get("base", ""),
        start=_day(values.get("start", "")),
        end=batch.end,
        offline=tally.offline,
        online=tally.online if batch.online is not None else None,
        agreed=tally.agreed,
        open_findings=open_of_batch[batch.key.title],
        status=batch.status,
        entry=facts.reconciliation.clocks.get(batch.key),
        review=review,
    )


def _level(text: str) -> Level | None:
    return Level(text) if text in set(Level) else None


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _banners(clocks: Mapping[BatchKey, Clock], facts: Facts, now: datetime) -> Iterator[Text]:
    yield from facts.notices
    if years := sorted({clock.due.year for clock in clocks.values() if clock.fallback}):
        listed = "、".join(map(str, years))
        yield T("No holiday calendar for {year}: due days are counted in natural days.", year=listed)
    if held := sum(seen.finding.case is Case.BRAKE for seen in facts.open):
        yield T("The brake holds {count} batches: nothing is written to them until somebody has looked.", count=held)
    if facts.days_without_sync:
        listed = "、".join(day.isoformat() for day in facts.days_without_sync)
        yield T("No sync came to its end on {days}: the service was off, or each sync failed.", days=listed)
    if facts.mails_waiting:
        count = facts.mails_waiting
        yield T("{count} earlier reports could not be mailed yet; they wait in the outbox.", count=count)
    if facts.to_hand_in:
        count = facts.to_hand_in
        yield T(
            "{count} batches are entered and not yet handed in for review; the next sync hands them in.", count=count
        )
    for uploaded, text in _CARRIED:
        days = [one.days(now) for one in facts.carried if one.uploaded is uploaded]
        if days:
            yield text.filled(count=len(days), days=max(days))


_CARRIED = (
    (False, T("{count} batches lie in the outbox to be uploaded, the oldest for {days} days.")),
    (True, T("{count} batches were uploaded and are not read back yet, the oldest for {days} days.")),
)


UNCONFIRMED = frozenset(Bucket) - {
    Bucket.AGREED,
    Bucket.LEADER,
    Bucket.SUPERSEDED,
    Bucket.NOT_OURS,
    Bucket.PENDING,
}


def all_confirmed(reconciliation: Reconciliation, tallies: Mapping[BatchKey, BatchTally]) -> bool:
    """Whether every row of both sides is proven equal, or rightly waits because its batch has not ended.

    Nor is complete what was handed in for review while nobody knows whether it was taken.
    """
    loose = any((set(side.buckets) & UNCONFIRMED) for side in (reconciliation.offline, reconciliation.online))
    clocks = reconciliation.clocks
    ended = [b for b in reconciliation.batches if b.key in clocks and clocks[b.key].state is not ClockState.NOT_YET]
    return not loose and all(_is_whole(batch, tallies[batch.key]) for batch in ended)


def _is_whole(batch: BatchFacts, tally: BatchTally) -> bool:
    in_doubt = batch.submission is not None and batch.submission.undecided
    return batch.entered_on is not None and tally.agreed == tally.offline and not in_doubt
