"""A journal that is put back, rolled back or cloned at a random moment sends nobody twice and loses nobody."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from schemas.identity import IdType
from schemas.portal import DeliveryClass
from schemas.report import Item
from tests.reliability.checker import Bounds, check
from tests.reliability.lane import measured, owed, replayable, seeds
from tests.reliability.lives import BATCHES, WAYS, Lives
from tests.reliability.offline import told
from tests.unit.cast import VAULT

SHORT, LONG = 50, 1_000
KINDS = DeliveryClass.K1, DeliveryClass.K2, DeliveryClass.K3


def put_back_once(folder: Path, seed: int, kinds: tuple[DeliveryClass, ...] = KINDS) -> Counter[str]:
    """Two lives of one journal: what was forgotten between them, and what came of it."""
    random = Random(seed)
    way, kind = WAYS[seed % len(WAYS)], kinds[seed // len(WAYS) % len(kinds)]
    share = folder / "share"
    share.mkdir()
    lives = Lives(folder / "home", kind, random, witnesses=(share / "witness",))
    with lives.life():
        pass  # the file beside the journal is there from its first opening on
    bring_back, at = [], random.randint(1, 60)

    def keep(commit: int) -> None:
        if commit == at:
            bring_back.append(way(lives))

    lives.after_commit = keep
    lives.some_days(random.randint(1, 5))
    lives.after_commit = lambda _commit: None
    if not bring_back:
        bring_back.append(way(lives))
    lives.last_hour()
    before = len(lives.portal.effects)
    forgotten = lives.intended()
    bring_back[0]()
    fenced = lives.fences
    lives.some_days(random.randint(0, 3))
    report = lives.calm()
    assert report is not None
    came = Counter(fenced=lives.fences > fenced, stored_before=before)
    lives.portal.keep_ledger(folder)
    bounds = Bounds(keyed=kind is DeliveryClass.K2, forgotten=forgotten)
    checked = check(folder, lives.file, lives.in_ledgers(), bounds=bounds, report=told(report))
    assert checked.violations == []
    came["doubled"] = checked.figures["doubled"]
    return judged(lives, came, report.items)


def judged(lives: Lives, came: Counter[str], items: Sequence[Item]) -> Counter[str]:
    """Who is not online as offline says is lost, unless a finding tells of them and nobody could know better: they stand
    there as the life before wrote them, and only that life knew that it was not a hand. (K4: they are in quarantine.)
    """
    wanted, held = lives.wanted(), lives.held()
    apart = {who for who in wanted if held.get(who) != wanted[who]}
    named = {item.person or item.batch for item in items}
    marks = {who: VAULT.person_key(IdType.RESIDENT, who).hex()[:10] for who in apart}
    batches = {batch.key.name: batch.key.title for batch in BATCHES}
    by_people = lives.kind is DeliveryClass.K4
    known = {who for who in apart if marks[who] in named and (who in held or by_people)}
    known |= {who for who in apart if by_people and batches[wanted[who][0]] in named}  # with its batch's header
    came["lost"], came["told"] = len(apart - known), len(known)
    return came


@pytest.mark.parametrize(
    ("suite", "kinds", "short", "long"),
    [("K1 to K3", KINDS, SHORT, LONG), ("K4", (DeliveryClass.K4,), SHORT // 5, LONG // 5)],
)
def test_a_journal_that_is_put_back_at_a_random_moment_doubles_nobody_and_loses_nobody(
    suite: str, kinds: tuple[DeliveryClass, ...], short: int, long: int
) -> None:
    came, trials = Counter[str](), 0
    for seed in seeds(short=short, long=long):
        with replayable(seed), tempfile.TemporaryDirectory(dir=_FAST) as folder:
            one = put_back_once(Path(folder), seed, kinds)
            assert (one["doubled"], one["lost"]) == (0, 0), one
        came += one
        trials += 1
    figures = {name: came[name] for name in ("fenced", "doubled", "lost", "told")}
    measured(f"restore, roll-back, clone: {suite}", trials=trials, owed=owed(short=short, long=long), **figures)


_FAST = "/dev/shm" if Path("/dev/shm").is_dir() else None
