"""The invariants of the promise, each as a function over what lies on the disk: it yields what violates it.

Here are those about records, I1 to I6; `conduct.py` has those about how the bridge behaves and what it reports.

What is said names places and states, never people. Where an invariant can be seen from the disk only in part, its
docstring says which part.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.reliability.conduct import (
    TICK,
    a_draft_is_told,
    is_equal,
    moment,
    numbers_are_those_of_the_ledger,
    once_a_day,
    one_sender,
    quiet_is_kept,
    tries_are_bounded,
)

if TYPE_CHECKING:
    from tests.reliability.checker import Facts

Violations = Iterator[str]

_UNDECIDED = {"intent", "sending", "accepted", "exists", "unknown"}
_ONLY_NEWS = {"D18", "D19", "D20", "D21"}  # not ours, a new field, silence, review outstanding: they miss nobody
_WITH_PEOPLE = {"exported", "awaiting_human", "quarantined"}
_HEADER, _SUBMISSION = b"", b"submission"


def at_most_one_effect(facts: Facts) -> Violations:
    """I1: no serial has two effects, and nobody is created who is there already, but by a hand."""
    yield from ("a serial had more than one effect" for _ in range(_repeated(facts)))
    yield from ("stored twice" for _ in range(doubled(facts)))


def _repeated(facts: Facts) -> int:
    """How many serials had an effect while one of theirs stood: what was deleted in between may be entered anew."""
    standing: dict[str, tuple[str, str]] = {}  # serial: batch and online id of what it left
    repeated: set[str] = set()
    for effect in facts.effects:
        serial, batch, online_id = effect["serial"], effect["batch"], effect["id"]
        if effect["effect"] == "person_deleted":
            standing = {one: left for one, left in standing.items() if left[1] != online_id}
        elif effect["effect"] == "batch_deleted":
            standing = {one: left for one, left in standing.items() if left[0] != batch}
        if serial and not effect["by_hand"]:
            repeated |= {serial} & standing.keys()
            standing[serial] = batch, online_id
    return len(repeated)


def doubled(facts: Facts) -> int:
    """How often the bridge created what was there already."""
    there: dict[tuple[str, str], set[str]] = defaultdict(set)
    again = 0
    for effect in facts.effects:
        who = effect["batch"], effect["person"]
        if effect["effect"] == "person_deleted":
            there[who].discard(effect["id"])
        elif effect["effect"] == "batch_deleted":
            for held in [held for held in there if held[0] == effect["batch"]]:
                there[held].clear()
        elif effect["effect"].endswith("_created"):
            again += bool(there[who]) and not effect["by_hand"]
            there[who].add(effect["id"])
    return again


def agreed_is_stored(facts: Facts) -> Violations:
    """I2: AGREED has an effect: of its own serial, or, where the portal had the record already, any of that person.

    Whom hands alone have entered no serial names: so many strangers as there are may be agreed of a batch.

    Where offline is told, everybody of it whom the journal holds for equal is online with equal contents. ACCEPTED is
    only the portal's word, and no claim of ours.
    """
    serials = {effect["serial"] for effect in facts.effects}
    known = {effect["person"] for effect in facts.effects}
    nameless: dict[str, set[bytes]] = defaultdict(set)
    for one in facts.journal["revision"]:
        by_name = facts.names.get((one["batch"], one["person"])) in known
        found = one["serial"] in serials or by_name or one["person"] in {_HEADER, _SUBMISSION}
        if one["state"] == "agreed" and not found and not _anonymous(facts):
            nameless[one["batch"]].add(one["person"])
    for batch, people in nameless.items():
        yield from ["agreed, and nothing of it in the ledger"] * (len(people) - len(_strangers(facts, batch)))
    if facts.offline is None or not facts.bounds.settled:
        return
    for who in facts.offline.keys() & _held_equal(facts):
        if not is_stored(facts, who):
            yield "held for equal, and online it is not"


def is_stored(facts: Facts, who: tuple[str, str]) -> bool:
    """Whether somebody of offline stands online, with equal contents."""
    return facts.offline is not None and any(is_equal(one, facts.offline[who]) for one in facts.held.get(who, []))


def _strangers(facts: Facts, batch: str) -> set[str]:
    """Whom hands have entered there, and no record of the journal is known to be."""
    entered = {effect["person"] for effect in facts.effects if effect["batch"] == batch and effect["by_hand"]}
    return entered - {"", *facts.names.values()}


def _anonymous(facts: Facts) -> bool:
    """Whether effects carry no serials: then a record of the journal cannot be told to be one of the ledger."""
    return not any(effect["serial"] for effect in facts.effects)


def _held_equal(facts: Facts) -> set[tuple[str, str]]:
    equal = [p for p in facts.journal["pair"] if p["mark_offline"] and p["mark_offline"] == p["mark_online"]]
    return {
        (p["batch"], facts.names[p["batch"], p["person"]]) for p in equal if (p["batch"], p["person"]) in facts.names
    }


def nobody_is_lost(facts: Facts) -> Violations:
    """I4, at the end of all: who is offline is online, once and equal, unless the journal says openly what is missing."""
    if facts.offline is None or not facts.bounds.settled:
        return
    explained = _explained_batches(facts)
    for who in facts.offline:
        if not is_stored(facts, who) and who[0] not in explained:
            yield "offline has somebody whom online has not, or not equal, and no finding says so"


def _explained_batches(facts: Facts) -> set[str]:
    """Batches of which staff are told that something is not as it should be."""
    told = (one for one in facts.journal["finding"] if one["state"] == "open" and one["code"] not in _ONLY_NEWS)
    return {one["batch"] for one in told}


def intended_before_it_was_done(facts: Facts) -> Violations:
    """I3: an effect's serial stands in an attempt that was durable before it; the attempts' order is that of time. Handing
    in has no serial: of each batch it is done no more often than it was intended.

    The times of two clocks of one machine are compared, to a thousandth of a second: where the journal's is `ahead_s`,
    by so much less.
    """
    ahead = TICK + timedelta(seconds=facts.bounds.ahead_s)
    sent = {serial: attempt for attempt in facts.journal["attempt"] for serial in json.loads(attempt["serials"])}
    first = {s: a for a in reversed(facts.journal["attempt"]) for s in json.loads(a["serials"])}
    for effect in facts.effects:
        if effect["by_hand"] or not effect["serial"] or effect["serial"] in facts.bounds.forgotten - sent.keys():
            continue
        if effect["serial"] not in sent:
            yield "an effect of a serial that was never intended"
        elif moment(first[effect["serial"]]["sent_at"]) > moment(effect["at"]) + ahead:
            yield "an effect before its attempt was durable"
    intents = [attempt["intent_at"] for attempt in facts.journal["attempt"]]
    if intents != sorted(intents):
        yield "attempts are not in the order of their intents"
    handed_in = Counter(e["batch"] for e in facts.effects if e["effect"] == "batch_submitted" and not e["by_hand"])
    intended = Counter(a["batch"] for a in facts.journal["attempt"] if a["operation"] == "submit")
    yield from ("handed in, and never intended" for _ in (handed_in - intended).elements())


def rows_are_conserved(facts: Facts) -> Violations:
    """I4: each row is a participant, a leader or damaged; each participant is wanted, held or not ours, and the other
    way round, but for lists in whose place another file's stands, once what was read is staged to its end; and whoever
    is wanted and not equal has a reason: a revision, a finding, or a batch that waits.
    """
    tables = facts.journal
    kinds = {row["kind"] for row in tables["row"]} - {"participant", "leader", "damaged"}
    yield from (f"rows of a kind nobody knows: {kind}" for kind in sorted(kinds))
    waiting = {
        row["key"] for row in tables["batch"] if not row["ours"] or row["blocked"] or row["mark_offline"] is None
    }
    aside = {(one["batch"], one["file"]) for one in tables["superseded"]}
    standing = [row for row in tables["row"] if (row["batch"], row["file"]) not in aside]
    heirs = {(one["batch"], one["by_file"]) for one in tables["superseded"]}
    speaking = {(row["batch"], row["file"]) for row in standing}
    yield from ("a list is set aside for one that does not stand" for _ in heirs - speaking)
    rows = {(row["batch"], row["person"]) for row in standing if row["kind"] == "participant"}
    held = {(row["batch"], row["person"]) for row in tables["held"]}
    wanted = {(p["batch"], p["person"]): p for p in tables["pair"] if p["mark_offline"] is not None}
    if not facts.bounds.settled:
        return
    yield from ("a row that nobody wants" for who in rows - wanted.keys() - held if who[0] not in waiting)
    yield from ("somebody wanted who is in no row" for _ in wanted.keys() - rows)
    explained = _explained_batches(facts) | waiting
    for who, pair in wanted.items():
        reason = who in facts.newest or who in held or who[0] in explained
        if pair["mark_offline"] != pair["mark_online"] and not reason:
            yield "somebody is wanted and not equal, and nothing says why"


def edges_are_legal(facts: Facts) -> Violations:
    """I5: of each person, by the table of events: after an answer that leaves it open whether something is stored, only
    reading back, a file's own way, a hand or a word moves on, never the answer to another request: the same one may be
    asked again under its key. And reading back moves only what is open. A file whose writing was stopped has no event of
    its own: its durable intent stands for it, and where an event is of the same moment, either may be the earlier.

    A batch's own events do not say whether they mean its header or its submission: those are not followed.
    """
    person_of = {(one["batch"], one["serial"]): one["person"] for one in facts.journal["revision"]}
    intended = {attempt["id"]: attempt["intent_at"] for attempt in facts.journal["attempt"]}
    stopped = _stopped_files(facts, person_of) if facts.bounds.by_hand else {}
    last: dict[tuple[str, bytes], str] = {}
    since: dict[tuple[str, bytes], str] = {}
    for event in facts.journal["event"]:
        room, _, to = event["what"].partition(".")
        serials = json.loads(event["serials"]) if event["serials"] else []
        people = [person_of[event["batch"], serial] for serial in serials] or [event["person"]]
        for person in people:
            if person in {None, _HEADER, _SUBMISSION} or room not in _STEPS or to in _NO_STEPS:
                continue
            who = event["batch"], person
            files = [at for at in stopped.get(who, ()) if since.get(who, "") <= at <= event["at"]]
            surely = any(since.get(who, "") < at < event["at"] for at in files)
            before = {"exported"} if surely else {last.get(who, "ready"), *(["exported"] if files else [])}
            begun = intended.get(json.loads(event.get("detail") or "{}").get("attempt"), event["at"])
            again = "unknown" in before and begun <= since[who]
            if before.isdisjoint(_STEPS[room].get(to, _STEPS[room].get("*", set()))) and not again:
                yield f"{' or '.join(sorted(before))} → {event['what']}"
            last[who], since[who] = _BECOMES.get(to, to), event["at"]


def _stopped_files(facts: Facts, person_of: Mapping[tuple[str, str], bytes]) -> dict[tuple[str, bytes], list[str]]:
    """Who → when files were intended that no event of theirs tells of."""
    told: defaultdict[int | None, set[str]] = defaultdict(set)
    for event in facts.journal["event"]:
        told[json.loads(event.get("detail") or "{}").get("attempt")] |= set(json.loads(event["serials"] or "[]"))
    found: defaultdict[tuple[str, bytes], list[str]] = defaultdict(list)
    for attempt in facts.journal["attempt"]:
        for serial in set(json.loads(attempt["serials"])) - told[attempt["id"]]:
            found[attempt["batch"], person_of[attempt["batch"], serial]].append(attempt["intent_at"])
    return found


_ANSWERED_FROM = {"ready", "refused", "agreed", "differs", "voided"}
_OPEN = {"accepted", "exists", "unknown", "quarantined", "vouched", "exported", "awaiting_human"}
_STEPS: dict[str, dict[str, set[str]]] = {
    "save_people": {"*": _ANSWERED_FROM | {"exported"}},
    "update_person": {"*": _ANSWERED_FROM | {"exported"}},
    "recovered": {"unknown": _ANSWERED_FROM | {"unknown"}, "ready": _ANSWERED_FROM},
    "read_back": {
        "agreed": _OPEN | {"differs", "voided", "agreed", "ready", "refused"},
        "differs": _OPEN | {"agreed", "differs"},
        "ready": {"accepted", "unknown"},
        "unknown": {"accepted"},
        "refused": {"exists"},
        "quarantined": {"accepted", "unknown", "vouched"},
    },
    "fence": dict.fromkeys(("unknown", "quarantined"), _ANSWERED_FROM | {"unknown", "exported"}),
    "resync": {"asked": {"agreed", "differs", "refused", "ready", "voided", "unknown", "accepted", "quarantined"}},
    "word": {
        "stored": {"unknown", "quarantined", "vouched", "voided"},
        "absent": {"unknown", "quarantined", "vouched", "voided"},
    },
    "by_hand": {
        "uploaded": {"awaiting_human", "exported"},
        "voided": {"awaiting_human", "exported", "accepted", "quarantined"},
        "refused": _OPEN | {"ready", "agreed", "differs", "refused", "voided"},
    },
}
_NO_STEPS = {"equal", "gone"}
_BECOMES = {
    "asked": "ready",
    "uploaded": "accepted",
    "stored": "vouched",
    "absent": "voided",
    "in_parts": "ready",
    "not_sent": "ready",
    "not_processed": "ready",
    "exported": "awaiting_human",
}


def the_unknown_is_settled(facts: Facts) -> Violations:
    """I6: once there was time, the newest revision of nothing is undecided, or an open finding of its batch says so."""
    if not facts.bounds.settled:
        return
    explained = _explained_batches(facts)
    for (batch, _person), one in facts.newest.items():
        silent = one["state"] in _WITH_PEOPLE and batch not in explained
        if (one["state"] in _UNDECIDED and batch not in explained) or silent:
            yield f"still {one['state']}"


ALL: dict[str, Callable[[Facts], Violations]] = {
    "I1": at_most_one_effect,
    "I2": agreed_is_stored,
    "I3": intended_before_it_was_done,
    "I4": rows_are_conserved,
    "I4 (lost)": nobody_is_lost,
    "I5": edges_are_legal,
    "I6": the_unknown_is_settled,
    "I7": one_sender,
    "I8": quiet_is_kept,
    "I9": tries_are_bounded,
    "I10": once_a_day,
    "I11": numbers_are_those_of_the_ledger,
    "I12": a_draft_is_told,
}
