"""The power is cut while several requests are on their way: none is stored twice and none is lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from threading import Condition
from typing import Any

import pytest

from adapters.journal.journal import open_journal
from bridge.pipeline import sync
from schemas.portal import Answer, Payload
from tests.reliability.checker import Bounds, check
from tests.reliability.paper import OnPaper, digest
from tests.reliability.tiny import Fuse, PowerCut, open_cut
from tests.unit.cast import BATCH, VAULT, another, person
from tests.unit.world import SETTLING, World, picture

FOUR_AT_ONCE = 4
SECOND = another("第二批")
PATIENCE_S = 30


class SharedPortal(OnPaper):
    """Serves one request at a time, keeps doubles, and goes on serving when the client is gone."""

    def __init__(self, now: Callable[[], datetime], **options: Any) -> None:
        super().__init__(now, **options)
        self._turn = Condition()
        self._here = 0

    def send(self, payload: Payload) -> Answer:
        with self._turn:
            self._here += 1
        with self._turn:
            answer = super().send(payload)
            self._here -= 1
            self._turn.notify_all()
        return answer

    def served(self) -> None:
        """Until every request that has left is stored."""
        with self._turn:
            assert self._turn.wait_for(lambda: not self._here, PATIENCE_S)


@pytest.mark.parametrize("commits", range(24))
def test_wherever_the_power_is_cut_nobody_is_stored_twice_and_nobody_is_lost(tmp_path: Path, commits: int) -> None:
    world, fuse = World(tmp_path), Fuse()
    portal = SharedPortal(
        lambda: world.clock.now.at,
        rows_per_call=1,
        concurrency=FOUR_AT_ONCE,
        skips_existing=False,
        uptime_s=lambda: world.clock.now.uptime_s,
    )
    world.ledger(*(person(number) for number in range(1, 6)))
    world.ledger(*(person(number) for number in range(6, 8)), batch=SECOND)
    world.journal.close()
    house = replace(world.house, portal=portal, journal=open_cut(world.journal.path, fuse))
    fuse.left = commits
    cut = False
    try:
        sync(house)
    except PowerCut:
        cut = True
    portal.served()
    house.journal.close()
    left_undecided(world, cut=cut)
    world.clock.reboot()
    house = replace(house, journal=open_journal(world.journal.path, VAULT, SETTLING))
    for _ in range(2):
        world.settle()
        report = sync(house)
    house.journal.close()
    assert picture(report) == "complete\noffline 7: agreed=7\nonline 7: agreed=7"
    portal.keep_ledger(tmp_path)
    batches = {1: BATCH, 2: BATCH, 3: BATCH, 4: BATCH, 5: BATCH, 6: SECOND, 7: SECOND}
    wanted = {(str(of.key), digest(person(n).id_no)): {"unit": person(n).unit} for n, of in batches.items()}
    assert check(tmp_path, world.journal.path, wanted, bounds=Bounds(at_once=FOUR_AT_ONCE)).violations == []


def left_undecided(world: World, *, cut: bool) -> None:
    """What is on disk after the cut never claims more than is known: an intended revision is on its way or answered."""
    journal = open_journal(world.journal.path, VAULT, SETTLING, read_only=True)
    with journal.store.read() as connection:
        states = {state for (state,) in connection.exec_driver_sql("SELECT DISTINCT state FROM revision")}
        open_attempts = connection.exec_driver_sql("SELECT count(*) FROM attempt WHERE ended_at IS NULL").scalar_one()
        on_their_way = connection.exec_driver_sql("SELECT count(*) FROM revision WHERE state='sending'").scalar_one()
    journal.close()
    assert states <= {"sending", "accepted", "agreed", "unknown"}
    assert on_their_way == open_attempts
    assert cut or not on_their_way
