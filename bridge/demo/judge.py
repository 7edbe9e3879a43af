"""Judge: what was injected against what is open in the journal, code by code."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import NamedTuple

from bridge.wiring.practice import QUIET, Expected
from schemas.finding import Code, Finding
from schemas.identity import identify


class Sign(NamedTuple):
    """By what a finding is known again: `about` is a person's mark, a damaged row's place, or nothing for a batch."""

    code: Code
    batch: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Score:
    """One code on one day. `QUIET` codes may be open beside what was injected, so they are never `false`."""

    code: Code
    injected: frozenset[Sign]
    missed: frozenset[Sign]
    false: frozenset[Sign]

    @property
    def found(self) -> int:
        return len(self.injected) - len(self.missed)


def expected(truth: Iterable[Expected], person_key: Callable[[str, str], bytes]) -> frozenset[Sign]:
    return frozenset(_of_expected(one, person_key) for one in truth)


def seen(findings: Iterable[Finding]) -> frozenset[Sign]:
    return frozenset(_of_finding(finding) for finding in findings)


def score(injected: Collection[Sign], open_now: Collection[Sign]) -> tuple[Score, ...]:
    """Every code that was injected or is open without need, in their order."""
    return tuple(
        Score(
            code,
            injected=frozenset(sign for sign in injected if sign.code is code),
            missed=frozenset(sign for sign in injected if sign.code is code and sign not in open_now),
            false=frozenset(
                sign for sign in open_now if sign.code is code and code not in QUIET and sign not in injected
            ),
        )
        for code in Code
        if any(sign.code is code for sign in injected)
        or (code not in QUIET and any(sign.code is code for sign in open_now))
    )


def _of_expected(one: Expected, person_key: Callable[[str, str], bytes]) -> Sign:
    if one.where is not None:
        return Sign(one.code, one.batch, _place(one.where.file, one.where.sheet, one.where.row))
    if not one.person_id_no:
        return Sign(one.code, one.batch)
    id_type = identify(one.person_id_no)
    return Sign(one.code, one.batch, person_key(id_type or "", one.person_id_no).hex())


def _of_finding(finding: Finding) -> Sign:
    batch = str(finding.batch or "")
    if finding.code is Code.DAMAGED_ROW and finding.where is not None:
        return Sign(finding.code, batch, _place(finding.where.file, finding.where.sheet, finding.where.row))
    return Sign(finding.code, batch, finding.person)


def _place(file: str, sheet: str, row: int) -> str:
    return f"{PurePosixPath(file).name} {sheet} {row}"
