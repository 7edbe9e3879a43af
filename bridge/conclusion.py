"""Conclusion: how a run ends, reconciled and reported, and what the journal has to report at any other time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from math import ceil, inf

from bridge.findings import Rules
from bridge.halt import held_now
from bridge.house import House, Trouble
from bridge.planning import plan_now
from bridge.ports import Journal
from bridge.reconcile import entry_clocks, reconcile
from bridge.report import Facts, Wording, all_confirmed, in_order, report
from bridge.safekeeping import notices
from schemas.plan import Plan
from schemas.report import Item, Reconciliation, Report

ASKED_AGAIN_S = 300
"""A portal that says it is closed, and not for how long, is asked again after this time, by one request."""

QUIET_AT_MOST_S = 3600
"""No wish for quiet is kept from one run to the next for longer: it may have been a mistake."""


def conclude(house: House, run: int, trouble: Trouble) -> Report:
    """Reconcile and report, and close the run in the ledger."""
    journal, now = house.journal, house.clock.instant().at
    journal.runs.note(house.portal.notes(), basis=house.basis, at=now)
    todo = plan_now(house)
    found = reconcile(
        journal,
        house.rules,
        now=now,
        identify=house.identify,
        failures=trouble.failures,
        drift=trouble.drift,
        aside=trouble.aside,
        unmade=trouble.unmade,
        unplaced=trouble.unplaced,
        turned_away=trouble.turned_away,
        unfinished=trouble.unfinished,
        held=trouble.held if trouble.weighed else held_now(house, todo),
    )
    journal.findings.see(found.findings, at=now)
    result = _report(house, found, todo, trouble)
    numbers = {bucket.value: count for bucket, count in found.offline.buckets.items()} | _rest(house, trouble)
    journal.runs.finish(run, result.state, numbers, at=house.clock.instant().at)
    return result


def _rest(house: House, trouble: Trouble) -> dict[str, int]:
    """What the next run must know of the portal: a closed one is asked again after a while, by one request."""
    shut_s = house.portal.shut_for_s
    quiet_s = ASKED_AGAIN_S if shut_s == inf else min(shut_s, QUIET_AT_MOST_S)
    return {"silent": int(trouble.silent), "quiet_ms": ceil(1000 * quiet_s)} if trouble.silent or quiet_s else {}


def items_now(journal: Journal, rules: Rules, wording: Wording, *, now: datetime) -> list[Item]:
    """The open findings as the next report would show them: nothing but the journal is needed, and it is only read."""
    last = journal.runs.last("report")
    clocks = entry_clocks(journal.deliveries.batches(), rules, now)
    return in_order(journal.findings.open(), clocks, wording, last[1] if last else None)


def report_now(house: House) -> Report:
    """The report of what the journal knows now, without looking at either side again."""
    now = house.clock.instant().at
    found = reconcile(house.journal, house.rules, now=now, identify=house.identify)
    return _report(house, found, plan_now(house), Trouble())


def _report(house: House, found: Reconciliation, todo: Plan, trouble: Trouble) -> Report:
    """`todo` is what the next sync would write; `trouble` is that of the run that ends with this report."""
    journal, now = house.journal, house.clock.instant().at
    last = journal.runs.last("report")
    since = last[1] if last else None
    tallies = journal.deliveries.tallies()
    to_hand_in = sum(work.submit for work in todo.work)
    facts = Facts(
        reconciliation=found,
        tallies=tallies,
        open=journal.findings.open(),
        settled=journal.findings.settled_since(since) if since else (),
        since=since,
        complete=all_confirmed(found, tallies) and not trouble and not to_hand_in,
        mails_waiting=len(journal.outbox.waiting()),
        carried=journal.outgoing.carried(),
        to_hand_in=to_hand_in,
        days_without_sync=journal.runs.missed("sync", since=since),
        notices=tuple(notices(journal, now=now)),
    )
    made = report(
        facts,
        house.wording,
        deadline=house.rules.deadline,
        reviewed_online=house.rules.reviewed_online,
        now=now,
    )
    return replace(made, written=len(trouble.written))
