"""The outcome table: total, and never more hopeful than the dialect."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.dialect import shipped_dialect
from schemas.outcome import Outcome, Reaction, Rule, Seen, Transport, known, reaction
from schemas.revision import State, after_sending

QILU = shipped_dialect("qilu").answer_rules
CODES = st.sampled_from(["", "P00000", "S10019", "S20024", "P10012", "S20004", "E-1", "200"]) | st.text(max_size=8)
WORDS = st.sampled_from(["", "请不要重复上报", "busy"]) | st.text(max_size=8)
STATUSES = st.none() | st.integers(100, 599)

seen = st.builds(Seen, st.sampled_from(Transport), STATUSES, CODES, WORDS)
rules = st.lists(
    st.builds(
        Rule,
        st.sampled_from(Reaction),
        STATUSES,
        st.none() | CODES,
        st.none() | st.sampled_from(["重复", "^busy$", "."]),
    ),
    max_size=5,
)


@given(seen, rules)
def test_whatever_was_seen_something_is_known(seen, rules):
    assert known(seen, rules) in Outcome


@given(seen, rules)
def test_only_an_answer_that_a_success_line_matches_first_is_accepted(seen, rules):
    first = next((rule for rule in rules if rule.matches(seen)), None)
    listed = first is not None and first.reaction is Reaction.SUCCESS
    assert (known(seen, rules) is Outcome.ACCEPTED) == (listed and seen.transport is Transport.ANSWERED)


@given(seen)
def test_the_platform_accepts_with_its_own_code_and_status_200_only(seen):
    accepted = known(seen, QILU) is Outcome.ACCEPTED
    assert accepted == (seen.transport is Transport.ANSWERED and (seen.status, seen.code) == (200, "P00000"))


@given(seen)
def test_only_an_answer_or_a_failed_connection_says_that_nothing_was_processed(seen):
    if known(seen, QILU) in {Outcome.NOT_SENT, Outcome.NOT_PROCESSED, Outcome.REFUSED}:
        assert seen.transport in {Transport.ANSWERED, Transport.CONNECT_FAILED}


@given(seen)
def test_without_any_line_every_answer_is_unknown(seen):
    assert reaction(seen, ()) is Reaction.UNKNOWN
    assert known(seen, ()) in {Outcome.UNKNOWN, Outcome.NOT_SENT}


@pytest.mark.parametrize("status", [400, 403, 404, 408, 409, 422, 425, 500, 502, 504])
def test_a_status_the_dialect_does_not_list_decides_nothing(status: int):
    """A conflict may be our own first try, and a server's fault may come after storing."""
    assert known(Seen(Transport.ANSWERED, status), QILU) is Outcome.UNKNOWN


def test_one_code_may_mean_two_things_by_its_message():
    twice = Seen(Transport.ANSWERED, 200, "S20024", "请不要重复上报")
    other = Seen(Transport.ANSWERED, 200, "S20024", "别的")
    assert [known(each, QILU) for each in (twice, other)] == [Outcome.EXISTS, Outcome.UNKNOWN]


@given(seen, rules)
def test_nothing_the_portal_may_have_stored_is_ever_ready_again_by_its_answer(seen, rules):
    """Only what never reached it, or what the dialect itself says was not done."""
    undone = {Reaction.RETRY, Reaction.THROTTLE, Reaction.AUTH, Reaction.CLOCK, Reaction.CLOSED, Reaction.TOO_LARGE}
    if after_sending(known(seen, rules)) is State.READY:
        answered = seen.transport is Transport.ANSWERED
        assert reaction(seen, rules) in undone if answered else seen.transport is Transport.CONNECT_FAILED


@pytest.mark.parametrize("name", ["qilu", "jeecg", "ruoyi", "oauth2", "irs", "hub", "tif", "legacy", "sorted"])
def test_too_large_is_what_413_says_in_the_shipped_dialects(name):
    table, page = shipped_dialect(name).answer_rules, Seen(Transport.ANSWERED, 413)
    assert known(page, table) is Outcome.IN_PARTS
