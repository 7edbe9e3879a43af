"""A listing read whole: every row once, and as many as the portal says there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from adapters.wire.paths import at, text
from schemas.dialect import Paging
from schemas.errors import SchemaDrift, TransientError
from schemas.texts import T

Row = Mapping[str, object]
Page = Callable[[Mapping[str, str]], object]

_PASSES = 2
_ROWS_AT_MOST = 1_000_000


def whole_listing(page: Page, paging: Paging, *, page_size: int, id_field: str) -> list[Row]:
    """All rows, by their online id. `page` fetches one page by its parameters.

    Rows shift between pages when somebody edits meanwhile: a pass that does not add up is done once more.
    Raises TransientError when the second does not either, SchemaDrift for an answer of another shape.
    """
    for _ in range(_PASSES):
        rows = _one_pass(page, paging, page_size, id_field)
        if rows is not None:
            return rows
    raise TransientError(T("The portal's listing changed while it was read, twice."))


def _one_pass(page: Page, paging: Paging, page_size: int, id_field: str) -> list[Row] | None:
    """None when the pages do not fit together: a row twice, a total that moved, rows missing or too many."""
    found: dict[str, Row] = {}
    number, announced = paging.first_page, -1
    while len(found) != announced:
        document = page({paging.page_parameter: str(number), paging.size_parameter: str(page_size)})
        total, rows = _total(document, paging), _rows(document, paging)
        fresh = {_id(row, paging, id_field): row for row in rows}
        whole_so_far = announced in {-1, total} and len(fresh) == len(rows) and not found.keys() & fresh.keys()
        found.update(fresh)
        if not whole_so_far or len(found) > total or (not rows and len(found) < total):
            return None
        number, announced = number + 1, total
    return list(found.values())


def _total(document: object, paging: Paging) -> int:
    total = text(at(document, paging.total_at))
    if not (total.isascii() and total.isdecimal() and len(total) < len(str(_ROWS_AT_MOST * 10))):
        raise drift(paging.total_at)
    if int(total) > _ROWS_AT_MOST:
        raise drift(paging.total_at)
    return int(total)


def _rows(document: object, paging: Paging) -> list[Row]:
    rows = at(document, paging.rows_at)
    if rows is None and _total(document, paging) == 0:
        return []
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise drift(paging.rows_at)
    return rows


def _id(row: Row, paging: Paging, id_field: str) -> str:
    online_id = text(row.get(id_field))
    if not online_id:
        raise drift(f"{paging.rows_at}[].{id_field}")
    return online_id


def drift(path: str) -> SchemaDrift:
    """Names the place, never what stands there."""
    return SchemaDrift(T("The portal's answer is not what the dialect describes at {path}.", path=path))
