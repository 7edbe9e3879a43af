"""What happened to a batch or a person, told to staff: from the cell through checks and attempts to the read-back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bridge.ports import Journal
from schemas.batch import BatchKey
from schemas.identity import mask_name, scrub
from schemas.journal import BatchFacts, Event, Person, PersonFacts
from schemas.outcome import Outcome
from schemas.portal import OnlineStatus, Operation
from schemas.roster import Place, Problem
from schemas.texts import T, Text


@dataclass(frozen=True, slots=True)
class Line:
    """One moment. `place` is where the row stands offline, `aside` a code for the operator, `words` the portal's own.

    `count` is how many people it concerned, 0 where it is about the batch itself or about one person.
    """

    at: datetime
    step: Text
    said: Text
    place: Place | None = None
    aside: str = ""
    words: str = ""
    count: int = 0


@dataclass(frozen=True, slots=True)
class Story:
    """One batch, or one person in one batch. `mark` and `name` (masked) are empty for a batch."""

    batch: BatchKey
    standing: tuple[Text, ...]
    problems: tuple[Problem, ...]
    lines: tuple[Line, ...]
    mark: str = ""
    name: str = ""
    where: Place | None = None


def of_batch(journal: Journal, key: BatchKey) -> Story:
    """The batch's own story; of its people only how many each event concerned."""
    batch = {batch.key: batch for batch in journal.deliveries.batches()}[key]
    tally = journal.deliveries.tallies()[key]
    counts = {"offline": tally.offline, "online": tally.online, "agreed": tally.agreed}
    standing = (
        T("{offline} people offline, {online} online, {agreed} agree", **counts),
        _BY_STATUS[batch.status] if batch.status else T("not entered online"),
    )
    lines = _lines(journal.timeline.of_batch(key))
    return Story(key, standing, batch.problems, _with_words(lines, _header_words(journal, batch)))


def of_person(journal: Journal, person: bytes) -> tuple[Story, ...]:
    """One story for each batch the person has ever stood in."""
    events = journal.timeline.of_person(person)
    batches = {str(batch.key): batch for batch in journal.deliveries.batches()}
    disagreeing = {fact.batch: fact for fact in journal.deliveries.disagreeing() if fact.person == person}
    return tuple(
        _in_batch(journal, batches[name], person, disagreeing.get(batches[name].key), events)
        for name in dict.fromkeys(event.batch for event in events)
        if name in batches
    )


def _in_batch(
    journal: Journal, batch: BatchFacts, person: bytes, fact: PersonFacts | None, events: Iterable[Event]
) -> Story:
    asked = fact or PersonFacts(batch.key, person, None, None, None, None, held=False)
    (opened,) = journal.people.open([asked]).values()
    known = opened.offline or opened.online or opened.agreed or {}
    here = opened.where
    lines = _lines(event for event in events if event.batch == str(batch.key))
    return Story(
        batch=batch.key,
        standing=(_standing(fact, opened),),
        problems=tuple(found for found in batch.problems if here and found.where and _same_row(found.where, here)),
        lines=_with_words(lines, opened.words),
        mark=person.hex()[:10],
        name=mask_name(known.get("name", "")),
        where=here,
    )


def _standing(fact: PersonFacts | None, person: Person) -> Text:
    if fact is None:
        return T("both sides agree") if person.offline and person.online else T("on neither side any more")
    if fact.offline == fact.online:
        return T("outcome unknown")
    if fact.held and fact.online is None:
        return T("not sent: the check stops it")
    if fact.offline_only:
        return T("offline only")
    return T("online only") if fact.online_only else T("the two sides differ")


def _same_row(one: Place, other: Place) -> bool:
    return (one.file, one.sheet, one.row) == (other.file, other.sheet, other.row)


def _header_words(journal: Journal, batch: BatchFacts) -> str:
    asked = (revision for revision in (batch.submission, batch.header) if revision is not None)
    return next((words for revision in asked if (words := journal.people.header_words(batch.key, revision.serial))), "")


def _with_words(lines: Iterable[Line], words: str) -> tuple[Line, ...]:
    """The portal's own words stand with its last answer, numbers in them masked."""
    told = list(lines)
    answers = [at for at, line in enumerate(told) if line.step in _ANSWERS]
    if words and answers:
        told[answers[-1]] = replace(told[answers[-1]], words=scrub(words))
    return tuple(told)


def _lines(events: Iterable[Event]) -> Iterator[Line]:
    """An agreement is told once, though two steps noted it."""
    found = list(events)
    equal = {(event.at, "count" in event.detail) for event in found if event.what == "read_back.equal"}
    for event in found:
        if event.what != "read_back.agreed" or (event.at, "count" in event.detail) not in equal:
            yield _line(event)


