"""What every test portal does behind its manner: it stores batches and people, refuses, skips, and misbehaves on demand.

Rows stand here in the portal's own field names. A server module has the wire: routes, access, envelope, codes, paging.
"""

from __future__ import annotations

import copy
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.adapters.dialects.book import (
    RETRY_AFTER_S,
    Book,
    Faults,
    Form,
    Judged,
    Kind,
    Page,
    Row,
    Turned,
    at,
    leaves,
    masked,
    put,
    without,
)

__all__ = ["RETRY_AFTER_S", "Book", "Desk", "Faults", "Judged", "Kind", "Page", "Row", "Turned", "at", "put", "without"]


@dataclass
class _Person:
    parent: str
    row: Row


class Desk:
    """`asked` are all requests that came in, `turned` why some of them were turned away."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.faults = Faults()
        self.asked: list[Any] = []
        self.turned: list[Kind] = []
        self.batches: dict[str, Row] = {}
        self.people: dict[str, _Person] = {}
        self.status: dict[str, str] = {}
        self.tokens: dict[str, float] = {}
        self.nonces: set[str] = set()
        self.issued = 0
        self._last_id = book.first_id - 1
        self._wrote = False

    # who may come in, and when

    def now(self) -> float:
        """The portal's clock, seconds since 1970."""
        return time.time() + self.faults.clock_offset_s

    def weather(self) -> None:
        faults = self.faults
        if faults.closed:
            raise Turned(Kind.CLOSED, "系统维护中")
        for kind, count in ((Kind.OUTAGE, "outage"), (Kind.THROTTLED, "throttle"), (Kind.STRANGE, "strange")):
            if getattr(faults, count) > 0:
                setattr(faults, count, getattr(faults, count) - 1)
                raise Turned(kind)

    def on_time(self, stamp_s: float, tolerance_s: float) -> None:
        if abs(stamp_s - self.now()) > tolerance_s:
            raise Turned(Kind.CLOCK, "请求时间超出允许范围")

    def first_use(self, nonce: str) -> None:
        if not nonce or nonce in self.nonces:
            raise Turned(Kind.SIGNATURE, "重复的随机数")
        self.nonces.add(nonce)

    def issue(self, life_s: float = 7200) -> str:
        self.issued += 1
        token = f"t{self.issued}-{time.monotonic_ns():x}"
        self.tokens[token] = time.time() + life_s
        return token

    def admit(self, token: str) -> None:
        if self.tokens.get(token, 0) <= time.time():
            raise Turned(Kind.TOKEN, "令牌无效或已过期")

    def expire(self) -> None:
        self.tokens.clear()

    def reply_is_lost(self) -> bool:
        """Only the answer to a write gets lost: asked once, after each request."""
        wrote, self._wrote = self._wrote, False
        if not wrote or self.faults.lose_replies <= 0:
            return False
        self.faults.lose_replies -= 1
        return True

    # writing

    def save_batch(self, row: Row) -> object:
        self._check(row, self.book.batch)
        key = [at(row, name) for name in self.book.batch_key]
        if any([at(other, name) for name in self.book.batch_key] == key for other in self.batches.values()):
            raise Turned(Kind.EXISTS, "批次已存在")
        online_id = self._next_id()
        self.batches[online_id] = copy.deepcopy(row)
        self.status[online_id] = self.book.draft
        self._wrote = True
        return self.book.id_type(online_id)

    def update_batch(self, online_id: object, row: Row) -> None:
        self._known(self.batches, online_id)
        self._check(row, self.book.batch)
        self._unlocked(str(online_id))
        self.batches[str(online_id)] = copy.deepcopy(row)
        self._wrote = True

    def save_people(self, parent: object, rows: Sequence[Row], *, whole: bool = False) -> list[Judged]:
        """`whole`: one bad row and nothing is stored at all."""
        self._known(self.batches, parent)
        if whole:
            for row in rows:
                self._check_person(row)
        return [self._save_person(str(parent), row) for row in rows]

    def _save_person(self, parent: str, row: Row) -> Judged:
        try:
            self._check_person(row)
        except Turned as turned:
            return Judged("refused", row, words=turned.words)
        for online_id, there in self.people.items():
            if there.parent == parent and at(there.row, self.book.id_no) == at(row, self.book.id_no):
                return Judged("skipped", row, self.book.id_type(online_id))
        online_id = self._next_id()
        self.people[online_id] = _Person(parent, copy.deepcopy(row))
        self._wrote = True
        return Judged("saved", row, self.book.id_type(online_id))

    def update_person(self, online_id: object, row: Row) -> None:
        there = self._known(self.people, online_id)
        self._check_person(row)
        self._unlocked(there.parent)
        there.row = copy.deepcopy(row)
        self._wrote = True

    def submit(self, online_id: object) -> None:
        self._known(self.batches, online_id)
        self.status[str(online_id)] = self.book.submitted
        self._wrote = True

    def _unlocked(self, batch: str) -> None:
        if self.book.reviewed and self.status[batch] == self.book.reviewed:
            raise Turned(Kind.REFUSED, "批次已审核，不能修改")

    def _check_person(self, row: Row) -> None:
        self._check(row, self.book.person)
        if at(row, self.book.id_no) in self.faults.refuse:
            raise Turned(Kind.REFUSED, "证件号码校验不通过")

    def _check(self, row: Row, form: Form) -> None:
        found = dict(leaves(row))
        if found.keys() != form.keys():
            raise Turned(Kind.REFUSED, f"字段不符:{','.join(sorted(found.keys() ^ form.keys()))}")
        for name, wanted in form.items():
            value = found[name]
            fits = type(value) is int if wanted is int else isinstance(value, str) and re.fullmatch(wanted, value)
            if not fits:
                raise Turned(Kind.REFUSED, f"字段格式不合法:{name}")

    def _known(self, shelf: dict[str, Any], online_id: object) -> Any:
        if type(online_id) is not self.book.id_type and not isinstance(online_id, str):
            raise Turned(Kind.REFUSED, "编号格式不合法")
        if (there := shelf.get(str(online_id))) is None:
            raise Turned(Kind.REFUSED, "记录不存在")
        return there

    def _next_id(self) -> str:
        self._last_id += 1
        return str(self._last_id)

    # listing

    def list_batches(self, year: object, offset: int, size: int) -> Page:
        ids = [i for i, row in self.batches.items() if str(at(row, self.book.year)) == str(year)]
        return self._page(self.batches, ids, offset, size)

    def list_people(self, parent: object, offset: int, size: int) -> Page:
        ids = [i for i, person in self.people.items() if person.parent == str(parent)]
        return self._page(self.people, ids, offset, size)

    def _page(self, shelf: dict[str, Any], ids: list[str], offset: int, size: int) -> Page:
        shown: object = [self._shown(online_id) for online_id in ids[offset : offset + size]]
        is_last = offset + size >= len(ids)
        if not is_last:
            self._shift(shelf, ids)
            self._expire_once()
        return Page(str(shown) if self.faults.rows_as_text else shown, len(ids), is_last)

    def _shift(self, shelf: dict[str, Any], ids: list[str]) -> None:
        """Somebody works on the portal while we read."""
        if self.faults.shifts <= 0:
            return
        self.faults.shifts -= 1
        match self.faults.shift:
            case "remove":
                del shelf[ids[0]]
            case "insert":
                fresh = self._next_id()
                self.status[fresh] = self.book.draft
                _to_front(shelf, fresh, copy.deepcopy(shelf[ids[0]]))
            case "swap":
                _to_front(shelf, ids[-1], shelf.pop(ids[-1]))

    def _expire_once(self) -> None:
        if self.faults.expire_between_pages:
            self.faults.expire_between_pages = False
            self.expire()

    def _shown(self, online_id: str) -> Row:
        book, person = self.book, self.people.get(online_id)
        row = copy.deepcopy(person.row if person else self.batches[online_id])
        if not person and book.status:
            put(row, book.status, self.status[online_id])
        if person and self.faults.mask:
            put(row, book.id_no, masked(str(at(row, book.id_no)), 4, 4))
            put(row, book.phone, masked(str(at(row, book.phone)), 3, 4))
        row = {book.online_id: book.id_type(online_id), **row, **book.extras}
        return self._drifted(row)

    def _drifted(self, row: Row) -> Row:
        faults = self.faults
        for old, new in faults.renamed.items():
            top = old.partition(".")[0]
            if top in row:
                row[new] = row.pop(top)
        if faults.retyped and at(row, faults.retyped) is not None:
            put(row, faults.retyped, {"value": at(row, faults.retyped)})
        return row | ({faults.extra: ""} if faults.extra else {})


def _to_front(shelf: dict[str, Any], key: str, value: object) -> None:
    rest = dict(shelf)
    shelf.clear()
    shelf[key] = value
    shelf.update(rest)
