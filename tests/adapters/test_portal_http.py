"""The HTTP portal's table: what the portal answers → what is known → how many calls that took."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import orjson
import pytest
from structlog.testing import capture_logs

from adapters.portal.http import Retries
from bridge.ports import Portal
from schemas.errors import AuthError, Unmappable
from schemas.outcome import Outcome
from schemas.portal import Operation, Payload, Record, Verdict
from tests.adapters.portal_rig import Rig, answer, batch, ok, people, person, qilu_with, rigged, sent_body

SAVE = "/recuperation/batch/save"
PEOPLE = "/recuperation/person/saveBatch"
HTML = httpx.Response(200, html="<title>系统升级</title>")


@pytest.fixture
def rig():
    with rigged() as made:
        yield made


TABLE = [
    # answers in turn, outcome, seen, calls
    ([ok({"id": 7})], "accepted", "answered:P00000", 1),
    ([ok({})], "unknown", "answered:P00000", 1),
    ([ok({"id": 7}), ok({"id": 8})], "accepted", "answered:P00000", 1),
    ([answer("P00000", {"id": 7}, status=500)], "unknown", "answered:P00000", 1),
    ([answer(0, {"id": 7})], "unknown", "answered:0", 1),
    ([answer("S10019")], "exists", "answered:S10019", 1),
    ([answer("S20024", msg="请不要重复上报")], "exists", "answered:S20024", 1),
    ([answer("S20024", msg="别的")], "unknown", "answered:S20024", 1),
    ([answer("S20004", msg="缺少参数")], "refused", "answered:S20004", 1),
    ([answer("E-77")], "unknown", "answered:E-77", 1),
    ([answer("张三")], "unknown", "answered:?", 1),
    ([answer("P10002")], "unknown", "answered:P10002", 1),
    ([answer("P10012"), ok({"id": 7})], "accepted", "answered:P00000", 2),
    ([answer("P10012")] * 4, "not_processed", "answered:P10012", 4),
    ([answer("P10003", status=503, Retry_After="3"), ok({"id": 7})], "accepted", "answered:P00000", 2),
    ([httpx.Response(503, html="<p>busy")] * 4, "not_processed", "answered:503", 4),
    ([httpx.Response(429), ok({"id": 7})], "accepted", "answered:P00000", 2),
    ([httpx.Response(500)], "unknown", "answered:500", 1),
    ([httpx.Response(502, html="<p>bad gateway")], "unknown", "answered:502", 1),
    ([httpx.Response(302, headers={"Location": "https://elsewhere.test/"})], "unknown", "answered:302", 1),
    ([HTML], "unknown", "not_ours:200", 1),
    ([httpx.Response(204)], "unknown", "not_ours:204", 1),
    ([httpx.Response(200, content=b'{"code": "P00000", "da')], "unknown", "not_ours:200", 1),
    ([httpx.Response(200, json=["P00000"])], "unknown", "not_ours:200", 1),
    ([httpx.Response(200, json={"code": None})], "unknown", "not_ours:200", 1),
    ([httpx.ConnectError, httpx.ConnectTimeout, ok({"id": 7})], "accepted", "answered:P00000", 3),
    ([httpx.PoolTimeout] * 4, "not_sent", "connect_failed:PoolTimeout", 4),
    ([httpx.ReadTimeout], "unknown", "lost:ReadTimeout", 1),
    ([httpx.WriteTimeout], "unknown", "lost:WriteTimeout", 1),
    ([httpx.ReadError], "unknown", "lost:ReadError", 1),
    ([httpx.WriteError], "unknown", "lost:WriteError", 1),
    ([httpx.RemoteProtocolError], "unknown", "lost:RemoteProtocolError", 1),
    ([httpx.DecodingError], "unknown", "lost:DecodingError", 1),
    ([answer("P10012"), httpx.ReadTimeout], "unknown", "lost:ReadTimeout", 2),
]


@pytest.mark.parametrize(("answers", "outcome", "seen", "calls"), TABLE)
def test_what_the_portal_answers_decides_what_is_known(rig, answers, outcome, seen, calls):
    route = rig.router.post(SAVE).mock(side_effect=answers)
    came = rig.portal.send(batch(rig.portal))
    assert (came.verdicts["serial-b"].outcome, came.seen) == (Outcome(outcome), seen)
    assert (route.call_count, came.tries) == (calls, calls)


def test_the_http_portal_is_a_portal(rig):
    portal: Portal = rig.portal
    assert portal.delivery_class == "K3"
    assert (portal.settle_window_s, portal.rows_at_once(Operation.SAVE_PEOPLE)) == (1800, 100)
    assert all(portal.can(operation) for operation in Operation)


def test_exactly_the_prepared_bytes_go_out_at_every_try(rig):
    route = rig.router.post(SAVE).mock(side_effect=[answer("P10012"), answer("P10013"), ok({"id": 7})])
    payload = batch(rig.portal)
    rig.portal.send(payload)
    assert [call.request.content for call in route.calls] == [payload.body] * 3
    assert b" " not in payload.body
    assert "测试总工会".encode() in payload.body


def test_people_go_out_in_the_portals_fields_under_their_batch(rig):
    rig.router.post(PEOPLE).mock(return_value=ok({"saved": [{"serialNo": "serial-1", "id": 9}]}))
    came = rig.portal.send(people(rig.portal, "测试甲"))
    assert sent_body(rig.router.routes[-1]) == {
        "batchId": "7",
        "list": [
            {
                "fullName": "测试甲",
                "idType": "01",
                "idCard": "999001199001010001",
                "userPhone": "19900000001",
                "laborName": "测试单位",
                "personType": "1",
                "serialNo": "serial-1",
            }
        ],
    }
    assert came.verdicts == {"serial-1": Verdict(Outcome.ACCEPTED, online_id="9")}


def test_what_stands_in_each_record_is_made_for_each_of_them():
    each = {"batch.id": "{parent}", "by": "{app_id}", "key": "{serial}/{online_id}", "fullName": "{person.name} *"}
    with rigged(qilu_with(Operation.SAVE_PEOPLE, each=each, body={})) as rig:
        records = [Record(f"s{n}", {"name": f"测试{n}", "phone": ""}, online_id=f"{n}0") for n in (1, 2)]
        payload = rig.portal.prepare(Operation.SAVE_PEOPLE, records, parent="7")
    assert orjson.loads(payload.body)["list"] == [
        {
            "batch": {"id": "7"},
            "by": "app",
            "key": f"s{n}/{n}0",
            "fullName": f"测试{n} *",
            "userPhone": "",
            "serialNo": f"s{n}",
        }
        for n in (1, 2)
    ]


def test_what_stands_in_each_record_must_be_known_as_well():
    dialect = qilu_with(Operation.SAVE_PEOPLE, each={"batchId": "{parent}"}, body={})
    with rigged(dialect) as rig, pytest.raises(ValueError, match="known batch"):
        rig.portal.prepare(Operation.SAVE_PEOPLE, [person(1)])


def test_an_update_names_the_portals_own_id_and_a_submission_nothing_else(rig):
    known = Record("s", {"phone": "19900000001"}, online_id="9")
    assert b'"id":"9"' in rig.portal.prepare(Operation.UPDATE_PERSON, [known]).body
    assert rig.portal.prepare(Operation.SUBMIT, [known]).body == b'{"id":"9"}'


def test_a_field_the_portal_has_no_name_for_is_not_lost_in_silence(rig):
    with pytest.raises(Unmappable, match="shoe_size"):
        rig.portal.prepare(Operation.SAVE_PEOPLE, [Record("s", {"name": "测试", "shoe_size": "42"})], parent="7")


@pytest.mark.parametrize(
    ("operation", "records", "parent"),
    [
        (Operation.UPDATE_PERSON, [person(1)], ""),
        (Operation.SUBMIT, [person(1)], ""),
        (Operation.SAVE_PEOPLE, [person(1)], ""),
        (Operation.SAVE_PEOPLE, [], "7"),
        (Operation.SAVE_PEOPLE, [person(number) for number in range(101)], "7"),
    ],
)
def test_a_request_the_portal_could_misunderstand_is_never_made(rig, operation, records, parent):
    with pytest.raises(ValueError):
        rig.portal.prepare(operation, records, parent=parent)


def test_an_answer_that_takes_longer_than_the_whole_call_may_is_lost(rig):
    def body() -> Iterator[bytes]:
        yield b'{"code": "P00000",'
        rig.time.sleep(61)
        yield b'"data": {"id": 7}}'

    rig.router.post(SAVE).mock(side_effect=lambda _request: httpx.Response(200, content=body()))
    came = rig.portal.send(batch(rig.portal))
    assert (came.seen, came.verdicts["serial-b"].outcome) == ("lost:DeadlineExceeded", Outcome.UNKNOWN)


def test_retry_after_is_kept_by_the_call_and_by_the_next_one(rig):
    busy = answer("P10012", status=429, Retry_After="90")
    rig.router.post(SAVE).mock(side_effect=[busy, busy, ok({"id": 7})])
    assert rig.portal.send(batch(rig.portal)).verdicts["serial-b"].outcome is Outcome.NOT_PROCESSED
    assert rig.time.slept == [90]
    assert rig.portal.send(batch(rig.portal)).verdicts["serial-b"].outcome is Outcome.ACCEPTED
    assert rig.time.slept == [90, 90]


def test_a_wish_longer_than_our_patience_ends_the_call_and_holds_the_next_back_unsent(rig):
    route = rig.router.post(SAVE).mock(return_value=answer("P10012", Retry_After="999999"))
    assert rig.portal.send(batch(rig.portal)).verdicts["serial-b"].outcome is Outcome.NOT_PROCESSED
    came = rig.portal.send(batch(rig.portal))
    assert (came.seen, came.verdicts["serial-b"].outcome) == ("connect_failed:held_back", Outcome.NOT_SENT)
    assert (route.call_count, rig.time.slept) == (1, [])


def test_a_run_has_one_budget_of_retries_for_all_its_calls():
    with rigged(retries=Retries(attempts=4, time_s=1e9, budget=5)) as rig:
        route = rig.router.post(SAVE).mock(return_value=answer("P10012"))
        tries = [rig.portal.send(batch(rig.portal)).tries for _ in range(4)]
    assert tries == [4, 3, 1, 1]
    assert route.call_count == 9


def test_ten_successes_earn_one_retry():
    with rigged(retries=Retries(budget=1)) as rig:
        route = rig.router.post(SAVE)
        route.mock(return_value=answer("P10012"))
        assert [rig.portal.send(batch(rig.portal)).tries for _ in range(2)] == [2, 1]
        route.mock(return_value=ok({"id": 7}))
        assert {rig.portal.send(batch(rig.portal)).tries for _ in range(11)} == {1}
        route.mock(return_value=answer("P10012"))
        assert [rig.portal.send(batch(rig.portal)).tries for _ in range(2)] == [2, 1]


def test_the_token_is_fetched_when_first_needed_kept_and_renewed_early(rig):
    rig.router.post(SAVE).mock(return_value=ok({"id": 7}))
    payload = batch(rig.portal)
    assert rig.token.call_count == 0
    for at_s, fetched in [(0, 1), (7139, 1), (7141, 2)]:
        rig.time.now_s = 1000 + at_s
        rig.portal.send(payload)
        assert rig.token.call_count == fetched
    assert sent_body(rig.token) == {"appId": "app", "appSecret": "secret"}


def test_a_token_refused_is_renewed_once_and_then_the_credentials_are_wrong(rig):
    rig.token.mock(side_effect=[ok({"token": name, "expiresIn": 60}) for name in ("t1", "t2")])
    route = rig.router.post(SAVE).mock(return_value=httpx.Response(401))
    with pytest.raises(AuthError):
        rig.portal.send(batch(rig.portal))
    assert [call.request.headers["Authorization"] for call in route.calls] == ["Bearer t1", "Bearer t2"]


@pytest.mark.parametrize(
    "refusal", [answer("S20012"), answer("P10013", status=401), ok({"token": ""}), ok({"token": "张三"}), answer("E-1")]
)
def test_without_a_token_nothing_is_sent(rig, refusal):
    rig.token.mock(return_value=refusal)
    route = rig.router.post(SAVE)
    with pytest.raises(AuthError):
        rig.portal.send(batch(rig.portal))
    assert route.call_count == 0


@pytest.mark.parametrize("trouble", [httpx.ReadTimeout, HTML, answer("P10002"), httpx.Response(500)])
def test_a_token_that_does_not_come_leaves_the_records_unsent(rig, trouble):
    rig.token.mock(side_effect=[trouble] * 4)
    assert rig.portal.send(batch(rig.portal)).verdicts["serial-b"].outcome is Outcome.NOT_SENT
    assert rig.token.call_count == 4


def test_the_log_has_counts_and_causes_and_nobody_in_it(rig: Rig):
    rig.router.post(PEOPLE).mock(return_value=answer("S20006", msg="测试甲 999001199001010001"))
    with capture_logs() as events:
        rig.portal.send(people(rig.portal, "测试甲", "测试乙"))
    assert events == [
        {
            "event": "portal.sent",
            "log_level": "info",
            "operation": "save_people",
            "outcome": "refused",
            "seen": "answered:S20006",
            "tries": 1,
            "status": 200,
            "elapsed_ms": 0,
            "rows": 2,
        }
    ]


def test_a_payload_read_back_from_the_journal_is_sent_as_it_was_written(rig):
    route = rig.router.post(PEOPLE).mock(return_value=ok({"saved": [], "skipped": ["测试甲"]}))
    made = people(rig.portal, "测试甲")
    came = rig.portal.send(Payload(made.operation, made.path, made.body, made.serials))
    assert route.calls.last.request.content == made.body
    assert came.verdicts["serial-1"].outcome is Outcome.UNKNOWN
