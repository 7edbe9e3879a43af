"""A frozen plan: a plan as a file somebody may look at, keep and apply, which holds marks and counts and nobody's data.

It is good for one journal, and only as it was written: the hash is keyed. A row of it is applied only while all three
marks are the ones of then: whatever moved since is left out and named.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime

import orjson
from pydantic import ValidationError

from bridge.ports import Journal
from schemas.batch import BatchKey
from schemas.errors import ConfigError
from schemas.frozen import VERSION, FrozenBatch, FrozenPlan, FrozenRow
from schemas.journal import BatchFacts
from schemas.plan import BatchWork, Left, Marks, Plan, Row, Why
from schemas.portal import OnlineStatus, Operation
from schemas.revision import HEADER, OF_THE_BATCH, SUBMISSION
from schemas.texts import T

Frozen = tuple[Row, ...]
Mark = Callable[[Sequence[str]], bytes]


def freeze(todo: Plan, journal: Journal, mark: Mark, *, at: datetime) -> tuple[bytes, str]:
    """The file and its hash. `mark` is the vault's keyed one."""
    batches = {batch.key: batch for batch in journal.deliveries.batches()}
    made = FrozenPlan(
        version=VERSION,
        journal=journal.reviews.identity(),
        made_at=at,
        batches=tuple(_frozen_batch(work, tuple(_rows(work, batches[work.batch], journal))) for work in todo.work),
    )
    signed = made.model_copy(update={"hash": _hash(made, mark)})
    return orjson.dumps(signed.model_dump(mode="json"), option=orjson.OPT_INDENT_2) + b"\n", signed.hash


def _frozen_batch(work: BatchWork, rows: Sequence[Row]) -> FrozenBatch:
    frozen = [
        FrozenRow(
            person=row.person.hex(),
            operation=row.operation,
            offline=_hex(row.marks.offline),
            online=_hex(row.marks.online),
            agreed=_hex(row.marks.agreed),
        )
        for row in rows
    ]
    return FrozenBatch(batch=str(work.batch), ends=work.end, count=len(rows), rows=tuple(frozen))


def thaw(content: bytes, journal: Journal, mark: Mark) -> tuple[Frozen, str]:
    """The rows of a file and its hash. Raises ConfigError: no plan, changed by somebody, or of another journal."""
    try:
        plan = FrozenPlan.model_validate_json(content)
    except ValidationError:
        raise ConfigError(
            T("This is not a plan of this program, or of another version of it. Make a new one.")
        ) from None
    if plan.journal != journal.reviews.identity():
        raise ConfigError(T("This plan was made for another journal. Make a new one: lxy-bridge plan"))
    if _hash(plan, mark) != plan.hash:
        raise ConfigError(T("This plan was changed after it was made. Make a new one: lxy-bridge plan"))
    return tuple(_row(BatchKey.parse(batch.batch), row) for batch in plan.batches for row in batch.rows), plan.hash


def _row(batch: BatchKey, row: FrozenRow) -> Row:
    marks = Marks(_bytes(row.offline), _bytes(row.online), _bytes(row.agreed))
    return Row(batch, bytes.fromhex(row.person), row.operation, marks)


def cut(journal: Journal, frozen: Frozen, todo: Plan) -> Plan:
    """Of what may be done now, what the frozen plan holds with the same marks."""
    kept, batches = set(frozen), {batch.key: batch for batch in journal.deliveries.batches()}
    return Plan(tuple(_cut(work, kept.intersection(_rows(work, batches[work.batch], journal))) for work in todo.work))


def _cut(work: BatchWork, kept: Collection[Row]) -> BatchWork:
    """`kept` are the rows of this work that stay."""
    people = {row.person for row in kept}
    return BatchWork(
        batch=work.batch,
        end=work.end,
        header=work.header if HEADER in people else None,
        people=tuple(one for one in work.people if one.person in people),
        submit=work.submit and SUBMISSION in people,
    )


def left_out(journal: Journal, frozen: Frozen, todo: Plan, seen: Collection[BatchKey]) -> tuple[Left, ...]:
    """The rows that cannot be applied any more as they were planned, and why."""
    batches = {batch.key: batch for batch in journal.deliveries.batches()}
    possible = {row for work in todo.work for row in _rows(work, batches[work.batch], journal)}
    marks = {key: journal.reviews.marks(key) for key in {row.batch for row in frozen}}
    found = []
    for row in frozen:
        if row not in possible:
            batch = batches.get(row.batch)
            own = row.person in OF_THE_BATCH
            now = _own(batch) if own else marks[row.batch].get(row.person, _NOWHERE)
            done = _is_submitted(batch) if row.person == SUBMISSION else now.online == row.marks.offline == now.offline
            found.append(Left(row, Why.UNSEEN if row.batch not in seen else Why.DONE if done else Why.CHANGED))
    return tuple(found)


_NOWHERE = Marks(None, None, None)


def _is_submitted(batch: BatchFacts | None) -> bool:
    return batch is not None and batch.status in {OnlineStatus.SUBMITTED, OnlineStatus.REVIEWED}


def _rows(work: BatchWork, batch: BatchFacts, journal: Journal) -> Iterator[Row]:
    """Everything of one batch's work, each with its marks as they are now."""
    if work.header is not None:
        yield Row(work.batch, HEADER, work.header, _own(batch))
    marks = journal.reviews.marks(work.batch) if work.people else {}
    for one in work.people:
        yield Row(work.batch, one.person, one.operation, marks.get(one.person, _NOWHERE))
    if work.submit:
        yield Row(work.batch, SUBMISSION, Operation.SUBMIT, _own(batch))


def _own(batch: BatchFacts | None) -> Marks:
    return _NOWHERE if batch is None else Marks(batch.mark_offline, batch.mark_online, batch.mark_agreed)


def _hash(plan: FrozenPlan, mark: Mark) -> str:
    """Over all of it but the hash, in one spelling."""
    said = orjson.dumps(plan.model_dump(mode="json", exclude={"hash"}), option=orjson.OPT_SORT_KEYS)
    return mark(("plan", said.decode())).hex()


def _hex(mark: bytes | None) -> str:
    return "" if mark is None else mark.hex()


def _bytes(text: str) -> bytes | None:
    return bytes.fromhex(text) if text else None
