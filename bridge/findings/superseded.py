"""Findings of lists that a later one has set aside: which stands, and what it says otherwise, by rows alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from bridge.findings.view import View, batch_values
from schemas.finding import Case, Code, Finding
from schemas.roster import Place
from schemas.superseded import Difference, Spot, SupersededList
from schemas.texts import T, Text, first_of


def of_superseded(view: View, lists: Iterable[SupersededList]) -> Iterator[Finding]:
    """One for each list that says something else; the same content under another name is no news."""
    for one in lists:
        batch = view.batches.get(one.batch)
        if batch is None or not batch.ours or not one.difference:
            continue
        yield Finding(
            id=view.identify((Code.CHANGED_OFFLINE, Case.SUPERSEDED, str(one.batch), one.file)),
            code=Code.CHANGED_OFFLINE,
            batch=one.batch,
            where=Place(one.file),
            values={**batch_values(view, one.batch), "old": one.file, "new": one.by_file},
            evidence=tuple(_said(one.difference)),
            unit=one.batch.organiser,
            case=Case.SUPERSEDED,
        )


def _said(difference: Difference) -> Iterator[Text]:
    if spots := difference.added:
        yield T("{count} added (its rows {rows})", count=len(spots), rows=_rows(spots))
    if spots := difference.left_out:
        yield T("{count} left out (rows {rows} of the old list)", count=len(spots), rows=_rows(spots))
    for name, spots in difference.changed.items():
        yield _CHANGED[name].filled(count=len(spots), rows=_rows(spots))
    yield from (_FACTS[name] for name in difference.facts)


_CHANGED: Mapping[str, Text] = {
    "name": T("{count} with another name (its rows {rows})"),
    "id_type": T("{count} with another type of document (its rows {rows})"),
    "id_no": T("{count} with another id number (its rows {rows})"),
    "phone": T("{count} with another phone (its rows {rows})"),
    "unit": T("{count} with another unit (its rows {rows})"),
    "category": T("{count} of another category (its rows {rows})"),
}
_FACTS: Mapping[str, Text] = {
    "level": T("another level"),
    "base": T("another base"),
    "start": T("another first day"),
    "end": T("another last day"),
    "leaders": T("other leaders"),
}


def _rows(spots: Sequence[Spot]) -> str:
    return first_of([f"{sheet}·{row}" if sheet else str(row) for sheet, row in spots])
