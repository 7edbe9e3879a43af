"""How a listing goes on: by page, offset, cursor, link or not at all; with a total or without one."""

from __future__ import annotations

import tomllib
from collections.abc import Callable

import httpx
import pytest

from schemas.dialect import Dialect
from schemas.errors import TransientError
from tests.adapters.dialect_trees import changed
from tests.adapters.portal_rig import listed_person, rigged

LISTED = "/recuperation/person/page"
Query = dict[str, str]
BARE = {"grants": [], "transport": {}}
QUERY = {"n": "{page}", "from": "{offset}", "after": "{cursor}", "size": "{size}"}


def paging(toml: str) -> Dialect:
    rule = {"rows_at": "data.rows", "query": QUERY, **tomllib.loads(toml)}
    return changed("limits.page_size = 2", **BARE, paging=rule)


class Rows:
    """A portal's people; `serve` answers a page from where `start` says it is asked to begin, as the portal is now."""

    def __init__(self, start: Callable[[Query], int], *numbers: int, total: bool, next_at: str = "") -> None:
        self._start = start
        self.numbers = list(numbers)
        self._total, self._next_at = total, next_at
        self.asked: list[Query] = []
        self.after_page: dict[int, list[int]] = {}

    def serve(self, request: httpx.Request) -> httpx.Response:
        query = dict(request.url.params)
        self.asked.append(query)
        start = self._start(query)
        data: dict[str, object] = {}
        shown, rest = self.numbers[start : start + 2], self.numbers[start + 2 :]
        data["rows"] = [listed_person(number) for number in shown]
        if self._total:
            data["total"] = len(self.numbers)
        if self._next_at:
            data["next"] = str(start + 2) if rest else None
        link = {"Link": f'</x?after={start + 2}>; rel="next"'} if rest and not self._next_at else {}
        self.numbers = self.after_page.pop(len(self.asked), self.numbers)
        return httpx.Response(200, json={"code": "P00000", "data": data}, headers=link)


def by(name: str, first: int = 0, step: int = 1) -> Callable[[Query], int]:
    return lambda query: (int(query[name] or 0) - first) * step


MANNERS = {
    "pages from 1": ('by = "page"', by("n", 1, 2), {}),
    "pages from 0": ('by = "page"\nfirst_page = 0', by("n", 0, 2), {}),
    "offsets": ('by = "offset"', by("from"), {}),
    "cursors": ('by = "cursor"\nnext_at = "data.next"', by("after"), {"next_at": "data.next"}),
    "links": ('by = "link"', by("after"), {}),
}


def read(toml: str, rows: Rows) -> list[str]:
    with rigged(paging(toml)) as rig:
        rig.router.get(LISTED).mock(side_effect=rows.serve)
        return [found.online_id for found in rig.portal.people("7")]


@pytest.mark.parametrize("total", [True, False], ids=["total", "no total"])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 7])
@pytest.mark.parametrize("manner", MANNERS)
def test_every_row_is_read_once(manner, count, total):
    toml, start, more = MANNERS[manner]
    rows = Rows(start, *range(count), total=total, **more)
    assert read(toml + '\ntotal_at = "data.total"' * total, rows) == [str(number) for number in range(count)]


@pytest.mark.parametrize("manner", MANNERS)
def test_rows_that_move_between_the_pages_are_read_again_until_two_looks_agree(manner):
    toml, start, more = MANNERS[manner]
    rows = Rows(start, 0, 1, 2, 3, 4, total=False, **more)
    rows.after_page = {1: [0, 2, 3, 4]}  # somebody deletes row 1 while page 1 is on its way: row 2 is on no page
    assert read(toml, rows) == ["0", "2", "3", "4"]


def test_a_listing_that_never_stands_still_is_no_listing():
    rows = Rows(by("from"), 0, 1, 2, total=False)
    rows.after_page = {2: [0, 1, 3], 4: [0, 1, 4]}
    with pytest.raises(TransientError, match="changed while it was read"):
        read('by = "offset"', rows)


def test_where_all_comes_at_once_one_call_is_made():
    rows = Rows(by("from"), 0, 1, total=False)
    assert read('by = "none"', rows) == ["0", "1"]
    assert len(rows.asked) == 1


def test_a_cursor_that_stands_still_ends_the_listing():
    def stuck(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"code": "P00000", "data": {"rows": [listed_person(1)], "next": "same"}})

    with rigged(paging('by = "cursor"\nnext_at = "data.next"')) as rig:
        rig.router.get(LISTED).mock(side_effect=stuck)
        with pytest.raises(TransientError):
            rig.portal.people("7")
