import asyncio
import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from email.utils import parsedate_to_datetime
from itertools import count
from pathlib import Path

import httpx
import pytest

from adapters.practice.access import access_of
from adapters.practice.effects import LEDGER_NAME, EffectKind, digest, read_effects
from adapters.practice.portal import create_app
from adapters.practice.process import PracticePortal
from adapters.practice.weather import Weather
from schemas.dialect import shipped_dialect

ROOT = Path(__file__).parents[2]
DIALECT = shipped_dialect("qilu")
NUMBERS = count(1)


class Client:
    """Speaks to a portal as the dialect says, with a token of its own."""

    def __init__(self, portal: PracticePortal, *, timeout_s: float = 10.0) -> None:
        self.http = httpx.Client(base_url=portal.base_url, trust_env=False, timeout=timeout_s)
        self.body = {"appId": portal.app_id, "appSecret": portal.app_secret}
        self.log_in()

    def log_in(self) -> None:
        token = self.http.post(DIALECT.grants[0].path, json=self.body).json()["data"]["token"]
        self.http.headers["Authorization"] = f"Bearer {token}"

    def close(self) -> None:
        self.http.close()

    def write(self, operation: str, body: object) -> httpx.Response:
        return self.http.post(getattr(DIALECT.operations, operation).path, json=body)

    def said(self, operation: str, body: object) -> dict:
        return self.write(operation, body).json()

    def read(self, operation: str, **query: object) -> dict:
        return self.http.get(getattr(DIALECT.operations, operation).path, params=query).json()

    def new_batch(self, **fields: object) -> str:
        return self.said("save_batch", batch(**fields))["data"]["id"]

    def people_of(self, batch_id: str) -> list[dict]:
        return self.read("list_people", batchId=batch_id, pageSize=200)["data"]["records"]


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PracticePortal]:
    with PracticePortal(tmp_path_factory.mktemp("portal")) as running:
        yield running


@pytest.fixture(scope="module")
def session(portal: PracticePortal) -> Iterator[Client]:
    with closing(Client(portal)) as client:
        yield client


@pytest.fixture
def client(portal: PracticePortal, session: Client) -> Iterator[Client]:
    yield session
    portal.set_weather(**asdict(Weather()) | {"expire_tokens": False})


def batch(**fields: object) -> dict:
    stated = {"year": "2025", "organizerName": "环翠区总工会", "batchName": f"第{next(NUMBERS)}批", "level": "24"}
    days = {"baseName": "样例疗休养基地", "startDate": "2025-06-02", "endDate": "2025-06-06"}
    return {"serialNo": "b1", **stated, **days, "personNum": "40", "leaderNum": "1", **fields}


def person(number: int, **fields: object) -> dict:
    who = {"fullName": f"样例{number}", "idType": "01", "idCard": f"99900019800101{number:04d}"}
    return {"serialNo": f"p{number}", **who, "userPhone": f"1990000{number:04d}", "laborName": "样例单位"} | {
        "personType": "1",
        **fields,
    }


def people(batch_id: str, *rows: dict) -> dict:
    return {"batchId": batch_id, "list": list(rows)}


def test_a_listed_batch_carries_every_field_of_the_dialect_and_both_counts(client: Client) -> None:
    batch_id = client.new_batch(year="2031", personNum="2")
    client.write("save_people", people(batch_id, person(1), person(2), person(3)))
    (listed,) = client.read("list_batches", year=2031)["data"]["records"]
    assert set(DIALECT.fields.batch.values()) <= listed.keys()
    assert listed["id"] == batch_id
    assert (listed["personNum"], listed["realNum"], listed["releaseStatus"]) == (2, 3, "5")
    assert set(DIALECT.fields.person.values()) <= client.people_of(batch_id)[0].keys()


def test_every_word_of_the_dialect_is_understood(client: Client) -> None:
    (batch_id, *_others) = [client.new_batch(level=word) for word in DIALECT.words.batch["level"].values()]
    rows = [person(n, personType=word) for n, word in enumerate(DIALECT.words.person["category"].values())]
    rows += [person(n + 20, idType=word) for n, word in enumerate(DIALECT.words.person["id_type"].values())]
    assert client.said("save_people", people(batch_id, *rows))["data"]["failed"] == []


