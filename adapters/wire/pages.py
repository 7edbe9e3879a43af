"""A listing read whole: every row once, and as many as the portal says there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from adapters.wire.calls import Reply
from adapters.wire.paths import at, member, steps, text
from schemas.dialect import Dialect
from schemas.dialect.request import Listing
from schemas.errors import SchemaDrift, TransientError
from schemas.texts import T

Row = Mapping[str, object]
Fetch = Callable[[Mapping[str, str], Mapping[str, str]], Reply]
"""One page, by the values of its templates and by what the last page's link says its query is."""

_PASSES, _PASSES_WITHOUT_TOTAL = 2, 3
_ROWS_AT_MOST = 1_000_000
_NONE_YET = -1


@dataclass(frozen=True, slots=True)
class Pages:
    """How one listing goes on, and where its rows lie.

    `row` makes a row of what stands there; `one_is_no_list`: XML does not tell one row from a list of one.
    """

    by: str
    first_page: int
    size: int
    rows_at: str
    total_at: str
    next_at: str
    id_field: str
    row: Callable[[object], object] = lambda value: value
    one_is_no_list: bool = False

    @classmethod
    def of(cls, dialect: Dialect, listing: Listing, row: Callable[[object], object]) -> Pages:
        paging = dialect.paging
        return cls(
            paging.by,
            paging.first_page,
            dialect.limits.page_size,
            listing.rows_at or paging.rows_at,
            listing.total_at or paging.total_at,
            listing.next_at or paging.next_at,
            dialect.fields.record.online_id,
            row,
            one_is_no_list=dialect.answer.form == "xml",
        )


def whole_listing(fetch: Fetch, pages: Pages) -> list[Row]:
    """All rows, by their online id.

    Rows shift between pages when somebody edits meanwhile: a pass that does not add up is done once more, and where the
    portal tells no total, two passes must show the same. Raises TransientError when they do not, SchemaDrift for an
    answer of another shape.
    """
    before: list[str] | None = None
    for _ in range(_PASSES if pages.total_at else _PASSES_WITHOUT_TOTAL):
        found = _Pass(fetch, pages).rows()
        if found is not None and (pages.total_at or pages.by == "none" or len(found) < pages.size):
            return list(found.values())
        if found is not None and before == list(found):
            return list(found.values())
        before = None if found is None else list(found)
    raise TransientError(T("The portal's listing changed while it was read, twice."))


class _Pass:
    """One walk over all pages."""

    def __init__(self, fetch: Fetch, pages: Pages) -> None:
        self._fetch = fetch
        self._pages = pages
        self._found: dict[str, Row] = {}
        self._id_path = steps(pages.id_field)
        self._announced = _NONE_YET

    def rows(self) -> dict[str, Row] | None:
        """None when the pages do not fit together: a row twice, a total that moved, rows missing or too many."""
        values = self._first()
        link: dict[str, str] = {}
        while True:
            reply = self._fetch(values, link)
            rows = rows_of(reply.document, self._pages)
            if not self._fits(reply.document, rows):
                return None
            after = self._after(reply, values, rows)
            if after is None:
                return self._found if self._announced in {_NONE_YET, len(self._found)} else None
            values, link = after

    def _fits(self, document: object, rows: list[Row]) -> bool:
        total = _total(document, self._pages.total_at) if self._pages.total_at else _NONE_YET
        fresh = {self._online_id(row): row for row in rows}
        moved = self._announced not in {_NONE_YET, total}
        doubled = len(fresh) != len(rows) or bool(self._found.keys() & fresh.keys())
        self._found.update(fresh)
        self._announced = total
        too_many = len(self._found) > (_ROWS_AT_MOST if total == _NONE_YET else total)
        return not (moved or doubled or too_many)

    def _online_id(self, row: Row) -> str:
        online_id = text(member(row, self._id_path))
        if not online_id:
            raise drift(f"{self._pages.rows_at}[].{self._pages.id_field}")
        return online_id

    def _first(self) -> dict[str, str]:
        return {"page": str(self._pages.first_page), "offset": "0", "cursor": "", "size": str(self._pages.size)}

    def _after(
        self, reply: Reply, values: Mapping[str, str], rows: list[Row]
    ) -> tuple[dict[str, str], dict[str, str]] | None:
        """The values of the next page, or None after the last one."""
        match self._pages.by:
            case "cursor":
                cursor = text(at(reply.document, self._pages.next_at))
                return ({**values, "cursor": cursor}, {}) if cursor and cursor != values["cursor"] else None
            case "link":
                query = dict(parse_qsl(urlsplit(reply.next_link).query, keep_blank_values=True))
                return ({**values}, query) if query else None
            case "none":
                return None
            case _:
                known = self._announced != _NONE_YET
                if not rows or (len(self._found) >= self._announced if known else len(rows) < self._pages.size):
                    return None
                page = str(int(values["page"]) + 1)
                return {**values, "page": page, "offset": str(len(self._found))}, {}


def rows_of(document: object, pages: Pages) -> list[Row]:
    """The rows of one page. Raises SchemaDrift for anything but objects."""
    found = at(document, pages.rows_at)
    if found is None and pages.total_at and _total(document, pages.total_at) == 0:
        return []
    if pages.one_is_no_list and not isinstance(found, list):
        found = [found] if found else []
    rows = [pages.row(value) for value in found] if isinstance(found, list) else None
    if rows is None or not all(isinstance(row, dict) for row in rows):
        raise drift(pages.rows_at)
    return rows  # type: ignore[return-value]  # each is a dict: looked at above


def _total(document: object, path: str) -> int:
    total = text(at(document, path))
    if not (total.isascii() and total.isdecimal() and len(total) < len(str(_ROWS_AT_MOST * 10))):
        raise drift(path)
    if int(total) > _ROWS_AT_MOST:
        raise drift(path)
    return int(total)


def drift(path: str) -> SchemaDrift:
    """Names the place, never what stands there."""
    return SchemaDrift(T("The portal's answer is not what the dialect describes at {path}.", path=path))
