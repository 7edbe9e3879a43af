"""Reconcile: every row of either side into exactly one bucket, and every disagreement into one finding.

Marks decide who agrees; only disagreeing people are opened and compared. Nothing is written to the portal here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bridge.deadlines import clock
from bridge.findings import (
    Aside,
    Identify,
    Rules,
    View,
    of_batches,
    of_brakes,
    of_carried,
    of_duplicates,
    of_forms,
    of_people,
    of_refusals,
    of_reviews,
    of_rows,
    of_superseded,
    of_the_run,
    of_the_year,
    of_unmade,
    said_by_the_batch,
)
from bridge.ports import Journal
from bridge.suspects import Who, suspects
from schemas.batch import BatchKey
from schemas.brake import Held
from schemas.errors import RunError
from schemas.finding import Bucket, Code, Finding
from schemas.journal import BatchFacts, Person, PersonFacts, Tally
from schemas.portal import RefusedRow
from schemas.report import Clock, Reconciliation, Side
from schemas.revision import State
from schemas.texts import T, Text


def reconcile(
    journal: Journal,
    rules: Rules,
    *,
    now: datetime,
    identify: Identify,
    failures: Sequence[Text] = (),
    drift: Sequence[Text] = (),
    aside: Mapping[BatchKey, Aside] | None = None,
    unmade: Mapping[Who, Text] | None = None,
    unplaced: Sequence[RefusedRow] = (),
    turned_away: Collection[Text] = (),
    unfinished: Sequence[Text] = (),
    held: Mapping[BatchKey, Held] | None = None,
) -> Reconciliation:
    """Compare what the journal knows of both sides. Raises RunError when the books do not balance."""
    view = replace(_view(journal, rules, now, identify), held=held or {})
    offline, online = _sides(view, journal)
    of_this_run = of_the_run(view, failures, drift, aside or {}, journal.runs.notes(), turned_away, unfinished)
    of_some = of_unmade(view, unmade or {}, _opened(journal, set(unmade or {})))
    findings = [*_all_findings(view, journal), *of_this_run, *of_some, *of_refusals(view, unplaced)]
    of_each = {found.id: found for found in findings}
    return Reconciliation(offline, online, tuple(of_each.values()), tuple(view.batches.values()), view.clocks)


def _view(journal: Journal, rules: Rules, now: datetime, identify: Identify) -> View:
    people = journal.deliveries.disagreeing()
    batches = {batch.key: batch for batch in journal.deliveries.batches()}
    suspected = suspects(journal, people)
    named = suspected.offline | suspected.online
    spoken_of = [
        fact
        for fact in people
        if (fact.batch, fact.person) in named or not said_by_the_batch(fact, batches[fact.batch], rules)
    ]
    return View(
        now=now,
        rules=rules,
        identify=identify,
        batches=batches,
        clocks=entry_clocks(batches.values(), rules, now),
        people=people,
        opened=journal.people.open(spoken_of),
        suspects=suspected,
        words=journal.people.header_words,
        carried=journal.outgoing.carried(),
    )


def entry_clocks(batches: Iterable[BatchFacts], rules: Rules, now: datetime) -> dict[BatchKey, Clock]:
    """The entry clock of each of our batches that has an end; only an agreement read back stops it."""
    return {
        batch.key: clock(batch.end, rule=rules.deadline, now=now, met_on=batch.entered_on)
        for batch in batches
        if batch.ours and batch.end is not None
    }


def _all_findings(view: View, journal: Journal) -> list[Finding]:
    offline, online = journal.people.duplicates_offline(), journal.people.duplicates_online()
    twice = journal.people.twice_in_year() if view.rules.once_per_year else {}
    again = {(found.batch, found.person) for found in (*offline, *online)}
    again |= {(batch, person) for person, batches in twice.items() for batch in batches}
    names = _opened(journal, again)
    ours = {key for key, batch in view.batches.items() if batch.ours}
    return [
        *of_brakes(view),
        *of_batches(view),
        *of_reviews(view),
        *of_carried(view),
        *of_people(view),
        *of_rows(view, journal.offline.set_aside()),
        *of_forms(view, journal.offline.noted()),
        *of_superseded(view, journal.offline.superseded()),
        *of_duplicates(view, Code.DUPLICATE_OFFLINE, [found for found in offline if found.batch in ours], names),
        *of_duplicates(view, Code.DUPLICATE_ONLINE, [found for found in online if found.batch in ours], names),
        *of_the_year(view, twice, names),
    ]


def _opened(journal: Journal, who: set[Who]) -> dict[Who, Person]:
    facts = [PersonFacts(batch, person, None, None, None, None, held=False) for batch, person in sorted(who)]
    return journal.people.open(facts)


def _sides(view: View, journal: Journal) -> tuple[Side, Side]:
    tally = journal.people.tally()
    offline = Side(tally.offline_rows, _offline_buckets(view, tally), journal.runs.read_at())
    online = Side(tally.online_rows, _online_buckets(view, tally), journal.runs.read_back_at())
    for side in (offline, online):
        if not side.conserved:
            raise RunError(
                T(
                    "The books do not balance: {rows} rows, {sum} in buckets. This is a fault of the program; report it.",
                    rows=side.rows,
                    sum=sum(side.buckets.values()),
                )
            )
    return offline, online


def _offline_buckets(view: View, tally: Tally) -> dict[Bucket, int]:
    found = Counter(_offline_bucket(fact, view) for fact in view.people if fact.offline is not None)
    found[Bucket.AGREED] += tally.agreed
    found[Bucket.LEADER] += tally.leaders
    found[Bucket.DAMAGED] += tally.damaged
    found[Bucket.DUPLICATE] += tally.duplicates_offline
    found[Bucket.SUPERSEDED] += tally.superseded
    found[Bucket.NOT_OURS] += tally.not_ours_offline
    return {bucket: found[bucket] for bucket in Bucket if found[bucket]}


def _online_buckets(view: View, tally: Tally) -> dict[Bucket, int]:
    found = Counter(_online_bucket(fact, view) for fact in view.people if fact.online is not None)
    found[Bucket.AGREED] += tally.agreed
    found[Bucket.DUPLICATE] += tally.duplicates_online
    found[Bucket.NOT_OURS] += tally.not_ours_online
    return {bucket: found[bucket] for bucket in Bucket if found[bucket]}


def _offline_bucket(fact: PersonFacts, view: View) -> Bucket:
    """Where one offline row of a disagreeing person belongs; what is online outweighs what was sent."""
    if (fact.batch, fact.person) in view.suspects.offline:
        return Bucket.MISTYPED
    if fact.online not in {None, fact.offline}:
        return Bucket.DIFFERS
    if fact.revision is not None and fact.revision.carried(by_hand=view.rules.by_hand):
        return Bucket.EXPORTED if fact.revision.out else Bucket.UPLOADED
    if fact.held or view.batches[fact.batch].blocked:
        return Bucket.BLOCKED
    if fact.revision is not None and fact.revision.undecided:
        return Bucket.UNKNOWN
    if fact.agreed is not None:
        return Bucket.REMOVED
    refused = fact.revision is not None and fact.revision.state is State.REFUSED
    return Bucket.REFUSED if refused else Bucket.PENDING


def _online_bucket(fact: PersonFacts, view: View) -> Bucket:
    if (fact.batch, fact.person) in view.suspects.online:
        return Bucket.MISTYPED
    if fact.online == fact.offline:
        return _offline_bucket(fact, view)
    return Bucket.ONLY_ONLINE if fact.offline is None else Bucket.DIFFERS
