"""Made-up reports for tests and pictures: rich, clean, large, hostile. Nobody in them exists."""

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone

from schemas.batch import BatchKey, Level
from schemas.finding import Bucket, FieldDifference, Moved, Rule
from schemas.portal import OnlineStatus
from schemas.report import BatchLine, Clock, ClockState, Item, Report, RunState, Side
from schemas.roster import Place
from schemas.texts import Language
from tests.adapters.report_texts import CODES, texts_of

ZH = Language.ZH_CN
TODAY = date(2025, 5, 20)
MADE_AT = datetime(2025, 5, 20, 8, 0, tzinfo=timezone(timedelta(hours=8)))
HOSTILE = '<img src=x onerror="window.hostile=1"><script>window.hostile=1</script>'

_SHOWN_ONLY = {"D18", "D19", "D20"}
_HOURS = {"D02": -32.0, "D14": None, "D22": -8.0, "D01": 40.0, "D04": 16.0, "D10": 16.0, "D21": 112.0}
_MOVED = {"D04": Moved.OFFLINE, "D10": Moved.BOTH, "D16": Moved.ONLINE, "D17": Moved.OFFLINE}
_OF_A_BATCH = {"D01", "D02", "D10", "D13", "D14", "D18", "D19", "D20", "D21"}
_ORGANISERS = {
    ZH: ("威海市总工会", "环翠区总工会", "荣成市总工会", "文登区总工会"),
    Language.EN: ("City federation", "Huancui district", "Rongcheng", "Wendeng district"),
}
_BASES = {
    ZH: ("泰山疗休养基地", "崂山职工疗养院", "日照海滨基地"),
    Language.EN: ("Mount Tai base", "Laoshan sanatorium", "Rizhao coast base"),
}


_NUMERALS = ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二")


def batch_name(number: int, language: Language) -> str:
    return f"第{_NUMERALS[number]}批" if language is ZH else f"Batch {number + 1}"


def _differences(code: str, language: Language) -> tuple[FieldDifference, ...]:
    unit_name = "示例机械厂工会" if language is ZH else "Sample works"
    phone = FieldDifference("phone", "199****0012", "199****0021", "199****0021")
    unit = FieldDifference("unit", unit_name, "")
    category = FieldDifference("category", "skilled", "contributor", "skilled")
    end = FieldDifference("end", "2025-05-17", "2025-05-16", "2025-05-16")
    count = FieldDifference("headcount", "58", "57")
    hidden = FieldDifference("id_no", "9990**********1234", "9990**********1234", positions=(9, 10))
    case = FieldDifference("id_no", "9990**********123X", "9990**********123x", rule=Rule.LETTER_CASE)
    table = {
        "D04": (phone, unit),
        "D05": (hidden, case),
        "D10": (end, count),
        "D16": (category,),
        "D17": (phone,),
    }
    return table.get(code, ())


def _due(hours_left: float) -> date:
    """The day that ends `hours_left` from now."""
    return (MADE_AT + timedelta(hours=hours_left, seconds=-1)).date()


def item(number: int, code: str, language: Language = ZH) -> Item:
    zh = language is ZH
    title, what, step, owner = texts_of(code, language)
    hours = _HOURS.get(code, 40.0 + number % 4 * 24)
    person = code not in _OF_A_BATCH
    due = None if hours is None else _due(hours)
    file = "疗休养/环翠区/2025年5月 实名制汇总表（定稿）.xlsx" if zh else "rosters/Huancui/2025-05 roster (final).xlsx"
    return Item(
        id=f"f{number:04d}",
        code=code,
        title=title,
        what=what,
        batch=BatchKey(2025, _ORGANISERS[language][number % 4], batch_name(number % 12, language)).title,
        person=f"{number:010x}" if person else "",
        name=("张王李赵"[number % 4] + "*" if zh else "Z*") if person else "",
        unit=("示例机械厂工会" if zh else "Sample works union") if person else "",
        where=Place(file, "第三批" if zh else "Batch 3", 17 + number, "联系电话" if zh else "phone"),
        moved=_MOVED.get(code),
        differences=_differences(code, language),
        why="比对线上回读结果得出。" if zh else "Found by comparing with what was read back.",
        owner=owner,
        next_step=step,
        source="威海市总工会2025年通知 六（二）" if zh else "Weihai notice 2025, 6(2)",
        words="S20011 手机号格式不正确" if code in {"D01", "D02"} else "",
        hours_left=None if code in _SHOWN_ONLY else hours,
        due=None if code in _SHOWN_ONLY else due,
        first_seen=MADE_AT - timedelta(days=number % 5),
        is_new=number % 3 == 0,
        returned=code == "D16",
        to_do=code not in _SHOWN_ONLY,
    )


_CLOCKS = (
    (ClockState.OVERDUE, -32.0),
    (ClockState.DUE_TODAY, 16.0),
    (ClockState.DUE_SOON, 40.0),
    (ClockState.DUE_SOON, 64.0),
    (ClockState.IN_TIME, 88.0),
    (ClockState.NOT_YET, 200.0),
    (ClockState.MET_LATE, None),
    (ClockState.MET, None),
)


