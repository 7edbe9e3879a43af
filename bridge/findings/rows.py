"""Findings of rows: set aside, repeated, of somebody who was there before in the year; and of the run itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence

from bridge.compare import shown
from bridge.findings.view import Aside, View, batch_values
from bridge.suspects import Who
from schemas.batch import BatchKey
from schemas.finding import Case, Code, Finding
from schemas.forms import FormKind
from schemas.journal import BatchFacts, Duplicate, Person, SetAside
from schemas.roster import Problem
from schemas.texts import T, Text


def of_rows(view: View, set_aside: Sequence[SetAside]) -> Iterator[Finding]:
    """Every row, sheet or file that could not be taken."""
    for aside in set_aside:
        if aside.batch is not None and aside.batch in view.batches and not view.batches[aside.batch].ours:
            continue
        yield Finding(
            id=view.identify((Code.DAMAGED_ROW, aside.where.file, aside.where.sheet, str(aside.where.row))),
            code=Code.DAMAGED_ROW,
            batch=aside.batch,
            where=aside.where,
            values=batch_values(view, aside.batch) if aside.batch else {"batch": ""},
            problems=aside.problems,
            unit=aside.batch.organiser if aside.batch else "",
        )


_OF_FORMS: Mapping[str, tuple[Code, Case]] = {
    **{kind.value: (Code.NOT_OURS, Case.FORM) for kind in FormKind},
    "form_total_differs": (Code.SUMMARY_DIFFERS, Case.FORM_SUMS),
    "summary_differs": (Code.SUMMARY_DIFFERS, Case.FORM_SUMS),
    "summary_lacks": (Code.SUMMARY_DIFFERS, Case.FORM_SUMS),
}


def of_forms(view: View, noted: Sequence[Problem]) -> Iterator[Finding]:
    """Sheets that hold no people, and what does not add up in them. Other notes are for who looks at the ledger."""
    for note in noted:
        if note.code in _OF_FORMS:
            code, case = _OF_FORMS[note.code]
            yield Finding(
                id=view.identify((code, note.code, str(note.where))),
                code=code,
                where=note.where,
                values={"batch": ""},
                problems=(note,),
                unit=str(note.values.get("unit", "")),
                case=case,
            )


def of_duplicates(
    view: View, code: Code, duplicates: Sequence[Duplicate], names: Mapping[Who, Person]
) -> Iterator[Finding]:
    times = Counter((again.batch, again.person) for again in duplicates)
    for again in duplicates:
        person = names.get((again.batch, again.person))
        known = (person.offline or person.online or {}) if person else {}
        where, count = again.where, 1 + times[again.batch, again.person]
        said = (T("this person has {count} records", count=count),)
        yield Finding(
            id=view.identify((code, str(again.batch), again.person.hex(), str(where))),
            code=code,
            batch=again.batch,
            person=again.person.hex(),
            name=shown("name", known.get("name", "")),
            where=where,
            values={
                **batch_values(view, again.batch),
                "rows": _rows(person, again),
                "count": count,
            },
            evidence=said if code is Code.DUPLICATE_ONLINE else (),
            unit=known.get("unit", ""),
        )


def _rows(person: Person | None, again: Duplicate) -> str:
    places = [person.where if person else None, again.where]
    return "、".join(f"{place.sheet}·{place.row}" for place in places if place)


def of_the_year(
    view: View, twice: Mapping[bytes, tuple[BatchKey, ...]], names: Mapping[Who, Person]
) -> Iterator[Finding]:
    """A person's second batch of the year is the finding, and each after it."""
    if not view.rules.once_per_year:
        return
    for person, keys in twice.items():
        attended = sorted((view.batches[key] for key in keys if key in view.batches), key=_by_start)
        for batch in (later for later in attended[1:] if later.ours):
            opened = names.get((batch.key, person))
            known = (opened.offline or {}) if opened else {}
            yield Finding(
                id=view.identify((Code.TWICE_IN_YEAR, str(batch.key), person.hex())),
                code=Code.TWICE_IN_YEAR,
                batch=batch.key,
                person=person.hex(),
                name=shown("name", known.get("name", "")),
                where=opened.where if opened else None,
                values={**batch_values(view, batch.key), "other": attended[0].key.title},
                unit=known.get("unit", ""),
            )


def _by_start(batch: BatchFacts) -> tuple[str, BatchKey]:
    return (batch.offline or {}).get("start", ""), batch.key


def of_the_run(
    view: View,
    failures: Sequence[Text],
    drift: Sequence[Text],
    aside: Mapping[BatchKey, Aside],
    notes: Sequence[Text],
    turned_away: Collection[Text] = (),
    unfinished: Sequence[Text] = (),
) -> Iterator[Finding]:
    """Sources and batches that could not be looked at, a portal that answered in an unknown shape, and what was noted.

    Those of the `failures` that are `turned_away`: the portal did not accept who we are. `unfinished`: why the run ended
    early.
    """
    told = [(Code.SILENCE, text, Case.CREDENTIALS if text in turned_away else None) for text in failures]
    told += [(Code.SILENCE, text, Case.UNFINISHED) for text in unfinished]
    told += [(Code.DRIFT, text, None) for text in drift]
    for code, text, case in told:
        identity = view.identify((code, str(text)))
        yield Finding(id=identity, code=code, values={"batch": ""}, evidence=(text,), case=case)
    for key, why in aside.items():
        yield Finding(
            id=view.identify((why.code, str(key), str(why.text))),
            code=why.code,
            batch=key,
            values=batch_values(view, key),
            evidence=(why.text,),
            unit=key.organiser,
        )
    for text in notes:
        yield Finding(
            id=view.identify((Code.DRIFT, "note", str(text))),
            code=Code.DRIFT,
            values={"batch": ""},
            evidence=(text,),
            information=True,
        )


def of_unmade(view: View, unmade: Mapping[Who, Text], names: Mapping[Who, Person]) -> Iterator[Finding]:
    """People of whom no request can be made: the dialect has no room for what one of their fields says."""
    for (batch, person), text in unmade.items():
        opened = names.get((batch, person))
        known = (opened.offline or {}) if opened else {}
        yield Finding(
            id=view.identify((Code.DRIFT, str(batch), person.hex())),
            code=Code.DRIFT,
            batch=batch,
            person=person.hex(),
            name=shown("name", known.get("name", "")),
            where=opened.where if opened else None,
            values=batch_values(view, batch),
            evidence=(text,),
            unit=known.get("unit", ""),
        )
