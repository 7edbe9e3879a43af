"""Grants in stages, the portal's clock, closing hours, calls a minute, tickets, sealed answers: by data alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from math import inf

import httpx
import orjson
import pytest

from adapters.portal.http import Retries
from adapters.wire.locks import OpenLock
from schemas.dialect.access import Lock
from schemas.errors import AuthError, SchemaDrift, TransientError
from schemas.outcome import Outcome
from schemas.portal import OnlineStatus, Operation, Record
from tests.adapters.dialect_trees import changed
from tests.adapters.portal_rig import (
    Rig,
    answer,
    batch,
    listed_batch,
    listed_person,
    ok,
    page,
    people,
    person,
    rigged,
    sent_body,
)

SAVE = "/recuperation/batch/save"
PEOPLE = "/recuperation/person/saveBatch"
BATCHES = "/recuperation/batch/page"
LISTED = "/recuperation/person/page"
AES = OpenLock(Lock(cipher="aes-ecb", key="k"), "secret-of-16-chr", "", bytes)

STAGES = """
[[grants]]
name = "first"
path = "/first"
body = { secret = "{app_secret}" }
value_at = "data.value"
life_s = 172800
[[grants]]
name = "second"
method = "GET"
path = "/second"
query = { by = "{first}" }
value_at = "data.value"
life_at = "data.left"
life_unit = "ms"
refresh_early_s = 0
"""


def stored(rig: Rig) -> Outcome:
    return rig.portal.send(batch(rig.portal)).verdicts["serial-b"].outcome


def test_a_later_grant_is_asked_for_with_an_earlier_one_and_each_lives_its_own_life():
    with rigged(changed(STAGES, transport={"headers": {"X-Secret": "{second}"}})) as rig:
        first = rig.router.post("/first").mock(return_value=ok({"value": "F"}))
        second = rig.router.get("/second").mock(side_effect=[ok({"value": n, "left": 900_000}) for n in ("S1", "S2")])
        save = rig.router.post(SAVE).mock(return_value=ok({"id": 7}))
        for _ in range(2):
            assert stored(rig) is Outcome.ACCEPTED
        rig.time.now_s += 901
        assert stored(rig) is Outcome.ACCEPTED
    assert (first.call_count, second.call_count) == (1, 2)
    assert second.calls.last.request.url.params["by"] == "F"
    assert [call.request.headers["X-Secret"] for call in save.calls] == ["S1", "S1", "S2"]


def test_a_grant_may_be_given_encrypted_and_end_at_a_moment():
    toml = """
    [[grants]]
    name = "token"
    path = "/auth/token"
    value_at = "data.secret"
    ends_at = "data.secretEndTime"
    refresh_early_s = 10
    lock = { cipher = "aes-ecb", key = "{app_secret}" }
    """
    end_ms = str((1000 + 60) * 1000 + 10**12)
    with rigged(changed(toml), secret="secret-of-16-chr") as rig:
        rig.time.now_s += 10**9
        rig.token.mock(return_value=ok({"secret": AES.close(b"open-sesame"), "secretEndTime": end_ms}))
        save = rig.router.post(SAVE).mock(return_value=ok({"id": 7}))
        for passed_s, fetched in ((0, 1), (49, 1), (2, 2)):
            rig.time.now_s += passed_s
            stored(rig)
            assert rig.token.call_count == fetched
    assert save.calls.last.request.headers["Authorization"] == "Bearer open-sesame"


@pytest.mark.parametrize(
    ("moment", "used_again_after_s"),
    [("1970-01-01 08:18:20", 99), ("1100", 99), ("never", 10**6), ("", 10**6)],
)
def test_the_end_of_a_grant_may_be_told_as_a_day_and_time_of_the_portals_zone(moment, used_again_after_s):
    toml = '[[grants]]\nname = "token"\npath = "/auth/token"\nvalue_at = "data.token"\nends_at = "data.end"\nrefresh_early_s = 0'
    with rigged(changed(toml)) as rig:
        rig.token.mock(return_value=ok({"token": "t", "end": moment}))
        rig.router.post(SAVE).mock(return_value=ok({"id": 7}))
        stored(rig)
        rig.time.now_s += used_again_after_s
        stored(rig)
        assert rig.token.call_count == 1


def test_basic_access_needs_no_call():
    with rigged(changed('transport.headers = { Authorization = "Basic {basic}" }', grants=[])) as rig:
        save = rig.router.post(SAVE).mock(return_value=ok({"id": 7}))
        assert stored(rig) is Outcome.ACCEPTED
    assert save.calls.last.request.headers["Authorization"] == httpx.BasicAuth("app", "secret")._auth_header
    assert rig.token.call_count == 0


SIGNED = """
stamp.time = "s"
signature = { field = "X-Sign", algorithm = "sha256", canonical = "{time}{app_secret}" }
[answer]
code_at = "code"
message_at = "msg"
[[answer.rules]]
code = "P00000"
reaction = "success"
[[answer.rules]]
code = "CLOCK"
reaction = "clock"
[[answer.rules]]
code = "SIGN"
reaction = "auth"
"""


STAMPED = changed(SIGNED, grants=[], transport={"headers": {"X-Time": "{time}"}})


def dated(response: httpx.Response, rig: Rig, skew_s: float) -> httpx.Response:
    moment = datetime.fromtimestamp(rig.time.now_s, UTC) + timedelta(seconds=skew_s)
    response.headers["Date"] = format_datetime(moment, usegmt=True)
    return response


def test_the_portals_clock_is_learned_from_its_date_and_our_request_stamped_by_it():
    with rigged(STAMPED) as rig:
        save = rig.router.post(SAVE).mock(
            side_effect=[dated(answer("CLOCK", status=403), rig, 600), dated(ok({"id": 7}), rig, 600)]
        )
        assert stored(rig) is Outcome.ACCEPTED
    assert [call.request.headers["X-Time"] for call in save.calls] == ["1000", "1600"]
    assert rig.time.slept == []


@pytest.mark.parametrize("skew_s", [0, 1])
def test_a_clock_that_agrees_cannot_be_what_the_portal_means(skew_s):
    with rigged(STAMPED) as rig:
        save = rig.router.post(SAVE).mock(return_value=dated(answer("CLOCK", status=403), rig, skew_s))
        with pytest.raises(AuthError, match="time of our request"):
            stored(rig)
    assert save.call_count == 1


def test_a_signature_nobody_accepts_is_tried_once():
    with rigged(STAMPED) as rig:
        save = rig.router.post(SAVE).mock(return_value=answer("SIGN"))
        with pytest.raises(AuthError, match="signature"):
            stored(rig)
    assert save.call_count == 1


def at(rig: Rig, hour: int, minute: int = 0) -> None:
    """A time of day in Shanghai."""
    rig.time.now_s = datetime(2025, 5, 9, hour, minute, tzinfo=UTC).timestamp() - 8 * 3600


@pytest.mark.parametrize(("hour", "minute", "open_"), [(21, 59, True), (22, 0, False), (3, 0, False), (6, 0, True)])
def test_in_closing_hours_nothing_is_called_at_all(hour, minute, open_):
    with rigged(changed('limits.closing_hours = ["22:00-06:00"]')) as rig:
        rig.router.post(SAVE).mock(return_value=ok({"id": 7}))
        at(rig, hour, minute)
        assert stored(rig) is (Outcome.ACCEPTED if open_ else Outcome.NOT_SENT)
        assert rig.token.called is open_


def test_a_portal_that_opens_soon_is_waited_for():
    with rigged(changed('limits.closing_hours = ["12:00-13:00"]')) as rig:
        rig.router.post(SAVE).mock(return_value=ok({"id": 7}))
        at(rig, 12, 59)
        assert stored(rig) is Outcome.ACCEPTED
    assert rig.time.slept == [60]


def test_no_more_calls_go_out_in_a_minute_than_the_portal_allows():
    with rigged(changed("limits.calls_per_minute = 3", grants=[], transport={})) as rig:
        rig.router.post(SAVE).mock(return_value=ok({"id": 7}))
        for _ in range(7):
            stored(rig)
    assert rig.time.slept == [60, 60]


SHUT = """
[[answer.rules]]
code = "P00000"
reaction = "success"
[[answer.rules]]
code = "SHUT"
reaction = "closed"
"""


def test_a_portal_that_says_it_is_closed_is_not_called_again_in_this_run():
    with rigged(changed(SHUT, grants=[], transport={})) as rig:
        save = rig.router.post(SAVE).mock(return_value=answer("SHUT"))
        came = rig.portal.send(batch(rig.portal))
        assert (came.verdicts["serial-b"].outcome, came.shut, came.tries) == (Outcome.NOT_PROCESSED, True, 1)
        assert stored(rig) is Outcome.NOT_SENT
        with pytest.raises(TransientError):
            rig.portal.people("7")
    assert (save.call_count, rig.time.slept, rig.portal.shut_for_s) == (1, [], inf)


def test_a_closed_portal_that_says_for_how_long_is_waited_for():
    with rigged(changed(SHUT, grants=[], transport={})) as rig:
        rig.router.post(SAVE).mock(side_effect=[answer("SHUT", Retry_After="30"), ok({"id": 7})])
        assert stored(rig) is Outcome.ACCEPTED
    assert rig.time.slept == [30]


def test_after_a_silent_run_nothing_is_tried_again_before_it_was_earned():
    with rigged(retries=Retries(spent=True)) as rig:
        save = rig.router.post(SAVE).mock(return_value=httpx.Response(503))
        assert stored(rig) is Outcome.NOT_PROCESSED
        assert save.call_count == 1
        save.mock(return_value=ok({"id": 7}))
        for _ in range(11):
            stored(rig)
        save.mock(return_value=httpx.Response(503))
        assert rig.portal.send(batch(rig.portal)).tries == 2


def test_an_earlier_wish_for_longer_stands_and_so_does_that_of_the_run_before():
    with rigged(changed(SHUT, grants=[], transport={})) as rig:
        rig.line.be_quiet(90)
        rig.line.be_quiet(10)
        assert rig.portal.shut_for_s == 90
        rig.router.post(SAVE).mock(return_value=ok({"id": 7}))
        assert stored(rig) is Outcome.ACCEPTED
    assert rig.time.slept == [90]


def test_what_is_too_large_is_sent_once_and_said_of_the_whole_request():
    with rigged() as rig:
        save = rig.router.post(PEOPLE).mock(return_value=httpx.Response(413, html="<p>too large"))
        came = rig.portal.send(people(rig.portal, "测试甲", "测试乙"))
    assert {verdict.outcome for verdict in came.verdicts.values()} == {Outcome.IN_PARTS}
    assert (came.whole, came.drift, save.call_count) == (True, "", 1)


def test_a_page_in_the_portals_place_says_that_nothing_more_should_go():
    with rigged() as rig:
        rig.router.post(SAVE).mock(return_value=httpx.Response(200, html="<p>maintenance"))
        came = rig.portal.send(batch(rig.portal))
    assert (came.shut, came.verdicts["serial-b"].outcome) == (True, Outcome.UNKNOWN)


TICKETS = """
[operations.save_people]
path = "/recuperation/person/saveBatch"
ticket_at = "data.ticket"
[operations.ticket]
path = "/ticket"
body = { no = "{ticket}" }
status_at = "data.state"
done = ["2"]
failed = ["3"]
message_at = "data.why"
interval_s = 5
wait_s = 20
"""
DONE = ok({"state": "2", "saved": [{"serialNo": "serial-1", "id": 9}]})


def by_ticket(rig: Rig, *answers: object) -> tuple[Outcome, str, str]:
    rig.router.post(PEOPLE).mock(return_value=ok({"ticket": "N-1"}))
    rig.router.post("/ticket").mock(side_effect=list(answers))
    came = rig.portal.send(people(rig.portal, "测试甲"))
    verdict = came.verdicts["serial-1"]
    return verdict.outcome, verdict.words or verdict.online_id, came.seen


@pytest.mark.parametrize(
    ("answers", "came"),
    [
        ([DONE], (Outcome.ACCEPTED, "9", "answered:P00000")),
        ([ok({"state": 1}), ok({"state": 1}), DONE], (Outcome.ACCEPTED, "9", "answered:P00000")),
        ([ok({"state": "3", "why": "不在名录"})], (Outcome.REFUSED, "不在名录", "ticket:3")),
        ([ok({"state": "1"})] * 9, (Outcome.UNKNOWN, "", "ticket:waited")),
        ([answer("P00000", status=500)] * 9, (Outcome.UNKNOWN, "", "ticket:unread")),
        ([answer("S20004")], (Outcome.UNKNOWN, "", "ticket:unread")),
    ],
)
def test_a_ticket_is_asked_for_until_it_tells(answers, came):
    with rigged(changed(TICKETS)) as rig:
        assert by_ticket(rig, *answers) == came


@pytest.mark.parametrize(
    ("words", "outcome"),
    [("已存在", Outcome.EXISTS), ("办结", Outcome.REFUSED), ("不在名录", Outcome.REFUSED)],
)
def test_a_ticket_that_failed_may_stand_for_somebody_who_is_there(words, outcome):
    """A rule that would call a failed ticket a success is not believed."""
    rules = """
    [[answer.rules]]
    code = "P00000"
    reaction = "success"
    [[answer.rules]]
    code = "3"
    message = "已存在"
    reaction = "exists"
    [[answer.rules]]
    code = "3"
    message = "办结"
    reaction = "success"
    """
    with rigged(changed(TICKETS + rules)) as rig:
        assert by_ticket(rig, ok({"state": "3", "why": words})) == (outcome, words, "ticket:3")


def test_an_answer_without_its_ticket_tells_nothing():
    with rigged(changed(TICKETS)) as rig:
        rig.router.post(PEOPLE).mock(return_value=ok({}))
        came = rig.portal.send(people(rig.portal, "测试甲"))
    assert (came.seen, came.verdicts["serial-1"].outcome) == ("ticket:missing", Outcome.UNKNOWN)


SEALED = """
[sealing]
cipher = "aes-ecb"
key = "{app_secret}"
fields = ["id_no", "phone"]
answer_at = "data.enc"
[paging]
rows_at = "opened.rows"
total_at = "opened.total"
"""


def test_fields_go_out_and_come_back_encrypted_and_a_whole_answer_may_be_sealed():
    with rigged(changed(SEALED), secret="secret-of-16-chr") as rig:
        save = rig.router.post(PEOPLE).mock(return_value=ok({"saved": [{"serialNo": "serial-1", "id": 9}]}))
        rig.portal.send(people(rig.portal, "测试甲"))
        (sent,) = sent_body(save)["list"]
        assert AES.open(sent["idCard"]).decode() == person(1).fields["id_no"]
        row = {**listed_person(1), "idCard": sent["idCard"], "userPhone": sent["userPhone"]}
        sealed = AES.close(orjson.dumps({"rows": [row], "total": 1}))
        rig.router.get(LISTED).mock(return_value=ok({"enc": sealed}))
        (found,) = rig.portal.people("7")
    assert found.fields["id_no"] == person(1).fields["id_no"]
    assert found.fields["phone"] == person(1).fields["phone"]


@pytest.mark.parametrize("sealed", ["nonsense", None])
def test_a_sealed_answer_that_does_not_open_is_another_shape(sealed):
    with rigged(changed(SEALED), secret="secret-of-16-chr") as rig:
        rig.router.get(LISTED).mock(return_value=ok({"enc": sealed}))
        with pytest.raises(SchemaDrift, match=r"opened\."):
            rig.portal.people("7")


def test_rows_may_come_one_ciphertext_each():
    toml = '[sealing]\ncipher = "aes-ecb"\nkey = "{app_secret}"\nrows = true'
    with rigged(changed(toml), secret="secret-of-16-chr") as rig:
        rows = [AES.close(orjson.dumps(listed_person(number))) for number in (1, 2)]
        rig.router.get(LISTED).mock(return_value=ok({"records": rows, "total": 2}))
        assert [found.online_id for found in rig.portal.people("7")] == ["1", "2"]
        rig.router.get(LISTED).mock(return_value=ok({"records": [{"id": 1}], "total": 1}))
        with pytest.raises(SchemaDrift):
            rig.portal.people("7")


XML = """
[answer]
form = "xml"
code_at = "response.head.code"
message_at = "response.head.msg"
[paging]
rows_at = "response.body.row"
total_at = "response.body.total"
"""


def xml(body: str, code: str = "P00000", *, encoding: str = "utf-8") -> httpx.Response:
    text = f'<?xml version="1.0" encoding="{encoding}"?>\n<response><head><code>{code}</code></head>{body}</response>'
    return httpx.Response(200, content=text.encode("gb18030" if encoding == "GBK" else encoding))


def as_xml(row: dict[str, object]) -> str:
    return "<row>" + "".join(f"<{k}>{'' if v is None else v}</{k}>" for k, v in row.items()) + "</row>"


@pytest.mark.parametrize("count", [0, 1, 3])
@pytest.mark.parametrize("encoding", ["utf-8", "GBK"])
def test_xml_is_read_whether_it_lists_none_one_or_many(count, encoding):
    rows = "".join(as_xml(listed_person(number)) for number in range(1, count + 1))
    with rigged(changed(XML, grants=[], transport={})) as rig:
        rig.router.get(LISTED).mock(return_value=xml(f"<body><total>{count}</total>{rows}</body>", encoding=encoding))
        found = list(rig.portal.people("7"))
    assert [each.fields["name"] for each in found] == [f"测试{number}" for number in range(1, count + 1)]


def test_xml_that_declares_entities_is_not_even_parsed():
    bomb = b'<!DOCTYPE r [<!ENTITY a "aaaa">]><response><head><code>P00000</code></head></response>'
    with rigged(changed(XML, grants=[], transport={})) as rig:
        rig.router.get(LISTED).mock(return_value=httpx.Response(200, content=bomb))
        with pytest.raises(TransientError):
            rig.portal.people("7")


def test_an_answer_in_gb18030_is_understood_whatever_it_declares():
    body = '{"code": "S20004", "msg": "缺少参数"}'.encode("gb18030")
    with rigged() as rig:
        rig.router.post(SAVE).mock(return_value=httpx.Response(200, content=body))
        verdict = rig.portal.send(batch(rig.portal)).verdicts["serial-b"]
    assert (verdict.outcome, verdict.words) == (Outcome.REFUSED, "缺少参数")


BY_STATUS = """
[answer]
code_at = ""
message_at = "error"
[[answer.rules]]
code = "200"
reaction = "success"
[[answer.rules]]
code = "409"
reaction = "exists"
"""


@pytest.mark.parametrize(
    ("response", "outcome"),
    [
        (httpx.Response(200, json={"data": {"id": 7}}), Outcome.ACCEPTED),
        (httpx.Response(409, json={"error": "there"}), Outcome.EXISTS),
        (httpx.Response(200, html="<p>welcome"), Outcome.UNKNOWN),
        (httpx.Response(201, json={"data": {"id": 7}}), Outcome.UNKNOWN),
        (httpx.Response(500), Outcome.UNKNOWN),
    ],
)
def test_a_portal_without_codes_is_judged_by_its_status(response, outcome):
    with rigged(changed(BY_STATUS, grants=[], transport={})) as rig:
        rig.router.post(SAVE).mock(return_value=response)
        assert stored(rig) is outcome


QUERIES = """
[operations.query_person]
path = "/who"
body = { id = "{person.id_no}", batch = "{parent}" }
[operations.query_batch]
path = "/which"
body = { name = "{batch.name}", year = "{year}" }
"""


def test_a_portal_without_listings_is_asked_for_one_thing_at_a_time():
    dialect = changed(QUERIES)
    alone = dialect.operations.model_copy(update={"list_batches": None, "list_people": None})
    with rigged(dialect.model_copy(update={"operations": alone})) as rig:
        which = rig.router.post("/which").mock(return_value=page([listed_batch()]))
        who = rig.router.post("/who").mock(side_effect=[page([listed_person(1)]), page([]), page([listed_person(1)])])
        (found,) = rig.portal.batches(2025, expected=lambda: [{"name": "第一批"}])
        there = list(rig.portal.people(found.online_id, expected=lambda: [person(n).fields for n in (1, 2, 1)]))
    assert sent_body(which) == {"name": "第一批", "year": "2025"}
    assert sent_body(who, 1) == {"id": person(2).fields["id_no"], "batch": "7"}
    assert [each.online_id for each in there] == ["1"]


def test_a_field_nobody_knows_is_noted_once_and_stops_nothing():
    with rigged() as rig:
        rig.router.get(BATCHES).mock(
            return_value=page([listed_batch(newField="x"), listed_batch(id="8", newField="y")])
        )
        assert [each.online_id for each in rig.portal.batches(2025)] == ["7", "8"]
        list(rig.portal.batches(2025))
        (note,) = rig.portal.notes()
    assert "newField" in str(note)


RETYPED = {"a list": ["x"], "an object": {"zh": "x"}}


@pytest.mark.parametrize("value", RETYPED.values(), ids=RETYPED)
def test_a_field_of_another_type_is_another_shape(value):
    with rigged() as rig:
        rig.router.get(BATCHES).mock(return_value=page([listed_batch(batchName=value)]))
        with pytest.raises(SchemaDrift, match=r"data\.records\[\]\.batchName"):
            list(rig.portal.batches(2025))


def test_a_code_nobody_knows_is_told_as_drift():
    with rigged() as rig:
        rig.router.post(SAVE).mock(side_effect=[answer("E-77"), httpx.Response(500), answer("P10002")])
        assert [rig.portal.send(batch(rig.portal)).drift for _ in range(3)] == ["code: E-77, 200", "", ""]


def test_days_numbers_constants_and_masks_are_the_dialects_own():
    toml = """
    [fields]
    date = "%Y%m%d"
    numbers = ["headcount"]
    mask = "X"
    ignored = ["newField"]
    constants.batch = { "source.kind" = "bridge", draft = true }
    record.change = "changed"
    [words.status]
    draft = ["5", "05", "草稿"]
    """
    with rigged(changed(toml)) as rig:
        save = rig.router.post(SAVE).mock(return_value=ok({"id": 7}))
        stored(rig)
        row = listed_batch(startDate="20250503", releaseStatus="草稿", changed="v3", newField=1)
        rig.router.get(BATCHES).mock(return_value=page([row]))
        (found,) = rig.portal.batches(2025)
        rig.router.get(LISTED).mock(return_value=page([{**listed_person(1), "idCard": "9990XXXXXXXXXX0001"}]))
        (someone,) = rig.portal.people("7")
        notes = rig.portal.notes()
    sent = sent_body(save)
    assert (sent["startDate"], sent["personNum"], sent["leaderNum"]) == ("20250503", 2, "1")
    assert (sent["source"], sent["draft"]) == ({"kind": "bridge"}, True)
    assert (found.fields["start"], found.status, found.change) == ("2025-05-03", OnlineStatus.DRAFT, "v3")
    assert someone.fields["id_no"] == "9990**********0001"
    assert not notes


def test_people_may_be_changed_many_at_once_where_the_portal_takes_a_list():
    toml = """
    [operations.update_person]
    path = "/change"
    rows_at = "$"
    verdicts_at = "data"
    echo = "id_no"
    """
    with rigged(changed(toml)) as rig:
        assert rig.portal.rows_at_once(Operation.UPDATE_PERSON) == 100
        rows = [{"idCard": person(n).fields["id_no"], "code": c} for n, c in ((1, "P00000"), (2, "S20006"))]
        change = rig.router.post("/change").mock(return_value=ok(rows))
        records = [Record(f"s{n}", person(n).fields, online_id=str(n)) for n in (1, 2, 3)]
        came = rig.portal.send(rig.portal.prepare(Operation.UPDATE_PERSON, records))
    assert [row["serialNo"] for row in orjson.loads(change.calls.last.request.content)] == ["s1", "s2", "s3"]
    assert [verdict.outcome for verdict in came.verdicts.values()] == ["accepted", "refused", "unknown"]


def test_where_an_answer_speaks_of_all_a_success_is_everybodys():
    toml = '[operations.save_people]\nwhole = true\naccepted_at = ""\nrefused_at = ""\nskipped_at = ""'
    with rigged(changed(toml)) as rig:
        rig.router.post(PEOPLE).mock(side_effect=[ok(), answer("S20004")])
        for outcome in (Outcome.ACCEPTED, Outcome.REFUSED):
            came = rig.portal.send(people(rig.portal, "测试甲", "测试乙"))
            assert {verdict.outcome for verdict in came.verdicts.values()} == {outcome}


def test_a_request_key_is_the_same_for_the_same_records():
    with rigged(changed('operations.save_people.headers = { Idempotency-Key = "{request_key}" }')) as rig:
        route = rig.router.post(PEOPLE).mock(return_value=ok({"saved": []}))
        for names in (["甲", "乙"], ["甲", "乙"], ["甲"]):
            rig.portal.send(people(rig.portal, *names))
        keys = [call.request.headers["Idempotency-Key"] for call in route.calls]
    assert keys[0] == keys[1] != keys[2] == "serial-1"


def test_a_call_that_is_tried_again_keeps_its_key():
    with rigged(changed('operations.save_people.headers = { Idempotency-Key = "{request_key}" }')) as rig:
        route = rig.router.post(PEOPLE).mock(side_effect=[answer("P10012"), answer("P10012"), ok({"saved": []})])
        assert rig.portal.send(people(rig.portal, "甲", "乙")).tries == 3
    assert len({call.request.headers["Idempotency-Key"] for call in route.calls}) == 1
