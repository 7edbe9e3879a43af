"""What a client of the practice portal may ask for: the operations of the dialect, after weather and token."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from adapters.practice.access import Access, Tokens, same
from adapters.practice.effects import By
from adapters.practice.forms import (
    Body,
    Code,
    Refusal,
    Row,
    Status,
    batch_changes,
    normalised,
    number_of,
    person_changes,
    text_of,
    whole_batch,
    whole_person,
)
from adapters.practice.store import Store
from adapters.practice.verdicts import twisted
from adapters.practice.weather import Count, Sky

Data = dict[str, object]
Person = tuple[Row, str]  # form and serialNo
_ROWS_PER_CALL = 100
_FIRST_PAGE: Data = {"page": 1, "pageSize": 10}
_PAGE_SIZE_MAX = 200


class Desk:
    """Each operation takes the body (or the query) and gives `data`; what it will not do is a Refusal."""

    def __init__(self, store: Store, sky: Sky, access: Access, tokens: Tokens) -> None:
        self._store = store
        self._sky = sky
        self._access = access
        self._tokens = tokens

    def token(self, body: Body) -> Data:
        right_id = same(text_of(body, "appId"), self._access.app_id)
        if not (same(text_of(body, "appSecret"), self._access.app_secret) and right_id):
            raise Refusal(Code.NOT_AUTHORISED, "appId 或 appSecret 不正确，未授权")
        life_s = self._sky.now.token_life_s
        return {"token": self._tokens.issue(life_s), "expiresIn": int(life_s)}

    def save_batch(self, body: Body) -> Data:
        doubles = self._sky.now.doubles
        form = self._kept(whole_batch(body))
        return {"id": str(self._store.save_batch(form, self._by(body), doubles=doubles))}

    def update_batch(self, body: Body) -> Data:
        online_id = number_of(body, "id")
        self._store.update_batch(online_id, self._kept(batch_changes(body)), self._by(body))
        return {"id": str(online_id)}

    def submit(self, body: Body) -> Data:
        online_id = number_of(body, "id")
        becomes = Status.REVIEWED if self._sky.now.auto_review else Status.SUBMITTED
        self._store.submit(online_id, self._by(body), becomes=becomes)
        return {"id": str(online_id)}

    def save_people(self, body: Body) -> Data:
        """People whom the batch has already are skipped in silence; only their names tell."""
        batch_id, rows = number_of(body, "batchId"), _rows(body)
        if len(rows) > (self._sky.now.rows_at_most or _ROWS_PER_CALL):
            raise Refusal(Code.TOO_LARGE, "请求数据过大")
        failed, people = self._checked(rows)
        dropped, people = self.hit(Count.DROP_PEOPLE, people, self._sky.now.drop_ids)
        skipped, people = self.hit(Count.SKIP, people, self._sky.now.skip_ids)
        ids = self._store.save_people(batch_id, people, doubles=self._sky.now.doubles, once=self._counts_serials)
        saved = [(serial, new) for (_form, serial), new in zip(people, ids, strict=True) if new is not None]
        saved += [(serial, self._store.spare_person_id()) for _form, serial in dropped]
        skipped += [person for person, new in zip(people, ids, strict=True) if new is None]
        told, failed = twisted([{"serialNo": serial, "id": str(new)} for serial, new in saved], failed, self._sky)
        return {
            "saved": told,
            "failed": failed,
            "skipped": [form["fullName"] for form, _serial in skipped],
        }

    def update_person(self, body: Body) -> Data:
        online_id = number_of(body, "id")
        self._store.update_person(online_id, self._kept(person_changes(body)), self._by(body))
        return {"id": str(online_id)}

    def list_batches(self, query: Body) -> Data:
        page, size = _page(query)
        year = number_of(query, "year") if text_of(query, "year") else None
        if lag_s := self._sky.now.lag_s:
            held = self._store.batches_then(year, seconds_ago=lag_s)
            return self._paged(lambda start, size: (len(held), held[start : start + size]), page, size)
        return self._paged(lambda start, size: self._store.batches(year, start=start, size=size), page, size)

    def list_people(self, query: Body) -> Data:
        if self._sky.now.delivers == "K4":
            raise Refusal(Code.NOT_AUTHORISED, "该接口未开放")
        page, size = _page(query)
        batch_id = number_of(query, "batchId")
        if lag_s := self._sky.now.lag_s:
            held = self._store.people_then(batch_id, seconds_ago=lag_s)
            return self._paged(lambda start, size: (len(held), held[start : start + size]), page, size)
        return self._paged(lambda start, size: self._store.people(batch_id, start=start, size=size), page, size)

    def _paged(self, rows_from: Callable[[int, int], tuple[int, list[Row]]], page: int, size: int) -> Data:
        """One page, as the weather shows it."""
        weather, start = self._sky.now, (page - 1) * size
        moved = weather.shift_rows if page > 1 and self._sky.take(Count.SHIFT_PAGES) else 0
        total, rows = rows_from(max(start + moved, 0), size)
        total += weather.miscount - moved
        records = [_shown(row) for row in rows]
        if weather.mask:
            hidden = ("idCard", "userPhone")
            records = [row | {name: masked(str(row[name])) for name in hidden if name in row} for row in records]
        return {"records": records, "total": total, "size": size, "current": page, "pages": -(-total // size)}

    def _kept(self, form: Row) -> Row:
        return normalised(form) if self._sky.now.normalises else form

    def _by(self, body: Body) -> By:
        return By(text_of(body, "serialNo"), once=self._counts_serials)

    @property
    def _counts_serials(self) -> bool:
        return self._sky.now.delivers == "K1"

    def _checked(self, rows: Sequence[Body]) -> tuple[list[Data], list[Person]]:
        """The rows that fail, with the reason, and the people in the others."""
        failed: list[Data] = []
        people: list[Person] = []
        for row in rows:
            serial = text_of(row, "serialNo")
            try:
                people.append((self.admitted(row), serial))
            except Refusal as refusal:
                failed.append({"serialNo": serial, "code": refusal.code, "msg": refusal.message})
        return failed, people

    def admitted(self, row: Body) -> Row:
        """One new participant, by the rules and the weather. Raises Refusal."""
        form = self._kept(whole_person(row))
        if form["idCard"] in self._sky.now.refuse_ids or self._sky.take(Count.REFUSE_PEOPLE):
            raise Refusal(Code.FORMAT, "人员信息格式校验不通过")
        return form

    def hit(self, count: Count, people: Sequence[Person], ids: Collection[str]) -> tuple[list[Person], list[Person]]:
        """Those the weather hits, by their id or while its count lasts, and the others."""
        hits = [form["idCard"] in ids or self._sky.take(count) for form, _serial in people]
        hit = [person for person, is_hit in zip(people, hits, strict=True) if is_hit]
        return hit, [person for person, is_hit in zip(people, hits, strict=True) if not is_hit]


def masked(text: str) -> str:
    """371***********1234: three signs before, four after."""
    hidden = len(text) - 7
    return text[:3] + "*" * hidden + text[-4:] if hidden > 0 else "*" * len(text)


def _rows(body: Body) -> Sequence[Body]:
    rows = body.get("list")
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise Refusal(Code.MISSING, "缺少参数：list")
    if len(rows) > _ROWS_PER_CALL:
        raise Refusal(Code.MISSING, f"参数错误：list 每次不超过{_ROWS_PER_CALL}条")
    return rows


def _page(query: Body) -> tuple[int, int]:
    """The page, from 1, and its size: 10 when not stated, cut down to 200 without a word."""
    page, size = (number_of(_FIRST_PAGE | dict(query), name) for name in ("page", "pageSize"))
    if page < 1 or size < 1:
        raise Refusal(Code.NOT_IN_LIST, "参数取值不正确：page、pageSize")
    return page, min(size, _PAGE_SIZE_MAX)


def _shown(row: Row) -> Data:
    """Ids go out as text: a number of 64 bits does not survive every reader of JSON."""
    shown: Data = {name: value for name, value in row.items() if name != "copy"}
    return shown | {name: str(shown[name]) for name in ("id", "batchId") if name in shown}