def test_a_batch_saved_again_exists_already_and_stays_as_it_was(client: Client) -> None:
    batch_id = client.new_batch(year="2032", batchName="第一批", level="24")
    again = client.said("save_batch", batch(year="2032", batchName="第一批", level="21"))
    assert (again["code"], again["data"]) == ("S10019", None)
    (listed,) = client.read("list_batches", year=2032)["data"]["records"]
    assert (listed["id"], listed["level"]) == (batch_id, "24")


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"batchName": ""}, "S20004"),
        ({"batchName": None}, "S20004"),
        ({"level": "99"}, "S20005"),
        ({"startDate": "2025/06/02"}, "S20006"),
        ({"endDate": "2025-06-01"}, "S20006"),
        ({"personNum": "四十"}, "S20006"),
    ],
    ids=["blank", "null", "no such word", "date form", "end before start", "no number"],
)
def test_a_bad_header_is_refused_by_the_code_for_its_fault(client: Client, wrong: dict, code: str) -> None:
    assert client.said("save_batch", batch(**wrong))["code"] == code


def test_a_header_is_updated_by_its_id_and_an_unknown_id_is_not_found(client: Client) -> None:
    batch_id = client.new_batch(year="2033")
    assert client.said("update_batch", {"id": batch_id, "baseName": "另一基地"})["code"] == "P00000"
    assert client.read("list_batches", year="2033")["data"]["records"][0]["baseName"] == "另一基地"
    assert client.said("update_batch", {"id": "987654", "baseName": "另一基地"})["code"] == "S20011"
    assert client.said("save_people", people("987654", person(1)))["code"] == "S20011"
    assert client.read("list_people", batchId="987654")["code"] == "S20011"


def test_an_update_cannot_take_the_natural_key_of_another_record(client: Client) -> None:
    client.new_batch(year="2034", batchName="第一批")
    other = client.new_batch(year="2034", batchName="第二批")
    assert client.said("update_batch", {"id": other, "batchName": "第一批"})["code"] == "S10019"
    saved = client.said("save_people", people(other, person(1), person(2)))["data"]["saved"]
    taken = {"id": saved[1]["id"], "idCard": person(1)["idCard"]}
    assert client.said("update_person", taken)["code"] == "S10019"


def test_somebody_the_batch_has_already_is_skipped_by_name_with_success(client: Client) -> None:
    batch_id = client.new_batch()
    client.write("save_people", people(batch_id, person(1)))
    answer = client.said("save_people", people(batch_id, person(1, fullName="换名"), person(2), person(2)))
    assert answer["code"] == "P00000"
    assert answer["data"]["skipped"] == ["换名", "样例2"]
    assert [row["serialNo"] for row in answer["data"]["saved"]] == ["p2"]
    assert [row["fullName"] for row in client.people_of(batch_id)] == ["样例1", "样例2"]


def test_bad_rows_fail_alone_and_too_many_rows_fail_together(client: Client) -> None:
    batch_id = client.new_batch()
    rows = [person(1, fullName=""), person(2, idCard="12345"), person(3, personType="9"), person(4)]
    data = client.said("save_people", people(batch_id, *rows))["data"]
    failed = [(row["serialNo"], row["code"]) for row in data["failed"]]
    assert failed == [("p1", "S20004"), ("p2", "S20006"), ("p3", "S20005")]
    assert [row["serialNo"] for row in data["saved"]] == ["p4"]
    crowd = [person(n) for n in range(10, 111)]
    assert client.said("save_people", people(batch_id, *crowd))["code"] == "S20004"
    assert len(client.people_of(batch_id)) == 1


def test_an_update_of_a_person_may_blank_the_phone_but_not_the_name(client: Client) -> None:
    batch_id = client.new_batch()
    (saved,) = client.said("save_people", people(batch_id, person(1)))["data"]["saved"]
    assert client.said("update_person", {"id": saved["id"], "userPhone": ""})["code"] == "P00000"
    assert client.said("update_person", {"id": saved["id"], "fullName": ""})["code"] == "S20004"
    assert client.people_of(batch_id)[0] | {"userPhone": "", "fullName": "样例1"} == client.people_of(batch_id)[0]


def test_a_reviewed_batch_is_locked_with_its_people(portal: PracticePortal, client: Client) -> None:
    batch_id = client.new_batch()
    (saved,) = client.said("save_people", people(batch_id, person(1)))["data"]["saved"]
    assert client.said("submit", {"id": batch_id})["code"] == "P00000"
    portal.admin.review(batch_id)
    for operation, body in (
        ("update_batch", {"id": batch_id, "level": "22"}),
        ("save_people", people(batch_id, person(2))),
        ("update_person", {"id": saved["id"], "fullName": "换名"}),
    ):
        answer = client.said(operation, body)
        assert (answer["code"], answer["msg"]) == ("S20022", "该批次已审核，不能修改")


