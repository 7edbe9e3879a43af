"""Refusals: the portal's error files, row by row, brought to the records they speak of. Nobody is guessed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from bridge.ports import Outgoing
from schemas.batch import BatchKey
from schemas.identity import IdType, canonical_id, canonical_text, is_masked
from schemas.journal import Exported, Instant
from schemas.portal import RefusedRow
from schemas.revision import State

PersonKey = Callable[[str, str], bytes]

_MAY_BE_REFUSED = {State.EXPORTED, State.AWAITING_HUMAN, State.ACCEPTED, State.QUARANTINED}


def refusals(
    rows: Iterable[RefusedRow], outgoing: Outgoing, person_key: PersonKey, *, now: Instant
) -> tuple[RefusedRow, ...]:
    """Keep what the portal refused. Returns the rows that cannot be told to be anybody's.

    A row older than the file it would speak of, or of a record already decided, says nothing new.
    """
    refused: dict[str, tuple[Exported, str]] = {}
    unplaced: list[RefusedRow] = []
    for row in rows:
        sent = [one for one in _sent(row, outgoing, person_key) if _in_batch(one.batch, row.batch)]
        spoken_of = [one for one in sent if one.revision.state in _MAY_BE_REFUSED and one.exported_at < row.as_of]
        if not sent or len(spoken_of) > 1:
            unplaced.append(row)
        for one in spoken_of if len(spoken_of) == 1 else ():
            refused.setdefault(one.revision.serial, (one, row.words))
    outgoing.refuse(refused.values(), now=now)
    return tuple(unplaced)


def _sent(row: RefusedRow, outgoing: Outgoing, person_key: PersonKey) -> list[Exported]:
    """Whoever has this number, whatever kind of document it is: the kind is often not in the file."""
    if is_masked(row.id_no):
        return []
    id_no = canonical_id(row.id_no)
    return [one for kind in IdType for one in outgoing.of_person(person_key(kind, id_no))]


def _in_batch(key: BatchKey, named: Mapping[str, str]) -> bool:
    """Whether a row's batch is this one, as far as the row says."""
    said = {"name": key.name, "organiser": key.organiser, "year": str(key.year)}
    return all(not named.get(field) or canonical_text(named[field]) == value for field, value in said.items())