def _line(event: Event) -> Line:
    detail = event.detail
    what, _, became = event.what.partition(".")
    if what in _OPERATIONS:
        step, said = _OPERATIONS[what], _OUTCOMES.get(became, Text(became, {}))
    else:
        step, said = _EVENTS.get(event.what, (_STEPS.get(what, Text(what, {})), Text(became, {})))
    place = Place(str(detail["file"]), str(detail["sheet"]), int(detail["row"])) if "row" in detail else None
    code = str(detail.get("code", "")) or str(detail.get("seen", ""))
    aside = "" if became in _NO_ASIDE else code
    return Line(event.at, step, said.filled(**detail), place, aside, count=int(detail.get("count", 0)))


_NO_ASIDE = {Outcome.ACCEPTED, Outcome.EXPORTED}
_READ, _CHECK, _BACK, _ASKED = T("ledger"), T("check"), T("read back"), T("by hand")
_STEPS: Mapping[str, Text] = {
    "source": _READ,
    "check": _CHECK,
    "read_back": _BACK,
    "recovered": T("restart"),
    "fence": T("restore"),
}

_OPERATIONS: Mapping[str, Text] = {
    Operation.SAVE_BATCH: T("enter batch"),
    Operation.UPDATE_BATCH: T("correct batch"),
    Operation.SAVE_PEOPLE: T("enter people"),
    Operation.UPDATE_PERSON: T("correct person"),
    Operation.SUBMIT: T("submit for review"),
}

_REFUSED = T("error rows")
_ANSWERS = (*_OPERATIONS.values(), _REFUSED)

_OUTCOMES: Mapping[str, Text] = {
    Outcome.ACCEPTED: T("accepted by the portal, to be proven by reading back"),
    Outcome.REFUSED: T("refused by the portal"),
    Outcome.EXISTS: T("the portal says it has it already"),
    Outcome.UNKNOWN: T("no certain answer: the portal may have stored it or not"),
    Outcome.NOT_SENT: T("the portal was not reached: tried again later"),
    Outcome.NOT_PROCESSED: T("the portal did not process it: tried again later"),
    Outcome.IN_PARTS: T("the portal took none of its request: sent again in halves"),
    Outcome.EXPORTED: T("exported into the outbox: somebody has to upload it"),
}

_EVENTS: Mapping[str, tuple[Text, Text]] = {
    "source.read": (_READ, T("taken in")),
    "source.gone": (_READ, T("not there any more")),
    "check.done": (_CHECK, T("{people} people checked, {held} of them stopped")),
    "read_back.equal": (_BACK, T("confirmed")),
    "read_back.agreed": (_BACK, T("confirmed")),
    "read_back.differs": (_BACK, T("online, but not as entered")),
    "read_back.ready": (_BACK, T("not online after the waiting time: it may be sent again")),
    "read_back.unknown": (_BACK, T("not online yet: asked again after the waiting time")),
    "read_back.refused": (_BACK, T("not online, though the portal said it had it")),
    "read_back.quarantined": (_BACK, T("cannot be found out: a person must decide")),
    "fence.unknown": (_STEPS["fence"], T("the journal was put back: it may have been sent since")),
    "fence.quarantined": (
        _STEPS["fence"],
        T("the journal was put back: a person must decide whether it was sent since"),
    ),
    "recovered.ready": (_STEPS["recovered"], T("the run before broke off before it was sent")),
    "recovered.unknown": (_STEPS["recovered"], T("the run before broke off while it was sent")),
    "by_hand.uploaded": (_ASKED, T("uploaded, says {by}: to be proven by reading back")),
    "by_hand.voided": (_ASKED, T("given up by {by}: {why}")),
    "by_hand.refused": (_REFUSED, T("refused by the portal")),
    "word.stored": (_ASKED, T("in the portal, says {by}")),
    "word.absent": (_ASKED, T("not in the portal, says {by}: to be sent anew")),
    "brake.reviewed": (_ASKED, T("reviewed by {by}, and let through once by the brake")),
    "resync.asked": (_ASKED, T("to be sent again")),
}

_BY_STATUS: Mapping[OnlineStatus, Text] = {
    OnlineStatus.DRAFT: T("online as a draft"),
    OnlineStatus.SUBMITTED: T("submitted for review"),
    OnlineStatus.REVIEWED: T("reviewed and locked"),
    OnlineStatus.RETURNED: T("sent back by the reviewer"),
}