def test_a_batch_is_submitted_once_and_again_after_it_was_returned(portal: PracticePortal, client: Client) -> None:
    batch_id = client.new_batch()
    assert client.said("submit", {"id": batch_id})["code"] == "P00000"
    repeated = client.said("submit", {"id": batch_id})
    assert repeated["code"] == "S20024"
    assert "请不要重复上报" in repeated["msg"]
    portal.admin.edit_batch(batch_id, releaseStatus="3")
    portal.set_weather(auto_review=True)
    assert client.said("submit", {"id": batch_id})["code"] == "P00000"
    (status,) = [row["releaseStatus"] for row in portal.admin.batches() if str(row["id"]) == batch_id]
    assert status == "1"


def test_pages_are_ordered_by_id_and_never_longer_than_200(client: Client) -> None:
    ids = [client.new_batch(year="2035") for _ in range(5)]
    pages = [client.read("list_batches", year="2035", page=n, pageSize=2)["data"] for n in (1, 2, 3, 4)]
    assert [row["id"] for page in pages for row in page["records"]] == ids
    facts = {name: pages[1][name] for name in ("total", "size", "current", "pages")}
    assert facts == {"total": 5, "size": 2, "current": 2, "pages": 3}
    assert client.read("list_batches", year="2035", pageSize=1000)["data"]["size"] == 200
    assert client.read("list_batches", year="2035", page=0)["code"] == "S20005"


def test_without_a_living_token_nothing_is_answered_but_401(portal: PracticePortal, client: Client) -> None:
    portal.set_weather(expire_tokens=True)
    answer = client.write("save_batch", batch())
    assert (answer.status_code, answer.json()["code"]) == (401, "P10013")
    portal.set_weather(token_life_s=0.05)
    client.log_in()
    time.sleep(0.06)
    assert client.read("list_batches")["code"] == "P10013"
    portal.set_weather(token_life_s=60.0)
    client.log_in()
    assert client.read("list_batches")["code"] == "P00000"
    wrong = client.http.post(DIALECT.grants[0].path, json=client.body | {"appSecret": "wrong"})
    assert (wrong.status_code, wrong.json()["code"]) == (401, "S20012")


def test_an_outage_and_a_throttle_last_for_so_many_requests_and_say_when_to_return(
    portal: PracticePortal, client: Client
) -> None:
    portal.set_weather(outage=1, throttle=1, retry_after_s=7)
    down, slow_down, fine = (client.write("save_batch", batch()) for _ in range(3))
    assert (down.status_code, down.headers["Retry-After"]) == (503, "7")
    assert (slow_down.status_code, slow_down.json()["code"]) == (429, "P10012")
    assert fine.json()["code"] == "P00000"
    portal.set_weather(outage=1, retry_after_as_date=True)
    wait_s = parsedate_to_datetime(client.write("save_batch", batch()).headers["Retry-After"]).timestamp() - time.time()
    assert 5 < wait_s <= 8


def test_a_closed_portal_says_so_to_everybody(portal: PracticePortal, client: Client) -> None:
    portal.set_weather(closed=True)
    assert client.read("list_batches")["code"] == "P10002"
    assert client.http.post(DIALECT.grants[0].path, json=client.body).json()["msg"] == "系统维护中"


def test_a_page_of_html_comes_with_200_and_nothing_is_stored(portal: PracticePortal, client: Client) -> None:
    before = len(portal.effects())
    portal.set_weather(html=1)
    answer = client.write("save_batch", batch())
    assert (answer.status_code, answer.headers["Content-Type"][:9]) == (200, "text/html")
    assert len(portal.effects()) == before


def test_latency_comes_before_every_answer(portal: PracticePortal, client: Client) -> None:
    portal.set_weather(latency_s=0.2)
    began = time.monotonic()
    client.read("list_batches")
    assert time.monotonic() - began >= 0.2


def test_a_lost_reply_was_stored_and_its_effect_is_on_the_disk(portal: PracticePortal, client: Client) -> None:
    batch_id = client.new_batch()
    portal.set_weather(lose_replies=1)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        client.write("save_people", people(batch_id, person(1)))
    assert portal.effects()[-1].serial == "p1"
    assert client.said("save_people", people(batch_id, person(1)))["data"]["skipped"] == ["样例1"]


