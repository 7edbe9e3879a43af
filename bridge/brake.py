"""The brake, between plan and push: does what a batch is about to become look like a mistake of its ledger's?

Pure: it looks at the batch's planned work and at what the journal knows of it. Read `signs`: one line a reason. What is
entered for the first time is no mass change, and a ledger that grows never is; only its year may be wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from schemas.brake import Reason, Review, Sign
from schemas.journal import BatchFacts, BatchTally, Person, PersonFacts, Values
from schemas.plan import BatchWork
from schemas.texts import T, Text


@dataclass(frozen=True, slots=True)
class Limits:
    """From when on a change is held. Fewer than `least_people` are never many, however small the batch."""

    least_people: int = 5
    fewer_percent: float = 20
    changed_percent: float = 50
    shifted_percent: float = 50
    same_percent: float = 90

    def exceeded(self, count: int, of: int, percent: float) -> bool:
        return count >= self.least_people and count * 100 > of * percent


@dataclass(frozen=True, slots=True)
class Sight:
    """One batch as the brake sees it.

    `people` are those whose sides differ, `opened` those of them whose agreed contents offline has changed (see `moved`).
    `review` is the last one of this batch. `of_last_year`: so many of its people stood together in one batch of the
    year before.
    """

    work: BatchWork | None
    facts: BatchFacts
    tally: BatchTally
    people: Sequence[PersonFacts] = ()
    opened: Sequence[Person] = ()
    review: Review | None = None
    of_last_year: int = 0

    @property
    def before(self) -> int:
        """How many people the batch had when its header was last agreed; else how many of them ever were."""
        agreed = self.facts.agreed or {}
        return int(agreed.get("headcount") or self.tally.known)

    @property
    def now(self) -> int:
        offline = self.facts.offline or {}
        return int(offline.get("headcount") or 0)


def signs(sight: Sight, limits: Limits, *, year: int) -> tuple[Sign, ...]:
    """Every reason to hold this batch, the plainest first; none: it goes on."""
    return (*_fewer(sight, limits), *_changed(sight, limits), *_shifted(sight, limits), *_year(sight, limits, year))


def moved(fact: PersonFacts) -> bool:
    """Whether offline has changed what was agreed of this person, and the change is not on its way already."""
    both = fact.agreed is not None and fact.offline is not None
    return both and fact.offline != fact.agreed and not _on_its_way(fact)


def _on_its_way(fact: PersonFacts) -> bool:
    return fact.revision is not None and fact.revision.undecided


def _fewer(sight: Sight, limits: Limits) -> Iterator[Sign]:
    """Nobody left is told even where nothing would be written: it is how a missing disk looks."""
    before, now = sight.before, sight.now
    if before < limits.least_people or _was_looked_at(sight):
        return
    if now == 0:
        yield Sign(Reason.EMPTIED, (T("the ledger held {before} people and now holds nobody", before=before),))
    elif sight.work and limits.exceeded(before - now, before, limits.fewer_percent):
        fewer = before - now
        yield Sign(
            Reason.FEWER, (T("the ledger held {before} people and now lacks {fewer}", before=before, fewer=fewer),)
        )


def _was_looked_at(sight: Sight) -> bool:
    """Somebody has seen the ledger as short as it is, and nothing was agreed since that would make it long again."""
    review = sight.review
    return review is not None and review.agreed == sight.facts.mark_agreed and sight.now >= review.people


def _changed(sight: Sight, limits: Limits) -> Iterator[Sign]:
    """Changed is also who was replaced; who is only gone, or only new, is not."""
    gone = sum(fact.agreed is not None and fact.offline is None for fact in sight.people)
    new = sum(fact.agreed is None and fact.online is None and not _on_its_way(fact) for fact in sight.people)
    replaced = min(gone, new)
    count, of = sum(map(moved, sight.people)) + replaced, sight.tally.known - gone + replaced
    if sight.work and limits.exceeded(count, of, limits.changed_percent):
        yield Sign(Reason.CHANGED, (T("{count} of {of} people are not what was agreed", count=count, of=of),))


_COLUMNS = {
    "name": T("column: name"),
    "phone": T("column: phone"),
    "unit": T("column: unit"),
    "category": T("column: category"),
}


def _shifted(sight: Sight, limits: Limits) -> Iterator[Sign]:
    """Only of rows whose person stands there still: a shifted id makes all the other columns look shifted."""
    rows = [(one.agreed, one.offline) for one in sight.opened if one.agreed is not None and one.offline is not None]
    for column, name in _COLUMNS.items() if sight.work else ():
        for count, of, text in _looks(rows, column, sight.tally.known):
            if limits.exceeded(count, of, limits.shifted_percent):
                yield Sign(Reason.SHIFTED, (text.filled(count=count, of=of), name))
                break


Rows = Sequence[tuple[Values, Values]]
"""What was agreed of each changed person, and what the ledger says now."""

_OF_A_COLUMN = T("in {count} of {of} changed rows one column holds what another column held")
_OF_A_ROW = T("in {count} of {of} changed rows one column holds what it held in another row")
_OF_A_KIND = T("in {count} of {of} rows one column holds values of another kind than before")


def _looks(rows: Rows, column: str, people: int) -> Iterator[tuple[int, int, Text]]:
    """In how many rows, of how many, one column looks shifted in each of three ways."""
    changed = [(before, now) for before, now in rows if before[column] != now[column]]
    filled = [(before, now) for before, now in changed if now[column]]
    others = [name for name in _COLUMNS if name != column]
    yield max(sum(now[column] == before[other] for before, now in filled) for other in others), len(rows), _OF_A_COLUMN
    held = Counter(before[column] for before, _ in rows)
    yield sum(held[now[column]] == 1 for _, now in filled), len(rows), _OF_A_ROW
    yield sum(shape(now[column]) != shape(before[column]) for before, now in changed), people, _OF_A_KIND


def shape(value: str) -> str:
    """What kind of value it is: runs of digits, letters, Chinese characters, and each mark between them."""
    return "".join(kind for kind, _ in groupby(map(_kind, value)))


def _kind(character: str) -> str:
    kinds: tuple[tuple[Callable[[str], bool], str], ...] = ((str.isdigit, "9"), (str.isascii, "A"), (str.isalpha, "字"))
    return next((kind for fits, kind in kinds if character.isalnum() and fits(character)), character)


def _year(sight: Sight, limits: Limits, year: int) -> Iterator[Sign]:
    """A wrong year shows when the header is about to be written; who has looked at this very header knows.

    What is of another year than the settings is not even asked for online, so it is told of whatever is planned.
    """
    facts, offline = sight.facts, sight.facts.offline
    if offline is None or (sight.review is not None and sight.review.header == facts.mark_offline):
        return
    if facts.key.year != year and facts.mark_agreed is None:
        yield Sign(
            Reason.YEAR, (T("the batch is of {its}, the settings are for {year}", its=facts.key.year, year=year),)
        )
    if sight.work is None or sight.work.header is None:
        return
    days = {offline["start"][:4], offline["end"][:4]}
    if str(facts.key.year) not in days:
        its = min(days)
        yield Sign(Reason.YEAR, (T("its days lie in {its}, its title says {year}", its=its, year=facts.key.year),))
    if facts.mark_agreed is None and limits.exceeded(sight.of_last_year, sight.now, limits.same_percent):
        count, of = sight.of_last_year, sight.now
        yield Sign(Reason.YEAR, (T("{count} of {of} people are those of one batch of last year", count=count, of=of),))
