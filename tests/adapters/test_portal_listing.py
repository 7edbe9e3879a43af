"""Reading the portal back: every row once, or an error that says what is wrong."""

from __future__ import annotations

import httpx
import pytest

from schemas.errors import AuthError, SchemaDrift, TransientError
from schemas.portal import OnlineStatus
from tests.adapters.portal_rig import QILU, answer, listed_batch, listed_person, ok, page, rigged

BATCHES = "/recuperation/batch/page"
PEOPLE = "/recuperation/person/page"


@pytest.fixture
def rig():
    with rigged() as made:
        yield made


def in_pages(*numbers: int, total: int) -> httpx.Response:
    return page([listed_person(number) for number in numbers], total)


def test_batches_come_in_canonical_fields_and_the_portals_words(rig):
    route = rig.router.get(BATCHES).mock(return_value=page([listed_batch()]))
    (found,) = rig.portal.batches(2025)
    assert dict(route.calls.last.request.url.params) == {"year": "2025", "page": "1", "pageSize": "100"}
    assert (found.online_id, found.status, found.headcount) == ("7", OnlineStatus.DRAFT, 2)
    assert (found.fields["year"], found.fields["organiser"], found.fields["level"]) == ("2025", "测试总工会", "22")


def test_people_come_with_their_masks_and_with_nothing_for_null(rig):
    route = rig.router.get(PEOPLE).mock(return_value=in_pages(1, total=1))
    (found,) = rig.portal.people("7")
    assert route.calls.last.request.url.params["batchId"] == "7"
    assert (found.online_id, found.fields["id_no"], found.fields["phone"]) == ("1", "9990**********0001", "")
    assert found.fields["category"] == "1"


def test_all_pages_are_read(rig):
    route = rig.router.get(PEOPLE).mock(side_effect=[in_pages(1, 2, total=3), in_pages(3, total=3)])
    assert [found.online_id for found in rig.portal.people("7")] == ["1", "2", "3"]
    assert [call.request.url.params["page"] for call in route.calls] == ["1", "2"]


@pytest.mark.parametrize("empty", [page([], 0), ok({"total": 0}), ok({"records": None, "total": "0"})])
def test_an_empty_batch_has_nobody(rig, empty):
    rig.router.get(PEOPLE).mock(return_value=empty)
    assert list(rig.portal.people("7")) == []


SHIFTS = {
    "a row twice": [in_pages(1, 2, total=3), in_pages(2, total=3)],
    "one row gone": [in_pages(1, 2, total=3), in_pages(total=3)],
    "the total moved": [in_pages(1, 2, total=3), in_pages(3, 4, total=4)],
    "more than the total": [in_pages(1, 2, 3, total=2)],
    "a row twice on one page": [in_pages(1, 1, total=2)],
}


@pytest.mark.parametrize("shifted", SHIFTS.values(), ids=SHIFTS)
def test_rows_that_shift_between_pages_are_read_once_more(rig, shifted):
    rig.router.get(PEOPLE).mock(side_effect=[*shifted, in_pages(1, 2, total=2)])
    assert [found.online_id for found in rig.portal.people("7")] == ["1", "2"]


@pytest.mark.parametrize("shifted", SHIFTS.values(), ids=SHIFTS)
def test_a_listing_that_never_adds_up_is_left_to_the_next_run(rig, shifted):
    rig.router.get(PEOPLE).mock(side_effect=shifted * 2)
    with pytest.raises(TransientError):
        list(rig.portal.people("7"))


def test_a_portal_that_knows_only_its_first_page_does_not_keep_us_for_ever(rig):
    route = rig.router.get(PEOPLE).mock(return_value=in_pages(1, 2, total=1000))
    with pytest.raises(TransientError):
        list(rig.portal.people("7"))
    assert route.call_count == 4


PASSING = [
    httpx.ConnectError,
    httpx.ReadTimeout,
    httpx.Response(200, html="<p>升级"),
    httpx.Response(502),
    answer("P10002"),
    answer("P10012"),
    answer("P10003", status=503, Retry_After="2"),
]


@pytest.mark.parametrize("trouble", PASSING)
def test_a_page_that_did_not_come_is_asked_for_again(rig, trouble):
    rig.router.get(PEOPLE).mock(side_effect=[trouble, in_pages(1, total=1)])
    assert len(list(rig.portal.people("7"))) == 1


@pytest.mark.parametrize("trouble", PASSING)
def test_a_page_that_never_comes_is_left_to_the_next_run(rig, trouble):
    route = rig.router.get(PEOPLE).mock(side_effect=[trouble] * 4)
    with pytest.raises(TransientError):
        list(rig.portal.people("7"))
    assert route.call_count == 4


@pytest.mark.parametrize(
    "refusal", [answer("S20011"), answer("E-1"), answer("P00000", status=302), httpx.Response(404), answer("S10019")]
)
def test_a_listing_refused_is_not_asked_for_again(rig, refusal):
    route = rig.router.get(PEOPLE).mock(return_value=refusal)
    with pytest.raises(SchemaDrift):
        list(rig.portal.people("7"))
    assert route.call_count == 1


def test_a_listing_without_a_right_to_it_is_an_error_of_the_credentials(rig):
    rig.router.get(PEOPLE).mock(return_value=answer("P10013"))
    with pytest.raises(AuthError):
        list(rig.portal.people("7"))


def without(row: dict[str, object], name: str) -> dict[str, object]:
    return {key: value for key, value in row.items() if key != name}


@pytest.mark.parametrize(
    ("came", "path"),
    [
        (ok({"records": []}), "data.total"),
        (page([], -1), "data.total"),
        (ok({"records": [], "total": 10**12}), "data.total"),
        (ok({"rows": [], "total": 1}), "data.records"),
        (page(["张三"], 1), "data.records"),  # type: ignore[list-item]
        (page([without(listed_batch(), "id")]), "data.records[].id"),
        (page([without(listed_batch(), "baseName")]), "data.records[].baseName"),
        (page([listed_batch(releaseStatus="77")]), "data.records[].releaseStatus"),
        (page([without(listed_batch(), "releaseStatus")]), "data.records[].releaseStatus"),
    ],
)
def test_a_listing_of_another_shape_stops_the_run_and_names_the_place(rig, came, path):
    rig.router.get(BATCHES).mock(return_value=came)
    with pytest.raises(SchemaDrift) as error:
        list(rig.portal.batches(2025))
    assert str(error.value) == f"The portal's answer is not what the dialect describes at {path}."


def test_the_page_size_is_the_dialects():
    small = QILU.model_copy(update={"limits": QILU.limits.model_copy(update={"page_size": 7})})
    with rigged(small) as rig:
        route = rig.router.get(PEOPLE).mock(return_value=page([]))
        list(rig.portal.people("7"))
    assert route.calls.last.request.url.params["pageSize"] == "7"