def test_a_slow_write_is_stored_after_the_client_has_gone(portal: PracticePortal, client: Client) -> None:
    portal.set_weather(slow_s=0.5)
    with closing(Client(portal, timeout_s=0.2)) as hasty, pytest.raises(httpx.ReadTimeout):
        hasty.write("save_batch", batch(year="2036"))
    assert client.read("list_batches", year="2036")["data"]["total"] == 0
    time.sleep(0.5)
    assert client.read("list_batches", year="2036")["data"]["total"] == 1


def test_people_are_refused_dropped_and_skipped_as_the_weather_says(portal: PracticePortal, client: Client) -> None:
    batch_id = client.new_batch()
    portal.set_weather(refuse_people=1, drop_people=1, skip=1)
    data = client.said("save_people", people(batch_id, *(person(n) for n in range(1, 5))))["data"]
    assert [(row["serialNo"], row["code"]) for row in data["failed"]] == [("p1", "S20006")]
    assert {row["serialNo"] for row in data["saved"]} == {"p2", "p4"}
    assert len({row["id"] for row in data["saved"]}) == 2
    assert data["skipped"] == ["样例3"]
    assert [row["fullName"] for row in client.people_of(batch_id)] == ["样例4"]


def test_people_named_in_the_weather_are_refused_dropped_and_skipped_for_as_long_as_it_holds(
    portal: PracticePortal, client: Client
) -> None:
    batch_id = client.new_batch()
    ids = [person(number)["idCard"] for number in range(1, 4)]
    portal.set_weather(refuse_ids=ids[:1], drop_ids=ids[1:2], skip_ids=ids[2:])
    for _again in range(2):
        data = client.said("save_people", people(batch_id, *(person(n) for n in range(1, 4))))["data"]
        assert [(row["serialNo"], row["code"]) for row in data["failed"]] == [("p1", "S20006")]
        assert [row["serialNo"] for row in data["saved"]] == ["p2"]
        assert data["skipped"] == ["样例3"]
    assert client.people_of(batch_id) == []
    assert portal.set_weather(refuse_ids=[], drop_ids=[], skip_ids=[]) == Weather()
    client.write("save_people", people(batch_id, *(person(n) for n in range(1, 4))))
    assert len(client.people_of(batch_id)) == 3


def test_the_weather_names_people_by_a_list_of_texts(portal: PracticePortal) -> None:
    for wrong in ("999000198001010001", [999000198001010001]):
        with pytest.raises(ValueError, match="refuse_ids wants a list of texts"):
            portal.set_weather(refuse_ids=wrong)


def test_masked_listings_hide_the_middle_of_ids_and_phones(portal: PracticePortal, client: Client) -> None:
    batch_id = client.new_batch()
    client.write("save_people", people(batch_id, person(1234)))
    portal.set_weather(mask=True)
    (row,) = client.people_of(batch_id)
    assert (row["idCard"], row["userPhone"]) == ("999***********1234", "199****1234")
    assert portal.admin.people(batch_id)[0]["idCard"] == person(1234)["idCard"]


def test_every_effect_is_in_the_ledger_in_order_when_its_answer_arrives(portal: PracticePortal, client: Client) -> None:
    before = portal.effects()[-1].seq if portal.effects() else 0
    batch_id = client.new_batch(serialNo="s1", batchName="留痕批")
    assert [effect.serial for effect in portal.effects() if effect.seq > before] == ["s1"]
    saved = client.said("save_people", people(batch_id, person(1), person(2)))["data"]["saved"]
    client.write("update_person", {"serialNo": "s4", "id": saved[0]["id"], "laborName": "新单位"})
    client.write("submit", {"serialNo": "s5", "id": batch_id})
    since = [effect for effect in portal.effects() if effect.seq > before]
    assert [(effect.effect, effect.serial) for effect in since] == [
        (EffectKind.BATCH_CREATED, "s1"),
        (EffectKind.PERSON_CREATED, "p1"),
        (EffectKind.PERSON_CREATED, "p2"),
        (EffectKind.PERSON_UPDATED, "s4"),
        (EffectKind.BATCH_SUBMITTED, "s5"),
    ]
    assert [effect.seq for effect in since] == list(range(before + 1, before + 6))
    assert since[3].batch == "2025/环翠区总工会/留痕批"
    assert since[3].person == digest(person(1)["idCard"])
    assert since[3].content["laborName"] == "新单位"
    assert person(1)["idCard"] not in (portal.folder / LEDGER_NAME).read_text(encoding="utf-8")


