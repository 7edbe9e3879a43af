"""The staircase: what one run does, walked once, downwards. Read this first.

    read → check → map → plan → push → read back → reconcile → report

The portal is read back before the first plan too: nothing is written by somebody who has not looked.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

from bridge.check import check
from bridge.chunks import chunks
from bridge.conclusion import conclude
from bridge.fence import past_the_fence
from bridge.frozen import Frozen, cut, left_out
from bridge.halt import held_now, let_go
from bridge.house import House, Trouble
from bridge.map import nothing_wanted, to_online, wanted
from bridge.planning import plan_now
from bridge.ports import Desk
from bridge.push import Sender, finish, push, repeat
from bridge.read import merged, read
from bridge.read_back import read_back
from bridge.refusals import refusals
from bridge.resync import Chosen, Wish, choose, spoken_of
from bridge.run_ledger import one_line
from schemas.batch import BatchKey
from schemas.errors import AuthError, RunError, SchemaDrift, TransientError
from schemas.journal import Wanted
from schemas.plan import Left, Plan
from schemas.report import Report
from schemas.revision import Revision
from schemas.texts import T

ROUNDS = 4
"""Plan and push at most so often in one run: settled, entered, corrected, submitted."""

BATCHES_AT_ONCE = 100
"""So many batches are kept in one transaction of the journal; a crash in between leaves them touched."""


def sync(house: House) -> Report:
    """One whole run. Raises JournalError, RunError; all else that goes wrong stands in the report."""
    with _in_the_ledger(house, "sync") as run:
        trouble = take_in(house)  # read → check → map
        if look(house, trouble):  # read back
            _write(house, run, trouble)  # plan → brake → push → read back, until nothing is left that may be written
        return conclude(house, run, trouble)  # reconcile → report


def compare(house: House) -> Report:
    """Read both sides and reconcile; nothing is written online."""
    with _in_the_ledger(house, "reconcile") as run:
        trouble = take_in(house)
        look(house, trouble, whole=True)
        return conclude(house, run, trouble)


def resync(house: House, wish: Wish) -> Report:
    """An ordinary run, limited to what a person asked for, with new revisions of what may be sent again."""
    with _in_the_ledger(house, "resync") as run:
        trouble = take_in(house)
        if _look_at_what_is_asked(house, trouble, wish):
            chosen = _choose(house, trouble, wish)
            house.journal.deliveries.reopen(chosen.again, now=house.clock.instant())
            _write(house, run, trouble, only=chosen.batches)
        return conclude(house, run, trouble)


def preview(house: House, *, wish: Wish | None = None) -> Plan:
    """The plan a run would carry out now. Raises BridgeError when the portal cannot be read; writes nothing online."""
    trouble, todo = take_in(house), Plan()
    if wish is None and look(house, trouble):
        only = past_the_fence(house, None, lambda: plan_now(house))
        todo = plan_of_what_was_seen(house, trouble, only=only)
    elif wish is not None and _look_at_what_is_asked(house, trouble, wish):
        chosen = _choose(house, trouble, wish)
        only = past_the_fence(house, chosen.batches, lambda: plan_now(house))
        todo = plan_of_what_was_seen(house, trouble, only=only, again=chosen.again)
    if trouble.stopped:
        raise RunError((trouble.drift + trouble.failures)[-1])
    return replace(todo, held=tuple(held_now(house, todo).values()))


def apply(house: House, frozen: Frozen) -> tuple[Report, tuple[Left, ...]]:
    """An ordinary run limited to a frozen plan: what of it still stands is written, and nothing else."""
    with _in_the_ledger(house, "apply") as run:
        trouble, left, only = take_in(house), tuple[Left, ...](), {row.batch for row in frozen}
        if look(house, trouble, asked=only):
            left = left_out(house.journal, frozen, plan_of_what_was_seen(house, trouble, only=only), trouble.seen)
            _write(house, run, trouble, only=only, within=partial(cut, house.journal, frozen))
        return conclude(house, run, trouble), left


def _write(
    house: House,
    run: int,
    trouble: Trouble,
    *,
    only: Collection[BatchKey] | None = None,
    within: Callable[[Plan], Plan] = lambda todo: todo,
) -> None:
    """Plan and push until there is nothing left that may be written now; of each plan, what is `within` it."""
    if house.desk is not None and not _desk_is_ready(house, house.desk, run, trouble):
        return
    only = past_the_fence(house, only, lambda: plan_now(house))
    for _ in range(ROUNDS):
        if not _ask_by_key(house, run, trouble):
            break
        todo = within(plan_of_what_was_seen(house, trouble, only=only))
        todo = let_go(house, trouble, todo, run=run, whole=only is None)  # the brake
        if todo and house.stop.requested:
            trouble.cut_short("", readable=True)
        if not todo or trouble.stopped or not carry_out(house, todo, run, trouble):
            break


def _ask_by_key(house: House, run: int, trouble: Trouble) -> bool:
    """Where the portal honours keys, what is unknown is settled by asking the same thing again. False: send nothing more.

    Not behind a fence: how old the keys of a restored journal are is not known either.
    """
    if house.journal.fences.standing():
        return True
    try:
        touched = repeat(sender_of(house, run), stop=house.stop)
    except AuthError as error:
        trouble.failed(error)
        trouble.stopped = True
        return False
    return not touched or look(house, trouble, only=touched)


def _desk_is_ready(house: House, desk: Desk, run: int, trouble: Trouble) -> bool:
    """The template is the one that was accepted, and no file was left half-written. False: nothing may be exported."""
    try:
        desk.check_template()
    except SchemaDrift as error:
        trouble.drift += error.texts
        trouble.stopped = True
        return False
    if cause := finish(sender_of(house, run)):
        trouble.cut_short(cause, readable=True)
    return not cause


def take_in(house: House) -> Trouble:
    """Read, check, map: bring what offline wants up to date, batch by batch."""
    offline, now = house.journal.offline, house.clock.instant().at
    intake = read(house.sources, offline.files(), house.watch)
    offline.stage(intake, basis=house.basis, at=now)
    for keys in chunks(offline.touched(), BATCHES_AT_ONCE):
        offline.want([_wanted(house, key) for key in keys], at=now)
    return Trouble(failures=intake.failures)


def _wanted(house: House, key: BatchKey) -> Wanted:
    ours, rosters = house.reader.ours(key), house.journal.offline.rosters(key)
    if not rosters:
        return nothing_wanted(key, ours=ours)
    roster, conflicts = merged(rosters)
    problems = (*conflicts, *check(roster, policy=house.policy, bases=house.bases))
    return wanted(roster, problems, house.glossary, ours=ours)


def look(
    house: House,
    trouble: Trouble,
    *,
    only: Collection[BatchKey] | None = None,
    asked: Collection[BatchKey] = (),
    whole: bool = False,
) -> bool:
    """Read back what is due and what is `asked`, or the whole.

    False when the portal could not be read: then nothing may be written either.
    """
    try:
        seen = read_back(
            house.portal,
            house.journal,
            house.reader,
            year=house.year,
            clock=house.clock,
            watch=house.watch,
            sweep_after_h=0 if whole or house.desk or house.journal.fences.standing() else house.sweep_after_h,
            asked=asked,
            only=only,
        )
    except SchemaDrift as error:
        trouble.drift.append(error.text)
    except (TransientError, AuthError) as error:
        trouble.failed(error)
    else:
        trouble.look_back(seen)
        _clear_desk(house, trouble)
        return seen.ended_by is None
    trouble.stopped = True
    return False


def _look_at_what_is_asked(house: House, trouble: Trouble, wish: Wish) -> bool:
    asked = spoken_of(house.journal, wish)
    return look(house, trouble, asked=asked or (), whole=asked is None)


def _choose(house: House, trouble: Trouble, wish: Wish) -> Chosen:
    """What the wish names, as far as it could be looked at."""
    chosen = choose(house.journal, wish, house.numbering, by_hand=house.desk is not None)
    return replace(chosen, again=tuple(one for one in chosen.again if one[0] in trouble.seen))


def plan_of_what_was_seen(
    house: House,
    trouble: Trouble,
    *,
    only: Collection[BatchKey] | None = None,
    again: Sequence[tuple[BatchKey, bytes, Revision]] = (),
) -> Plan:
    """What may be written now, to batches whose people were listed in this run: where they were not yet, they are."""
    unmade = trouble.unmade.keys()
    todo = plan_now(house, only=only, again=again, without=unmade)
    unseen = {work.batch for work in todo.work} - trouble.seen - trouble.aside.keys()
    if unseen:
        if not look(house, trouble, only=unseen):
            return Plan()
        todo = plan_now(house, only=only, again=again, without=unmade)
    return Plan(tuple(work for work in todo.work if work.batch in trouble.seen))


def _clear_desk(house: House, trouble: Trouble) -> None:
    """Take in what else people brought back from the portal: refused rows, and files that nobody can use."""
    if house.desk is None:
        return
    outgoing, now = house.journal.outgoing, house.clock.instant()
    try:
        trouble.unplaced = list(refusals(house.desk.refusals(), outgoing, house.reader.person_key, now=now))
    except TransientError as error:
        trouble.failures.append(error.text)
    trouble.drift += [text for text in house.desk.faults if text not in trouble.drift]


def carry_out(house: House, todo: Plan, run: int, trouble: Trouble) -> bool:
    """Push, then read back what was touched. False when the run should send nothing more."""
    try:
        pushed = push(todo, sender_of(house, run), stop=house.stop, watch=house.watch)
    except AuthError as error:
        trouble.failed(error)
        trouble.stopped = True
        return False
    trouble.drift += [T("an answer did not fit at {path}", path=path) for path in sorted(pushed.drift)]
    trouble.set_aside(pushed.unmade)
    trouble.put_off(pushed.put_off)
    trouble.written |= pushed.batches
    seen = look(house, trouble, only=pushed.batches)
    if pushed.stopped:
        trouble.cut_short(pushed.cause, readable=seen)
    return seen and not pushed.stopped


def sender_of(house: House, run: int) -> Sender:
    """What the requests of one run have in common."""
    words = house.glossary.words
    return Sender(
        portal=house.portal,
        journal=house.journal,
        clock=house.clock,
        numbering=house.numbering,
        batch_in_words=lambda values: to_online(values, words.batch),
        person_in_words=lambda values: to_online(values, words.person),
        run=run,
        may_send=house.may_send,
    )


@contextmanager
def _in_the_ledger(house: House, kind: str) -> Iterator[int]:
    """One run, begun by putting right what a dead process left."""
    house.journal.deliveries.recover(house.clock.instant())
    with one_line(house.journal.runs, kind, house.clock, house.owed) as run:
        yield run
