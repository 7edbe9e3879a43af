"""The weathers in which the practice portal lies, lags, garbles and closes: each does what its switch says."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx
import pytest

from adapters.practice.process import PracticePortal
from adapters.practice.traffic import TRAFFIC_NAME, read_traffic
from adapters.practice.weather import Weather
from tests.adapters.test_practice_portal import DIALECT, Client, batch, people, person

SAVE_PEOPLE = DIALECT.operations.save_people.path
LOST = (httpx.RemoteProtocolError, httpx.ReadError)


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PracticePortal]:
    with PracticePortal(tmp_path_factory.mktemp("portal")) as running:
        yield running


@pytest.fixture
def client(portal: PracticePortal) -> Iterator[Client]:
    with closing(Client(portal)) as client:
        yield client
    portal.set_weather(**asdict(Weather()) | {"expire_tokens": False})


def saved(client: Client, batch_id: str, *numbers: int, **fields: object) -> dict:
    return client.said("save_people", people(batch_id, *(person(number, **fields) for number in numbers)))["data"]


def effects_of(portal: PracticePortal, serial: str) -> int:
    return sum(effect.serial == serial for effect in portal.effects())


def test_verdicts_come_in_another_order(portal: PracticePortal, client: Client) -> None:
    portal.set_weather(permute=True)
    data = saved(client, client.new_batch(), 1, 2, 3)
    assert [row["serialNo"] for row in data["saved"]] == ["p3", "p2", "p1"]


def test_a_verdict_is_left_out_of_what_was_stored(portal: PracticePortal, client: Client) -> None:
    batch_id = client.new_batch()
    portal.set_weather(leave_out=1)
    assert [row["serialNo"] for row in saved(client, batch_id, 1, 2)["saved"]] == ["p2"]
    assert len(client.people_of(batch_id)) == 2


def test_a_verdict_comes_twice_with_two_ids_and_another_contradicts_itself(
    portal: PracticePortal, client: Client
) -> None:
    portal.set_weather(repeat=1)
    twice = [row["id"] for row in saved(client, client.new_batch(), 1)["saved"]]
    assert len(set(twice)) == 2
    portal.set_weather(contradict=1)
    data = saved(client, client.new_batch(), 2)
    assert data["saved"][0]["serialNo"] == data["failed"][0]["serialNo"] == "p2"


def test_verdicts_are_of_nobody_or_all_of_others(portal: PracticePortal, client: Client) -> None:
    portal.set_weather(strangers=1)
    serials = [row["serialNo"] for row in saved(client, client.new_batch(), 1)["saved"]]
    assert serials == ["p1", "0" * 32]
    portal.set_weather(swap=1)
    assert "p1" not in [row["serialNo"] for row in saved(client, client.new_batch(), 1)["saved"]]


def test_listings_lag_behind_what_is_stored_changed_and_deleted(portal: PracticePortal, client: Client) -> None:
    batch_id = client.new_batch(year="2051")
    online_id = saved(client, batch_id, 1)["saved"][0]["id"]
    time.sleep(0.3)
    client.write("update_person", {"id": online_id, "laborName": "新单位"})
    saved(client, batch_id, 2)
    portal.set_weather(lag_s=0.25)
    assert [row["laborName"] for row in client.people_of(batch_id)] == ["样例单位"]
    assert client.read("list_batches", year="2051")["data"]["records"][0]["realNum"] == 1
    portal.admin.delete_person(online_id)
    assert len(client.people_of(batch_id)) == 1
    time.sleep(0.3)
    assert [row["fullName"] for row in client.people_of(batch_id)] == ["样例2"]
    assert client.read("list_people", batchId="987654")["code"] == "S20011"


def test_a_total_does_not_fit_and_rows_shift_between_pages(portal: PracticePortal, client: Client) -> None:
    batch_id = client.new_batch()
    saved(client, batch_id, 1, 2, 3, 4)
    portal.set_weather(miscount=2)
    assert client.read("list_people", batchId=batch_id)["data"]["total"] == 6
    for moved, names, total in ((1, ["样例4"], 3), (-1, ["样例2", "样例3"], 5)):
        portal.set_weather(miscount=0, shift_pages=1, shift_rows=moved)
        client.read("list_people", batchId=batch_id, pageSize=2)
        second = client.read("list_people", batchId=batch_id, page=2, pageSize=2)["data"]
        assert ([row["fullName"] for row in second["records"]], second["total"]) == (names, total)


def test_its_fields_have_other_names_in_answers_however_deep_they_stand(portal: PracticePortal, client: Client) -> None:
    batch_id = client.new_batch()
    saved(client, batch_id, 1)
    portal.set_weather(renames=["laborName=unitName", "total=count"])
    answer = client.read("list_people", batchId=batch_id)
    assert (answer["code"], answer["data"]["count"]) == ("P00000", 1)
    (row,) = answer["data"]["records"]
    assert (row["unitName"], "laborName" in row) == ("样例单位", False)
    with pytest.raises(ValueError, match="laborName=unitName"):
        portal.set_weather(renames=["laborName"])


def test_it_stores_half_width_and_ids_in_capitals(portal: PracticePortal, client: Client) -> None:
    batch_id = client.new_batch()
    portal.set_weather(normalises=True)
    (stored,) = saved(client, batch_id, 1, idCard="99900019800101001x", laborName="样例（Ａ），单位")["saved"]
    (row,) = client.people_of(batch_id)
    assert (row["idCard"], row["laborName"]) == ("99900019800101001X", "样例(A),单位")
    client.write("update_person", {"id": stored["id"], "laborName": "样例－单位"})
    assert client.people_of(batch_id)[0]["laborName"] == "样例-单位"


def test_more_people_than_it_takes_at_once_are_413_and_none_of_them_is_stored(
    portal: PracticePortal, client: Client
) -> None:
    batch_id = client.new_batch()
    portal.set_weather(rows_at_most=2)
    assert client.write("save_people", people(batch_id, person(1), person(2), person(3))).status_code == 413
    assert client.people_of(batch_id) == []
    assert len(saved(client, batch_id, 1, 2)["saved"]) == 2


def test_answers_are_in_another_charset_than_they_say(portal: PracticePortal, client: Client) -> None:
    portal.set_weather(charset="gb18030")
    answer = client.write("save_batch", batch())
    assert (answer.headers["Content-Type"], "操作成功".encode("gb18030") in answer.content) == (
        "application/json",
        True,
    )
    portal.set_weather(charset="", declared="gbk")
    answer = client.write("save_batch", batch())
    assert answer.headers["Content-Type"].endswith("charset=gbk")
    assert "操作成功".encode() in answer.content


def test_its_clock_is_wrong_and_it_turns_away_stamps_that_are_right(portal: PracticePortal, client: Client) -> None:
    portal.set_weather(clock_off_s=600.0, stamp_tolerance_s=60.0)
    now_ms = int(time.time() * 1000)
    told = {}
    for name, stamp in (("none", ""), ("ours", str(now_ms)), ("theirs", str(now_ms + 600_000))):
        answer = client.http.get(DIALECT.operations.list_batches.path, headers={"X-Request-Time": stamp})
        told[name] = answer.status_code, answer.json()["code"]
        off_s = (parsedate_to_datetime(answer.headers["Date"]) - datetime.now(UTC)).total_seconds()
        assert 595 < off_s < 605
    assert told == {"none": (403, "P10014"), "ours": (403, "P10014"), "theirs": (200, "P00000")}


def test_it_closes_by_its_own_clock(portal: PracticePortal, client: Client) -> None:
    portal.set_weather(closing_hours=["00:00-12:00", "12:00-00:00"])
    assert client.read("list_batches")["code"] == "P10002"
    portal.set_weather(closing_hours=[])
    assert client.read("list_batches")["code"] == "P00000"


def test_a_used_connection_closes_and_nothing_is_stored(portal: PracticePortal, client: Client) -> None:
    portal.set_weather(stale=1)
    before = len(portal.effects())
    with pytest.raises(LOST):
        client.write("save_batch", batch())
    assert len(portal.effects()) == before
    assert client.new_batch()


def test_each_connection_closes_unannounced(portal: PracticePortal, client: Client) -> None:
    portal.set_weather(close_each=True)
    address = urlsplit(portal.base_url)
    with socket.create_connection((address.hostname, address.port)) as one:
        one.sendall(f"GET {DIALECT.operations.list_batches.path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        said = b"".join(iter(lambda: one.recv(65536), b""))
    assert said.startswith(b"HTTP/1.1 401")
    assert b"connection: close" not in said.lower()
    assert client.new_batch()


def test_an_answer_is_cut_or_longer_than_it_says(portal: PracticePortal, client: Client) -> None:
    portal.set_weather(cut=1)
    with pytest.raises(LOST):
        client.write("save_batch", batch(year="2052"))
    portal.set_weather(wrong_length=1)
    answer = client.write("save_batch", batch(year="2052"))
    assert len(answer.content) < len(client.write("save_batch", batch(year="2052")).content)
    assert client.read("list_batches", year="2052")["data"]["total"] == 3


def test_an_answer_is_huge_or_comes_byte_by_byte_or_never_ends(portal: PracticePortal, client: Client) -> None:
    address = f"{DIALECT.operations.list_batches.path}?year=2053"
    once = {"Connection": "close"}  # the portal closes it in any case, and may do so while the next call leaves
    portal.set_weather(padding_bytes=1_000_000)
    assert len(client.http.get(address, headers=once).content) > 1_000_000
    portal.set_weather(padding_bytes=0, trickle_s=0.01)
    with client.http.stream("GET", address, headers=once) as answer:
        assert max(map(len, answer.iter_raw())) < 20
    portal.set_weather(trickle_s=0.0, endless=1)
    with client.http.stream("GET", address, headers=once) as answer:
        read = (len(piece) for piece in answer.iter_raw())
        assert any(total > 3_000_000 for total in _summed(read))
    assert client.new_batch()


def _summed(sizes: Iterator[int]) -> Iterator[int]:
    total = 0
    for size in sizes:
        total += size
        yield total


def test_the_weather_of_requests_keeps_to_one_path(portal: PracticePortal, client: Client) -> None:
    portal.set_weather(html=1, only=SAVE_PEOPLE)
    batch_id = client.new_batch()
    assert client.write("save_people", people(batch_id, person(1))).headers["Content-Type"][:9] == "text/html"
    assert client.people_of(batch_id) == []


def test_a_page_of_html_comes_after_everything_was_stored(portal: PracticePortal, client: Client) -> None:
    batch_id = client.new_batch()
    portal.set_weather(html_stored=1)
    assert client.write("save_people", people(batch_id, person(1))).headers["Content-Type"][:9] == "text/html"
    assert len(client.people_of(batch_id)) == 1


def test_a_write_that_takes_too_long_is_given_up_for_good(portal: PracticePortal, client: Client) -> None:
    portal.set_weather(slow_s=0.2, gives_up_s=0.1)
    assert client.said("save_batch", batch(year="2054"))["code"] == "P10003"
    assert client.read("list_batches", year="2054")["data"]["total"] == 0


def test_a_k1_portal_does_once_what_comes_under_one_serial_and_answers_as_before(
    portal: PracticePortal, client: Client
) -> None:
    portal.set_weather(delivers="K1", doubles=True)
    first = client.said("save_batch", batch(serialNo="k1-batch", year="2055"))["data"]
    assert client.said("save_batch", batch(serialNo="k1-batch", year="2055"))["data"] == first
    before = saved(client, first["id"], 71, serialNo="k1-one")
    assert saved(client, first["id"], 71, serialNo="k1-one") == before
    for unit in ("甲单位", "乙单位"):
        client.write("update_person", {"serialNo": "k1-moved", "id": before["saved"][0]["id"], "laborName": unit})
    assert [row["laborName"] for row in client.people_of(first["id"])] == ["甲单位"]
    assert [effects_of(portal, serial) for serial in ("k1-batch", "k1-one", "k1-moved")] == [1, 1, 1]


def test_a_k2_portal_honours_a_key_for_its_life(portal: PracticePortal, client: Client) -> None:
    batch_id = client.new_batch()
    portal.set_weather(delivers="K2", doubles=True, key_life_s=0.5, slow_s=0.1)

    def write(key: str, number: int) -> tuple[int, dict]:
        answer = client.http.post(SAVE_PEOPLE, json=people(batch_id, person(number)), headers={"Idempotency-Key": key})
        return answer.status_code, answer.json()

    with ThreadPoolExecutor(2) as both:
        together = [both.submit(write, "key-1", 81) for _ in range(2)]
    first, in_flight = sorted((future.result() for future in together), key=lambda told: told[0])
    assert (first[0], in_flight[0], in_flight[1]["code"]) == (200, 409, "P10019")
    assert write("key-1", 81) == first
    assert write("key-1", 82)[0] == 422
    assert len(client.people_of(batch_id)) == 1
    time.sleep(0.5)
    assert write("key-1", 81)[0] == 200
    assert len(client.people_of(batch_id)) == 2


def test_a_k3_portal_knows_neither_serial_nor_key_and_a_k4_portal_lists_nobody_either(
    portal: PracticePortal, client: Client
) -> None:
    batch_id = client.new_batch()
    portal.set_weather(doubles=True)
    for _ in range(2):
        client.http.post(SAVE_PEOPLE, json=people(batch_id, person(91)), headers={"Idempotency-Key": "key-2"})
    assert [one.key for one in read_traffic(portal.folder)[-2:]] == ["key-2", "key-2"]
    assert len(client.people_of(batch_id)) == 2
    portal.set_weather(delivers="K4")
    assert client.read("list_people", batchId=batch_id)["code"] == "S20012"


def test_every_request_is_logged_without_a_word_of_it(portal: PracticePortal, client: Client) -> None:
    before = len(read_traffic(portal.folder))
    batch_id = client.new_batch()
    portal.set_weather(throttle=1, retry_after_s=3)
    client.write("save_people", people(batch_id, person(1)))
    portal.set_weather(lose_replies=1)
    with pytest.raises(LOST):
        client.write("save_people", people(batch_id, person(1)))
    since = read_traffic(portal.folder)[before:]
    assert [(one.method, one.status, one.retry_after_s) for one in since] == [
        ("POST", 200, None),
        ("POST", 429, 3),
        ("POST", 0, None),
    ]
    assert [one.seq for one in since] == list(range(before + 1, before + 4))
    assert all(one.at <= one.answered_at and one.key == "" for one in since)
    assert person(1)["idCard"] not in (portal.folder / TRAFFIC_NAME).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("switch", "value", "said"),
    [
        ("delivers", "K5", "delivers wants one of K1, K2, K3, K4"),
        ("closing_hours", ["22-06"], "closing_hours wants texts"),
        ("charset", "klingon", "charset wants the name of an encoding"),
        ("lag_s", "long", "lag_s wants float"),
    ],
)
def test_a_switch_turned_to_nonsense_is_refused(portal: PracticePortal, switch: str, value: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        portal.set_weather(**{switch: value})
