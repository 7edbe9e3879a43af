"""A verdict for each person, by what the answer says of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.wire.answers import verdicts
from adapters.wire.calls import Reply
from schemas.dialect import Dialect
from schemas.outcome import Outcome, Seen, Transport
from schemas.portal import Operation, Payload
from tests.adapters.portal_rig import QILU, qilu_with

A, B = "serial-1", "serial-2"


def verdicts_of(data: object, names: tuple[str, ...] = ("测试甲", "测试乙"), dialect: Dialect = QILU):
    payload = Payload(Operation.SAVE_PEOPLE, "/", b"{}", (A, B), names)
    seen = Seen(Transport.ANSWERED, 200, "P00000")
    reply = Reply(seen, "", {"code": "P00000", "data": data})
    return verdicts(payload, reply, Outcome.ACCEPTED, dialect.operations.save_people, dialect)


def saved(serial: str, online_id: object = 9) -> dict[str, object]:
    return {"serialNo": serial, "id": online_id}


def failed(serial: str, code: str = "S20006", msg: str = "格式不正确") -> dict[str, object]:
    return {"serialNo": serial, "code": code, "msg": msg}


TWINS = ("测试甲", "测试甲")
TABLE = [
    # the answer's data, names, outcomes of the two
    ({"saved": [saved(A), saved(B, 10)]}, (), "accepted accepted"),
    ({"saved": [saved(B), saved(A)]}, (), "accepted accepted"),
    ({"saved": [saved(A)]}, (), "accepted unknown"),
    ({"saved": []}, (), "unknown unknown"),
    (None, (), "unknown unknown"),
    ("saved", (), "unknown unknown"),
    ({"saved": {"serialNo": A}}, (), "unknown unknown"),
    ({"saved": [A, None, 3]}, (), "unknown unknown"),
    ({"saved": [saved(A), saved(A)]}, (), "accepted unknown"),
    ({"saved": [saved(A, 9), saved(A, 10)]}, (), "unknown unknown"),
    ({"saved": [saved(A)], "failed": [failed(B)]}, (), "accepted refused"),
    ({"saved": [saved(A)], "failed": [failed(A)]}, (), "unknown unknown"),
    ({"saved": [], "failed": [failed(A, "S10019"), failed(B, "E-1")]}, (), "exists unknown"),
    ({"saved": [], "failed": [failed(A, "P00000"), failed(B, "P10012")]}, (), "unknown not_processed"),
    ({"saved": [], "failed": [failed(A, "S20004"), failed(A, "S20006")]}, (), "refused unknown"),
    ({"saved": [saved(A)], "skipped": ["测试乙"]}, ("测试甲", "测试乙"), "accepted exists"),
    ({"saved": [], "skipped": [" 测试乙 "]}, ("测试甲", "测试乙"), "unknown exists"),
    ({"saved": [saved(A)], "skipped": ["测试甲"]}, ("测试甲", "测试乙"), "unknown unknown"),
    ({"saved": [], "skipped": ["测试甲", "测试乙"]}, (), "unknown unknown"),
    ({"saved": [], "skipped": ["测试甲", "测试甲"]}, TWINS, "exists exists"),
    ({"saved": [], "skipped": ["测试甲"]}, TWINS, "unknown unknown"),
    ({"saved": [saved(A)], "skipped": ["测试甲"]}, TWINS, "accepted exists"),
    ({"saved": [saved(A)], "skipped": ["测试甲", "测试甲"]}, TWINS, "unknown unknown"),
]


@pytest.mark.parametrize(("data", "names", "outcomes"), TABLE)
def test_each_person_has_the_verdict_that_stands_there_and_else_none(data, names, outcomes):
    said = verdicts_of(data, names)
    assert " ".join(said.of[serial].outcome for serial in (A, B)) == outcomes


@pytest.mark.parametrize(
    ("data", "outcomes"),
    [
        ({"saved": [saved(A)]}, "accepted exists"),
        ({"saved": []}, "exists exists"),
        ({"saved": [saved(A)], "failed": [failed(B)]}, "accepted refused"),
        ({"saved": [saved(A, 9), saved(A, 10)]}, "unknown exists"),
        (
            {"saved": [saved(A), saved("other")]},
            "accepted unknown",
        ),  # it speaks of somebody else: who knows of whom not
        ({"saved": None}, "unknown unknown"),
        (None, "unknown unknown"),
    ],
)
def test_where_the_dialect_says_so_a_record_left_out_was_there_before(data, outcomes):
    said = verdicts_of(data, (), qilu_with(Operation.SAVE_PEOPLE, left_out="exists"))
    assert " ".join(said.of[serial].outcome for serial in (A, B)) == outcomes


@pytest.mark.parametrize(
    ("data", "drift"),
    [
        ({"saved": [saved(A)]}, ""),
        ({"saved": [saved(A), saved("other")]}, "data.saved[].serialNo: not one we sent"),
        ({"saved": [{"id": 1}]}, "data.saved[].serialNo: not one we sent"),
        ({"list": []}, "data.saved: no list"),
        ({"saved": [], "failed": "none"}, "data.failed: no list"),
        ({"saved": [A], "skipped": ["无名氏"]}, "data.saved[]: no object; data.skipped[]: nobody we sent"),
    ],
)
def test_an_answer_of_another_shape_is_named_by_its_path_and_quotes_nothing(data, drift):
    assert verdicts_of(data).drift == drift


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from([A, B, "测试甲", "S20006", "P00000"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["saved", "failed", "skipped", "serialNo", "id", "code", "msg"]), inner)
    ),
    max_leaves=12,
)


@given(JSON)
def test_whatever_the_answer_holds_everybody_has_a_verdict_and_only_the_named_are_accepted(data):
    said = verdicts_of(data)
    rows = data.get("saved") if isinstance(data, dict) else []
    named = {row.get("serialNo") for row in rows if isinstance(row, dict)} if isinstance(rows, list) else set()
    assert set(said.of) == {A, B}
    assert {serial for serial, verdict in said.of.items() if verdict.outcome is Outcome.ACCEPTED} <= named
