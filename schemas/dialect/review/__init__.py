"""What the shapes of a dialect cannot say: its parts do not fit one another, or not what the bridge needs.

Every fault names its place in the file and what to write; nothing is ever repeated of a value that may be a secret.
"""

from __future__ import annotations

from collections.abc import Iterator

from schemas.dialect import Dialect
from schemas.dialect.review.answers import answer_faults
from schemas.dialect.review.faults import Fault, nearest
from schemas.dialect.review.fields import field_faults, word_faults
from schemas.dialect.review.names import name_faults
from schemas.dialect.review.operations import operation_faults
from schemas.dialect.review.transport import transport_faults
from schemas.journal import BATCH_FIELDS, PERSON_FIELDS
from schemas.workbook import WorkbookDialect

_CARRIED = frozenset((*BATCH_FIELDS, *PERSON_FIELDS))

__all__ = ["Fault", "nearest", "review"]


def review(dialect: Dialect | WorkbookDialect) -> list[Fault]:
    """Every fault of a dialect, mistakes before hints."""
    found = _faults(dialect) if isinstance(dialect, Dialect) else word_faults(dialect.words, _CARRIED)
    return sorted(found, key=lambda fault: fault.hint)


def _faults(dialect: Dialect) -> Iterator[Fault]:
    yield from transport_faults(dialect)
    yield from name_faults(dialect)
    yield from answer_faults(dialect)
    yield from operation_faults(dialect)
    yield from field_faults(dialect)
