"""The practice portal's pages for staff without an interface: import, typing in, export.

It speaks schemas/dialects/import-workbook.toml but shares no code with the client that reads that file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from adapters.practice.books import failures, lines_below, table
from adapters.practice.desk import Desk, masked
from adapters.practice.effects import By
from adapters.practice.forms import Body, Code, Refusal, Row, Status, whole_batch
from adapters.practice.store import Store
from adapters.practice.weather import Count, Sky

_ROWS_PER_IMPORT = 200
_BY_IMPORT = By()
_BATCH_HEADS = {
    "year": "年度",
    "organizerName": "组织单位",
    "batchName": "批次名称",
    "level": "层级",
    "baseName": "疗休养基地",
    "startDate": "开始日期",
    "endDate": "结束日期",
    "personNum": "参加人数",
    "leaderNum": "带队人数",
}
_PERSON_HEADS = {
    "fullName": "姓名",
    "idType": "证件类型",
    "idCard": "证件号码",
    "userPhone": "手机号码",
    "laborName": "所在单位",
    "personType": "人员类别",
}
_KEY = ("year", "organizerName", "batchName")
_IMPORT_HEADS = (*(_BATCH_HEADS[name] for name in _KEY), *_PERSON_HEADS.values())
_EXPORT_HEADS = ("批次编号", *_BATCH_HEADS.values(), "状态", "人员编号", *_PERSON_HEADS.values())
_CODES: Mapping[str, Mapping[str, str]] = {
    "level": {"省级示范性": "21", "市级": "22", "区市级": "24", "基层": "26"},
    "idType": {"居民身份证": "01", "港澳台居民居住证": "02", "外国人永久居留证": "03", "护照": "04"},
    "personType": {
        "技能人才": "1",
        "先进模范": "2",
        "苦脏累险毒岗位职工": "3",
        "重点工程和抢险救灾贡献者": "4",
        "新就业形态劳动者": "5",
    },
}
_WORDS = {name: {code: word for word, code in codes.items()} for name, codes in _CODES.items()}
_STATUS = {
    Status.DRAFT: "草稿",
    Status.SUBMITTED: "待审核",
    Status.REVIEWED: "审核通过",
    Status.RETURNED: "已退回",
}


class Counter:
    """What staff do here counts as the client's doing, by no serial: a workbook carries none."""

    def __init__(self, store: Store, desk: Desk, sky: Sky) -> None:
        self._store = store
        self._desk = desk
        self._sky = sky

    def take(self, content: bytes) -> bytes | None:
        """Imports people; those the batch has already are overwritten. The rows that fail, or None."""
        lines = lines_below(content, "人员导入", _IMPORT_HEADS)
        if len(lines) > _ROWS_PER_IMPORT:
            raise Refusal(Code.MISSING, f"每次导入不超过{_ROWS_PER_IMPORT}行")
        batches = {tuple(str(batch[name]) for name in _KEY): int(batch["id"]) for batch in self._store.batches()[1]}
        reasons: dict[int, str] = {}
        of_batch: dict[int, dict[int, Row]] = {}
        for number, line in lines.items():
            try:
                form = self._desk.admitted(_coded(line, _PERSON_HEADS))
            except Refusal as refusal:
                reasons[number] = refusal.message
                continue
            key = tuple(line[_BATCH_HEADS[name]] for name in _KEY)
            if key in batches:
                of_batch.setdefault(batches[key], {})[number] = form
            else:
                reasons[number] = "批次不存在，请先录入批次"
        for batch_id, forms in of_batch.items():
            try:
                self._store_people(batch_id, forms.values())
            except Refusal as refusal:
                reasons |= dict.fromkeys(forms, refusal.message)
        return failures(_IMPORT_HEADS, lines, reasons) if reasons else None

    def type_in(self, content: bytes) -> str:
        """A batch from its tick list: new, or changed where it is there already. Raises Refusal."""
        typed = _typed(content)
        form = whole_batch(_coded(typed, _BATCH_HEADS))
        there = next((row for row in self._store.batches()[1] if all(row[name] == form[name] for name in _KEY)), None)
        if there is None:
            return str(self._store.save_batch(form, _BY_IMPORT))
        if changes := {name: value for name, value in form.items() if there[name] != value}:
            self._store.update_batch(int(there["id"]), changes, _BY_IMPORT)
        return str(there["id"])

    def export(self, year: int) -> bytes:
        """Everything of a year, a row a person; a batch without people has a row of its own."""
        lines = []
        for batch in self._store.batches(year)[1]:
            header = (batch["id"], *_worded(batch, _BATCH_HEADS), _STATUS[Status(str(batch["releaseStatus"]))])
            people = self._store.people(int(batch["id"]))[1]
            lines += [(*header, person["id"], *self._shown(person)) for person in people]
            if not people:
                lines.append((*header, "", *("" for _ in _PERSON_HEADS)))
        return table("疗休养信息", _EXPORT_HEADS, lines, title="职工疗休养信息导出表")

    def _store_people(self, batch_id: int, forms: Iterable[Row]) -> None:
        _dropped, people = self._desk.hit(Count.DROP_PEOPLE, [(form, "") for form in forms], self._sky.now.drop_ids)
        _skipped, people = self._desk.hit(Count.SKIP, people, self._sky.now.skip_ids)
        there = {(row["idType"], row["idCard"]): row for row in self._store.people(batch_id)[1]}
        ids = self._store.save_people(batch_id, people, doubles=self._sky.now.import_doubles)
        for (form, _serial), new in zip(people, ids, strict=True):
            old = there.get((form["idType"], form["idCard"]))
            if new is None and old is not None and any(old[name] != value for name, value in form.items()):
                self._store.update_person(int(old["id"]), form, _BY_IMPORT)

    def _shown(self, person: Row) -> list[str]:
        if self._sky.now.mask:
            person = person | {name: masked(str(person[name])) for name in ("idCard", "userPhone")}
        return _worded(person, _PERSON_HEADS)


def _typed(content: bytes) -> dict[str, str]:
    """What a tick list says, whichever language staff print it in: field → text. Raises Refusal."""
    try:
        return _pairs(content, "Item", "Value")
    except Refusal:
        return _pairs(content, "项目", "内容")


def _pairs(content: bytes, item: str, value: str) -> dict[str, str]:
    return {line[item]: line[value] for line in lines_below(content, "", (item, value)).values()}


def _coded(line: Mapping[str, str], heads: Mapping[str, str]) -> Body:
    """A line of words as a body of codes; what is no word of ours stands as it is, and is refused by the rules."""
    stated = {name: line.get(head, "") for name, head in heads.items()}
    return {name: _CODES.get(name, {}).get(text, text) for name, text in stated.items()}


def _worded(row: Row, heads: Mapping[str, str]) -> list[str]:
    return [_WORDS.get(name, {}).get(str(row[name]), str(row[name])) for name in heads]
