"""Small random worlds: whatever hands, ledgers and the weather do, the books balance and nothing is stored twice."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.pipeline import resync
from bridge.resync import Wish
from schemas.finding import Bucket
from schemas.portal import OnlineStatus, Operation
from schemas.report import Report, RunState
from tests.unit.cast import SPRING, A, B, another, block, damaged, in_words
from tests.unit.world import WINDOW_S, World

SUMMER = another("第二批")
NEWER, COPY = "rosters/最终版.xlsx", "rosters/副本.xlsx"
A_MOVED = replace(A, phone="19900000009")
CONFIRMED = {Bucket.AGREED, Bucket.LEADER, Bucket.NOT_OURS, Bucket.SUPERSEDED}

Act = Callable[[World], object]


def batches(world: World) -> list[str]:
    return sorted(world.portal._batches)


def people(world: World) -> list[str]:
    return sorted(world.portal._batch_of)


def edit_online(world: World) -> None:
    for one in people(world)[:1]:
        world.portal.edit(one, unit="手改单位")


def delete_online(world: World) -> None:
    for one in people(world)[-1:]:
        world.portal.delete(one)


def add_online(world: World) -> None:
    for batch in batches(world)[:1]:
        world.portal.add(batch, **in_words(B))


def delete_batch(world: World) -> None:
    for batch in batches(world)[:1]:
        world.portal.delete_batch(batch)


def review(world: World) -> None:
    for batch in batches(world)[:1]:
        world.portal.review(batch)


def take_back(world: World) -> None:
    for batch in batches(world)[:1]:
        world.portal.take_back(batch)


OFFLINE: dict[str, Act] = {
    "a and b offline": lambda world: world.ledger(A, B),
    "a corrected offline": lambda world: world.ledger(A_MOVED, B),
    "a gone offline": lambda world: world.ledger(B, leaders=1),
    "a twice and a damaged row": lambda world: world.ledger(A, B, replace(A, where=B.where), rejections=[damaged()]),
    "a newer list": lambda world: world.ledgers(block(A_MOVED, B, path=NEWER), path=NEWER),
    "a copy of it all": lambda world: world.ledgers(block(A, B, path=COPY, rejections=[damaged(COPY)]), path=COPY),
    "a in a second batch": lambda world: world.ledger(A, batch=SUMMER),
    "a batch of others": lambda world: world.ledger(B, batch=another("第三批", organiser="别的工会")),
    "a base nobody knows": lambda world: world.ledger(A, B, batch=replace(SUMMER, base="名录外基地")),
    "the source away": lambda world: setattr(world.source, "gone", True),
}
ONLINE: dict[str, Act] = {
    "edited by hand": edit_online,
    "deleted by hand": delete_online,
    "added by hand": add_online,
    "a batch deleted": delete_batch,
    "reviewed": review,
    "masked": lambda world: setattr(world.portal, "mask", True),
}
WEATHER: dict[str, Act] = {
    "replies lost": lambda world: world.portal.lose_replies(2),
    "said to be saved": lambda world: world.portal.drop(1),
    "refused": lambda world: world.portal.refuse(1),
    "stored late": lambda world: world.portal.store_late(1, seconds=WINDOW_S / 2),
    "never stored": lambda world: world.portal.store_late(1, seconds=10**9),
    "down": lambda world: setattr(world.portal, "down", True),
    "down in the middle": lambda world: world.watch.when.update(push=lambda: setattr(world.portal, "down", True)),
    "a page": lambda world: setattr(world.portal, "answering", lambda answer: replace(answer, shut=True)),
    "asked to stop": lambda world: world.watch.when.update(push=lambda: setattr(world.stop, "requested", True)),
    "the window passes": lambda world: world.settle(),
    "a reboot": lambda world: world.clock.reboot(),
}
HANDED_IN: dict[str, Act] = {
    "not taken in for review": lambda world: world.when_sent(Operation.SUBMIT, lambda _: world.portal.refuse(1)),
    "handing in is lost": lambda world: world.when_sent(
        Operation.SUBMIT, lambda _: world.portal.store_late(1, seconds=10**9)
    ),
    "taken back to a draft": take_back,
}
RUNS: dict[str, Callable[[World], Report]] = {
    "a run": lambda world: world.sync(),
    "asked for again": lambda world: resync(world.house, Wish(batches=frozenset({SPRING}))),
}
DAYS = st.lists(
    st.tuples(
        st.lists(st.sampled_from([*OFFLINE, *ONLINE, *WEATHER, *HANDED_IN]), max_size=3), st.sampled_from([*RUNS])
    ),
    min_size=1,
    max_size=4,
)


def clear_up(world: World) -> None:
    """Good weather again, for as long as it takes to settle everything."""
    world.portal.down = world.stop.requested = world.source.gone = False
    for weather in (world.portal.lose_replies, world.portal.drop, world.portal.refuse):
        weather(0)
    world.portal.store_late(0, seconds=0)
    world.watch.when.clear()
    world.portal.arriving = lambda _: None
    world.portal.answering = lambda answer: answer
    world.settle()


def balances(report: Report) -> bool:
    """Conserved, complete only where every row is proven (the others then wait for a batch that has not ended), and not
    complete only where something says why.
    """
    sides = (report.offline, report.online)
    unproven = any(set(side.buckets) - CONFIRMED for side in sides)
    says_why = report.state is RunState.COMPLETE or bool(report.items)
    return all(side.conserved for side in sides) and says_why and not (unproven and report.state is RunState.COMPLETE)


def no_draft_is_complete(report: Report) -> bool:
    """In good weather, of what all agree on, each batch was handed in for review."""
    drafts = any(line.status is OnlineStatus.DRAFT for line in report.batches)
    return not (drafts and report.state is RunState.COMPLETE)


@settings(max_examples=25)
@given(days=DAYS)
def test_the_books_always_balance_and_an_unproven_row_is_never_called_complete(
    days: Sequence[tuple[Sequence[str], str]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        world.ours_are(SPRING.organiser)
        world.ledger(A, B)
        for acts, run in days:
            for act in acts:
                (OFFLINE | ONLINE | WEATHER | HANDED_IN)[act](world)
            assert balances(RUNS[run](world))
        for _ in range(2):
            clear_up(world)
            assert balances(world.sync())
        with world.written() as calls:
            report = world.sync()
        assert balances(report)
        assert no_draft_is_complete(report)
        assert calls == {}
        entered = [effect.serial for effect in world.portal.effects if effect.serial]
        assert len(entered) == len(set(entered))
        world.journal.close()
