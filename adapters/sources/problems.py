"""Problems by their code: what a code does to a record stands in the catalogue only."""

from __future__ import annotations

from schemas.catalogue import severity
from schemas.roster import Place, Problem, Rejection


def problem(code: str, where: Place, **values: str | int) -> Problem:
    return Problem(code, severity(code), where, values)


def rejection(code: str, where: Place, **values: str | int) -> Rejection:
    """A whole sheet or file set aside."""
    return Rejection(where, (problem(code, where, **values),))
