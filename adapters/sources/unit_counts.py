"""A unit summary held against the rosters of its own file: how many people each unit sent."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from adapters.sources.form_lines import FormSheet
from adapters.sources.problems import problem
from schemas.forms import UnitLine, UnitSummary
from schemas.roster import Place, Problem, Roster
from schemas.texts import first_of


def unit_counts_differ(forms: Sequence[FormSheet], rosters: Sequence[Roster]) -> Iterator[Problem]:
    """Each at the summary's cell. A line of a batch this file has no roster of says nothing here.

    As with a 合计, a count may include the leaders. All rows of the rosters must have been read.
    """
    lines = list(_lines(forms, {roster.batch.key.name for roster in rosters}))
    if not lines:
        return
    told: defaultdict[tuple[str, str], list[tuple[UnitLine, Place]]] = defaultdict(list)
    for line, where in lines:
        told[line.batch, line.unit].append((line, where))
    for (batch, unit), own in told.items():
        spoken_of = [roster for roster in rosters if batch in ("", roster.batch.key.name)]
        listed = _people(spoken_of)[unit]
        leaders = sum(leader.unit == unit for roster in spoken_of for leader in roster.leaders)
        declared = sum(line.people for line, _ in own)
        if declared not in (listed, listed + leaders):
            yield problem("summary_differs", own[0][1], unit=unit, declared=declared, listed=listed)
    yield from _lacking(lines, rosters)


def _lines(forms: Sequence[FormSheet], batches: set[str]) -> Iterator[tuple[UnitLine, Place]]:
    for sheet in forms:
        if isinstance(sheet.form, UnitSummary):
            pairs = zip(sheet.form.lines, sheet.counts, strict=True)
            yield from ((line, where) for line, where in pairs if line.batch in ("", *batches))


def _people(rosters: Sequence[Roster]) -> Counter[str]:
    return Counter(person.unit for roster in rosters for person in roster.people)


def _lacking(lines: Sequence[tuple[UnitLine, Place]], rosters: Sequence[Roster]) -> Iterator[Problem]:
    """Units of the batches spoken of that no line names."""
    batches = {line.batch for line, _ in lines}
    spoken_of = [roster for roster in rosters if batches & {"", roster.batch.key.name}]
    if units := sorted(_people(spoken_of).keys() - {line.unit for line, _ in lines}):
        where = lines[0][1]
        yield problem("summary_lacks", Place(where.file, where.sheet), units=first_of(units))
