"""Halving: what the portal sends back whole goes out again in halves, until what it will not take is one record.

A list that is stored whole or not at all is refused for one bad row, and a request may be too large (413). Nothing of
either was stored, so the same records, under the same serials, may go again in smaller requests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import islice
from math import ceil, log2
from typing import TypeVar

from schemas.outcome import Outcome
from schemas.portal import Answer, Verdict

Record = TypeVar("Record")

POISONS = 8
"""So many records that spoil their request are isolated in it, wherever they stand; more are refused together."""

_OF_THE_REQUEST = {Outcome.REFUSED, Outcome.EXISTS}


@dataclass(slots=True)
class Tally:
    """What one request and all its parts have cost so far: answers that refused one whole."""

    refused: int = 0
    most: int = 0

    def may_go_on(self, records: int) -> bool:
        """Whether one more refusal of so many records is worth halving. One poison costs ⌈log₂ n⌉ + 1 at the most."""
        self.most = self.most or POISONS * (ceil(log2(records)) + 1)
        self.refused += 1
        return self.refused <= self.most


def halves(records: Mapping[bytes, Record]) -> tuple[dict[bytes, Record], dict[bytes, Record]]:
    """In the order they are in, always the same way; the first is the larger one where the number is odd."""
    items, middle = iter(records.items()), (len(records) + 1) // 2
    return dict(islice(items, middle)), dict(items)


def came_back(answer: Answer, tally: Tally) -> bool:
    """Whether this answer to several records is to be halved."""
    outcomes = {verdict.outcome for verdict in answer.verdicts.values()}
    if len(answer.verdicts) == 1 or len(outcomes) > 1:
        return False
    if outcomes == {Outcome.IN_PARTS}:
        return True
    return answer.whole and outcomes <= _OF_THE_REQUEST and tally.may_go_on(len(answer.verdicts))


def put_back(answer: Answer) -> Answer:
    """As the journal keeps it: these records are ready again, for their halves are still to go."""
    said = {serial: Verdict(Outcome.IN_PARTS, verdict.code) for serial, verdict in answer.verdicts.items()}
    return replace(answer, verdicts=said)


def final(answer: Answer) -> Answer:
    """What cannot be made smaller is refused, in the portal's words if it had any."""
    return replace(answer, verdicts={serial: _final(said, answer) for serial, said in answer.verdicts.items()})


def _final(said: Verdict, answer: Answer) -> Verdict:
    if said.outcome is not Outcome.IN_PARTS:
        return said
    status = str(answer.status or "")
    words = said.words or f"HTTP {status}".rstrip()
    return replace(said, outcome=Outcome.REFUSED, code=said.code or status, words=words)


def repeated(answer: Answer) -> Answer:
    """What the answer to a request made again says of both times: what was not taken now may have been stored before.

    One refused whole is not halved here: its records are ready again, and go as any others.
    """
    if came_back(answer, Tally()):
        return put_back(answer)
    open_still = {Outcome.NOT_SENT, Outcome.NOT_PROCESSED}
    said = {
        serial: Verdict(Outcome.UNKNOWN, verdict.code) if verdict.outcome in open_still else verdict
        for serial, verdict in answer.verdicts.items()
    }
    return final(replace(answer, verdicts=said))
