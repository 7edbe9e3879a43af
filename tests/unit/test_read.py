"""Looking at every source, opening only what has changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from bridge.read import merged, read
from schemas.forms import UnitSummary
from schemas.journal import Intake, KnownFile
from schemas.roster import Place, Problem, Reading, Rejection, Severity
from tests.adapters.fake_source import FakeSource
from tests.unit.cast import BATCH, A, B, C, block, damaged
from tests.unit.world import Steps

PATH = "rosters/台账.xlsx"
READING = Reading(PATH, (block(A, B),))


def looked(source: FakeSource, known: dict[str, KnownFile] | None = None) -> Intake:
    return read([source], known or {}, Steps())


def source_with(*readings: Reading) -> FakeSource:
    source = FakeSource()
    for reading in readings:
        source.put(reading)
    return source


def known_to(source: FakeSource) -> dict[str, KnownFile]:
    """What the journal remembers after it has read all of `source`."""
    return {stamp.path: KnownFile(stamp, source.digest(stamp)) for stamp in source.look()}


def busy(code: str) -> Reading:
    return Reading(PATH, rejections=(Rejection(Place(PATH), (Problem(code, Severity.BLOCK),)),))


def test_a_new_file_is_read() -> None:
    source = source_with(READING)
    assert looked(source) == Intake(read=[(known_to(source)[PATH], READING)])


def test_a_file_nobody_touched_is_not_opened() -> None:
    source = source_with(READING)
    known = known_to(source)
    source.take_away = source.digest = source.read = None  # type: ignore[assignment, method-assign]  # would be called
    assert looked(source, known) == Intake()


def test_the_same_content_saved_again_is_not_parsed() -> None:
    source = source_with(READING)
    known = known_to(source)
    source.put(READING)
    assert looked(source, known) == Intake(touched=[known_to(source)[PATH].stamp])


def test_changed_content_is_read_anew() -> None:
    source = source_with(READING)
    known = known_to(source)
    source.put(changed := Reading(PATH, (block(A),)))
    assert looked(source, known) == Intake(read=[(known_to(source)[PATH], changed)])


def test_a_file_that_is_no_longer_there_is_gone() -> None:
    source = source_with(READING)
    known = known_to(source)
    source.take_away(PATH)
    assert looked(source, known) == Intake(gone=[PATH])


def test_a_source_that_cannot_be_looked_at_is_a_failure_and_its_files_are_not_gone() -> None:
    source = source_with(READING)
    known = known_to(source)
    source.gone = True
    other = FakeSource("units")
    other.put(replace(READING, path="units/单位.xlsx"))
    found = read([source, other], known, Steps())
    assert (found.gone, [known.stamp.path for known, _ in found.read]) == ([], ["units/单位.xlsx"])
    assert [str(text) for text in found.failures] == [
        "The source rosters is not there. Bring it back, then start again."
    ]


@pytest.mark.parametrize("code", ["file_changing", "no_access", "unreadable", "header_not_found"])
def test_a_file_that_says_nothing_any_more_takes_nothing_back(code: str) -> None:
    source = source_with(READING)
    known = known_to(source)
    source.put(busy(code))
    intake = looked(source, known)
    assert (intake.read, intake.gone) == ([], [])
    assert [str(text) for text in intake.failures] == [
        f"{PATH} cannot be read as a ledger just now; what it said last still stands. Open it and save it again"
    ]


def test_a_form_without_people_put_in_a_roster_s_place_takes_nothing_back() -> None:
    source = source_with(READING)
    known = known_to(source)
    source.put(Reading(PATH, forms=(UnitSummary("汇总", ()),)))
    intake = looked(source, known)
    assert (intake.read, intake.gone, len(intake.failures)) == ([], [], 1)


def test_a_file_that_never_held_a_batch_tells_its_newest_fault() -> None:
    source = source_with(busy("unreadable"))
    known = {path: replace(file, holds_batches=False) for path, file in known_to(source).items()}
    source.put(busy("password_protected"))
    assert [reading for _, reading in looked(source, known).read] == [busy("password_protected")]


def test_a_busy_file_nobody_has_read_yet_is_set_aside() -> None:
    assert [reading for _, reading in looked(source_with(busy("no_access"))).read] == [busy("no_access")]


def test_a_file_without_a_digest_is_news_until_it_can_be_read() -> None:
    source = source_with(READING)
    unread = {path: replace(known, sha256=b"") for path, known in known_to(source).items()}
    assert [reading for _, reading in looked(source, unread).read] == [READING]


def test_blocks_of_one_batch_become_one_roster() -> None:
    one = block(A, leaders=1, declared=1)
    other = block(B, C, path="rosters/二.xlsx", declared=2, rejections=[damaged()])
    whole, conflicts = merged([one, other])
    assert whole == replace(
        one, people=(*one.people, *other.people), leaders=one.leaders, rejections=other.rejections, declared=3
    )
    assert conflicts == ()


def test_a_block_without_a_total_leaves_the_whole_without_one() -> None:
    whole, _ = merged([block(A, declared=1), block(B)])
    assert whole.declared is None


def test_blocks_that_state_other_facts_of_a_batch_block_it_and_name_the_fields() -> None:
    other = block(B, batch=replace(BATCH, base="别的基地", end=date(2025, 5, 9)), path="rosters/二.xlsx")
    _, conflicts = merged([block(A), other])
    assert conflicts == (Problem("facts_conflict", Severity.BLOCK, other.where, {"fields": "base end"}),)
