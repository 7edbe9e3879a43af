"""A portal that nobody of this project wrote, joined by one dialect file: Datasette with its JSON write API."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.ledgers import id_no, name, people, row
from tests.system.datasette.office import DatasetteOffice, open_datasette_office
from tests.system.office import ROOT, THIRD, Ran

WRITE = re.compile(r'"POST (\S+)')


@pytest.fixture
def office(tmp_path: Path) -> Iterator[DatasetteOffice]:
    with open_datasette_office(tmp_path) as opened:
        yield opened


@pytest.fixture
def small(office: DatasetteOffice) -> DatasetteOffice:
    """One batch of three, entered and agreed."""
    office.keep_three()
    assert office.run("sync").code == 0
    return office


def writes(office: DatasetteOffice) -> list[str]:
    """The paths of all writing requests Datasette has heard, by its own log."""
    return WRITE.findall(office.datasette.said())


def findings(office: DatasetteOffice) -> list[dict[str, Any]]:
    return office.run("findings", "--json").data["findings"]


def online_id(office: DatasetteOffice, number: int) -> int:
    [(found,)] = office.datasette.query("SELECT id FROM person WHERE id_card = ?", id_no(number))
    return found


def new_since(before: Counter[str], office: DatasetteOffice) -> Counter[str]:
    return office.datasette.written() - before


def test_batches_of_several_pages_are_entered_in_bulk_read_back_equal_and_handed_in(office: DatasetteOffice) -> None:
    office.keep("第三批.xlsx", *people(40))
    office.keep("第四批.xlsx", *people(40, first=100), batch="第四批")
    office.keep("第五批.xlsx", *people(2, first=200), batch="第五批")
    done = office.run("sync")
    assert done.code == 0, done.out
    assert "3批82人全部一致" in done.out
    assert office.datasette.written() == {"batch added": 3, "person added": 82, "batch changed": 3}
    assert Counter(re.sub(r"\d+", "N", path) for path in writes(office)) == {
        "/union/batch/-/insert": 3,
        "/union/person/-/insert": 5,
        "/union/batch/N/-/update": 3,
    }
    pages = re.findall(r"batch_id__exact=1&_size=15&_next=(\d*)", office.datasette.said())
    assert pages[:3] == ["", "15", "30"]
    assert online(office, 139) == (
        "荣成市总工会", "第四批", "municipal", "石岛赤山疗养基地", "2025-05-03", "2025-05-07", 40, 1, "handed in",
        name(139), 1, id_no(139), "19900000139", "荣成市渔业公司", 1,
    )  # fmt: skip


def online(office: DatasetteOffice, number: int) -> tuple[object, ...]:
    """One person and their batch, as they lie in Datasette's file."""
    [found] = office.datasette.query(
        "SELECT organiser, title, level, base, starts_on, ends_on, people, leaders, stage,"
        " full_name, id_kind, id_card, phone, employer, category"
        " FROM person JOIN batch ON batch.id = batch_id WHERE id_card = ?",
        id_no(number),
    )
    return found


def test_a_second_sync_sends_no_write(small: DatasetteOffice) -> None:
    before = small.datasette.written(), writes(small)
    again = small.run("sync")
    assert (again.code, "1批3人全部一致" in again.out) == (0, True)
    assert (small.datasette.written(), writes(small)) == before


def by_another_token(office: DatasetteOffice, number: int) -> None:
    update = {"update": {"phone": "19900009999"}}
    office.datasette.by_hand(f"/union/person/{online_id(office, number)}/-/update", update)


def in_the_file(office: DatasetteOffice, number: int) -> None:
    office.datasette.query("UPDATE person SET phone = '19900009999' WHERE id_card = ?", id_no(number))


@pytest.mark.parametrize("edit", [by_another_token, in_the_file])
def test_a_hand_edit_online_is_found_and_never_undone(
    small: DatasetteOffice, edit: Callable[[DatasetteOffice, int], None]
) -> None:
    edit(small, 2)
    before = small.datasette.written()
    for command in ("reconcile", "sync"):
        assert small.run(command).code == 1
        [found] = findings(small)
        assert (found["code"], found["batch"], found["moved"]) == ("D16", THIRD, "online")
        [difference] = found["differences"]
        assert [difference[side] for side in ("field", "offline", "online", "agreed")] == [
            "phone", "199****0002", "199****9999", "199****0002"
        ]  # fmt: skip
    assert small.datasette.written() == before


def test_a_person_deleted_online_is_found_and_not_entered_again(small: DatasetteOffice) -> None:
    small.datasette.by_hand(f"/union/person/{online_id(small, 2)}/-/delete", {})
    before = small.datasette.written()
    for command in ("reconcile", "sync"):
        told = small.run(command)
        assert (told.code, "线下4 = 一致2 + 线上已删1 + 带队1" in told.out) == (1, True), told.out
        [found] = findings(small)
        assert (found["code"], found["moved"], found["where"]["row"]) == ("D16", "online", 6)
    assert small.datasette.written() == before


def test_a_batch_lost_online_is_one_finding(small: DatasetteOffice) -> None:
    small.datasette.query("DELETE FROM person")
    small.datasette.query("DELETE FROM batch")
    before = small.datasette.written()
    for command in ("reconcile", "sync"):
        assert small.run(command).code == 1
        [found] = findings(small)
        assert (found["code"], found["batch"], found["person"], found["moved"]) == ("D16", THIRD, "", "online")
    assert small.datasette.written() == before