def test_hand_edits_are_effects_marked_as_such(portal: PracticePortal, client: Client) -> None:
    before = len(portal.effects())
    batch_id = portal.admin.add_batch({name: value for name, value in batch().items() if name != "serialNo"})
    added = portal.admin.add_person(batch_id, {"fullName": "手加", "idType": "01", "idCard": "999000198001019999"})
    portal.admin.edit_person(added, fullName="手改")
    portal.admin.edit_batch(batch_id, baseName="手改基地")
    portal.admin.review(batch_id)
    assert [row["fullName"] for row in portal.admin.people(batch_id)] == ["手改"]
    portal.admin.delete_person(added)
    since = portal.effects()[before:]
    assert all(effect.by_hand for effect in since)
    assert [effect.effect.value for effect in since] == [
        "batch_created",
        "person_created",
        "person_updated",
        "batch_updated",
        "batch_updated",
        "person_deleted",
    ]
    with pytest.raises(ValueError, match="no such field: nickName"):
        portal.admin.edit_person(added, nickName="x")


def test_an_unknown_switch_or_a_value_of_the_wrong_kind_is_refused(portal: PracticePortal) -> None:
    with pytest.raises(ValueError, match="no such switch: storm"):
        portal.set_weather(storm=1)
    with pytest.raises(ValueError, match="outage wants int"):
        portal.set_weather(outage="3")


def test_the_back_door_opens_only_from_this_machine_and_with_its_token(tmp_path: Path) -> None:
    app = create_app(tmp_path, Weather())
    right = {"Authorization": f"Bearer {access_of(tmp_path).admin_token}"}

    async def status(host: str, headers: dict[str, str]) -> int:
        transport = httpx.ASGITransport(app, client=(host, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://portal") as client:
            return (await client.post("/__practice__/batches", json={}, headers=headers)).status_code

    async def statuses() -> list[int]:
        async with app.router.lifespan_context(app):
            wrong = {"Authorization": "Bearer wrong"}
            callers = (("127.0.0.1", right), ("203.0.113.9", right), ("127.0.0.1", wrong))
            return [await status(host, headers) for host, headers in callers]

    assert asyncio.run(statuses()) == [200, 403, 403]


def test_a_killed_portal_comes_back_with_its_data_its_keys_and_a_whole_ledger(tmp_path: Path) -> None:
    with PracticePortal(tmp_path) as first, closing(Client(first)) as client:
        client.new_batch(year="2040")
        first.process.kill()
        first.process.wait()
    whole = (tmp_path / LEDGER_NAME).read_bytes()
    (tmp_path / LEDGER_NAME).write_bytes(whole[: len(whole) // 2])
    assert read_effects(tmp_path) == []
    with PracticePortal(tmp_path, weather=Weather(mask=True)) as second, closing(Client(second)) as client:
        assert client.read("list_batches", year="2040")["data"]["total"] == 1
        client.new_batch(year="2040")
        assert second.set_weather().mask
        assert (second.app_secret, [effect.seq for effect in second.effects()]) == (first.app_secret, [1, 2])
        assert (tmp_path / LEDGER_NAME).read_bytes().startswith(whole)


def test_the_portal_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    parent = (
        "import sys, time, pathlib; from adapters.practice.process import PracticePortal\n"
        "with PracticePortal(pathlib.Path(sys.argv[1])) as portal:\n"
        "    print(portal.base_url, flush=True); time.sleep(60)\n"
    )
    command = [sys.executable, "-c", parent, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        address = process.stdout.readline().strip()
        assert httpx.get(f"{address}/nothing", trust_env=False).status_code == 404
        process.kill()
    assert _goes_away(address)


def _goes_away(address: str) -> bool:
    ends = time.monotonic() + 5
    while time.monotonic() < ends:
        try:
            httpx.get(f"{address}/nothing", trust_env=False)
        except httpx.TransportError:
            return True
        time.sleep(0.05)
    return False


def test_a_fault_is_told_without_a_word_of_the_request(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with PracticePortal(tmp_path) as portal, closing(Client(portal)) as client:
        half_a_sign = json.dumps(batch(baseName="\ud83d"))
        path = DIALECT.operations.save_batch.path
        assert client.http.post(path, content=half_a_sign).status_code == 500
        with closing(Client(portal)) as another:  # the server ends the connection a fault came over
            assert another.new_batch()
    said = capfd.readouterr().err
    assert re.fullmatch(r"practice portal fault: UnicodeEncodeError in Store\.save_batch:\d+\n", said)


def test_a_port_in_use_is_told_in_one_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(RuntimeError, match="did not start"):
        PracticePortal(tmp_path, port=taken.getsockname()[1]).__enter__()
    assert capfd.readouterr().err.count("\n") == 1
