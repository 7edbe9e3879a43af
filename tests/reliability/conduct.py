"""The invariants I7 to I12: how the bridge behaved towards the portal, and whether its reports are true."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.reliability.checker import Facts, Row

Violations = Iterator[str]

_SUBMISSION = b"submission"
TICK = timedelta(milliseconds=1)  # the journal's moments know no smaller part


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def is_equal(content: Any, fields: Any) -> bool:
    return all(content.get(name) == value for name, value in fields.items())


def one_sender(facts: Facts) -> Violations:
    """I7: the attempts of a run come after all those of the run before, and after the end of each that was answered.

    Where requests go again under their key, a later run hears the answer: then only the order is asked for.
    """
    attempts = facts.journal["attempt"]
    runs = [attempt["run"] for attempt in attempts]
    if runs != sorted(runs):
        yield "a run sends after the next one has begun to"
    if facts.bounds.keyed:
        return
    for run in sorted(set(runs)):
        earlier = [a["ended_at"] for a in attempts if a["run"] < run and a["ended_at"]]
        begins = min(a["intent_at"] for a in attempts if a["run"] == run)
        if earlier and max(earlier) > begins:
            yield "two runs send at the same time"


def quiet_is_kept(facts: Facts) -> Violations:
    """I8: after an answer that asks to wait nothing arrives within that time, within one run.

    What had left before the answer came may still arrive: as many as may be on their way at once.
    """
    begun = [moment(run["started_at"]) for run in facts.journal["run"]]
    for asking in (one for one in facts.requests if one["retry_after_s"]):
        ends, told = asking["answered_at"] + asking["retry_after_s"], moment(asking["when"])
        early = [r for r in facts.requests if asking["answered_at"] < r["at"] < ends]
        early = [r for r in early if not any(told < run <= moment(r["when"]) + TICK for run in begun)]
        if len(early) >= facts.bounds.at_once:
            yield "a request before the portal's wish had passed"


def tries_are_bounded(facts: Facts) -> Violations:
    """I9: no call is tried more often than it may be, no run tries again more often than its budget, and no more
    requests write than attempts were tried, those under a key told apart. A call that was turned away for its token or
    its stamp is not a try.
    """
    bounds = facts.bounds
    again: Counter[int] = Counter()
    for attempt in facts.journal["attempt"]:
        tries = attempt["tries"] or 1
        again[attempt["run"]] += tries - 1
        if tries > bounds.attempts:
            yield "a call was tried more often than it may be"
    successes = Counter(a["run"] for a in facts.journal["attempt"] if (a["seen"] or "").startswith("answered"))
    yield from (
        "a run tried again beyond its budget" for run, n in again.items() if n > bounds.budget + successes[run] / 10
    )
    wrote = [r for r in facts.requests if r["method"] == "POST" and "/recuperation/" in r["path"]]
    wrote = [r for r in wrote if r["status"] not in {401, 403}]
    keyed = [r for r in wrote if bounds.keyed and r["key"]]
    yield from _keys_are_bounded(facts, keyed)
    most = sum(a["tries"] or bounds.attempts for a in facts.journal["attempt"])
    if len(wrote) - len(keyed) > most:
        yield "more requests write than were intended"


def _keys_are_bounded(facts: Facts, keyed: Sequence[Row]) -> Violations:
    """No more keys than attempts; under each, in each run, no more requests than a call may have tries: a later run
    makes the request again. What a run sent before it was killed may arrive when the next one has begun.
    """
    began = [moment(run["started_at"]) for run in facts.journal["run"]]
    of_key: defaultdict[str, list[datetime]] = defaultdict(list)
    for request in keyed:
        of_key[request["key"]].append(moment(request["when"]))
    if len(of_key) > len(facts.journal["attempt"]):
        yield "more keys than attempts"
    for arrived in of_key.values():
        runs = 1 + sum(min(arrived) < at <= max(arrived) for at in began)
        if len(arrived) > runs * facts.bounds.attempts + 1:
            yield "a key was tried more often than it may be"


def once_a_day(facts: Facts) -> Violations:
    """I10: of what a daemon does daily, one run a business date has ended well."""
    done = Counter(
        (run["business_date"], run["kind"])
        for run in facts.journal["run"]
        if run["kind"] in facts.bounds.daily and run["ended_at"] and run["state"] != "failed"
    )
    yield from (f"{count} runs of {kind} on one date" for (_date, kind), count in done.items() if count > 1)


def numbers_are_those_of_the_ledger(facts: Facts) -> Violations:
    """I11: a report's buckets add up, and agree with the journal's rows and the ledger's people; and so do the last
    run's numbers. How many are equal is counted in the ledger itself, where offline is told.
    """
    ended = [
        run for run in facts.journal["run"] if run["numbers"] and run["state"] != "failed" and run["kind"] != "report"
    ]
    said = [json.loads(ended[-1]["numbers"])] if ended else []
    said += [facts.report["offline"]["buckets"]] if facts.report else []
    if facts.report:
        for side in ("offline", "online"):
            if sum(facts.report[side]["buckets"].values()) != facts.report[side]["rows"]:
                yield f"the {side} buckets do not add up"
        if facts.report["offline"]["rows"] != len(facts.journal["row"]):
            yield "the report counts other rows than there are"
    for buckets in said if facts.bounds.settled and facts.offline is not None else []:
        equal = sum(any(is_equal(c, fields) for c in facts.held.get(who, [])) for who, fields in facts.offline.items())
        if buckets.get("agreed", 0) != equal:
            yield "it says so many agree, and the ledger holds others"


def a_draft_is_told(facts: Facts) -> Violations:
    """I12: what the portal did not take in for review, or gave back as a draft, an open finding of its batch says.

    People and headers need no such line: what online lacks of them is in no bucket of what agrees.
    """
    told = {one["batch"] for one in facts.journal["finding"] if one["state"] == "open"}
    drafts = {
        row["key"]
        for row in facts.journal["batch"]
        if row["ours"] and row["status"] == "draft" and row["mark_offline"] is not None
    }
    for (batch, person), one in facts.newest.items():
        left = person == _SUBMISSION and one["state"] in {"refused", "differs"} and batch in drafts
        if facts.bounds.settled and left and batch not in told:
            yield "a draft nobody is told of"
