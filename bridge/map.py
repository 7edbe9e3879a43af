"""Map: offline words ⇄ online words. Nothing is lost silently: a value without a word is Unmappable."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter, itemgetter

from schemas.batch import BatchKey, canonical_day
from schemas.dialect import Dictionaries, Words
from schemas.errors import Unmappable
from schemas.identity import canonical_id, canonical_name, canonical_phone, canonical_text, is_masked
from schemas.journal import BATCH_FIELDS, PERSON_FIELDS, Values, Wanted
from schemas.portal import OnlineBatch
from schemas.roster import Participant, Place, Problem, Roster, Severity
from schemas.texts import T

MAPPING_VERSION = "1"
"""Part of every mark: a change of the canonical form makes all marks new."""

Mark = Callable[[Sequence[str]], bytes]
PersonKey = Callable[[str, str], bytes]

_of_person = attrgetter(*PERSON_FIELDS)
_in_order = itemgetter(*PERSON_FIELDS)


@dataclass(frozen=True, slots=True)
class Glossary:
    """What mapping needs: the portal's dictionaries and the vault's keyed marks."""

    words: Dictionaries
    mark: Mark
    person_key: PersonKey

    def mark_person(self, values: Values) -> bytes:
        return self.mark((MAPPING_VERSION, *_in_order(values)))

    def mark_batch(self, values: Values) -> bytes:
        return self.mark((MAPPING_VERSION, *(values[field] for field in BATCH_FIELDS)))


def wanted(roster: Roster, problems: Sequence[Problem], glossary: Glossary, *, ours: bool) -> Wanted:
    """What one checked roster wants online: its header, its people, and who must not be sent."""
    rows = [(_key(person, glossary), person_values(person), person.where) for person in roster.people]
    people = {key: values for key, values, _ in reversed(rows)}
    unmappable = [
        _unmappable(where, field) for _, values, where in rows if (field := missing_word(values, glossary.words.person))
    ]
    found = (*problems, *unmappable)
    blocking = [problem for problem in found if problem.severity is Severity.BLOCK]
    places = {where: key for key, _, where in rows} if blocking else {}
    held = frozenset(places[problem.where] for problem in blocking if problem.where in places)
    header = batch_values(roster, headcount=len(people) - len(held))
    return Wanted(
        key=roster.batch.key,
        ours=ours,
        blocked=any(problem.where not in places for problem in blocking),
        problems=found,
        values=header,
        mark=glossary.mark_batch(header),
        people={key: glossary.mark_person(values) for key, values in people.items()},
        held=held,
    )


def nothing_wanted(key: BatchKey, *, ours: bool) -> Wanted:
    """No source holds the batch any more."""
    return Wanted(key, ours, blocked=False, problems=(), values=None, mark=None)


def _key(person: Participant, glossary: Glossary) -> bytes:
    return glossary.person_key(person.id_type, person.id_no)


def _unmappable(where: Place, field: str) -> Problem:
    return Problem("unmappable", Severity.BLOCK, where, {"field": field})


def person_values(person: Participant) -> dict[str, str]:
    return dict(zip(PERSON_FIELDS, map(str, _of_person(person)), strict=True))


def batch_values(roster: Roster, *, headcount: int) -> dict[str, str]:
    batch = roster.batch
    return {
        "year": str(batch.key.year),
        "organiser": batch.key.organiser,
        "name": batch.key.name,
        "level": batch.level.value,
        "base": batch.base,
        "start": batch.start.isoformat(),
        "end": batch.end.isoformat(),
        "headcount": str(headcount),
        "leaders": str(len(roster.leaders)),
    }


def missing_word(values: Values, dictionaries: Mapping[str, Words]) -> str:
    """The first field whose value has no word on the other side, or nothing."""
    for field, words in dictionaries.items():
        if values[field] not in words:
            return field
    return ""


def to_online(values: Values, dictionaries: Mapping[str, Words]) -> dict[str, str]:
    """Canonical values in the portal's words. Raises Unmappable, naming the field."""
    try:
        return {**values, **{field: words[values[field]] for field, words in dictionaries.items()}}
    except KeyError:
        field = missing_word(values, dictionaries)
        raise Unmappable(T("The portal's dictionary has no word for a value of field {field}.", field=field)) from None


def batch_from_online(batch: OnlineBatch, words: Dictionaries) -> tuple[BatchKey, dict[str, str]]:
    """A listed batch in canonical values; a word the dictionary lacks stands as the portal wrote it."""
    values = _to_offline({field: batch.fields.get(field, "") for field in BATCH_FIELDS}, words.read)
    for field in ("organiser", "name", "base"):
        values[field] = canonical_text(values[field])
    for field in ("start", "end"):
        values[field] = canonical_day(values[field])
    year = int(values["year"]) if values["year"].isdigit() else 0
    return BatchKey(year, values["organiser"], values["name"]), values


def person_from_online(fields: Mapping[str, str], words: Dictionaries) -> dict[str, str]:
    """A listed participant in canonical values; masked ids and phones stay masked."""
    values = _to_offline({field: fields.get(field, "") for field in PERSON_FIELDS}, words.read)
    values["name"] = canonical_name(values["name"])
    values["unit"] = canonical_text(values["unit"])
    for field, canonical in (("id_no", canonical_id), ("phone", canonical_phone)):
        if not is_masked(values[field]):
            values[field] = canonical(values[field])
    return values


def _to_offline(fields: dict[str, str], dictionaries: Mapping[str, Words]) -> dict[str, str]:
    for field in fields.keys() & dictionaries.keys():
        fields[field] = dictionaries[field].get(fields[field].strip(), fields[field])
    return fields