def test_a_correction_in_the_ledger_is_an_update_and_read_back_equal(small: DatasetteOffice) -> None:
    before, stood = small.datasette.written(), online_id(small, 2)
    small.keep("第三批.xlsx", row(1), row(2, phone="19900007777"), row(3))
    done = small.run("sync")
    assert (done.code, "1批3人全部一致" in done.out) == (0, True), done.out
    assert new_since(before, small) == {"person changed": 1}
    assert writes(small)[-1] == f"/union/person/{stood}/-/update"
    assert small.datasette.query("SELECT phone FROM person WHERE id = ?", stood) == [("19900007777",)]


def test_a_person_more_in_the_ledger_is_entered_and_the_batch_upserted_where_it_stands(small: DatasetteOffice) -> None:
    before = small.datasette.written()
    small.keep("第三批.xlsx", *people(4))
    done = small.run("sync")
    assert (done.code, "1批4人全部一致" in done.out) == (0, True), done.out
    assert new_since(before, small) == {"batch changed": 1, "person added": 1}
    assert writes(small)[-2:] == ["/union/batch/-/upsert", "/union/person/-/insert"]
    assert small.datasette.query("SELECT id, people, stage FROM batch") == [(1, 4, "handed in")]


def test_a_batch_the_portal_has_checked_is_not_corrected_any_more(small: DatasetteOffice) -> None:
    small.datasette.query("UPDATE batch SET stage = 'checked'")
    small.keep("第三批.xlsx", row(1), row(2, phone="19900007777"), row(3))
    before = small.datasette.written()
    assert small.run("sync").code == 1
    assert [(found["code"], found["moved"]) for found in findings(small)] == [("D17", "offline")]
    assert small.datasette.written() == before


def colleague_is_faster(office: DatasetteOffice, phone: str) -> None:
    """Somebody enters person 2 as soon as the batch is there: after we looked, before we send its people."""
    office.datasette.query(
        "CREATE TRIGGER faster AFTER INSERT ON batch BEGIN"
        " INSERT INTO person (serial, batch_id, full_name, id_kind, id_card, phone, employer, category)"
        f" VALUES ('by hand', new.id, '{name(2)}', 1, '{id_no(2)}', '{phone}', '荣成市渔业公司', 1); END"
    )


def test_whom_the_portal_skips_because_they_are_there_is_compared(office: DatasetteOffice) -> None:
    office.keep_three()
    colleague_is_faster(office, phone="19900000002")
    done = office.run("sync")
    assert (done.code, "1批3人全部一致" in done.out) == (0, True), done.out
    assert office.datasette.query("SELECT count(*), sum(serial = 'by hand') FROM person") == [(3, 1)]


def test_whom_the_portal_skips_with_other_contents_is_found_and_not_overwritten(office: DatasetteOffice) -> None:
    office.keep_three()
    colleague_is_faster(office, phone="19900008888")
    assert office.run("sync").code == 1
    [found] = findings(office)
    assert (found["code"], [one["field"] for one in found["differences"]]) == ("D04", ["phone"])
    assert writes(office).count("/union/person/-/insert") == 1
    assert office.datasette.query("SELECT phone FROM person WHERE serial = 'by hand'") == [("19900008888",)]


def test_whom_a_constraint_keeps_out_is_refused_once_and_stops_nobody_else(office: DatasetteOffice) -> None:
    office.keep("第三批.xlsx", row(1), row(2, unit="荣成市" + "渔业" * 10 + "公司"), row(3))
    told = office.run("sync")
    assert (told.code, "线下4 = 一致2 + 被拒1 + 带队1" in told.out) == (1, True), told.out
    sent = writes(office)
    assert office.run("sync").code == 1
    assert writes(office) == sent


def tampered(token: str) -> str:
    return token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB")


TOKENS: dict[str, Callable[[DatasetteOffice], str]] = {
    "not a token of this kind": lambda _office: "one-two-three",
    "a token that was tampered with": lambda office: tampered(office.token),
    "a token of somebody without any right": lambda office: office.datasette.token("stranger"),
    "a token that may look and not enter": lambda office: office.datasette.token("colleague"),
}


@pytest.mark.parametrize("wrong", TOKENS.values(), ids=TOKENS)
def test_a_wrong_token_is_told_and_writes_nothing(
    office: DatasetteOffice, wrong: Callable[[DatasetteOffice], str]
) -> None:
    office.keep_three()
    token = wrong(office)
    office.hide("portal.secret", token)
    told = office.run("sync")
    assert (told.code, "线上系统不认可我方令牌" in told.out) == (1, True), told.out
    assert office.datasette.written() == {}
    assert spilt(token, office, [told, office.run("check")]) == []
    office.hide("portal.secret", office.token)
    assert office.run("sync").code == 0


def test_the_token_stands_in_its_own_file_and_nowhere_else(small: DatasetteOffice) -> None:
    shown = [small.run(*words) for words in (["check"], ["status"], ["findings"], ["explain", THIRD], ["report"])]
    assert [ran.code for ran in shown] == [0] * 5
    assert small.run("report", "--print").out
    assert spilt(small.token, small, shown) == []


def spilt(secret: str, office: DatasetteOffice, shown: Sequence[Ran]) -> list[str]:
    """Where a secret lies or was shown besides its own file."""
    files = [path for path in office.folder.rglob("*") if path.is_file() and path.name != "portal.secret"]
    assert any(path.name == "bridge.log" for path in files)
    found = [path.name for path in files if secret.encode() in path.read_bytes()]
    return found + [ran.out for ran in shown if secret in ran.out + ran.err]


def test_the_client_has_never_heard_of_datasette() -> None:
    rooms = [path for room in ("bridge", "adapters", "schemas") for path in (ROOT / room).rglob("*")]
    texts = [path for path in rooms if path.suffix in {".py", ".toml"}]
    assert len(texts) > 100
    assert [path.name for path in texts if "datasette" in path.read_text(encoding="utf-8").lower()] == []
