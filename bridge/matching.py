"""Which leftovers of one batch are probably the same person on both sides (D05, D06).

A suggestion for staff, never a correction. One-to-one: the strongest evidence decides first, and where the
same strength speaks for more than one candidate nothing is chosen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import groupby

from schemas.identity import agrees_with_mask, check_digit, is_masked
from schemas.matching import Ambiguity, Candidate, Clue, Evidence, Matches, Pair, PairKind


class _Strength(IntEnum):
    """How strongly a pair belongs together, the strongest first."""

    MASK = 0
    SAME_OR_OLD_ID = 1
    ONE_SLIP_AND_PHONE = 2
    ONE_SLIP = 3
    SAME_BIRTH_DATE_AND_PHONE = 4
    SAME_BIRTH_DATE = 5
    PHONE_ONLY = 6


_BY_TYPO = {  # with the same phone, without it
    Clue.SAME_ID: (_Strength.SAME_OR_OLD_ID, _Strength.SAME_OR_OLD_ID),
    Clue.OLD_ID: (_Strength.SAME_OR_OLD_ID, _Strength.SAME_OR_OLD_ID),
    Clue.ONE_CHARACTER: (_Strength.ONE_SLIP_AND_PHONE, _Strength.ONE_SLIP),
    Clue.SWAPPED: (_Strength.ONE_SLIP_AND_PHONE, _Strength.ONE_SLIP),
    Clue.ONE_MISSING: (_Strength.ONE_SLIP_AND_PHONE, _Strength.ONE_SLIP),
    Clue.SAME_BIRTH_DATE: (_Strength.SAME_BIRTH_DATE_AND_PHONE, _Strength.SAME_BIRTH_DATE),
}
_WITHIN_ONE_EDIT = {Clue.SAME_ID, Clue.ONE_CHARACTER, Clue.SWAPPED, Clue.ONE_MISSING}
_LENGTH, _OLD_LENGTH = 18, 15
_BIRTH, _BIRTH_ENDS = slice(6, 14), 14
_MOST_EDITS = 2


@dataclass(frozen=True, slots=True)
class _Edge:
    """Two candidates that may be one person."""

    strength: _Strength
    offline: Candidate
    online: Candidate
    evidence: tuple[Evidence, ...]

    def pair(self) -> Pair:
        kind = PairKind.MASKED if self.strength is _Strength.MASK else PairKind.MISTYPED
        return Pair(kind, self.offline.key, self.online.key, self.evidence)


def match(offline: Sequence[Candidate], online: Sequence[Candidate]) -> Matches:
    """Pair the leftovers of one batch, whatever their order. Keys are unique on each side."""
    edges = [*_masked(offline, online), *_same_name(offline, online), *_same_phone(offline, online)]
    edges.sort(key=lambda edge: (edge.strength, edge.offline.key, edge.online.key))
    pairs: list[Pair] = []
    ambiguous: list[Ambiguity] = []
    for _, equals in groupby(edges, key=lambda edge: edge.strength):
        used_offline = {p.offline for p in pairs} | {key for a in ambiguous for key in a.offline}
        used_online = {p.online for p in pairs} | {key for a in ambiguous for key in a.online}
        free = [e for e in equals if e.offline.key not in used_offline and e.online.key not in used_online]
        for group in _connected(free):
            if len(group) == 1:
                pairs.append(group[0].pair())
            else:
                ambiguous.append(_undecided(group))
    return Matches(
        tuple(sorted(pairs, key=lambda pair: pair.offline)),
        tuple(sorted(ambiguous, key=lambda group: group.offline)),
    )


def _undecided(group: Iterable[_Edge]) -> Ambiguity:
    group = list(group)
    return Ambiguity(
        tuple(sorted({edge.offline.key for edge in group})),
        tuple(sorted({edge.online.key for edge in group})),
    )


def _connected(edges: Iterable[_Edge]) -> list[list[_Edge]]:
    """The edges in groups that share no candidate."""
    home: dict[tuple[str, str], list[_Edge]] = {}
    for edge in edges:
        ends = ("offline", edge.offline.key), ("online", edge.online.key)
        joined = {id(home[end]): home[end] for end in ends if end in home}
        group = [edge, *(member for other in joined.values() for member in other)]
        for member in group:
            home["offline", member.offline.key] = home["online", member.online.key] = group
    return list({id(group): group for group in home.values()}.values())


def _masked(offline: Iterable[Candidate], online: Iterable[Candidate]) -> Iterator[_Edge]:
    for here, there in _alike(offline, online, _name):
        if is_masked(there.id_no) and agrees_with_mask(there.id_no, here.id_no):
            yield _Edge(_Strength.MASK, here, there, (Evidence(Clue.MASK_AGREES),))


def _same_name(offline: Iterable[Candidate], online: Iterable[Candidate]) -> Iterator[_Edge]:
    for here, there in _alike(offline, online, _name):
        typo = _typo(here.id_no, there.id_no)
        if typo is not None:
            phone = (Evidence(Clue.SAME_PHONE),) if _phones_agree(here, there) else ()
            with_phone, without = _BY_TYPO[typo.clue]
            evidence = (typo, *phone, *_failing_checks(here, there))
            yield _Edge(with_phone if phone else without, here, there, evidence)


def _same_phone(offline: Iterable[Candidate], online: Iterable[Candidate]) -> Iterator[_Edge]:
    for here, there in _alike(offline, online, _end_of_phone):
        if here.name == there.name or not _phones_agree(here, there):
            continue
        typo = _typo(here.id_no, there.id_no)
        if typo is not None and typo.clue in _WITHIN_ONE_EDIT:
            evidence = (typo, Evidence(Clue.SAME_PHONE), Evidence(Clue.OTHER_NAME), *_failing_checks(here, there))
            yield _Edge(_Strength.PHONE_ONLY, here, there, evidence)


def _alike(
    offline: Iterable[Candidate], online: Iterable[Candidate], key: Callable[[Candidate], str]
) -> Iterator[tuple[Candidate, Candidate]]:
    """Those of both sides with the same key."""
    there_by_key: dict[str, list[Candidate]] = defaultdict(list)
    for there in online:
        there_by_key[key(there)].append(there)
    return ((here, there) for here in offline if key(here) for there in there_by_key.get(key(here), ()))


def _name(candidate: Candidate) -> str:
    return candidate.name


def _end_of_phone(candidate: Candidate) -> str:
    """What a mask leaves to see of a phone number."""
    return candidate.phone[-4:]


def _phones_agree(here: Candidate, there: Candidate) -> bool:
    return bool(here.phone) and agrees_with_mask(there.phone, here.phone)


def _failing_checks(here: Candidate, there: Candidate) -> tuple[Evidence, ...]:
    sides = (here, Clue.CHECK_FAILS_OFFLINE), (there, Clue.CHECK_FAILS_ONLINE)
    return tuple(Evidence(clue) for side, clue in sides if _check_fails(side.id_no))


def _check_fails(id_no: str) -> bool:
    return len(id_no) == _LENGTH and id_no[:17].isdecimal() and check_digit(id_no) != id_no[17]


def _typo(here: str, there: str) -> Evidence | None:
    """The slip that turns one id number into the other; None when there is none, or a mask hides it."""
    if not here or not there or is_masked(there):
        return None
    if here == there:
        return Evidence(Clue.SAME_ID)
    if _is_old_form(here, there) or _is_old_form(there, here):
        return Evidence(Clue.OLD_ID)
    edits = _edits(here, there)
    if edits == 1:
        return _slip(here, there)
    same_birth = min(len(here), len(there)) >= _BIRTH_ENDS and here[_BIRTH] == there[_BIRTH]
    return Evidence(Clue.SAME_BIRTH_DATE) if same_birth and edits <= _MOST_EDITS else None


def _slip(here: str, there: str) -> Evidence:
    if len(here) != len(there):
        return Evidence(Clue.ONE_MISSING)
    places = tuple(place for place, (a, b) in enumerate(zip(here, there, strict=True), 1) if a != b)
    return Evidence(Clue.ONE_CHARACTER if len(places) == 1 else Clue.SWAPPED, places)


def _is_old_form(old: str, new: str) -> bool:
    return len(old) == _OLD_LENGTH and len(new) == _LENGTH and old == new[:6] + new[8:17]


def _edits(here: str, there: str) -> int:
    """Substitutions, insertions, deletions and swaps of neighbours between two texts (optimal alignment)."""
    before: list[int] = []
    row = list(range(len(there) + 1))
    for i, a in enumerate(here, 1):
        older, before, row = before, row, [i]
        for j, b in enumerate(there, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and (a, here[i - 2]) == (there[j - 2], b):
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
    return row[-1]