def clock(number: int) -> Clock:
    state, hours = _CLOCKS[min(number, len(_CLOCKS) - 1)]
    due = TODAY if hours is None else _due(hours)
    end = due - timedelta(days=5)
    met_on = TODAY - timedelta(days=2) if hours is None else None
    return Clock(state, due, f"{end} + 5 = {due}", hours, met_on, fallback=number == 3)


def batch_line(number: int, language: Language = ZH) -> BatchLine:
    entry = clock(number)
    reviewed = entry.state in {ClockState.MET, ClockState.MET_LATE}
    ended = entry.state is not ClockState.NOT_YET
    start = entry.due - timedelta(days=9)
    return BatchLine(
        batch=BatchKey(2025, _ORGANISERS[language][number % 4], batch_name(number, language)),
        level=tuple(Level)[number % 4],
        base=_BASES[language][number % 3],
        start=start,
        end=start + timedelta(days=4),
        offline=58 - number,
        online=58 - number if reviewed else 40 if ended else None,
        agreed=58 - number if reviewed else 40 if ended else 0,
        open_findings=0 if reviewed else number + 1,
        status=OnlineStatus.REVIEWED if reviewed else tuple(OnlineStatus)[number % 2] if ended else None,
        entry=entry,
        review=replace(entry, due=entry.due + timedelta(days=5)) if reviewed else clock(5),
    )


def sides() -> tuple[Side, Side]:
    shared = {Bucket.AGREED: 2641, Bucket.DIFFERS: 5, Bucket.MISTYPED: 1, Bucket.DUPLICATE: 2, Bucket.NOT_OURS: 6}
    offline = {
        **shared,
        Bucket.PENDING: 12,
        Bucket.REFUSED: 3,
        Bucket.UNKNOWN: 1,
        Bucket.BLOCKED: 2,
        Bucket.REMOVED: 1,
        Bucket.DAMAGED: 4,
        Bucket.LEADER: 12,
    }
    online = {**shared, Bucket.ONLY_ONLINE: 3}
    return (
        Side(sum(offline.values()), offline, MADE_AT - timedelta(minutes=30)),
        Side(sum(online.values()), online, MADE_AT - timedelta(minutes=12)),
    )


def rich_report(language: Language = ZH) -> Report:
    """Every code, every bucket, twelve batches, both clocks, new and returned findings."""
    zh = language is ZH
    offline, online = sides()
    items = tuple(item(number, code, language) for number, code in enumerate(CODES))
    settled = tuple(item(30 + number, code, language) for number, code in enumerate(("D04", "D01", "D03")))
    return Report(
        federation="威海市总工会" if zh else "Weihai Federation of Trade Unions",
        business_date=TODAY,
        made_at=MADE_AT,
        state=RunState.PARTIAL,
        offline=offline,
        online=online,
        batches=tuple(batch_line(number, language) for number in range(12)),
        items=tuple(sorted(items, key=lambda one: not one.to_do)),
        settled=settled,
        banners=(
            "2025年节假日表缺失，期限按自然日计算。" if zh else "No holiday calendar for 2025: natural days used.",
        ),
    )


def clean_report(language: Language = ZH) -> Report:
    """47 batches, 2690 people, all of them agreed."""
    agreed = {Bucket.AGREED: 2690}
    lines = tuple(
        replace(
            batch_line(7 + number % 5, language),
            batch=BatchKey(2025, _ORGANISERS[language][number % 4], f"{number + 1:02d}"),
        )
        for number in range(47)
    )
    return replace(
        rich_report(language),
        state=RunState.COMPLETE,
        offline=Side(2690, agreed, MADE_AT - timedelta(minutes=30)),
        online=Side(2690, agreed, MADE_AT - timedelta(minutes=12)),
        batches=lines,
        items=(),
        settled=(),
        banners=(),
    )


def large_report(count: int) -> Report:
    """`count` things to do, in a season of 300 batches."""
    items = tuple(item(number, CODES[number % 17]) for number in range(count))
    lines = tuple(
        replace(batch_line(number % 12), batch=BatchKey(2025, "威海市总工会", f"{number:03d}")) for number in range(300)
    )
    return replace(rich_report(), items=items, settled=items, batches=lines)


def hostile_report() -> Report:
    """Markup, formulas, controls and endless words wherever a text may come from outside."""
    bad = replace(
        item(0, "D04"),
        name=HOSTILE,
        unit="=1+1",
        batch="@SUM(A1)",
        what="\u202e\x00\ud800" + HOSTILE,
        words="+cmd|' /C calc'!A0" + "长" * 5000,
        where=Place('=HYPERLINK("http://example.invalid")' + "x" * 300 + ".xlsx", "-2+3", 5, "{{ 7*7 }}"),
        differences=(FieldDifference("=A1", HOSTILE, "https://example.invalid/x", "00123"),),
    )
    return replace(
        rich_report(),
        federation=f"威海\r\nBcc: x@example.invalid {HOSTILE}",
        items=(bad,),
        settled=(bad,),
        banners=(HOSTILE,),
    )
